//! Linearizability: whatever happens to a key at once looks as if it happened one after the other.

use trilayer_testkit::{Gate, Plan};

use crate::explore::explore;
use crate::scene::{Scene, chance};

/// Else callers would each see a history of their own.
#[test]
fn puts_reads_and_removals_of_a_key_are_those_of_one_value() {
    explore(async || {
        let scene = Scene::new();
        let one = scene.caller(|s| async move { (s.put("k", 1).await, s.get("k").await) });
        let other = scene.caller(|s| async move { (s.put("k", 2).await, s.remove("k").await) });
        let reader = scene.caller(|s| async move { (s.get("k").await, s.touch("k").await) });
        one.ended().await.1.expect("get");
        other.ended().await.1.expect("remove");
        reader.ended().await.1.expect("get");
        scene.at_rest("k").await;
    });
}

/// Else the paths that persist and those that do not would pass each other.
#[test]
fn persisted_and_unpersisted_writes_of_a_key_are_those_of_one_value() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let persisted = scene.caller(|s| async move { (s.put("k", 2).await, s.get("k").await) });
        let dirty = scene.caller(|s| async move { (s.put_dirty("k", 3).await, s.get("k").await) });
        let removal = scene.caller(|s| async move { (s.remove_dirty("k").await, s.get("k").await) });
        persisted.ended().await.1.expect("get");
        dirty.ended().await.1.expect("get");
        removal.ended().await.1.expect("get");
        scene.at_rest("k").await;
    });
}

/// Else eviction, flush and loads, which no caller asked for, would be seen by callers.
#[test]
fn what_a_store_does_by_itself_is_not_seen() {
    explore(async || {
        let scene = Scene::bounded(1);
        scene.stored("k", 1).await;
        let writer = scene.caller(|s| async move { (s.put("k", 2).await, s.get("k").await) });
        let dirty = scene.caller(|s| async move { (s.put_dirty("k", 3).await, s.touch("k").await) });
        let other = scene.caller(|s| async move { (s.set("l", 4).await, s.store.hard_flush().await) });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        writer.ended().await.1.expect("get");
        dirty.ended().await.1.expect("get");
        other.ended().await.1.expect("flush");
        eviction.ended().await;
        scene.at_rest("k").await;
    });
}

/// Else an error would be more than "it may have happened or not": a write could come and go.
#[test]
fn with_a_data_store_that_fails_now_and_then_a_key_is_still_one_value() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        scene.data.script(|call| match (call.operation, chance(4)) {
            ("add" | "remove" | "load" | "flush_key", 0) => Plan::Fail("it has not happened"),
            ("add" | "remove" | "flush_key", 1) => Plan::WorkThenFail("it has happened"),
            _ => Plan::Work,
        });
        let one = scene.caller(|s| async move { (s.put("k", 2).await.is_ok(), s.get("k").await.is_ok()) });
        let other = scene.caller(|s| async move { (s.remove("k").await.is_ok(), s.get("k").await.is_ok()) });
        let eviction = scene.caller(|s| async move { s.evict("k") });
        one.ended().await;
        other.ended().await;
        eviction.ended().await;
        scene.at_rest("k").await;
    });
}

/// Else a put that failed before anything happened would be seen later.
#[test]
fn a_put_that_did_not_happen_is_never_seen() {
    explore(async || {
        let scene = Scene::new();
        scene.resident("k", 1).await;
        scene.data.plan("add", Plan::Fail("it has not happened"));
        let put = scene.caller(|s| async move { s.put("k", 2).await.is_err() });
        let reader = scene.caller(|s| async move { (s.evict("k"), s.get("k").await.expect("get")) });
        assert!(put.ended().await);
        assert_eq!(reader.ended().await.1, Some(1));
        scene.evict("k");
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else callers who give up would tear what others see.
#[test]
fn with_callers_who_give_up_a_key_is_still_one_value() {
    explore(async || {
        let scene = Scene::new();
        scene.stored("k", 1).await;
        let put = scene.quitter(|s| async move { s.put("k", 2).await });
        let removal = scene.quitter(|s| async move { s.remove("k").await });
        let reader = scene.caller(|s| async move { [s.get("k").await, s.get("k").await] });
        let writer = scene.caller(|s| async move { s.put("k", 3).await.map(drop) });
        put.ended().await;
        removal.ended().await;
        for read in reader.ended().await {
            read.expect("get");
        }
        writer.ended().await.expect("put");
        scene.set("k", 4).await.expect("put");
        assert_eq!(scene.at_rest("k").await, Some(4));
    });
}

/// Else a value would come back, after a clear, that a later write had replaced.
#[test]
fn a_slow_answer_does_not_undo_what_was_done_since() {
    explore(async || {
        let scene = Scene::new();
        let gate = Gate::closed();
        scene.data.plan("add", Plan::WorkThenWait(gate.clone()));
        let put = scene.caller(|s| async move { s.put("k", 1).await.map(drop) });
        gate.arrived(1).await;
        let dirty = scene.caller(|s| async move { s.put_dirty("k", 2).await.map(drop) });
        let removal = scene.caller(|s| async move { s.remove("k").await.map(drop) });
        let opener = scene.caller(|_| async move { gate.open() });
        opener.ended().await;
        for caller in [put, dirty, removal] {
            caller.ended().await.expect("it works");
        }
        scene.at_rest("k").await;
    });
}
