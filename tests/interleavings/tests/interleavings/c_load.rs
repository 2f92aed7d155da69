//! Misses: one load for everyone who asks, that never gets in the way of anything newer.

use std::pin::pin;

use trilayer_core::RecordStore;
use trilayer_testkit::{EventKind, Gate, Plan};

use crate::explore::explore;
use crate::scene::{Scene, poll_once};

/// Else a removed key would be in memory until it happened to be evicted.
#[test]
fn a_late_load_does_not_bring_back_a_removed_key() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let removal = scene.caller(|s| async move { s.remove("k").await.expect("remove") });
        reader.ended().await;
        assert_eq!(removal.ended().await, Some(1));
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else what a replication stream removed would be back, and stay.
#[test]
fn a_late_load_does_not_bring_back_a_removal_that_is_not_persisted() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let removal = scene.caller(|s| async move { s.remove_dirty("k").await.expect("remove") });
        reader.ended().await;
        removal.ended().await;
        assert_eq!(scene.get("k").await.expect("get"), None);
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else an acknowledged write would be hidden by the value it replaced.
#[test]
fn a_late_load_does_not_overwrite_a_newer_write() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let put = scene.caller(|s| async move { s.put_dirty("k", 2).await.expect("put") });
        reader.ended().await;
        put.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a value that was evicted before it was stored would be hidden by the one before it.
#[test]
fn a_late_load_does_not_hide_a_value_kept_aside() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let writer = scene.caller(|s| async move {
            s.put_dirty("k", 2).await.expect("put");
            s.evict("k");
            s.get("k").await.expect("get")
        });
        reader.ended().await;
        assert_eq!(writer.ended().await, Some(2));
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a popular key that falls out of memory would be a stampede on the data store.
#[test]
fn n_misses_cause_one_load() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let before = scene.data.count("load");
        let get = |s: Scene| async move { s.get("k").await.expect("get") };
        for reader in [scene.caller(get), scene.caller(get), scene.caller(get)] {
            assert_eq!(reader.ended().await, Some(1));
        }
        let loads = scene.data.count("load") - before;
        assert_eq!((loads, scene.events.count(EventKind::Load)), (1, 1));
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else asking for a key that does not exist would be a stampede each time.
#[test]
fn misses_of_a_key_that_does_not_exist_share_one_load_too() {
    explore(async || {
        let scene = Scene::new();
        let gate = scene.hold("load");
        let get = |s: Scene, gate: Gate| async move {
            let mut get = pin!(s.get("k"));
            assert!(poll_once(get.as_mut()).await.is_none(), "it waits for the load");
            gate.admit_one();
            get.await.expect("get")
        };
        let readers = [(); 3].map(|()| {
            let mine = Gate::closed();
            (mine.clone(), scene.caller(move |s| get(s, mine)))
        });
        let mut under_way = Vec::new();
        for (asked, reader) in readers {
            // Through once it has asked.
            asked.pass().await;
            under_way.push(reader);
        }
        gate.open();
        for reader in under_way {
            assert_eq!(reader.ended().await, None);
        }
        assert_eq!(scene.data.count("load"), 1);
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a batch would load again what others are loading already.
#[test]
fn a_batch_and_a_read_share_a_load() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("a", 1).await;
        scene.stored("b", 2).await;
        let calls = scene.data.calls().len();
        let batch = scene.caller(|s| async move { s.get_all(&["a", "b"]).await.expect("get") });
        let reader = scene.caller(|s| async move { s.get("a").await.expect("get") });
        assert_eq!(batch.ended().await, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(reader.ended().await, Some(1));
        let loads = scene.data.calls().split_off(calls);
        assert_eq!(
            loads.iter().flat_map(|call| &call.keys).filter(|key| *key == "a").count(),
            1,
            "{loads:?}"
        );
        scene.at_rest("a").await;
    });
}

/// Else some callers would wait for ever, or be told that the key does not exist.
#[test]
fn a_failing_load_tells_every_waiter_and_installs_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        scene.events.take();
        scene.data.plan("load", Plan::Fail("no connection"));
        let get = |s: Scene| async move { s.get("k").await };
        for reader in [scene.caller(get), scene.caller(get), scene.caller(get)] {
            let error = reader.ended().await.expect_err("the load failed");
            assert!(format!("{error:#}").contains("no connection"), "{error:#}");
        }
        assert_eq!((scene.store.size(), scene.events.take().len()), (0, 0));
        scene.data.work();
        assert_eq!(scene.get("k").await.expect("get"), Some(1), "the next one tries anew");
    });
}

/// Else a reader would get the data store's error for a key that memory knows.
#[test]
fn a_failing_load_does_not_fail_a_read_of_what_was_written_meanwhile() {
    explore(async || {
        let scene = Scene::new();
        let gate = Gate::closed();
        scene.data.plan("load", Plan::FailAfter(gate.clone(), "no connection"));
        let reader = scene.caller(|s| async move { s.get("k").await });
        gate.arrived(1).await;
        let late = scene.caller(|s| async move { s.get("k").await });
        scene.put_dirty("k", 2).await.expect("put");
        gate.open();
        assert_eq!(reader.ended().await.expect("memory knows"), Some(2));
        assert_eq!(late.ended().await.expect("memory knows"), Some(2));
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else one impatient caller would fail all who ask for the same key.
#[test]
fn a_reader_who_gives_up_does_not_take_the_load_from_others() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let quitter = scene.quitter(|s| async move { s.get("k").await });
        let reader = scene.caller(|s| async move { s.get("k").await });
        let batch = scene.caller(|s| async move { s.get_all(&["k", "l"]).await });
        assert_eq!(reader.ended().await.expect("get"), Some(1));
        assert_eq!(batch.ended().await.expect("get").len(), 1);
        quitter.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else the reads that waited for a load would not count, and a key in use would be evicted as unused.
#[test]
fn each_reader_who_waited_for_a_load_is_counted_once() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let touch = |s: Scene| async move { s.touch("k").await.map(drop) };
        for reader in [scene.caller(touch), scene.caller(touch), scene.caller(touch)] {
            reader.ended().await.expect("get");
        }
        let hits = scene.hits("k");
        assert_eq!(hits, Some(3));
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}
