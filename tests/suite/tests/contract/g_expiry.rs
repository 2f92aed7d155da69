//! G. Expiry and time.

use std::sync::Arc;

use trilayer_core::{ExpiryReason, RecordStore, StorageConfig};
use trilayer_testkit::{EventKind, Gate, Plan, lww, record};

use crate::hooked::{Hooked, hooked};
use crate::rig::{Backup, Client, Expiry, Parts, Replication, START, in_memory, poll_once, rig, settle};

fn defaults(ttl: u64, max_idle: u64) -> StorageConfig {
    StorageConfig { default_ttl_millis: ttl, default_max_idle_millis: max_idle, max_entry_count: 0 }
}

fn with_defaults(ttl: u64, max_idle: u64) -> crate::rig::Rig {
    Parts { config: defaults(ttl, max_idle), null: true, ..Parts::default() }.build()
}

#[tokio::test]
async fn a_record_lives_up_to_its_limit_and_not_beyond() {
    let rig = with_defaults(100, 0);
    rig.put("k", 1).await;
    rig.clock.advance(100);
    assert_eq!(rig.get("k").await, Some(lww(1)));
    rig.clock.advance(1);
    assert_eq!(rig.get("k").await, None);
}

#[tokio::test]
async fn each_record_has_the_expiry_it_was_put_with() {
    let rig = with_defaults(100, 0);
    rig.put("default", 1).await;
    rig.put_for("short", 1, Expiry::ttl(10)).await;
    rig.put_for("long", 1, Expiry::ttl(1_000)).await;
    rig.put_for("never", 1, Expiry::ttl(u64::MAX)).await;
    rig.clock.advance(50);
    assert_eq!((rig.get("short").await.is_some(), rig.get("default").await.is_some()), (false, true));
    rig.clock.advance(500);
    assert_eq!((rig.get("default").await.is_some(), rig.get("long").await.is_some()), (false, true));
    rig.clock.advance(u32::MAX);
    assert_eq!((rig.get("long").await.is_some(), rig.get("never").await.is_some()), (false, true));
}

#[tokio::test]
async fn each_put_replaces_the_expiry() {
    let rig = in_memory();
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    rig.put("k", 2).await;
    rig.clock.advance(1_000);
    assert_eq!(rig.get("k").await, Some(lww(2)));
    rig.put_for("k", 3, Expiry::ttl(10)).await;
    rig.clock.advance(8);
    rig.put_for("k", 4, Expiry::ttl(10)).await;
    rig.clock.advance(8);
    assert_eq!(rig.get("k").await, Some(lww(4)), "time to live counts from the last put");
}

#[tokio::test]
async fn touches_extend_idle_time_only() {
    for plain in [false, true] {
        let rig = Parts { null: true, plain, ..Parts::default() }.build();
        rig.put_for("idle", 1, Expiry::max_idle(10)).await;
        rig.put_for("ttl", 1, Expiry::ttl(10)).await;
        for _ in 0..3 {
            rig.clock.advance(6);
            rig.store.get("idle", true).await.expect("touch").expect("live");
            rig.store.get("ttl", true).await.expect("touch");
        }
        assert_eq!(rig.get("ttl").await, None);
        rig.clock.advance(6);
        assert!(rig.get("idle").await.is_some(), "a read without touch is no access");
        rig.clock.advance(6);
        assert_eq!(rig.get("idle").await, None);
    }
}

#[tokio::test]
async fn no_read_shows_an_expired_record() {
    let rig = in_memory();
    rig.put("live", 1).await;
    rig.put_for("expired", 1, Expiry::ttl(10)).await;
    rig.clock.advance(11);
    let mut seen = Vec::new();
    rig.store.for_each_boxed(&mut |key, _| seen.push(key.to_owned()), false);
    assert_eq!(seen, ["live"]);
    let start = trilayer_core::IterationCursor::start();
    assert_eq!(rig.store.fetch_keys(&start, 10).items, ["live"]);
    assert_eq!(rig.store.fetch_entries(&start, 10).items.len(), 1);
    assert!(!rig.store.exists_in_memory("expired"));
    let keys = ["live".to_owned(), "expired".to_owned()];
    assert_eq!(rig.store.get_all(&keys).await.expect("get_all").len(), 1);
    assert_eq!(rig.store.get("expired", true).await.expect("get"), None);
}

