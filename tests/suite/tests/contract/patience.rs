//! A data store that does not answer in time: an error for its caller, a wait for its key, nothing for
//! any other key, and nothing lost when it answers late.

use std::sync::Arc;
use std::task::Poll;

use trilayer_core::{DefaultRecordStore, RecordStore, StoreError};
use trilayer_testkit::{Gate, Plan, lww, record};

use crate::rig::{Client, Expiry, Parts, Replication, Rig, poll_once, settle};

const TIMEOUT: u32 = 1_000;

/// All keys on one stripe, so that only patience lets them pass each other.
fn one_stripe() -> Rig {
    Parts { stripes: Some(1), timeout_millis: Some(TIMEOUT.into()), ..Parts::default() }.build()
}

fn is_overdue<T: std::fmt::Debug>(outcome: anyhow::Result<T>, begun: bool) {
    let error = outcome.expect_err("overdue");
    let Some(StoreError::Overdue { begun: told, timeout_millis, .. }) = error.downcast_ref() else {
        panic!("not overdue: {error:#}");
    };
    assert_eq!((*told, *timeout_millis), (begun, u64::from(TIMEOUT)), "{error:#}");
}

/// Lets the call that waits for the data store become overdue.
async fn time_passes(rig: &Rig) {
    settle().await;
    rig.clock.advance(TIMEOUT);
    settle().await;
}

/// A put of "k" that waits at the gate, on its way until it is overdue.
async fn overdue_put(rig: &Rig, gate: &Gate) {
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let put = rig.spawn(async |store| store.put("k", lww("late"), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    time_passes(rig).await;
    is_overdue(put.await.expect("no panic"), true);
    rig.data.work();
}

#[tokio::test]
async fn a_write_answered_late_is_an_error_for_its_caller_and_happens_whole() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    overdue_put(&rig, &gate).await;
    assert_eq!((rig.resident("k"), rig.events.events().len()), (None, 0), "not before it is answered");
    gate.open();
    settle().await;
    assert_eq!((rig.resident("k"), rig.stored("k")), (Some(lww("late")), Some(lww("late"))));
    assert_eq!(rig.events.events().len(), 1);
}

#[tokio::test]
async fn a_write_that_fails_late_leaves_everything_as_it_was() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    rig.put("k", 1).await;
    rig.data.plan("remove", Plan::FailAfter(gate.clone(), "too late"));
    let removal = rig.spawn(async |store| store.remove("k", Client).await);
    gate.arrived(1).await;
    time_passes(&rig).await;
    is_overdue(removal.await.expect("no panic"), true);
    gate.open();
    settle().await;
    assert_eq!((rig.resident("k"), rig.stored("k")), (Some(lww(1)), Some(lww(1))));
    assert_eq!(rig.put("k", 2).await, Some(lww(1)));
}

#[tokio::test]
async fn a_call_that_never_returns_stops_no_other_key_even_of_its_stripe() {
    let rig = one_stripe();
    overdue_put(&rig, &Gate::closed()).await;
    rig.put("other", 1).await;
    rig.store.evict("other", false);
    assert_eq!(rig.get("other").await, Some(lww(1)));
    assert_eq!(rig.remove("other").await, Some(lww(1)));
    rig.put_as("third", 3, Replication).await;
    let error = rig.store.hard_flush().await;
    assert!(error.is_ok(), "a kept key has nothing to flush: {error:?}");
    assert_eq!(rig.stored("third"), Some(lww(3)));
}

#[tokio::test]
async fn who_comes_for_a_kept_key_is_called_off_in_time_and_has_done_nothing() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    overdue_put(&rig, &gate).await;
    let late = |store: Arc<DefaultRecordStore>| async move {
        let put = store.put("k", lww("second"), Expiry::NONE, Client).await;
        let backup = store.put_backup("k", record("third", 5), Client).await;
        (put, backup)
    };
    let second = rig.spawn(late);
    time_passes(&rig).await;
    time_passes(&rig).await;
    let (put, backup) = second.await.expect("no panic");
    is_overdue(put, false);
    is_overdue(backup, false);
    gate.open();
    settle().await;
    assert_eq!((rig.get("k").await, rig.data.count("add")), (Some(lww("late")), 1));
    assert_eq!(rig.data.count("add_backup"), 0);
}

