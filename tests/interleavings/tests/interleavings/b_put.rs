//! Puts: the data store first, then memory, and what the caller is told of the old value.

use trilayer_core::{ExpiryPolicy, RecordStore};
use trilayer_testkit::{EventKind, Plan};

use crate::explore::explore;
use crate::scene::Scene;

/// Else readers would act on a value that was never stored.
#[test]
fn a_failed_put_leaves_memory_as_it_was_for_concurrent_readers() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        scene.data.plan("add", Plan::Fail("the disk is full"));
        let put = scene.caller(|s| async move { s.put("k", 2).await.is_err() });
        let reader = scene.caller(|s| async move { [s.get("k").await, s.get("k").await] });
        let touched = scene.touch("k").await.expect("get").map(|record| record.metadata.version);
        for read in reader.ended().await {
            assert_eq!(read.expect("get"), Some(1));
        }
        assert!(put.ended().await, "the caller is told");
        assert_eq!(touched, Some(1));
        assert_eq!(scene.events.count(EventKind::Update), 0);
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else a reader could see a value, crash with everybody else, and find that it never was.
#[test]
fn no_reader_sees_a_value_before_the_data_store_has_it() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let reader = scene.caller(|s| async move {
            let read = s.get("k").await.expect("get");
            (read, s.in_data_store("k"))
        });
        let (read, stored) = reader.ended().await;
        assert!(read == Some(1) || stored == Some(2), "read {read:?} while {stored:?} was stored");
        put.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else who replaces a value, and has to undo what it stood for, would not learn of it.
#[test]
fn a_put_tells_what_it_replaced_though_it_was_evicted_meanwhile() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        assert_eq!(put.ended().await, Some(1));
        eviction.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else the old value would be told to two callers, or to none.
#[test]
fn a_put_over_a_value_that_is_being_loaded_replaces_it_once() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let removal = scene.caller(|s| async move { s.remove("k").await.expect("remove") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let told = (put.ended().await, removal.ended().await);
        assert!([(Some(1), Some(2)), (None, Some(1))].contains(&told), "{told:?}");
        reader.ended().await;
        scene.at_rest("k").await;
    });
}

/// Else a replica that compares versions would miss a write.
#[test]
fn no_two_puts_get_the_same_version() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let persisted = scene.caller(|s| async move { s.put("k", 2).await.map(drop) });
        let dirty = scene.caller(|s| async move { s.put_dirty("k", 3).await.map(drop) });
        let set = scene.caller(|s| async move { s.set("k", 4).await });
        for caller in [persisted, dirty, set] {
            caller.ended().await.expect("put");
        }
        let events = scene.events.events();
        let versions: Vec<_> =
            events.iter().filter_map(|event| Some(event.record.as_ref()?.metadata.version)).collect();
        assert_eq!(versions, [1, 2, 3, 4]);
        scene.at_rest("k").await;
    });
}

/// Else statistics, and the choice of whom to evict, would forget reads.
#[test]
fn a_put_keeps_the_hits_counted_while_it_was_under_way() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.map(drop) });
        let touch = |s: Scene| async move { s.touch("k").await.map(drop) };
        let readers = [scene.caller(touch), scene.caller(touch)];
        put.ended().await.expect("put");
        for reader in readers {
            reader.ended().await.expect("get");
        }
        let record = scene.store.storage().get("k").expect("it is resident");
        assert_eq!((record.metadata.hits, record.metadata.version), (2, 2));
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else an observer that counts would see a record leave after its successor came.
#[test]
fn a_put_over_an_expired_value_lets_it_leave_first() {
    explore(async || {
        let scene = Scene::new();
        scene.put_for("k", 1, ExpiryPolicy::ttl(10)).await.expect("put");
        scene.advance(20, &["k"]);
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let sweep = scene.caller(|s| async move { s.sweep() });
        assert_eq!(put.ended().await, None, "what expired is not replaced");
        assert!([None, Some(2)].contains(&reader.ended().await));
        sweep.ended().await;
        let kinds: Vec<_> = scene.events.events().iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Put, EventKind::Expire, EventKind::Put]);
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}
