//! Cancellation: what its caller gives up on is not begun, or runs to its end.

use std::pin::pin;

use trilayer_testkit::{Gate, Plan};

use crate::explore::explore;
use crate::scene::{Scene, chance, linger, poll_once};

/// Else what a caller gave up on, before it began, would happen all the same, after what they did instead.
#[test]
fn a_dropped_put_behind_another_does_not_happen() {
    explore(async || {
        let scene = Scene::new();
        let gate = scene.hold("add");
        let first = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        gate.arrived(1).await;
        let second = scene.caller(|s| async move {
            let mut put = pin!(s.put("k", 2));
            for _ in 0..=chance(3) {
                assert!(poll_once(put.as_mut()).await.is_none(), "it waits for the first");
                linger(2).await;
            }
        });
        second.ended().await;
        gate.open();
        first.ended().await.expect("put");
        assert_eq!(scene.at_rest("k").await, Some(1));
        assert_eq!(scene.data.count("add"), 1);
    });
}

/// Else the data store would have a value that memory has not, for as long as it runs.
#[test]
fn a_dropped_put_in_its_store_call_runs_to_its_end() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let gate = Gate::closed();
        let plan = match chance(2) {
            0 => Plan::WorkAfter(gate.clone()),
            _ => Plan::WorkThenWait(gate.clone()),
        };
        scene.data.plan("add", plan);
        let arrived = gate.clone();
        let put = scene.caller(|s| async move {
            let mut put = pin!(s.put("k", 2));
            assert!(poll_once(put.as_mut()).await.is_none(), "it waits at the gate");
            arrived.arrived(1).await;
        });
        put.ended().await;
        gate.open();
        // Queues behind it.
        assert_eq!(scene.put("k", 3).await.expect("put"), Some(2));
        assert_eq!(scene.at_rest("k").await, Some(3));
    });
}

/// Else the moment at which a caller gives up would decide whether memory and data store agree.
#[test]
fn a_put_dropped_at_any_moment_is_whole_or_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let quitter = scene.quitter(|s| async move { s.put("k", 2).await });
        let put = scene.caller(|s| async move { s.put("k", 3).await.map(drop) });
        let reader = scene.caller(|s| async move { s.get("k").await.map(drop) });
        quitter.ended().await;
        put.ended().await.expect("put");
        reader.ended().await.expect("get");
        // Queues behind what is still under way.
        scene.set("k", 4).await.expect("put");
        let resident = scene.in_memory("k");
        assert_eq!(resident, scene.in_data_store("k"));
        assert_eq!(scene.at_rest("k").await, Some(4));
    });
}

/// Else a removal somebody gave up on would leave the key on one side only.
#[test]
fn a_removal_dropped_at_any_moment_is_whole_or_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let quitter = scene.quitter(|s| async move { s.remove("k").await });
        let reader = scene.caller(|s| async move { s.get("k").await.map(drop) });
        quitter.ended().await;
        reader.ended().await.expect("get");
        // On the same stripe: queues behind what is still under way.
        scene.set("other", 4).await.expect("put");
        let resident = scene.in_memory("k");
        assert_eq!(resident, scene.in_data_store("k"));
        scene.at_rest("k").await;
    });
}

/// Else between the end of waiting and the first step of the work there would be a moment at which
/// both the caller and the operation believe that they have won.
#[test]
fn giving_up_and_beginning_are_decided_once() {
    explore(async || {
        let scene = Scene::new();
        let gate = scene.hold("add");
        let first = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        gate.arrived(1).await;
        let quitter = scene.quitter(|s| async move { s.put("k", 2).await });
        let opener = {
            let gate = gate.clone();
            scene.caller(move |_| async move { gate.open() })
        };
        quitter.ended().await;
        opener.ended().await;
        first.ended().await.expect("put");
        scene.set("other", 3).await.expect("put");
        let begun =
            scene.data.calls().iter().filter(|call| call.operation == "add" && call.keys == ["k"]).count();
        let resident = scene.in_memory("k");
        assert_eq!(resident, Some(if begun == 2 { 2 } else { 1 }), "{begun} were begun");
        scene.at_rest("k").await;
    });
}

/// Else a caller who keeps a future and never polls it again would stop everybody on that stripe.
#[test]
fn a_caller_who_stops_polling_holds_up_nobody() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        let mut kept = Box::pin(scene.put("k", 2));
        let begun = poll_once(kept.as_mut()).await.is_some();
        let put = scene.caller(|s| async move { s.put("k", 3).await.expect("put") });
        let reader = scene.caller(|s| async move { s.get("k").await.map(drop) });
        assert_eq!(put.ended().await, Some(2), "what was begun came first");
        reader.ended().await.expect("get");
        if !begun {
            kept.await.expect("put");
        }
        assert_eq!(scene.at_rest("k").await, Some(3));
    });
}

/// Else a flush that is given up on would drop what it was about to hand over.
#[test]
fn a_flush_dropped_at_any_moment_loses_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.parked("a", 1).await;
        scene.dirty("b", 2).await;
        let flush = scene.quitter(|s| async move { s.store.hard_flush().await });
        let reader = scene.caller(|s| async move { (s.get("a").await, s.get("b").await) });
        let writer = scene.caller(|s| async move { s.put_dirty("a", 3).await.map(drop) });
        let (a, b) = reader.ended().await;
        assert!([Some(1), Some(3)].contains(&a.expect("get")));
        assert_eq!(b.expect("get"), Some(2));
        flush.ended().await;
        writer.ended().await.expect("put");
        assert_eq!((scene.at_rest("a").await, scene.at_rest("b").await), (Some(3), Some(2)));
    });
}

/// Else emptying a map, given up on half way, would leave memory with what the data store lost.
#[test]
fn a_clear_through_dropped_at_any_moment_is_whole_or_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("a", 1).await;
        scene.resident("b", 2).await;
        let quitter = scene.quitter(|s| async move { s.store.clear_through(false).await });
        let reader = scene.caller(|s| async move { s.get("a").await.map(drop) });
        quitter.ended().await;
        reader.ended().await.expect("get");
        // Queues behind what is still under way.
        scene.set("c", 3).await.expect("put");
        let resident = ["a", "b"].map(|key| scene.in_memory(key).is_some());
        let stored = ["a", "b"].map(|key| scene.in_data_store(key).is_some());
        assert!(
            resident == stored && (stored == [true; 2] || stored == [false; 2]),
            "{resident:?}, {stored:?}"
        );
        scene.clear();
        scene.at_rest("c").await;
    });
}
