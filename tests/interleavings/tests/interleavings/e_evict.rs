//! Eviction and flush: leaving memory is not leaving, whoever is in between.

use trilayer_core::RecordStore;
use trilayer_testkit::Plan;

use crate::explore::explore;
use crate::scene::Scene;

/// Else an acknowledged value would be lost because memory was short.
#[test]
fn an_evicted_value_that_is_not_stored_yet_is_never_lost() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        scene.dirty("k", 2).await;
        let eviction = scene.caller(|s| async move { s.evict("k") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let flush = scene.caller(|s| async move { s.store.soft_flush().await.expect("flush") });
        assert_eq!(reader.ended().await, Some(2));
        eviction.ended().await;
        flush.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else the new value would be taken for stored, and lost at the next eviction.
#[test]
fn flush_during_overwrite_does_not_mark_the_new_value_clean() {
    explore(async || {
        let scene = Scene::new();
        scene.dirty("k", 1).await;
        let flush = scene.caller(|s| async move { s.store.hard_flush().await.expect("flush") });
        let writer = scene.caller(|s| async move {
            s.put_dirty("k", 2).await.expect("put");
            s.evict("k");
        });
        flush.ended().await;
        writer.ended().await;
        assert_eq!(scene.get("k").await.expect("get"), Some(2));
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a value kept aside would be dropped when its predecessor was stored.
#[test]
fn flush_of_a_value_kept_aside_does_not_drop_its_successor() {
    explore(async || {
        let scene = Scene::new();
        scene.parked("k", 1).await;
        let flush = scene.caller(|s| async move { s.store.soft_flush().await.expect("flush") });
        let writer = scene.caller(|s| async move {
            s.put_dirty("k", 2).await.expect("put");
            s.evict("k");
            s.get("k").await.expect("get")
        });
        assert_eq!(writer.ended().await, Some(2));
        flush.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else the data store would end with a value that was replaced long ago.
#[test]
fn a_superseded_value_kept_aside_does_not_come_back() {
    explore(async || {
        let scene = Scene::new();
        scene.parked("k", 1).await;
        let flush = scene.caller(|s| async move { s.store.soft_flush().await.expect("flush") });
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        flush.ended().await;
        assert_eq!(put.ended().await, Some(1));
        eviction.ended().await;
        assert_eq!(scene.get("k").await.expect("get"), Some(2));
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a flush that fails would drop what it could not hand over.
#[test]
fn a_failed_flush_keeps_what_it_could_not_hand_over() {
    explore(async || {
        let scene = Scene::new();
        scene.parked("k", 1).await;
        scene.data.plan("flush_key", Plan::Fail("no space"));
        let flush = scene.caller(|s| async move { s.store.soft_flush().await.is_err() });
        let reader = scene.caller(|s| async move {
            let read = s.get("k").await.expect("get");
            s.evict("k");
            read
        });
        assert_eq!(reader.ended().await, Some(1));
        flush.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else a flush would write over what was persisted after it looked.
#[test]
fn flush_does_not_write_over_a_newer_put() {
    explore(async || {
        let scene = Scene::new();
        scene.dirty("k", 1).await;
        let flush = scene.caller(|s| async move { s.store.hard_flush().await.expect("flush") });
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        flush.ended().await;
        assert_eq!(put.ended().await, Some(1));
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else two flushes at once would leave the store with the older of two values.
#[test]
fn two_flushes_beside_a_write_end_with_what_was_written_last() {
    explore(async || {
        let scene = Scene::new();
        scene.dirty("k", 1).await;
        let soft = scene.caller(|s| async move {
            s.evict("k");
            s.store.soft_flush().await.map(drop)
        });
        let hard = scene.caller(|s| async move { s.store.hard_flush().await });
        let writer = scene.caller(|s| async move { s.put_dirty("k", 2).await.map(drop) });
        for caller in [soft, hard, writer] {
            caller.ended().await.expect("it works");
        }
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a full sweep of memory would tear what is written and read meanwhile.
#[test]
fn evicting_everything_beside_writes_and_reads_loses_nothing() {
    explore(async || {
        let scene = Scene::striped(2);
        scene.resident("a", 1).await;
        scene.dirty("b", 2).await;
        let eviction = scene.caller(|s| async move { s.store.evict_all(false) });
        let writer = scene.caller(|s| async move { (s.put("a", 3).await, s.put_dirty("b", 4).await) });
        let batch = scene.caller(|s| async move { s.get_all(&["b", "a"]).await.expect("get") });
        assert_eq!(batch.ended().await.len(), 2);
        writer.ended().await.0.expect("put");
        eviction.ended().await;
        assert_eq!((scene.at_rest("a").await, scene.at_rest("b").await), (Some(3), Some(4)));
    });
}
