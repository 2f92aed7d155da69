//! E. Evict: residency, not deletion; and a bound that holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trilayer_core::{DefaultRecordStore, HashMapStorage, RecordStore, StorageConfig};
use trilayer_testkit::{EventKind, Gate, Plan, lww, record};

use crate::rig::{Backup, Client, Expiry, Parts, Replication, bounded, in_memory, poll_once, rig};

#[tokio::test]
async fn what_was_evicted_comes_back_from_the_data_store() {
    let rig = rig();
    rig.put("k", 1).await;
    assert_eq!(rig.store.evict("k", false), Some(lww(1)));
    assert!(!rig.store.exists_in_memory("k"));
    assert_eq!(rig.get("k").await, Some(lww(1)));
    assert_eq!((rig.events.count(EventKind::Evict), rig.events.count(EventKind::Load)), (1, 1));
}

#[tokio::test]
async fn a_dirty_value_survives_eviction_and_is_flushed() {
    let rig = rig();
    rig.put("k", "old").await;
    rig.put_as("k", "dirty", Replication).await;
    rig.store.evict("k", false);
    assert_eq!(rig.store.usage().parked, 1);
    assert_eq!(rig.stored("k"), Some(lww("old")));
    rig.store.soft_flush().await.expect("flush");
    assert_eq!((rig.stored("k"), rig.store.usage().parked), (Some(lww("dirty")), 0));
    assert_eq!(rig.get("k").await, Some(lww("dirty")));
}

#[tokio::test]
async fn a_parked_value_is_read_before_what_the_data_store_has() {
    let rig = rig();
    rig.put("k", "old").await;
    rig.put_as("k", "dirty", Replication).await;
    rig.store.evict("k", false);
    assert_eq!(rig.get("k").await, Some(lww("dirty")));
    assert_eq!(rig.data.count("load"), 1, "the first put asked; the read did not");
    assert_eq!(rig.put("k", "new").await, Some(lww("dirty")));
}

#[tokio::test]
async fn a_parked_value_that_is_superseded_is_not_flushed_over_its_successor() {
    let rig = rig();
    rig.put_as("k", "dirty", Replication).await;
    rig.store.evict("k", false);
    rig.put("k", "new").await;
    rig.store.soft_flush().await.expect("flush");
    assert_eq!((rig.stored("k"), rig.data.count("flush_key")), (Some(lww("new")), 0));
}

#[tokio::test]
async fn a_failed_flush_keeps_the_value_for_the_next() {
    let rig = rig();
    rig.put_as("k", "dirty", Replication).await;
    rig.store.evict("k", false);
    rig.data.plan("flush_key", Plan::Fail("down"));
    let error = rig.store.soft_flush().await.expect_err("must fail");
    assert_eq!(format!("{error:#}"), r#"flushing key "k": down"#);
    assert_eq!(rig.get("k").await, Some(lww("dirty")));
    rig.store.evict("k", false);
    rig.data.work();
    rig.store.soft_flush().await.expect("flush");
    assert_eq!(rig.stored("k"), Some(lww("dirty")));
}

#[tokio::test]
async fn a_hard_flush_persists_what_is_dirty_in_memory_too() {
    let rig = rig();
    rig.put_as("a", 1, Replication).await;
    rig.put_as("b", 2, Replication).await;
    rig.store.evict("b", false);
    rig.store.hard_flush().await.expect("flush");
    assert_eq!((rig.stored("a"), rig.stored("b")), (Some(lww(1)), Some(lww(2))));
    assert!(!rig.store.storage().get("a").expect("resident").metadata.is_dirty());
    assert_eq!(rig.data.count("hard_flush"), 1);
}

#[tokio::test]
async fn evict_all_empties_memory_and_loses_nothing() {
    let rig = rig();
    for n in 0..1_000 {
        rig.put_as(&format!("k{n}"), n, if n % 2 == 0 { Client } else { Replication }).await;
    }
    assert_eq!((rig.store.evict_all(false), rig.store.size()), (1_000, 0));
    for n in 0..1_000 {
        assert_eq!(rig.get(&format!("k{n}")).await, Some(lww(n)));
    }
}

#[tokio::test]
async fn evict_waits_for_no_data_store_call() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.data.plan("add", Plan::Hang);
    let hung = rig.spawn(async move |store| store.set("k", lww(2), Expiry::NONE, Client).await);
    crate::rig::settle().await;
    assert_eq!(rig.store.evict("k", false), Some(lww(1)));
    hung.abort();
}

