//! The bound: it holds at every moment, and costs nobody a value.

use trilayer_core::RecordStore;
use trilayer_testkit::EventKind;

use crate::explore::explore;
use crate::scene::{Engine, Scene};

/// Else memory would grow with the number of callers.
#[test]
fn the_bound_holds_while_two_insert() {
    explore(async || {
        // One shard: the length of several is exact only when nothing is running.
        let scene = Scene::with(|setup| {
            setup.config.max_entry_count = 1;
            setup.engine = Engine::HashMap(1);
            setup.stripes = 4;
        });
        let insert = |key, value| move |s: Scene| async move { s.set(key, value).await.expect("put") };
        let (one, other) = (scene.caller(insert("a", 1)), scene.caller(insert("b", 2)));
        let watch = scene.caller(|s| async move {
            for _ in 0..4 {
                assert!(s.store.size() <= 1, "{} records", s.store.size());
                crate::scene::linger(2).await;
            }
        });
        one.ended().await;
        other.ended().await;
        watch.ended().await;
        assert_eq!((scene.at_rest("a").await, scene.at_rest("b").await), (Some(1), Some(2)));
    });
}

/// Else room would leak with each race, and the store shrink until it holds nothing.
#[test]
fn room_is_given_back_whatever_becomes_of_an_insert() {
    explore(async || {
        let scene = Scene::bounded(2);
        scene.stored("a", 1).await;
        scene.resident("k", 2).await;
        let reader = scene.caller(|s| async move { s.get("a").await.map(drop) });
        let removal = scene.caller(|s| async move { s.remove("a").await.map(drop) });
        let put = scene.caller(|s| async move { s.put("k", 3).await.map(drop) });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        for caller in [reader, removal, put] {
            caller.ended().await.expect("it works");
        }
        eviction.ended().await;
        scene.at_rest("a").await;
        for key in ["x", "y"] {
            scene.set(key, 1).await.expect("put");
        }
        let size = scene.store.size();
        assert_eq!(size, 2, "there is room for two, as before");
        scene.at_rest("k").await;
    });
}

/// Else an acknowledged value would leave memory without a trace of it in the data store.
#[test]
fn an_insert_does_not_evict_a_record_that_became_dirty() {
    explore(async || {
        let scene = Scene::bounded(1);
        scene.resident("a", 1).await;
        let dirty = scene.caller(|s| async move { s.put_dirty("a", 2).await.map(drop) });
        let insert = scene.caller(|s| async move { s.set("b", 3).await });
        dirty.ended().await.expect("put");
        insert.ended().await.expect("put");
        let evicted = scene.events.events().into_iter().filter(|event| event.kind == EventKind::Evict);
        for record in evicted.filter_map(|event| event.record) {
            assert!(!record.metadata.is_dirty(), "{record:?} was evicted to make room");
        }
        assert_eq!((scene.at_rest("a").await, scene.at_rest("b").await), (Some(2), Some(3)));
    });
}

/// Else loads of a full store would stop each other for good, or grow past the bound.
#[test]
fn loads_at_the_bound_make_room_for_each_other() {
    explore(async || {
        let scene = Scene::with(|setup| {
            setup.config.max_entry_count = 1;
            setup.stripes = 2;
        });
        scene.stored("a", 1).await;
        scene.stored("b", 2).await;
        let batch = scene.caller(|s| async move { s.get_all(&["a", "b"]).await.expect("get") });
        let reader = scene.caller(|s| async move { s.touch("b").await.expect("get") });
        let other = scene.caller(|s| async move { s.get("a").await.expect("get") });
        assert_eq!(batch.ended().await, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(other.ended().await, Some(1));
        assert!(reader.ended().await.is_some());
        assert!(scene.store.size() <= 1);
        assert_eq!((scene.at_rest("a").await, scene.at_rest("b").await), (Some(1), Some(2)));
    });
}

/// Else a value kept aside that is read again would stand beside those that fill the store.
#[test]
fn a_value_kept_aside_comes_back_within_the_bound() {
    explore(async || {
        let scene = Scene::bounded(1);
        scene.parked("k", 1).await;
        scene.resident("b", 2).await;
        let get = |s: Scene| async move { s.get("k").await.expect("get") };
        let (one, other) = (scene.caller(get), scene.caller(get));
        assert_eq!((one.ended().await, other.ended().await), (Some(1), Some(1)));
        assert_eq!((scene.store.size(), scene.in_memory("k")), (1, Some(1)), "the other made room");
        assert_eq!((scene.at_rest("k").await, scene.at_rest("b").await), (Some(1), Some(2)));
    });
}

/// Else clearing a full store would leave it believing that it is still full, or emptier than empty.
#[test]
fn clear_gives_all_room_back_once() {
    explore(async || {
        let scene = Scene::bounded(2);
        scene.resident("a", 1).await;
        scene.resident("b", 2).await;
        let clear = scene.caller(|s| async move { s.clear() });
        let insert = scene.caller(|s| async move { s.set("c", 3).await.expect("put") });
        let removal = scene.caller(|s| async move { s.remove("a").await.expect("remove") });
        clear.ended().await;
        insert.ended().await;
        removal.ended().await;
        for key in ["x", "y", "z"] {
            scene.set(key, 1).await.expect("put");
        }
        assert_eq!(scene.store.size(), 2, "there is room for two, no more and no less");
        scene.at_rest("c").await;
    });
}
