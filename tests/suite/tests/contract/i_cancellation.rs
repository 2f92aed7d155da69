//! I. Cancellation: a dropped future means "not started" or "ran to its end".

use std::sync::Arc;

use trilayer_core::{DefaultRecordStore, RecordStore, StoreError};
use trilayer_testkit::{Gate, Plan, lww, record};

use crate::rig::{Client, Expiry, Replication, Rig, poll_once, rig, settle};

/// Starts an operation, drops it where its data-store call waits, and lets the call end.
async fn drop_at(rig: &Rig, operation: &'static str, start: impl FnOnce() -> Dropped) {
    let gate = Gate::closed();
    rig.data.plan(operation, Plan::WorkThenWait(gate.clone()));
    let mut dropped = start();
    assert!(poll_once(dropped.as_mut()).is_pending());
    gate.arrived(1).await;
    drop(dropped);
    gate.open();
    settle().await;
}

type Dropped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[tokio::test]
async fn a_put_dropped_in_its_data_store_call_runs_to_its_end() {
    let rig = rig();
    let store = Arc::clone(&rig.store);
    drop_at(&rig, "add", || {
        Box::pin(async move { drop(store.put("k", lww(1), Expiry::NONE, Client).await) })
    })
    .await;
    assert_eq!((rig.resident("k"), rig.stored("k")), (Some(lww(1)), Some(lww(1))));
    assert_eq!(rig.events.events().len(), 1);
}

#[tokio::test]
async fn a_remove_dropped_in_its_data_store_call_runs_to_its_end() {
    let rig = rig();
    rig.put("k", 1).await;
    let store = Arc::clone(&rig.store);
    drop_at(&rig, "remove", || Box::pin(async move { drop(store.remove("k", Client).await) })).await;
    assert_eq!((rig.resident("k"), rig.stored("k")), (None, None));
}

#[tokio::test]
async fn backups_dropped_in_their_data_store_calls_run_to_their_end() {
    let rig = rig();
    let store = Arc::clone(&rig.store);
    drop_at(&rig, "add_backup", || {
        Box::pin(async move { drop(store.put_backup("k", record(1, 5), Client).await) })
    })
    .await;
    assert_eq!((rig.resident("k"), rig.stored("k")), (Some(lww(1)), Some(lww(1))));
    let store = Arc::clone(&rig.store);
    drop_at(&rig, "remove_backup", || Box::pin(async move { drop(store.remove_backup("k", Client).await) }))
        .await;
    assert_eq!((rig.resident("k"), rig.stored("k")), (None, None));
}

#[tokio::test]
async fn a_get_dropped_in_its_load_still_fills_memory() {
    let rig = rig();
    rig.data.insert("map", "k", lww(1), 0);
    let store = Arc::clone(&rig.store);
    drop_at(&rig, "load", || Box::pin(async move { drop(store.get("k", false).await) })).await;
    assert_eq!(rig.resident("k"), Some(lww(1)));
}

#[tokio::test]
async fn a_flush_dropped_half_way_runs_to_its_end() {
    let rig = rig();
    rig.put_as("k", 1, crate::rig::Replication).await;
    rig.store.evict("k", false);
    let store = Arc::clone(&rig.store);
    drop_at(&rig, "flush_key", || Box::pin(async move { drop(store.soft_flush().await) })).await;
    assert_eq!((rig.stored("k"), rig.store.usage().parked), (Some(lww(1)), 0));
}

#[tokio::test]
async fn an_operation_dropped_in_the_queue_of_its_key_does_not_happen() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let first = rig.spawn(async move |store| store.set("k", lww("first"), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    let mut second = rig.store.put("k", lww("second"), Expiry::NONE, Client);
    assert!(poll_once(second.as_mut()).is_pending());
    settle().await;
    drop(second);
    gate.open();
    first.await.expect("no panic").expect("put");
    settle().await;
    assert_eq!((rig.resident("k"), rig.data.count("add")), (Some(lww("first")), 1));
}

#[tokio::test]
async fn a_future_that_was_never_polled_does_nothing() {
    let rig = rig();
    drop(rig.store.put("k", lww(1), Expiry::NONE, Client));
    settle().await;
    assert_eq!((rig.data.calls(), rig.store.size()), (Vec::new(), 0));
}

#[tokio::test]
async fn a_caller_who_stops_polling_does_not_hold_up_the_key() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let mut forgotten = rig.store.put("k", lww(1), Expiry::NONE, Client);
    assert!(poll_once(forgotten.as_mut()).is_pending());
    gate.open();
    rig.data.work();
    assert_eq!(rig.put("k", 2).await, Some(lww(1)), "the forgotten put ended by itself");
    drop(forgotten);
}

#[tokio::test]
async fn a_ready_data_store_costs_no_task() {
    let rig = rig();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let mut put = rig.store.put("k", lww(1), Expiry::NONE, Client);
    assert!(poll_once(put.as_mut()).is_ready(), "ended at its first poll");
    assert_eq!(tasks(), before);
}

#[test]
fn an_operation_ends_without_a_runtime_too() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let mut put = rig.store.put("k", lww(1), Expiry::NONE, Client);
    assert!(poll_once(put.as_mut()).is_pending());
    drop(put);
    gate.open();
    rig.data.work();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let old = runtime.block_on(rig.store.put("k", lww(2), Expiry::NONE, Client)).expect("put");
    assert_eq!(old, Some(lww(1)));
}