#[tokio::test]
async fn the_store_does_not_grow_past_its_bound() {
    for null in [true, false] {
        for plain in [true, false] {
            let rig = Parts { config: bounded(50), null, plain, ..Parts::default() }.build();
            for n in 0..500 {
                rig.put(&format!("k{n}"), n).await;
                assert!(rig.store.size() <= 50);
                assert!(rig.resident(&format!("k{n}")).is_some(), "never the new key");
            }
            assert_eq!((rig.store.size(), rig.store.should_evict()), (50, true));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bound_holds_under_concurrent_inserts_and_loads() {
    let rig = Parts { config: bounded(100), one_shard: true, ..Parts::default() }.build();
    for n in 0..1_000 {
        rig.data.insert("map", &format!("s{n}"), lww(n), 0);
    }
    let highest = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let highest = Arc::clone(&highest);
            rig.spawn(async move |store| {
                for n in 0..1_500 {
                    let key = if n % 3 == 0 { format!("s{}", n % 1_000) } else { format!("{task}-{n}") };
                    match n % 3 {
                        0 => drop(store.get(&key, true).await.expect("get")),
                        _ => store.set(&key, lww(n), Expiry::NONE, Client).await.expect("set"),
                    }
                    highest.fetch_max(store.size(), Ordering::SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let highest = highest.load(Ordering::SeqCst);
    assert!(highest <= 100, "{highest} records at once");
}

#[tokio::test]
async fn expired_records_leave_before_live_ones() {
    let rig = Parts { config: bounded(10), null: true, ..Parts::default() }.build();
    rig.put_for("expired", 0, Expiry::ttl(5)).await;
    rig.clock.advance(1);
    for n in 0..9 {
        rig.put_for(&format!("live{n}"), n, Expiry::ttl(1_000)).await;
    }
    rig.clock.advance(10);
    rig.put("new", 1).await;
    assert_eq!((rig.events.count(EventKind::Expire), rig.events.count(EventKind::Evict)), (1, 0));
    assert!((0..9).all(|n| rig.resident(&format!("live{n}")).is_some()));
}

#[tokio::test]
async fn the_longest_unused_leave_first() {
    let rig = Parts { config: bounded(10), null: true, ..Parts::default() }.build();
    for n in 0..10 {
        rig.put(&format!("k{n}"), n).await;
        rig.clock.advance(1);
    }
    for n in 0..9 {
        rig.store.get(&format!("k{n}"), true).await.expect("touch");
    }
    rig.put("new", 1).await;
    assert_eq!(rig.resident("k9"), None, "ten records are all sampled, and k9 was read longest ago");
}

#[tokio::test]
async fn a_dirty_record_stays_though_the_bound_gives_way() {
    let rig = Parts { config: bounded(5), ..Parts::default() }.build();
    for n in 0..20 {
        rig.put_as(&format!("k{n}"), n, Replication).await;
    }
    assert_eq!((rig.store.size(), rig.store.usage().parked), (20, 0));
    rig.store.hard_flush().await.expect("flush");
    rig.put("one-more", 1).await;
    assert!(rig.store.size() <= 20, "clean records may leave again");
}

#[tokio::test]
async fn an_unbounded_store_evicts_nothing() {
    let rig = in_memory();
    for n in 0..2_000 {
        rig.put(&format!("k{n}"), n).await;
    }
    assert_eq!((rig.store.size(), rig.store.should_evict()), (2_000, false));
    assert_eq!(StorageConfig::default().max_entry_count, 0);
}

#[tokio::test]
async fn preloading_stops_at_the_bound_and_fires_on_load() {
    let rig = Parts { config: bounded(3), ..Parts::default() }.build();
    rig.put("k0", "newer").await;
    let stored = |n: i32| trilayer_core::StoredValue { value: lww(n), expiration_time: 0 };
    let entries = (0..9).map(|n| (format!("k{n}"), stored(n))).collect();
    assert_eq!((rig.store.preload(entries), rig.store.size()), (2, 3));
    assert_eq!((rig.events.count(EventKind::Load), rig.resident("k0")), (2, Some(lww("newer"))));
}

#[tokio::test]
async fn a_hard_flush_misses_nothing_that_is_evicted_meanwhile() {
    let rig = Parts { stripes: Some(1), ..Parts::default() }.build();
    rig.put_as("a", 1, Replication).await;
    rig.put_as("b", 2, Replication).await;
    rig.store.evict("a", false);
    let gate = Gate::closed();
    rig.data.plan("flush_key", Plan::WorkAfter(gate.clone()));
    let flush = rig.spawn(async move |store| store.hard_flush().await);
    gate.arrived(1).await;
    rig.store.evict("b", false);
    gate.open();
    flush.await.expect("no panic").expect("flush");
    assert_eq!((rig.stored("a"), rig.stored("b")), (Some(lww(1)), Some(lww(2))));
}

#[tokio::test]
async fn a_hard_flush_misses_no_resident_that_is_evicted_meanwhile() {
    let rig = Parts { stripes: Some(1), ..Parts::default() }.build();
    rig.put_as("a", 1, Replication).await;
    rig.put_as("b", 2, Replication).await;
    let gate = Gate::closed();
    rig.data.plan("flush_key", Plan::WorkAfter(gate.clone()));
    let flush = rig.spawn(async move |store| store.hard_flush().await);
    gate.arrived(1).await;
    rig.store.evict_all(false);
    gate.open();
    flush.await.expect("no panic").expect("flush");
    assert_eq!((rig.stored("a"), rig.stored("b")), (Some(lww(1)), Some(lww(2))));
}

#[test]
fn the_smallest_bounds_hold_under_contention() {
    const THREADS: u64 = 16;
    let mut worst = Vec::new();
    for bound in [1_u64, 2, 4, 8] {
        let engine = Box::new(HashMapStorage::with_shards(1)); // one shard: `len` is exact
        let store = DefaultRecordStore::builder("map", 0).engine(engine).config(bounded(bound)).build();
        let (barrier, at_rest) = (std::sync::Barrier::new(16), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for task in 0..THREADS {
                let (store, barrier, at_rest) = (&store, &barrier, &at_rest);
                scope.spawn(move || {
                    for round in 0..300 {
                        barrier.wait();
                        for n in 0..4 {
                            let key = format!("{task}-{round}-{n}");
                            let mut put = store.put(&key, lww(n), Expiry::NONE, Client);
                            assert!(poll_once(put.as_mut()).is_ready());
                        }
                        barrier.wait();
                        at_rest.fetch_max(store.size(), Ordering::SeqCst);
                    }
                });
            }
        });
        worst.push((bound, at_rest.into_inner()));
    }
    assert!(worst.iter().all(|(bound, rest)| *rest as u64 <= *bound), "(bound, records at rest): {worst:?}");
}

#[tokio::test]
async fn a_backup_from_the_beginning_of_time_is_not_lost() {
    let rig = rig();
    rig.store.put_backup("k", record(1, i64::MIN), Backup).await.expect("put_backup");
    rig.store.evict("k", false);
    assert_eq!(rig.get("k").await, Some(lww(1)));
}
