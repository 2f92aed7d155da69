//! Ordering: what is done to a key is done one after the other, in the data store as in memory, and
//! nobody waits for another's keys.

use std::pin::pin;

use trilayer_core::RecordStore;
use trilayer_testkit::lww;

use crate::explore::explore;
use crate::scene::{Scene, pause, poll_once};

/// Else a restart would bring back the loser of a race that everybody saw the other win.
#[test]
fn two_puts_leave_memory_and_data_store_with_the_same_winner() {
    explore(async || {
        let scene = Scene::new();
        let first = scene.caller(|s| async move { s.put("k", 1).await.expect("put") });
        let second = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let replaced = (first.ended().await, second.ended().await);
        let last = if replaced.0.is_none() { 2 } else { 1 };
        assert_eq!(replaced, if last == 2 { (None, Some(1)) } else { (Some(2), None) });
        assert_eq!(scene.at_rest("k").await, Some(last));
    });
}

/// Else a removed key would be back after a restart, or a written one gone.
#[test]
fn a_put_and_a_removal_leave_memory_and_data_store_with_the_same_winner() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let removal = scene.caller(|s| async move { s.remove("k").await.expect("remove") });
        put.ended().await;
        let removed = removal.ended().await;
        assert_eq!(scene.at_rest("k").await, if removed == Some(2) { None } else { Some(2) });
    });
}

/// Else one read of a hot key would take as long as the slowest write of it.
#[test]
fn a_hit_waits_for_no_write_under_way() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let gate = scene.hold("add");
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        let reader = scene.caller(|s| async move { (s.get("k").await, s.touch("k").await) });
        let (read, touched) = reader.ended().await;
        assert_eq!(read.expect("get"), Some(1));
        assert_eq!(touched.expect("get").map(|record| record.metadata.hits), Some(1));
        gate.open();
        put.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

fn own(keys: [&str; 3]) -> Vec<String> {
    keys.map(str::to_owned).to_vec()
}

/// Else two batches over the same stripes, the other way round, would stop the store for good.
#[test]
fn batches_over_crossing_stripes_do_not_deadlock() {
    explore(async || {
        let scene = Scene::striped(2);
        for (key, value) in ["a", "b", "c", "d", "e", "f"].into_iter().zip(1..) {
            scene.data.insert("map", key, lww(value), 0);
        }
        let all = |keys| move |s: Scene| async move { s.store.get_all(&own(keys)).await.expect("get") };
        let (one, other) = (scene.caller(all(["a", "b", "c"])), scene.caller(all(["d", "e", "f"])));
        let writer = scene.caller(|s| async move { s.put("k", 7).await.expect("put") });
        assert_eq!((one.ended().await.len(), other.ended().await.len()), (3, 3));
        assert_eq!(writer.ended().await, None);
        assert_eq!(scene.at_rest("k").await, Some(7));
    });
}

/// Whether a read of the free key gets through while the other is busy.
async fn is_free(scene: &Scene) -> bool {
    let mut read = pin!(scene.get("free"));
    for _ in 0..32 {
        if poll_once(read.as_mut()).await.is_some() {
            return true;
        }
        pause().await;
    }
    false
}

/// Else one call that hangs would hold up every key that was ever asked for beside it.
#[test]
fn a_batch_that_waits_for_a_busy_stripe_holds_up_no_other() {
    explore(async || {
        let scene = Scene::striped(64);
        scene.stored("free", 1).await;
        let gate = scene.hold("add");
        let busy = scene.caller(|s| async move { s.put("busy", 2).await });
        gate.arrived(1).await;
        scene.data.work();
        if !is_free(&scene).await {
            // On the same stripe by chance: there is nothing to see.
            return gate.open();
        }
        scene.evict("free");
        let batch = scene.caller(|s| async move { s.get_all(&["busy", "free"]).await.expect("get") });
        let writer = scene.caller(|s| async move { s.put("free", 3).await });
        assert_eq!(writer.ended().await.expect("put"), Some(1));
        gate.open();
        assert_eq!(batch.ended().await.len(), 2);
        busy.ended().await.expect("put");
        assert_eq!(scene.at_rest("busy").await, Some(2));
    });
}

/// Else what one writes to a key would be seen under another.
#[test]
fn keys_of_one_stripe_do_not_mix() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("b", 9).await;
        let one = scene.caller(|s| async move { (s.put("a", 1).await, s.get("b").await) });
        let other = scene.caller(|s| async move { (s.remove("b").await, s.get("a").await) });
        let batch = scene.caller(|s| async move { s.get_all(&["a", "b"]).await.expect("get") });
        assert_eq!(one.ended().await.0.expect("put"), None);
        assert_eq!(other.ended().await.0.expect("remove"), Some(9));
        batch.ended().await;
        assert_eq!((scene.at_rest("a").await, scene.at_rest("b").await), (Some(1), None));
    });
}