#[tokio::test]
async fn who_waits_for_a_kept_key_comes_after_the_write_that_keeps_it() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    overdue_put(&rig, &gate).await;
    let put = rig.spawn(async |store| store.put("k", lww("next"), Expiry::NONE, Client).await);
    let get = rig.spawn(async |store| store.get("k", false).await);
    let batch = rig.spawn(async |store| store.get_all(&["k".to_owned(), "other".to_owned()]).await);
    settle().await;
    assert!(!put.is_finished() && !get.is_finished() && !batch.is_finished());
    gate.open();
    assert_eq!(put.await.expect("no panic").expect("put"), Some(lww("late")));
    let found = get.await.expect("no panic").expect("get").map(|record| record.value);
    assert!([Some(lww("late")), Some(lww("next"))].contains(&found), "{found:?}");
    assert_eq!(batch.await.expect("no panic").expect("get_all").len(), 1);
    assert_eq!(rig.stored("k"), Some(lww("next")));
}

#[tokio::test]
async fn a_load_that_hangs_is_given_up_by_everyone_and_made_again_by_the_next() {
    let rig = one_stripe();
    rig.data.insert("map", "k", lww(1), 0);
    rig.data.plan("load", Plan::Hang);
    let waiters: Vec<_> =
        (0..3).map(|_| rig.spawn(async |store| store.get("k", false).await.map(|_| ()))).collect();
    time_passes(&rig).await;
    for waiter in waiters {
        is_overdue(waiter.await.expect("no panic"), true);
    }
    rig.data.work();
    assert_eq!(rig.get("k").await, Some(lww(1)));
    assert_eq!(rig.data.count("load"), 2, "one load for the three, one for the next");
}

#[tokio::test]
async fn what_is_in_memory_is_read_and_evicted_whatever_hangs() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    rig.put("resident", 1).await;
    overdue_put(&rig, &gate).await;
    let mut hit = rig.store.get("resident", true);
    assert!(matches!(poll_once(hit.as_mut()), Poll::Ready(Ok(Some(_)))));
    assert_eq!(rig.store.evict("resident", false), Some(lww(1)));
}

#[tokio::test]
async fn a_flush_passes_a_kept_key_by_and_says_so() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    overdue_put(&rig, &gate).await;
    rig.put_as("k", "newer", Replication).await;
    rig.put_as("other", 1, Replication).await;
    let error = rig.store.hard_flush().await.expect_err("k is kept");
    assert!(format!("{error:#}").contains("flushing key \"k\": an earlier write"), "{error:#}");
    assert_eq!((rig.stored("other"), rig.store.usage().dirty), (Some(lww(1)), 1));
    gate.open();
    settle().await;
    rig.store.hard_flush().await.expect("flush");
    assert_eq!(rig.get("k").await, rig.stored("k"));
}

#[tokio::test]
async fn a_flush_goes_no_further_than_a_call_that_hangs_and_loses_nothing() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    for key in ["a", "b", "c"] {
        rig.put_as(key, 1, Replication).await;
    }
    rig.data.plan("flush_key", Plan::WorkAfter(gate.clone()));
    let flush = rig.spawn(async |store| store.hard_flush().await);
    gate.arrived(1).await;
    time_passes(&rig).await;
    is_overdue(flush.await.expect("no panic"), true);
    assert_eq!((rig.data.count("flush_key"), rig.store.usage().dirty), (1, 3));
    gate.open();
    rig.data.work();
    settle().await;
    assert_eq!(rig.store.usage().dirty, 2, "what was answered late is clean");
    rig.store.hard_flush().await.expect("flush");
    assert_eq!((rig.data.count("flush_key"), rig.store.usage().dirty), (3, 0));
}