#[test]
fn a_runtime_that_ends_under_an_operation_is_an_error_for_those_who_wait() {
    let rig = rig();
    rig.data.insert("map", "k", lww(1), 0);
    rig.data.plan("load", Plan::Hang);
    let dying = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut leader = rig.store.get("k", false);
    dying.block_on(async { assert!(poll_once(leader.as_mut()).is_pending()) });
    let mut waiter = rig.store.get("k", false);
    assert!(poll_once(waiter.as_mut()).is_pending());
    drop(dying);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(waiter).expect_err("cut off");
    assert!(matches!(error.downcast_ref(), Some(StoreError::CutOff { .. })), "{error}");
    rig.data.work();
    let record = runtime.block_on(rig.store.get("k", false)).expect("get").expect("stored");
    assert_eq!(record.value, lww(1));
}

/// Every operation that waits for the data store, with each call at which it can wait.
const AWAITS: [(&str, &str); 16] = [
    ("put", "load"),
    ("put", "add"),
    ("set", "add"),
    ("remove", "load"),
    ("remove", "remove"),
    ("put_backup", "add_backup"),
    ("remove_backup", "load"),
    ("remove_backup", "remove_backup"),
    ("get", "load"),
    ("get_all", "load_all"),
    ("soft_flush", "flush_key"),
    ("soft_flush", "remove_all"),
    ("soft_flush", "soft_flush"),
    ("hard_flush", "hard_flush"),
    ("clear_through", "scan"),
    ("clear_through", "remove_all"),
];

/// One of them; its outcome is nobody's.
async fn operation(store: Arc<DefaultRecordStore>, name: &str) {
    let both = ["k".to_owned(), "other".to_owned()];
    match name {
        "put" => drop(store.put("k", lww("after"), Expiry::NONE, Client).await),
        "set" => drop(store.set("k", lww("after"), Expiry::NONE, Client).await),
        "remove" => drop(store.remove("k", Client).await),
        "put_backup" => drop(store.put_backup("k", record("after", 5), Client).await),
        "remove_backup" => drop(store.remove_backup("k", Client).await),
        "get" => drop(store.get("k", false).await),
        "get_all" => drop(store.get_all(&both).await),
        "soft_flush" => drop(store.soft_flush().await),
        "hard_flush" => drop(store.hard_flush().await),
        "clear_through" => drop(store.clear_through(false).await),
        other => unreachable!("no operation {other}"),
    }
}

/// Two keys in the data store, one parked and one removed that it was not told of.
async fn before() -> Rig {
    let rig = rig();
    for key in ["k", "other", "gone"] {
        rig.data.insert("map", key, lww("before"), 0);
    }
    rig.put_as("parked", 1, Replication).await;
    rig.store.evict("parked", false);
    rig.store.remove("gone", Replication).await.expect("remove");
    rig
}

/// What must hold once everything is at rest, however the caller left.
async fn is_whole(rig: &Rig, at: &str) {
    rig.data.work();
    settle().await;
    for (key, record) in rig.store.storage().snapshot_iter() {
        let clean = !record.metadata.is_dirty();
        assert!(!clean || rig.stored(&key) == Some(record.value), "{key} is not what is stored: {at}");
    }
    assert_eq!(rig.get("k").await, rig.stored("k"), "{at}");
    assert_eq!(rig.get("gone").await, None, "{at}");
    let old = rig.get("k").await;
    assert_eq!(rig.put("k", "next").await, old, "the key goes on: {at}");
    rig.store.hard_flush().await.expect("flush");
    let usage = rig.store.usage();
    assert_eq!((usage.dirty, usage.parked, usage.overdue), (0, 0, 0), "{at}");
}

/// Leaves each operation at each call of the data store, before and after that took effect, after every
/// possible number of polls, by dropping its future and by aborting its task.
#[tokio::test]
async fn left_at_any_await_an_operation_is_whole_or_has_not_begun() {
    for (name, call) in AWAITS {
        for polls in 0..6 {
            for after_effect in [false, true] {
                let (rig, gate) = (before().await, Gate::closed());
                let at = format!("{name}/{call}, {polls} polls, after its effect: {after_effect}");
                rig.data.plan(
                    call,
                    match after_effect {
                        true => Plan::WorkThenWait(gate.clone()),
                        false => Plan::WorkAfter(gate.clone()),
                    },
                );
                let mut left: Dropped = Box::pin(operation(Arc::clone(&rig.store), name));
                for poll in 0..polls {
                    if poll == 3 {
                        assert!(gate.arrivals() > 0, "never waits there: {at}");
                        gate.open();
                    }
                    if poll_once(left.as_mut()).is_ready() {
                        break;
                    }
                    settle().await;
                }
                drop(left);
                gate.open();
                is_whole(&rig, &at).await;
            }
        }
        let (rig, gate) = (before().await, Gate::closed());
        rig.data.plan(call, Plan::WorkAfter(gate.clone()));
        let task = tokio::spawn(operation(Arc::clone(&rig.store), name));
        gate.arrived(1).await;
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        gate.open();
        is_whole(&rig, &format!("{name}/{call}, aborted")).await;
    }
}
