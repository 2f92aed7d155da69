//! How often, and how long apart.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::sync::Arc;

use trilayer_core::MapDataStore as _;
use trilayer_datastore_retry::{RetryDataStore, RetryOptions};
use trilayer_testkit::{ManualClock, Plan, ScriptedDataStore, lww};

fn over(inner: &Arc<ScriptedDataStore>, clock: &Arc<ManualClock>, attempts: u32) -> Arc<RetryDataStore> {
    let options = RetryOptions {
        attempts,
        first_delay_millis: 10,
        max_delay_millis: 25,
        jitter: false,
        ..RetryOptions::new("scripted")
    };
    Arc::new(RetryDataStore::new(Arc::clone(inner) as _, options, Arc::clone(clock) as _))
}

/// How many calls there were after each of these many ms.
async fn calls_after(waits: &[u32]) -> Vec<usize> {
    let (inner, clock) = (ScriptedDataStore::new(), ManualClock::at(0));
    inner.plan("add", Plan::Fail("not now"));
    let store = over(&inner, &clock, 5);
    let add = tokio::spawn(async move { store.add("m", "k", &lww(1), 0, 0).await });
    let mut calls = Vec::new();
    for wait in waits {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        calls.push(inner.count("add"));
        clock.advance(*wait);
    }
    let error = add.await.unwrap().unwrap_err();
    assert_eq!(format!("{error:#}"), "add failed 5 times: not now");
    calls
}

#[tokio::test]
async fn waits_double_up_to_the_longest() {
    assert_eq!(calls_after(&[9, 1, 19, 1, 24, 1, 24, 1]).await, [1, 1, 2, 2, 3, 3, 4, 4]);
}

#[tokio::test]
async fn what_works_in_the_end_is_done_once_more_for_each_failure() {
    let (inner, clock) = (ScriptedDataStore::new(), ManualClock::at(0));
    inner.plan("add", Plan::WorkThenFail("unsure"));
    let store = over(&inner, &clock, 3);
    let add = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.add("m", "k", &lww(1), 0, 0).await }
    });
    while inner.count("add") == 0 {
        tokio::task::yield_now().await;
    }
    inner.work();
    while !add.is_finished() {
        clock.advance(10);
        tokio::task::yield_now().await;
    }
    add.await.unwrap().unwrap();
    assert_eq!((inner.count("add"), inner.value("m", "k")), (2, Some(lww(1))));
}

#[tokio::test]
async fn one_attempt_is_no_retry() {
    let (inner, clock) = (ScriptedDataStore::new(), ManualClock::at(0));
    inner.plan("load", Plan::Fail("not now"));
    assert!(over(&inner, &clock, 1).load("m", "k").await.is_err());
    assert_eq!(inner.count("load"), 1);
}
