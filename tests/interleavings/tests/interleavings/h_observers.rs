//! Observers: told of every commit, in order, whatever they do themselves.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trilayer_core::{CallerProvenance, DefaultRecordStore, ExpiryPolicy, RecordStore};
use trilayer_testkit::{EventKind, Plan, lww};

use crate::explore::explore;
use crate::scene::{CallsBack, Copies, Panics, Scene};

/// What a store's put answers at its first poll.
fn put_at_once(store: &DefaultRecordStore, key: &str, value: i64) -> Option<bool> {
    let put = pin!(store.put(key, lww(value), ExpiryPolicy::NONE, CallerProvenance::Replication));
    match put.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome.is_ok()),
        Poll::Pending => None,
    }
}

/// Else one bad observer would cost the others events, or the caller the operation.
#[test]
fn a_panicking_observer_does_not_stop_the_others_order() {
    explore(async || {
        let scene = Scene::with(|setup| setup.observers.push(Arc::new(Panics)));
        let put = |value| move |s: Scene| async move { s.put("k", value).await.map(drop) };
        let (one, other) = (scene.caller(put(1)), scene.caller(put(2)));
        let removal = scene.caller(|s| async move { s.remove_dirty("k").await });
        for caller in [one, other, removal] {
            caller.ended().await.expect("it works all the same");
        }
        let told = scene.events.events().len() as u64;
        assert_eq!(scene.store.usage().observer_panics, told, "each is counted");
        scene.at_rest("k").await;
    });
}

/// Else an index beside the map would end with a value that the map no longer has.
#[test]
fn events_come_in_the_order_of_commits_whoever_commits() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let dirty = scene.caller(|s| async move { s.put_dirty("k", 2).await.map(drop) });
        let removal = scene.caller(|s| async move { s.remove_dirty("k").await });
        let backup = scene.caller(|s| async move { s.put_backup("k", 3).await });
        let reader = scene.caller(|s| async move { s.get("k").await.map(drop) });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        for caller in [dirty, removal, backup, reader] {
            caller.ended().await.expect("it works");
        }
        eviction.ended().await;
        scene.at_rest("k").await;
    });
}

/// Else two indexes of one map would disagree.
#[test]
fn all_observers_see_a_keys_events_in_the_same_order() {
    explore(async || {
        let (first, second) = (Arc::new(Copies::default()), Arc::new(Copies::default()));
        let both = [Arc::clone(&first), Arc::clone(&second)];
        let scene = Scene::with(|setup| setup.observers.extend(both.map(|observer| observer as _)));
        let put = |key, value| move |s: Scene| async move { s.put_dirty(key, value).await.map(drop) };
        for caller in [scene.caller(put("k", 1)), scene.caller(put("k", 2)), scene.caller(put("l", 3))] {
            caller.ended().await.expect("put");
        }
        assert_eq!((first.of("k").len(), first.of("l").len()), (2, 1));
        assert_eq!(first.of("k"), second.of("k"));
        assert_eq!(first.of("k").last(), scene.store.storage().get("k").map(|record| record.value).as_ref());
        scene.at_rest("k").await;
    });
}

/// Else an observer that writes to its own map would stop it for good.
#[test]
fn calling_back_from_an_observer_is_refused_and_does_not_deadlock() {
    explore(async || {
        let back = Arc::new(CallsBack::new(|store, key, _| {
            assert_eq!(put_at_once(store, key, 99), Some(false), "the put is refused");
            assert_eq!((store.evict(key, false), store.evict_all(false), store.clear(false)), (None, 0, 0));
            store.destroy();
            assert!(!store.exists_in_memory("nobody"), "reads are not");
        }));
        let scene = Scene::with(|setup| setup.observers.push(Arc::clone(&back) as _));
        back.knows(Arc::downgrade(&scene.store));
        let put = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        let dirty = scene.caller(|s| async move { s.put_dirty("l", 2).await.map(drop) });
        let reader = scene.caller(|s| async move { s.get("l").await.map(drop) });
        for caller in [put, dirty, reader] {
            caller.ended().await.expect("it works");
        }
        assert_eq!((scene.at_rest("k").await, scene.at_rest("l").await), (Some(1), Some(2)));
    });
}

/// Else an observer would act on memory as it was before the commit it is told of.
#[test]
fn an_observer_finds_memory_as_the_commit_left_it() {
    explore(async || {
        let look = Arc::new(CallsBack::new(|store, key, record| {
            let get = pin!(store.get(key, false));
            let Poll::Ready(found) = get.poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("a read in an observer waits for nobody");
            };
            let found = found.expect("get").map(|record| record.value);
            assert_eq!(found, record.map(|record| record.value.clone()));
            assert_eq!(found.is_some(), store.exists_in_memory(key));
        }));
        let copies = Arc::new(Copies::default());
        let scene = Scene::with(|setup| {
            setup.observers.push(Arc::clone(&look) as _);
            setup.observers.push(Arc::clone(&copies) as _);
        });
        look.knows(Arc::downgrade(&scene.store));
        let put = |value| move |s: Scene| async move { s.put_dirty("k", value).await.map(drop) };
        for caller in [scene.caller(put(1)), scene.caller(put(2))] {
            caller.ended().await.expect("put");
        }
        assert_eq!(scene.store.usage().observer_panics, 0, "what it looked for was so");
        assert_eq!(copies.of("k").len(), 2);
        scene.at_rest("k").await;
    });
}

/// Else a map could not be copied into another as it changes.
#[test]
fn an_observer_of_one_store_may_write_to_another() {
    explore(async || {
        let copy = Arc::new(CallsBack::new(|other, key, _| {
            assert_eq!(put_at_once(other, key, 7), Some(true), "another store is not refused");
        }));
        let target = Scene::null();
        let scene = Scene::with(|setup| setup.observers.push(Arc::clone(&copy) as _));
        copy.knows(Arc::downgrade(&target.store));
        let put = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        let dirty = scene.caller(|s| async move { s.put_dirty("k", 2).await.map(drop) });
        let other = target.caller(|s| async move { s.put("l", 3).await.map(drop) });
        for caller in [put, dirty, other] {
            caller.ended().await.expect("put");
        }
        assert_eq!(scene.store.usage().observer_panics, 0);
        assert_eq!(target.store.size(), 2);
        target.check_memory();
        scene.at_rest("k").await;
    });
}

/// Else observers would act on what never happened.
#[test]
fn a_failed_operation_tells_nobody() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        scene.events.take();
        scene.data.script(|call| match call.operation {
            "add" | "remove" | "load" => Plan::Fail("no connection"),
            _ => Plan::Work,
        });
        let put = scene.caller(|s| async move { s.set("k", 2).await.is_err() });
        let removal = scene.caller(|s| async move { s.remove("k").await.is_err() });
        let reader = scene.caller(|s| async move { s.get("k").await.is_err() });
        for caller in [put, removal, reader] {
            assert!(caller.ended().await, "it failed");
        }
        assert_eq!(scene.events.take(), []);
        scene.data.work();
        assert_eq!(scene.get("k").await.expect("get"), Some(1));
        assert_eq!(scene.events.take(), [(EventKind::Load, "k".to_owned())]);
    });
}
