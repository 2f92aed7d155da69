//! Clear, reset and destroy: one step, for those beside it as for observers.

use trilayer_core::RecordStore;
use trilayer_testkit::{EventKind, Plan};

use crate::explore::explore;
use crate::scene::{Engine, Scene};

/// Else a reader would see a map that never was: some keys of before, none of the others.
#[test]
fn clear_is_one_step_beside_readers_of_many_keys() {
    explore(async || {
        let scene = Scene::with(|setup| {
            setup.null = true;
            setup.stripes = 2;
            setup.engine = Engine::HashMap(4);
        });
        for key in ["a", "b", "c"] {
            scene.resident(key, 1).await;
        }
        let clear = scene.caller(|s| async move { s.clear() });
        let reader = scene.caller(|s| async move {
            let mut found = Vec::new();
            for key in ["a", "b", "c"] {
                found.push(s.get(key).await.expect("get").is_some());
            }
            found
        });
        let found = reader.ended().await;
        assert!(found.is_sorted_by(|before, after| before >= after), "gone, and there again: {found:?}");
        assert_eq!(clear.ended().await, 3);
        assert_eq!(scene.at_rest("a").await, None);
    });
}

/// Else what was put while the map was cleared would be in memory without an event, or the reverse.
#[test]
fn clear_is_one_step_beside_puts_of_many_keys() {
    explore(async || {
        let scene = Scene::with(|setup| {
            setup.null = true;
            setup.stripes = 2;
        });
        scene.resident("a", 1).await;
        let put = |key| move |s: Scene| async move { s.put(key, 2).await.expect("put") };
        let writers = [scene.caller(put("a")), scene.caller(put("b")), scene.caller(put("c"))];
        let clear = scene.caller(|s| async move { s.clear() });
        let mut replaced = 0;
        for writer in writers {
            replaced += u32::from(writer.ended().await.is_some());
        }
        let removed = clear.ended().await;
        let left = u32::try_from(scene.store.size()).expect("few");
        assert_eq!(removed, 4 - replaced - left, "it tells how many it removed");
        assert_eq!(scene.events.count(EventKind::Clear), 1);
        scene.at_rest("a").await;
    });
}

/// Else what a replication stream removed would be back once memory was cleared.
#[test]
fn clear_keeps_removals_that_are_not_persisted() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        scene.remove_dirty("k").await.expect("remove");
        let clear = scene.caller(|s| async move { s.clear() });
        let writer = scene.caller(|s| async move { s.put_dirty("k", 2).await.map(drop) });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let read = reader.ended().await;
        writer.ended().await.expect("put");
        eviction.ended().await;
        clear.ended().await;
        let last = scene.at_rest("k").await;
        assert!(read != Some(1) && last != Some(1), "it is back: {read:?}, {last:?}");
    });
}

/// Else a put that was told to be persisted would be missing until the next miss loads something older.
#[test]
fn clear_does_not_touch_what_is_stored() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let clear = scene.caller(|s| async move { s.clear() });
        let reset = scene.caller(|s| async move { s.store.reset() });
        assert_eq!(put.ended().await, Some(1));
        clear.ended().await;
        reset.ended().await;
        assert_eq!(scene.get("k").await.expect("get"), Some(2));
        assert_eq!(scene.data.count("reset"), 0, "it is shared by all maps");
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a destroyed store would hold records that nobody will ever remove.
#[test]
fn destroy_while_a_load_is_in_flight_installs_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let reader = scene.caller(|s| async move { s.get("k").await });
        let batch = scene.caller(|s| async move { s.get_all(&["k", "l"]).await });
        let end = scene.caller(|s| async move { s.store.destroy() });
        if let Ok(found) = reader.ended().await {
            assert_eq!(found, Some(1), "a destroyed store knows nothing of the key");
        }
        if let Ok(found) = batch.ended().await {
            assert_eq!(found.len(), 1, "a destroyed store knows nothing of the key");
        }
        end.ended().await;
        assert_eq!(scene.store.size(), 0);
        scene.at_rest("k").await;
    });
}