#[tokio::test]
async fn a_deadline_outlives_eviction() {
    for (keeps_deadlines, expiry) in [
        (false, Expiry::ttl(10)),
        (true, Expiry::ttl(10)),
        (false, Expiry::max_idle(10)),
        (true, Expiry::max_idle(10)),
    ] {
        let rig = Parts { keeps_deadlines, ..Parts::default() }.build();
        rig.put_for("k", 1, expiry).await;
        rig.store.evict("k", false);
        rig.clock.advance(5);
        assert!(rig.get("k").await.is_some(), "{expiry:?}");
        rig.store.evict("k", false);
        rig.clock.advance(6);
        if expiry.max_idle_millis == 0 {
            assert_eq!(rig.get("k").await, None, "{expiry:?}, keeps_deadlines: {keeps_deadlines}");
        }
        rig.clock.advance(20);
        assert_eq!(rig.get("k").await, None, "{expiry:?}, keeps_deadlines: {keeps_deadlines}");
    }
}

#[tokio::test]
async fn a_deadline_survives_a_restart_if_the_data_store_keeps_it() {
    let before = Parts { keeps_deadlines: true, ..Parts::default() }.build();
    before.put_for("k", 1, Expiry::ttl(10)).await;
    before.put("stays", 1).await;
    for (elapsed, live) in [(10, true), (11, false)] {
        let after = Parts { data: Some(Arc::clone(&before.data)), ..Parts::default() }.build();
        after.clock.advance(elapsed);
        assert_eq!(after.get("k").await.is_some(), live, "after {elapsed} ms");
        assert!(after.get("stays").await.is_some());
        assert_eq!(after.remove("k").await.is_some(), live);
        before.put_for("k", 1, Expiry::ttl(10)).await;
    }
}

#[tokio::test]
async fn without_the_record_in_memory_the_deadline_of_a_clean_key_costs_nothing_if_the_data_store_keeps_it() {
    let rig = Parts { keeps_deadlines: true, ..Parts::default() }.build();
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    rig.store.evict("k", false);
    assert_eq!(rig.store.usage().deadlines, 0);
}

#[tokio::test]
async fn what_expired_is_removed_from_the_data_store_by_the_next_flush() {
    let rig = rig();
    rig.put_for("read", 1, Expiry::ttl(10)).await;
    rig.put_for("swept", 1, Expiry::ttl(10)).await;
    rig.put_for("evicted", 1, Expiry::ttl(10)).await;
    rig.store.evict("evicted", false);
    rig.clock.advance(11);
    rig.get("read").await;
    rig.store.evict_expired(100, START + 11, false);
    rig.store.soft_flush().await.expect("flush");
    for key in ["read", "swept", "evicted"] {
        assert_eq!(rig.stored(key), None, "{key}");
    }
    assert_eq!((rig.store.usage().parked, rig.store.usage().deadlines), (0, 0));
}

#[tokio::test]
async fn has_expired_tells_why() {
    let rig = with_defaults(100, 50);
    rig.put("k", 1).await;
    let reason = |at: i64| rig.store.has_expired("k", START + at, false);
    assert_eq!(
        (reason(50), reason(51), reason(101)),
        (ExpiryReason::NotExpired, ExpiryReason::MaxIdle, ExpiryReason::Ttl)
    );
    assert_eq!(rig.store.has_expired("nowhere", i64::MAX, false), ExpiryReason::NotExpired);
}

#[tokio::test]
async fn arithmetic_at_the_ends_of_time_saturates() {
    let rig = with_defaults(u64::MAX - 1, u64::MAX - 1);
    rig.put("k", 1).await;
    for now in [i64::MIN, 0, i64::MAX] {
        assert_eq!(rig.store.has_expired("k", now, false), ExpiryReason::NotExpired, "{now}");
    }
    rig.put_for("soon", 1, Expiry::ttl(1)).await;
    assert_eq!(rig.store.has_expired("soon", i64::MIN, false), ExpiryReason::NotExpired);
    assert_eq!(rig.store.has_expired("soon", i64::MAX, false), ExpiryReason::Ttl);
}

