//! Hits: a read that is counted changes nothing but its count.

use crate::explore::explore;
use crate::scene::{Engine, Scene};

/// A scene on an engine that counts hits in place, and on one that cannot.
fn on_either_engine() -> Scene {
    let engine = if crate::scene::chance(2) == 0 { Engine::HashMap(1) } else { Engine::Plain };
    Scene::with(|setup| setup.engine = engine)
}

/// Else an acknowledged write would be undone by somebody who only read.
#[test]
fn touch_does_not_undo_a_concurrent_put() {
    explore(async || {
        let scene = on_either_engine();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let reader = scene.caller(|s| async move { s.touch("k").await.expect("get") });
        assert_eq!(put.ended().await, Some(1));
        reader.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a key would be back that was removed, for good as far as memory goes.
#[test]
fn touch_does_not_bring_back_a_removed_key() {
    explore(async || {
        let scene = on_either_engine();
        scene.resident("k", 1).await;
        let removal = scene.caller(|s| async move { s.remove("k").await.expect("remove") });
        let reader = scene.caller(|s| async move { s.touch("k").await.expect("get") });
        assert_eq!(removal.ended().await, Some(1));
        reader.ended().await;
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a record over the bound would be in memory that nobody counts.
#[test]
fn touch_does_not_bring_back_an_evicted_record() {
    explore(async || {
        let scene = on_either_engine();
        scene.resident("k", 1).await;
        let eviction = scene.caller(|s| async move { s.evict("k") });
        let reader = scene.caller(|s| async move { s.touch("k").await.expect("get") });
        assert_eq!(eviction.ended().await, Some(1));
        assert_eq!(reader.ended().await.map(|record| record.metadata.hits), Some(1));
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else statistics would lose reads where they are most: on hot keys.
#[test]
fn no_touch_is_lost_among_others() {
    explore(async || {
        let scene = on_either_engine();
        scene.resident("k", 1).await;
        let touch = |s: Scene| async move { s.touch("k").await.map(drop) };
        for reader in [scene.caller(touch), scene.caller(touch), scene.caller(touch)] {
            reader.ended().await.expect("get");
        }
        let hits = scene.hits("k");
        assert_eq!(hits, Some(3));
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}
