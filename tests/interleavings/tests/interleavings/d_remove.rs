//! Removals: told of once, persisted or not, and undone by nobody.

use trilayer_core::RecordStore;
use trilayer_testkit::{EventKind, Plan};

use crate::explore::explore;
use crate::scene::Scene;

/// Else who removes a key, to free what it stands for, would not learn what it was.
#[test]
fn a_removal_reports_what_only_the_data_store_had() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let removal = scene.caller(|s| async move { s.remove("k").await.expect("remove") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        assert_eq!(removal.ended().await, Some(1));
        reader.ended().await;
        eviction.ended().await;
        assert_eq!(scene.events.count(EventKind::Remove), 1);
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else two would both believe that they took the last one.
#[test]
fn of_two_removals_one_gets_the_value() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let remove = |s: Scene| async move { s.remove("k").await.expect("remove") };
        let (one, other) = (scene.caller(remove), scene.caller(remove));
        let told = (one.ended().await, other.ended().await);
        assert!([(Some(1), None), (None, Some(1))].contains(&told), "{told:?}");
        assert_eq!(scene.events.count(EventKind::Remove), 1);
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a key would be gone for readers though its removal failed.
#[test]
fn a_failed_removal_leaves_the_key() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        scene.data.plan("remove", Plan::Fail("read only"));
        let removal = scene.caller(|s| async move { s.remove("k").await.is_err() });
        let reader = scene.caller(|s| async move { [s.get("k").await, s.get("k").await] });
        assert!(removal.ended().await, "the caller is told");
        for read in reader.ended().await {
            assert_eq!(read.expect("get"), Some(1));
        }
        assert_eq!(scene.events.count(EventKind::Remove), 0);
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else the flush of a removal would take a value with it that was written after.
#[test]
fn the_flush_of_a_removal_does_not_take_what_was_written_meanwhile() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        scene.remove_dirty("k").await.expect("remove");
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

/// Else a read while the removal is handed over would bring the key back.
#[test]
fn a_removal_stays_one_while_it_is_flushed() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let removal = scene.caller(|s| async move {
            s.remove_dirty("k").await.expect("remove");
            s.get("k").await.expect("get")
        });
        let flush = scene.caller(|s| async move { s.store.soft_flush().await.expect("flush") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        assert_eq!(removal.ended().await, None);
        flush.ended().await;
        reader.ended().await;
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a backup would keep what its primary has dropped, or drop what it has kept.
#[test]
fn backup_forms_leave_memory_and_data_store_with_the_same_winner() {
    explore(async || {
        let scene = Scene::new();
        let put = scene.caller(|s| async move { s.put_backup("k", 1).await.expect("put") });
        let other = scene.caller(|s| async move { s.put_backup("k", 2).await.expect("put") });
        let removal = scene.caller(|s| async move { s.remove_backup("k").await.expect("remove") });
        put.ended().await;
        other.ended().await;
        removal.ended().await;
        assert!(scene.events.events().iter().all(|event| event.is_backup), "all of it is backup");
        scene.at_rest("k").await;
    });
}