#[tokio::test]
async fn a_sweep_removes_the_share_asked_for_soonest_deadline_first() {
    for (percentage, left) in [(0, 10), (1, 9), (25, 7), (50, 5), (99, 0), (100, 0), (u32::MAX, 0)] {
        let rig = in_memory();
        for n in 0..10 {
            rig.put_for(&format!("k{n}"), n, Expiry::ttl(10 + n as u64)).await;
        }
        rig.put("stays", 1).await;
        rig.store.evict_expired(percentage, START + 1_000, false);
        assert_eq!(rig.store.size(), left + 1, "{percentage} %");
        assert!((10 - left..10).all(|n| rig.resident(&format!("k{n}")).is_some()), "{percentage} %");
        assert_eq!(rig.events.count(EventKind::Expire), 10 - left);
    }
}

#[tokio::test]
async fn a_sweep_spares_what_was_touched() {
    let rig = in_memory();
    rig.put_for("touched", 1, Expiry::max_idle(10)).await;
    rig.put_for("idle", 1, Expiry::max_idle(10)).await;
    rig.clock.advance(8);
    rig.store.get("touched", true).await.expect("touch");
    rig.store.evict_expired(100, START + 15, false);
    assert_eq!((rig.resident("touched").is_some(), rig.resident("idle").is_some()), (true, false));
    rig.store.evict_expired(100, START + 19, false);
    assert_eq!(rig.resident("touched"), None);
}

#[tokio::test]
async fn a_store_knows_whether_its_records_can_expire() {
    assert!(with_defaults(1, 0).store.is_expirable() && with_defaults(0, 1).store.is_expirable());
    let rig = in_memory();
    assert!(!rig.store.is_expirable());
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    assert!(rig.store.is_expirable());
    rig.put("k", 1).await;
    assert!(!rig.store.is_expirable());
}

#[tokio::test]
async fn a_backup_expires_by_its_own_times() {
    let rig = with_defaults(100, 0);
    rig.store.put_backup("k", record(1, START - 60), Backup).await.expect("put_backup");
    rig.clock.advance(40);
    assert!(rig.store.exists_in_memory("k"));
    rig.clock.advance(1);
    assert!(!rig.store.exists_in_memory("k"));
    rig.get("k").await;
    let event = rig.events.events().pop().expect("an event");
    assert_eq!((event.kind, event.is_backup), (EventKind::Expire, true));
}

#[tokio::test]
async fn a_parked_value_expires_too() {
    let rig = rig();
    rig.put("k", "old").await;
    rig.store.put("k", lww("dirty"), Expiry::ttl(10), Replication).await.expect("put");
    rig.store.evict("k", false);
    rig.clock.advance(11);
    assert_eq!(rig.get("k").await, None, "neither the parked value nor the one stored before it");
    assert_eq!(rig.put("k", "new").await, None);
}

#[tokio::test]
async fn a_loaded_record_gets_the_defaults_from_when_it_was_loaded() {
    let rig = Parts { config: defaults(100, 0), ..Parts::default() }.build();
    rig.data.insert("map", "k", lww(1), 0);
    rig.clock.advance(1_000);
    assert!(rig.get("k").await.is_some());
    rig.clock.advance(101);
    assert_eq!(rig.get("k").await, None);
    assert_eq!(rig.store.put("k", lww(2), Expiry::NONE, Client).await.expect("put"), None);
}

#[tokio::test]
async fn never_means_never_after_an_eviction_too() {
    let rig = Parts { keeps_deadlines: true, config: defaults(0, 50), ..Parts::default() }.build();
    rig.put_for("k", 1, Expiry::ttl(u64::MAX)).await;
    rig.store.evict("k", false);
    assert!(rig.get("k").await.is_some());
    rig.clock.advance(51);
    let got = rig.get("k").await;
    rig.store.soft_flush().await.expect("flush");
    assert_eq!((got, rig.stored("k")), (Some(lww(1)), Some(lww(1))));
}

#[tokio::test]
async fn a_walk_shows_no_expired_record_that_another_caller_expires_meanwhile() {
    let Hooked { store, after_page, clock, .. } = hooked();
    store.put("k", lww(1), Expiry::ttl(10), Client).await.expect("put");
    clock.advance(100);
    let other = Arc::clone(&store);
    after_page.set(move || other.evict_expired(100, START + 100, false));
    let mut seen = Vec::new();
    store.for_each_boxed(&mut |key, _| seen.push(key.to_owned()), false);
    assert_eq!(seen, Vec::<String>::new(), "expired 90 ms before the walk began");
}