#[tokio::test]
async fn removals_answered_late_are_not_told_again() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    rig.put("k", 1).await;
    rig.store.remove("k", Replication).await.expect("remove");
    rig.data.plan("remove_all", Plan::WorkAfter(gate.clone()));
    let flush = rig.spawn(async |store| store.soft_flush().await);
    gate.arrived(1).await;
    time_passes(&rig).await;
    is_overdue(flush.await.expect("no panic"), true);
    assert_eq!((rig.store.usage().overdue, rig.store.usage().parked), (1, 1));
    gate.open();
    settle().await;
    assert_eq!((rig.store.usage().overdue, rig.store.usage().parked, rig.stored("k")), (0, 0, None));
}

#[tokio::test]
async fn clearing_through_waits_for_a_kept_key_no_longer_than_the_store_has_patience() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    rig.put("other", 1).await;
    overdue_put(&rig, &gate).await;
    let clear = rig.spawn(async |store| store.clear_through(false).await);
    time_passes(&rig).await;
    is_overdue(clear.await.expect("no panic"), false);
    assert_eq!(rig.stored("other"), Some(lww(1)), "nothing was removed");
    gate.open();
    settle().await;
    assert_eq!(rig.store.clear_through(false).await.expect("clear_through"), 2);
}

#[tokio::test]
async fn clearing_through_that_is_answered_late_holds_up_every_write_until_then() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    rig.put("k", 1).await;
    rig.data.plan("remove_all", Plan::WorkAfter(gate.clone()));
    let clear = rig.spawn(async |store| store.clear_through(false).await);
    gate.arrived(1).await;
    time_passes(&rig).await;
    is_overdue(clear.await.expect("no panic"), true);
    let put = rig.spawn(async |store| store.put("k", lww(2), Expiry::NONE, Client).await.map(|_| ()));
    settle().await;
    assert!(!put.is_finished(), "else the late removal would take it away");
    gate.open();
    put.await.expect("no panic").expect("put");
    assert_eq!((rig.resident("k"), rig.stored("k")), (Some(lww(2)), Some(lww(2))));
}

#[tokio::test]
async fn an_operator_is_told_what_hangs_and_how_often() {
    let (rig, gate) = (one_stripe(), Gate::closed());
    overdue_put(&rig, &gate).await;
    assert_eq!((rig.store.usage().overdue, rig.store.usage().timeouts), (1, 1));
    gate.open();
    settle().await;
    assert_eq!((rig.store.usage().overdue, rig.store.usage().timeouts), (0, 1));
}

#[tokio::test]
async fn calls_that_hang_do_not_gather_without_end() {
    let rig = one_stripe();
    rig.data.plan("add", Plan::Hang);
    for n in 0..400 {
        let put = rig.spawn(async move |store| {
            store.put(&format!("k{n}"), lww(n), Expiry::NONE, Client).await.map(|_| ())
        });
        time_passes(&rig).await;
        assert!(put.await.expect("no panic").is_err());
    }
    assert_eq!(rig.store.usage().overdue, 256, "past that the stripe waits");
    assert_eq!(rig.data.count("add"), 257);
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks, 257, "callers that were called off left none");
}

#[tokio::test]
async fn patience_of_0_waits_without_end() {
    let rig = Parts { timeout_millis: Some(0), ..Parts::default() }.build();
    rig.data.plan("add", Plan::Hang);
    let put = rig.spawn(async |store| store.put("k", lww(1), Expiry::NONE, Client).await.map(|_| ()));
    for _ in 0..10 {
        rig.clock.advance(u32::MAX);
        settle().await;
    }
    assert!(!put.is_finished());
}

/// The system's time is waited for without the runtime's help, which may have no timer.
#[test]
fn patience_needs_no_timer_of_the_runtime() {
    let data = trilayer_testkit::ScriptedDataStore::new();
    data.plan("load", Plan::Hang);
    let builder = DefaultRecordStore::builder("map", 0).data_store(data).data_store_timeout_millis(5);
    let store = builder.build();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(store.get("k", false)).expect_err("overdue");
    assert!(matches!(error.downcast_ref(), Some(StoreError::Overdue { .. })), "{error:#}");
}