/// Else a caller would be told that a value is in a store that is gone.
#[test]
fn a_write_beside_destroy_is_before_it_or_an_error() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let dirty = scene.caller(|s| async move { s.put_dirty("a", 2).await.is_ok() });
        let put = scene.caller(|s| async move { s.put("b", 3).await.is_ok() });
        let removal = scene.caller(|s| async move { s.remove("k").await.is_ok() });
        let end = scene.caller(|s| async move { s.store.destroy() });
        let done = [dirty.ended().await, put.ended().await, removal.ended().await];
        end.ended().await;
        let events = scene.events.events();
        assert_eq!(events.last().map(|event| event.kind), Some(EventKind::Destroy), "{events:?}");
        assert_eq!(
            events.len() - 2,
            done.iter().filter(|done| **done).count(),
            "each was told of: {events:?}"
        );
        assert_eq!(scene.store.size(), 0);
        scene.at_rest("k").await;
    });
}

/// Else a miss in a store that was just destroyed would read as "this key does not exist".
#[test]
fn a_read_beside_destroy_never_says_that_a_key_does_not_exist() {
    explore(async || {
        let scene = Scene::null();
        scene.resident("k", 1).await;
        let get = |s: Scene| async move { s.get("k").await };
        let readers =
            [scene.caller(get), scene.caller(|s| async move { Ok(s.touch("k").await?.map(|_| 1)) })];
        let batch = scene.caller(|s| async move { s.get_all(&["k"]).await });
        let ends = [
            scene.caller(|s| async move { s.store.destroy() }),
            scene.caller(|s| async move { s.store.destroy() }),
        ];
        for reader in readers {
            assert!(reader.ended().await.is_ok_and(|found| found == Some(1)) || scene.store.is_closed());
        }
        if let Ok(found) = batch.ended().await {
            assert_eq!(found.len(), 1);
        }
        for end in ends {
            end.ended().await;
        }
        assert_eq!(scene.events.count(EventKind::Destroy), 1, "it is told once");
        scene.at_rest("k").await;
    });
}

/// Else emptying a map through to its store would leave one of both with a key.
#[test]
fn clear_through_beside_writes_leaves_memory_and_data_store_alike() {
    explore(async || {
        let scene = Scene::striped(2);
        scene.resident("a", 1).await;
        scene.stored("b", 2).await;
        let clear = scene.caller(|s| async move { s.store.clear_through(false).await.map(drop) });
        let put = scene.caller(|s| async move { s.put("a", 3).await.map(drop) });
        let reader = scene.caller(|s| async move { s.get("b").await.map(drop) });
        for caller in [clear, put, reader] {
            caller.ended().await.expect("it works");
        }
        for key in ["a", "b"] {
            let resident = scene.store.storage().get(key).map(|record| record.value);
            assert!(
                resident.is_none() || resident == scene.data.value("map", key),
                "{key} is in memory only"
            );
        }
        assert_eq!(scene.data.value("map", "b"), None);
        scene.clear();
        scene.at_rest("a").await;
    });
}

/// Else a map would be empty for readers though emptying it failed.
#[test]
fn a_failed_clear_through_leaves_memory_as_it_was() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        scene.data.plan("remove_all", Plan::Fail("read only"));
        let clear = scene.caller(|s| async move { s.store.clear_through(false).await.is_err() });
        let reader = scene.caller(|s| async move { (s.store.exists_in_memory("k"), s.get("k").await) });
        let put = scene.caller(|s| async move { s.put("l", 2).await.map(drop) });
        let (exists, read) = reader.ended().await;
        assert_eq!((exists, read.expect("get")), (true, Some(1)));
        put.ended().await.expect("put");
        assert!(clear.ended().await, "the caller is told");
        assert_eq!((scene.store.size(), scene.events.count(EventKind::Clear)), (2, 0));
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else emptying a busy map would stop it.
#[test]
fn clear_through_beside_batches_does_not_deadlock() {
    explore(async || {
        let scene = Scene::striped(4);
        scene.stored("a", 1).await;
        scene.stored("b", 2).await;
        let clear = |s: Scene| async move { s.store.clear_through(false).await.map(drop) };
        let clears = [scene.caller(clear), scene.caller(clear)];
        let batch = scene.caller(|s| async move { s.get_all(&["b", "a"]).await.map(drop) });
        let flush = scene.caller(|s| async move {
            s.put_dirty("c", 1).await.map(drop)?;
            s.store.hard_flush().await
        });
        for caller in clears.into_iter().chain([batch, flush]) {
            caller.ended().await.expect("it works");
        }
        scene.clear();
        assert_eq!(scene.at_rest("a").await, None);
    });
}