#[tokio::test]
async fn a_flush_persists_nothing_that_has_expired() {
    let rig = rig();
    rig.store.put("resident", lww(1), Expiry::ttl(10), Replication).await.expect("put");
    rig.store.put("parked", lww(1), Expiry::ttl(10), Replication).await.expect("put");
    rig.store.evict("parked", false);
    rig.clock.advance(11);
    rig.store.hard_flush().await.expect("flush");
    let after = Parts { data: Some(Arc::clone(&rig.data)), ..Parts::default() }.build();
    assert_eq!((after.get("resident").await, after.get("parked").await), (None, None), "after a restart");
}

/// A failed put may have happened. Its value then has its own deadline, neither that of the value
/// before it nor none, though the data store keeps no deadlines.
#[tokio::test]
async fn a_put_that_failed_but_happened_keeps_its_own_deadline() {
    for (before, failed, live_at_15) in [(10, 20, true), (20, 10, false), (0, 10, false), (10, 0, true)] {
        let rig = rig();
        rig.put_for("k", 1, Expiry::ttl(before)).await;
        rig.data.plan("add", Plan::WorkThenFail("but it happened"));
        rig.store.put("k", lww(2), Expiry::ttl(failed), Client).await.expect_err("failed");
        rig.data.work();
        assert_eq!(rig.get("k").await, Some(lww(1)), "memory is as it was");
        rig.store.evict("k", false);
        assert_eq!(rig.get("k").await, Some(lww(2)), "loaded");
        rig.clock.advance(15);
        assert_eq!(rig.get("k").await.is_some(), live_at_15, "{before} before, {failed} in the failed put");
    }
}

#[tokio::test]
async fn a_deadline_in_doubt_is_forgotten_with_the_next_write() {
    let rig = rig();
    rig.data.plan("add", Plan::WorkThenFail("but it happened"));
    rig.store.put("k", lww(1), Expiry::ttl(10), Client).await.expect_err("failed");
    rig.data.work();
    rig.put_for("k", 1, Expiry::NEVER).await;
    rig.store.evict("k", false);
    rig.clock.advance(11);
    assert_eq!(rig.get("k").await, Some(lww(1)), "the same value, written again to stay");
}

/// A read of a store that keeps no deadline takes no lock: one that came between the record and its
/// deadline would show the record however late it is.
#[tokio::test]
async fn a_record_is_never_seen_without_its_deadline() {
    let Hooked { store, after_put, .. } = hooked();
    let (inside, (told, is_kept)) = (Arc::clone(&store), std::sync::mpsc::channel());
    after_put.set(move || told.send(inside.is_expirable()).expect("asked for below"));
    store.put("k", lww(1), Expiry::ttl(5), Client).await.expect("put");
    assert!(is_kept.recv().expect("told"), "the deadline comes first");
}

#[tokio::test]
async fn a_write_reports_an_old_value_that_was_touched_and_evicted_meanwhile() {
    let rig = rig();
    rig.put_for("k", 1, Expiry::max_idle(2)).await;
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let put = rig.spawn(async |store| store.put("k", lww(2), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    rig.clock.advance(1);
    rig.store.get("k", true).await.expect("get");
    rig.store.evict("k", false);
    rig.clock.advance(2);
    gate.open();
    assert_eq!(put.await.expect("no panic").expect("put"), Some(lww(1)));
}

#[tokio::test]
async fn a_read_that_waited_for_a_write_is_an_access() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let put = rig.spawn(async |store| store.put("k", lww(1), Expiry::max_idle(2), Client).await);
    gate.arrived(1).await;
    rig.clock.advance(2);
    let mut touch = rig.store.get("k", true);
    assert!(poll_once(touch.as_mut()).is_pending());
    gate.open();
    put.await.expect("no panic").expect("put");
    settle().await;
    rig.clock.advance(2);
    assert!(touch.await.expect("get").is_some());
    assert_eq!(rig.get("k").await, Some(lww(1)), "read 2 ms ago at most");
}

/// It began when no deadline was kept, so that it takes no lock, and comes to the engine after a record
/// whose deadline has passed.
#[tokio::test]
async fn a_read_that_a_deadline_overtakes_shows_nothing_expired() {
    let Hooked { store, before_get, clock, .. } = hooked();
    let inside = Arc::clone(&store);
    before_get.set(move || {
        let mut put = inside.put("k", lww(1), Expiry::ttl(5), Client);
        assert!(poll_once(put.as_mut()).is_ready());
        clock.advance(10);
    });
    assert_eq!(store.get("k", false).await.expect("get"), None);
}
