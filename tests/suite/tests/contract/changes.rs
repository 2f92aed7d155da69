//! A store that changes while it is used: settings, observers, and a successor in its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use trilayer_core::{
    CompositeMutationObserver, DefaultRecordStore, HashMapStorage, MapDataStore, MutationObserver,
    NullDataStore, RecordStore, StorageConfig, StoreError,
};
use trilayer_suite::plain_engine::PlainEngine;
use trilayer_testkit::{EventKind, Gate, ManualClock, Plan, RecordingObserver, ScriptedDataStore, lww};

use crate::rig::{Backup, Client, Expiry, Parts, Rig, bounded, in_memory, rig, settle};

const PATIENCE: u64 = 30_000;

fn ttl(default_ttl_millis: u64) -> StorageConfig {
    StorageConfig { default_ttl_millis, ..StorageConfig::default() }
}

/// The successor of a rig's store.
async fn succeed(rig: &Rig, data_store: Arc<dyn MapDataStore>) -> DefaultRecordStore {
    let mut successor = None;
    let still = rig.store.hold_still().await.expect("still");
    let handed =
        still.hand_over(Box::new(HashMapStorage::new()), data_store, |store| successor = Some(store));
    handed.expect("handed over");
    successor.expect("published")
}

#[tokio::test]
async fn other_default_limits_are_for_what_is_written_from_then_on() {
    let rig = in_memory();
    rig.put("endless", 1).await;
    rig.store.reconfigure(&ttl(10), PATIENCE).expect("reconfigure");
    rig.put("short", 1).await;
    rig.store.reconfigure(&ttl(1_000), PATIENCE).expect("reconfigure");
    rig.put("long", 1).await;
    rig.store.reconfigure(&StorageConfig::default(), PATIENCE).expect("reconfigure");
    rig.clock.advance(11);
    assert_eq!((rig.get("short").await, rig.get("long").await), (None, Some(lww(1))));
    rig.clock.advance(1_000);
    assert_eq!((rig.get("long").await, rig.get("endless").await), (None, Some(lww(1))));
}

#[tokio::test]
async fn a_store_that_began_with_limits_keeps_what_is_written_without_them() {
    let rig = Parts { null: true, config: ttl(10), ..Parts::default() }.build();
    rig.store.reconfigure(&StorageConfig::default(), PATIENCE).expect("reconfigure");
    rig.put("endless", 1).await;
    rig.clock.advance(11);
    assert_eq!(rig.get("endless").await, Some(lww(1)));
}

#[tokio::test]
async fn what_a_store_found_in_its_engine_keeps_the_limits_the_store_began_with() {
    let engine = HashMapStorage::new();
    trilayer_core::StorageEngine::put(&engine, "found", trilayer_testkit::record(1, crate::rig::START));
    let parts = Parts { null: true, config: ttl(10), engine: Some(Box::new(engine)), ..Parts::default() };
    let rig = parts.build();
    rig.store.reconfigure(&ttl(1_000), PATIENCE).expect("reconfigure");
    rig.clock.advance(10);
    assert_eq!(rig.get("found").await, Some(lww(1)));
    rig.clock.advance(1);
    assert_eq!(rig.get("found").await, None);
}

#[tokio::test]
async fn a_bound_that_comes_later_evicts_and_holds() {
    let rig = Parts { null: true, one_shard: true, ..Parts::default() }.build();
    for n in 0..100 {
        rig.put(&format!("k{n}"), n).await;
    }
    rig.store.reconfigure(&bounded(10), PATIENCE).expect("reconfigure");
    assert_eq!(rig.store.size(), 10);
    for n in 100..150 {
        rig.put(&format!("k{n}"), n).await;
        assert_eq!(rig.store.size(), 10);
    }
    rig.store.reconfigure(&bounded(0), PATIENCE).expect("reconfigure");
    for n in 150..250 {
        rig.put(&format!("k{n}"), n).await;
    }
    assert_eq!(rig.store.size(), 110);
    rig.store.reconfigure(&bounded(20), PATIENCE).expect("reconfigure");
    rig.put("one more", 1).await;
    assert_eq!(rig.store.size(), 20, "what came without a bound was counted");
}

