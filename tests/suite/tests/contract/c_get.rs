//! C. Get: from memory, else by one load for everyone.

use std::collections::BTreeSet;

use trilayer_core::{RecordStore, SharedError};
use trilayer_testkit::{EventKind, Gate, Plan, lww, record};

use crate::rig::{
    Backup, Client, Expiry, Load, Parts, Replication, bounded, in_memory, poll_once, rig, settle,
};

#[tokio::test]
async fn a_touched_hit_counts_and_an_untouched_one_does_not() {
    let rig = in_memory();
    rig.put("k", 1).await;
    rig.clock.advance(7);
    let untouched = rig.store.get("k", false).await.expect("get").expect("hit").metadata;
    let touched = rig.store.get("k", true).await.expect("get").expect("hit").metadata;
    assert_eq!((untouched.hits, touched.hits), (0, 1));
    assert_eq!(touched.last_access_time, untouched.last_access_time + 7);
    assert_eq!(rig.events.take().len(), 1, "reading is no event");
}

#[tokio::test]
async fn a_miss_is_loaded_once_for_however_many_callers() {
    let rig = rig();
    rig.data.insert("map", "k", lww("stored"), 0);
    let gate = Gate::closed();
    rig.data.plan("load", Plan::WorkAfter(gate.clone()));
    let gets: Vec<_> = (0..20).map(|_| rig.spawn(async move |store| store.get("k", false).await)).collect();
    settle().await;
    gate.open();
    for get in gets {
        let record = get.await.expect("no panic").expect("get").expect("stored");
        assert_eq!((record.value, record.metadata.is_dirty()), (lww("stored"), false));
    }
    assert_eq!((rig.data.count("load"), rig.events.count(EventKind::Load)), (1, 1));
}

#[tokio::test]
async fn a_miss_of_what_is_nowhere_is_asked_once_by_callers_at_the_same_time() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("load", Plan::WorkAfter(gate.clone()));
    let gets: Vec<_> = (0..20).map(|_| rig.spawn(async move |store| store.get("k", false).await)).collect();
    settle().await;
    gate.open();
    for get in gets {
        assert!(get.await.expect("no panic").expect("get").is_none());
    }
    assert_eq!(rig.data.count("load"), 1);
}

#[tokio::test]
async fn a_failed_load_installs_nothing_and_every_waiter_gets_the_error() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("load", Plan::FailAfter(gate.clone(), "connection lost"));
    let gets: Vec<_> = (0..5).map(|_| rig.spawn(async move |store| store.get("k", false).await)).collect();
    settle().await;
    gate.open();
    for get in gets {
        let error = get.await.expect("no panic").expect_err("must fail");
        assert_eq!(error.to_string(), "connection lost");
        assert!(error.downcast_ref::<SharedError>().is_some());
    }
    assert_eq!((rig.data.count("load"), rig.events.take().len(), rig.store.size()), (1, 0, 0));
    rig.data.work();
    rig.data.insert("map", "k", lww(1), 0);
    assert_eq!(rig.get("k").await, Some(lww(1)), "the next caller tries again");
}

#[tokio::test]
async fn a_load_that_panics_is_an_error_for_every_waiter() {
    let rig = rig();
    rig.data.plan("load", Plan::Panic);
    let error = rig.store.get("k", false).await.expect_err("must fail");
    assert!(error.to_string().contains("the data store panicked in load"), "{error}");
    rig.data.work();
    assert_eq!(rig.get("k").await, None);
}

#[tokio::test]
async fn a_late_load_does_not_overwrite_a_newer_write() {
    for provenance in [Client, Replication, Backup, Load] {
        let rig = rig();
        rig.data.insert("map", "k", lww("stale"), 0);
        let gate = Gate::closed();
        rig.data.plan("load", Plan::WorkThenWait(gate.clone()));
        let get = rig.spawn(async move |store| store.get("k", false).await);
        gate.arrived(1).await;
        let put = rig.spawn(async move |store| store.set("k", lww("new"), Expiry::NONE, provenance).await);
        settle().await;
        gate.open();
        put.await.expect("no panic").expect("put");
        get.await.expect("no panic").expect("get");
        assert_eq!(rig.resident("k"), Some(lww("new")), "{provenance:?}");
    }
}

#[tokio::test]
async fn a_late_load_does_not_revive_a_removed_key() {
    for provenance in [Client, Replication, Backup] {
        let rig = rig();
        rig.data.insert("map", "k", lww("stale"), 0);
        let gate = Gate::closed();
        rig.data.plan("load", Plan::WorkThenWait(gate.clone()));
        let get = rig.spawn(async move |store| store.get("k", false).await);
        gate.arrived(1).await;
        let remove = rig.spawn(async move |store| store.remove("k", provenance).await);
        settle().await;
        gate.open();
        remove.await.expect("no panic").expect("remove");
        get.await.expect("no panic").expect("get");
        rig.data.work();
        assert_eq!((rig.resident("k"), rig.get("k").await), (None, None), "{provenance:?}");
    }
}

#[tokio::test]
async fn a_late_load_does_not_revive_an_expired_key() {
    let rig = rig();
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    rig.store.evict("k", false);
    let gate = Gate::closed();
    rig.data.plan("load", Plan::WorkThenWait(gate.clone()));
    let get = rig.spawn(async move |store| store.get("k", false).await);
    gate.arrived(1).await;
    rig.clock.advance(11);
    gate.open();
    assert!(get.await.expect("no panic").expect("get").is_none());
    assert_eq!(rig.resident("k"), None);
}

