//! Patience: a data store that answers late costs its own key a wait, and leaves no two truths.

use trilayer_testkit::{Gate, Plan};

use crate::explore::explore;
use crate::scene::{Caller, Scene, chance, linger, until};

/// As long as a store waits for its data store unless it is told otherwise, in ms.
const TIMEOUT: u32 = 30_000;

/// Somebody who lets calls become overdue, and the gate open, in either order.
fn time_passes(scene: &Scene, gate: &Gate) -> Caller<()> {
    let gate = gate.clone();
    scene.caller(move |s| async move {
        if chance(4) == 0 {
            gate.open();
        }
        s.advance(TIMEOUT, &[]);
        linger(8).await;
        if chance(3) == 0 {
            s.advance(TIMEOUT, &[]);
        }
        linger(4).await;
        gate.open();
    })
}

/// Adds of `k` wait at the gate, before or after they take effect; all else works.
fn hold_k(scene: &Scene) -> Gate {
    let gate = Gate::closed();
    let (held, after) = (gate.clone(), chance(2) == 0);
    scene.data.script(move |call| match call.operation {
        "add" if call.keys == ["k"] && after => Plan::WorkThenWait(held.clone()),
        "add" if call.keys == ["k"] => Plan::WorkAfter(held.clone()),
        _ => Plan::Work,
    });
    gate
}

/// Else a server that carries out late what its client has given up would overtake a newer write.
#[test]
fn a_write_answered_late_and_the_next_of_its_key_have_one_order() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let gate = hold_k(&scene);
        let first = scene.caller(|s| async move { s.put("k", 2).await.map(drop) });
        gate.arrived(1).await;
        let time = time_passes(&scene, &gate);
        let second = scene.caller(|s| async move { s.put("k", 3).await.map(drop) });
        let removal = scene.caller(|s| async move { s.remove("k").await.map(drop) });
        time.ended().await;
        drop((first.ended().await, second.ended().await, removal.ended().await));
        // Queues behind what is still under way.
        scene.set("k", 4).await.expect("set");
        assert_eq!(scene.at_rest("k").await, Some(4));
    });
}

/// Else one row that is locked in a database would stop a sixty-fourth of all keys.
#[test]
fn an_overdue_write_stops_no_other_key_of_its_stripe() {
    explore(async || {
        let scene = Scene::new();
        let gate = hold_k(&scene);
        let hung = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        gate.arrived(1).await;
        let other = scene.caller(|s| async move {
            s.put("other", 2).await?;
            s.evict("other");
            s.get("other").await
        });
        until(|| {
            scene.advance(TIMEOUT, &[]);
            scene.store.usage().overdue == 1
        })
        .await;
        scene.set("third", 4).await.expect("the stripe is free");
        // Called off, if it waited for as long as the first did.
        drop(other.ended().await);
        gate.open();
        drop(hung.ended().await);
        scene.set("k", 3).await.expect("set");
        scene.at_rest("other").await;
        assert_eq!(scene.at_rest("k").await, Some(3));
    });
}

/// Else a flush would tell the data store an older value than the late write does, or call clean what
/// is not stored.
#[test]
fn a_flush_beside_an_overdue_write_calls_nothing_clean_that_is_not_stored() {
    explore(async || {
        let scene = Scene::new();
        let gate = hold_k(&scene);
        let hung = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        gate.arrived(1).await;
        let time = time_passes(&scene, &gate);
        let dirty = scene.caller(|s| async move { s.put_dirty("k", 2).await.map(drop) });
        let flush = scene.caller(|s| async move { s.store.hard_flush().await });
        time.ended().await;
        dirty.ended().await.expect("it does not wait for the data store");
        drop((hung.ended().await, flush.ended().await));
        scene.nothing_is_overdue().await;
        scene.at_rest("k").await;
    });
}

/// Else what was cleared away would come back with the late write, on one side only.
#[test]
fn clearing_through_beside_an_overdue_write_leaves_one_truth() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let gate = hold_k(&scene);
        let hung = scene.caller(|s| async move { s.put("k", 2).await.map(drop) });
        gate.arrived(1).await;
        let time = time_passes(&scene, &gate);
        let clear = scene.caller(|s| async move { s.clear_through().await });
        time.ended().await;
        drop((hung.ended().await, clear.ended().await));
        scene.set("k", 3).await.expect("set");
        assert_eq!(scene.at_rest("k").await, Some(3));
    });
}

/// Else a load that somebody gave up on would answer later readers with what it found long ago.
#[test]
fn a_load_that_was_given_up_on_shows_nobody_what_it_finds_late() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let gate = scene.hold("load");
        let reader = scene.caller(|s| async move { s.get("k").await.map(drop) });
        gate.arrived(1).await;
        let time = time_passes(&scene, &gate);
        let write = scene.caller(|s| async move { s.set("k", 2).await });
        let second = scene.caller(|s| async move { s.get("k").await.map(drop) });
        time.ended().await;
        drop((reader.ended().await, write.ended().await, second.ended().await));
        scene.set("k", 3).await.expect("set");
        scene.evict("k");
        assert_eq!(scene.get("k").await.expect("get"), Some(3));
        scene.at_rest("k").await;
    });
}

/// Else a miss would be answered from before the write that keeps the key.
#[test]
fn a_batch_over_a_key_that_is_kept_sees_it_as_the_late_write_left_it() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("other", 5).await;
        let gate = hold_k(&scene);
        let hung = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        gate.arrived(1).await;
        let time = time_passes(&scene, &gate);
        let batch = scene.caller(|s| async move { s.get_all(&["k", "other"]).await });
        time.ended().await;
        drop(hung.ended().await);
        if let Ok(found) = batch.ended().await {
            assert!(found.contains(&("other".to_owned(), 5)), "{found:?}");
        }
        scene.nothing_is_overdue().await;
        scene.at_rest("k").await;
    });
}