#[tokio::test]
async fn another_timeout_is_for_waits_that_begin_then() {
    let rig = rig();
    rig.data.plan("add", Plan::Hang);
    rig.store.reconfigure(&StorageConfig::default(), 5).expect("reconfigure");
    let put = rig.spawn(async move |store| store.put("k", lww(1), Expiry::NONE, Client).await);
    settle().await;
    rig.clock.advance(6);
    let error = put.await.expect("no panic").expect_err("overdue");
    assert!(matches!(error.downcast_ref(), Some(StoreError::Overdue { timeout_millis: 5, .. })), "{error}");
}

#[tokio::test]
async fn others_observe_from_the_change_on() {
    let rig = in_memory();
    let later = RecordingObserver::new();
    rig.put("before", 1).await;
    let both: Vec<Arc<dyn MutationObserver>> = vec![Arc::clone(&rig.events) as _, Arc::clone(&later) as _];
    rig.store.observe_with(&Arc::new(CompositeMutationObserver::new(both))).expect("observe_with");
    rig.put("between", 1).await;
    let only = Arc::new(CompositeMutationObserver::new(vec![Arc::clone(&later) as _]));
    rig.store.observe_with(&only).expect("observe_with");
    rig.put("after", 1).await;
    let put = |key: &str| (EventKind::Put, key.to_owned());
    assert_eq!(rig.events.take(), [put("before"), put("between")]);
    assert_eq!(later.take(), [put("between"), put("after")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_observes_before_and_after_a_change_misses_nothing() {
    let rig = in_memory();
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            rig.spawn(async move |store| {
                for n in 0..3_000 {
                    let key = format!("{writer}-{}", n % 50);
                    store.put(&key, lww(n), Expiry::NONE, Client).await.expect("put");
                }
            })
        })
        .collect();
    for _ in 0..200 {
        let passing: Arc<dyn MutationObserver> = RecordingObserver::new() as _;
        let both = vec![passing, Arc::clone(&rig.events) as _];
        rig.store.observe_with(&Arc::new(CompositeMutationObserver::new(both))).expect("observe_with");
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    assert_eq!(rig.events.count(EventKind::Put) + rig.events.count(EventKind::Update), 9_000);
}

#[tokio::test]
async fn a_successor_has_records_deadlines_and_observers() {
    let rig = in_memory();
    rig.put("twice", 1).await;
    rig.put("twice", 2).await;
    rig.put_for("expiring", 1, Expiry::ttl(10)).await;
    let heir = succeed(&rig, Arc::new(NullDataStore)).await;
    assert_eq!(heir.get("twice", false).await.expect("get").expect("there").metadata.version, 2);
    rig.clock.advance(11);
    assert!(heir.get("expiring", false).await.expect("get").is_none());
    heir.put("new", lww(1), Expiry::NONE, Client).await.expect("put");
    assert_eq!(rig.events.count(EventKind::Put), 3);
    for error in [
        rig.store.get("twice", false).await.expect_err("replaced"),
        rig.store.put("twice", lww(3), Expiry::NONE, Client).await.expect_err("replaced"),
        rig.store.remove("twice", Client).await.expect_err("replaced"),
    ] {
        assert!(matches!(error.downcast_ref(), Some(StoreError::Replaced { .. })), "{error}");
    }
    assert!(rig.store.is_closed());
}

#[tokio::test]
async fn what_was_not_persisted_is_handed_to_another_data_store_and_the_rest_leaves_memory() {
    let rig = rig();
    rig.put("clean", 1).await;
    rig.put_as("dirty", 2, Backup).await;
    rig.put_as("parked", 3, Backup).await;
    rig.store.evict("parked", false);
    rig.events.take();
    let other = ScriptedDataStore::new();
    other.insert("map", "clean", lww(9), 0);
    let heir = succeed(&rig, Arc::clone(&other) as _).await;
    assert_eq!(rig.events.take(), [(EventKind::Evict, "clean".to_owned())]);
    assert_eq!(heir.get("clean", false).await.expect("get").map(|record| record.value), Some(lww(9)));
    heir.hard_flush().await.expect("flush");
    assert_eq!((other.value("map", "dirty"), other.value("map", "parked")), (Some(lww(2)), Some(lww(3))));
}

#[tokio::test]
async fn what_was_only_in_memory_is_handed_to_a_first_data_store() {
    let rig = in_memory();
    rig.put("k", 1).await;
    let first = ScriptedDataStore::new();
    let heir = succeed(&rig, Arc::clone(&first) as _).await;
    assert_eq!(heir.usage().dirty, 1);
    heir.evict_all(false);
    heir.soft_flush().await.expect("flush");
    assert_eq!(first.value("map", "k"), Some(lww(1)));
}

#[tokio::test]
async fn a_store_is_still_once_the_writes_under_way_have_ended() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let put = rig.spawn(async move |store| store.put("k", lww(1), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    let still = rig.spawn(async move |store| store.hold_still().await);
    settle().await;
    assert!(!still.is_finished());
    gate.open();
    put.await.expect("no panic").expect("put");
    let still = still.await.expect("no panic").expect("still");
    let late = rig.spawn(async move |store| store.put("k", lww(2), Expiry::NONE, Client).await);
    settle().await;
    assert!(still.is_of(&rig.store) && rig.data.count("add") == 1, "none begins");
    drop(still);
    late.await.expect("no panic").expect("put");
    assert_eq!(rig.stored("k"), Some(lww(2)));
}

#[tokio::test]
async fn a_hand_over_that_cannot_be_leaves_the_store_as_it_was() {
    let rig = rig();
    rig.put("k", 1).await;
    let still = rig.store.hold_still().await.expect("still");
    let refused = still.hand_over(Box::new(HashMapStorage::new()), Arc::new(NullDataStore), |_| ());
    assert!(refused.expect_err("refused").to_string().contains("out of reach"));
    let still = rig.store.hold_still().await.expect("still");
    let occupied = HashMapStorage::new();
    trilayer_core::StorageEngine::put(&occupied, "other", trilayer_testkit::record(1, 0));
    let refused = still.hand_over(Box::new(occupied), Arc::clone(&rig.data) as _, |_| ());
    assert!(refused.expect_err("refused").to_string().contains("not empty"));
    assert_eq!(rig.get("k").await, Some(lww(1)));
    assert_eq!(rig.put("k", 2).await, Some(lww(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_a_hand_over_loses_no_operation() {
    let (clock, data) = (ManualClock::at(0), ScriptedDataStore::new());
    let store = |partition| {
        let store = DefaultRecordStore::builder("map", partition).clock(Arc::clone(&clock) as _);
        Arc::new(if partition == 0 { store } else { store.data_store(Arc::clone(&data) as _) }.build())
    };
    for partition in 0..2 {
        let place = Arc::new(Mutex::new(store(partition)));
        let (done, lost) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let (place, done, lost) = (Arc::clone(&place), Arc::clone(&done), Arc::clone(&lost));
                tokio::spawn(async move {
                    for n in 0..2_000_i64 {
                        let old = put_somewhere(&place, &format!("{writer}-{}", n % 10), n).await;
                        let expected = (n >= 10).then(|| lww(n - 10));
                        lost.fetch_add(u64::from(old != expected), Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        let mut plain = false;
        while done.load(Ordering::SeqCst) < 6_000 {
            let current = Arc::clone(&place.lock());
            let still = current.hold_still().await.expect("still");
            plain = !plain;
            let engine: Box<dyn trilayer_core::StorageEngine> = match plain {
                true => Box::new(PlainEngine::default()),
                false => Box::new(HashMapStorage::new()),
            };
            let data_store: Arc<dyn MapDataStore> =
                if partition == 0 { Arc::new(NullDataStore) } else { Arc::clone(&data) as _ };
            still.hand_over(engine, data_store, |heir| *place.lock() = Arc::new(heir)).expect("handed over");
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.expect("no panic");
        }
        assert_eq!(lost.load(Ordering::SeqCst), 0, "of partition {partition}");
    }
}

async fn put_somewhere(
    place: &Mutex<Arc<DefaultRecordStore>>,
    key: &str,
    value: i64,
) -> Option<trilayer_core::RecordValue> {
    loop {
        let store = Arc::clone(&place.lock());
        match store.put(key, lww(value), Expiry::NONE, Client).await {
            Ok(old) => return old,
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::Replaced { .. })) => {
                store.await_hand_over();
            }
            Err(error) => panic!("{error:#}"),
        }
    }
}