#[tokio::test]
async fn an_expired_record_is_gone_before_the_caller_sees_it_with_one_event() {
    let rig = in_memory();
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    rig.clock.advance(11);
    assert_eq!((rig.get("k").await, rig.get("k").await), (None, None));
    assert_eq!((rig.events.count(EventKind::Expire), rig.store.size()), (1, 0));
}

#[tokio::test]
async fn get_all_loads_its_misses_with_one_call() {
    let rig = rig();
    for n in 0..10 {
        rig.data.insert("map", &format!("stored{n}"), lww(n), 0);
    }
    rig.put_as("resident", "r", Load).await;
    let mut keys: Vec<String> = (0..10).map(|n| format!("stored{n}")).collect();
    keys.extend(["nowhere", "resident", "stored3"].map(str::to_owned));
    let found = rig.store.get_all(&keys).await.expect("get_all");
    let names: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(names.len(), 11, "each found key once: {names:?}");
    assert_eq!((names[3], names[10]), ("stored3", "resident"), "in the order asked for");
    assert_eq!((rig.data.count("load_all"), rig.data.count("load")), (1, 0));
    let asked: BTreeSet<String> = rig.data.calls().pop().expect("a call").keys.into_iter().collect();
    assert!(!asked.contains("resident") && asked.len() == 11);
}

#[tokio::test]
async fn a_failing_load_all_fails_the_batch_and_installs_nothing() {
    let rig = rig();
    rig.data.plan("load_all", Plan::Fail("down"));
    let error = rig.store.get_all(&["a".to_owned(), "b".to_owned()]).await.expect_err("must fail");
    assert_eq!((error.to_string().as_str(), rig.store.size()), ("down", 0));
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_take_the_load_from_those_who_wait() {
    let rig = rig();
    rig.data.insert("map", "k", lww(1), 0);
    let gate = Gate::closed();
    rig.data.plan("load", Plan::WorkAfter(gate.clone()));
    let mut leader = rig.store.get("k", false);
    assert!(poll_once(leader.as_mut()).is_pending());
    let waiter = rig.spawn(async move |store| store.get("k", false).await);
    settle().await;
    drop(leader);
    gate.open();
    assert_eq!(waiter.await.expect("no panic").expect("get").expect("stored").value, lww(1));
    assert_eq!(rig.data.count("load"), 1);
}

#[tokio::test]
async fn a_key_that_may_not_be_loaded_is_a_miss() {
    let rig = rig();
    rig.data.insert("map", "k", lww("stored"), 0);
    rig.data.stop_loading();
    assert_eq!((rig.get("k").await, rig.put("k", 1).await), (None, None));
    assert_eq!(rig.data.count("load"), 0, "not even asked");
}

#[tokio::test]
async fn a_lookup_that_finds_nothing_evicts_nothing() {
    let rig = Parts { config: bounded(3), ..Parts::default() }.build();
    for key in ["a", "b", "c"] {
        rig.put(key, 1).await;
    }
    assert_eq!(rig.get("nowhere").await, None);
    assert_eq!(rig.store.size(), 3);
}

#[tokio::test]
async fn a_backup_put_during_a_load_stays() {
    let rig = rig();
    rig.data.insert("map", "k", lww("stale"), 0);
    let gate = Gate::closed();
    rig.data.plan("load", Plan::WorkThenWait(gate.clone()));
    let get = rig.spawn(async move |store| store.get("k", false).await);
    gate.arrived(1).await;
    rig.store.put_backup("k", record("backup", 5), Backup).await.expect("put_backup");
    gate.open();
    assert_eq!(get.await.expect("no panic").expect("get").expect("there").value, lww("backup"));
}

#[tokio::test]
async fn a_touch_that_loads_is_an_access() {
    let rig = rig();
    rig.put_for("k", 1, Expiry::max_idle(10)).await;
    rig.store.evict("k", false);
    rig.clock.advance(8);
    assert!(rig.store.get("k", true).await.expect("get").is_some());
    rig.clock.advance(8);
    assert_eq!(rig.get("k").await, Some(lww(1)), "accessed 8 ms ago, limit 10");
}

#[tokio::test]
async fn a_touch_that_brings_back_a_parked_value_is_an_access() {
    let rig = rig();
    rig.store.put("k", lww(1), Expiry::max_idle(10), Replication).await.expect("put");
    rig.store.evict("k", false);
    rig.clock.advance(8);
    let hit = rig.store.get("k", true).await.expect("get").expect("parked");
    rig.clock.advance(8);
    assert_eq!((rig.get("k").await, hit.metadata.hits), (Some(lww(1)), 1), "accessed 8 ms ago");
}

#[tokio::test]
async fn a_value_kept_aside_is_read_though_the_data_store_fails() {
    let rig = Parts { stripes: Some(1), ..Parts::default() }.build();
    let gate = Gate::closed();
    let held = gate.clone();
    rig.data.script(move |call| match call.operation {
        "add" => Plan::WorkAfter(held.clone()),
        "load" => Plan::Fail("down"),
        _ => Plan::Work,
    });
    let blocker = rig.spawn(async move |store| store.set("x", lww(1), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    let get = rig.spawn(async move |store| store.get("k", false).await);
    settle().await;
    rig.put_as("k", "dirty", Replication).await;
    rig.store.evict("k", false);
    gate.open();
    blocker.await.expect("no panic").expect("set");
    let got = get.await.expect("no panic");
    assert_eq!(got.expect("memory knows it").map(|r| r.value), Some(lww("dirty")));
}
