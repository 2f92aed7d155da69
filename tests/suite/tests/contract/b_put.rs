//! B. Put: the data store first, then memory and observers.

use trilayer_core::{NullDataStore, RecordStore};
use trilayer_testkit::{EventKind, Gate, Plan, lww, record};

use crate::rig::{Backup, Client, CrdtMerge, Expiry, Load, Replication, in_memory, rig, settle};

#[tokio::test]
async fn a_put_is_read_back() {
    let rig = in_memory();
    assert_eq!(rig.put("k", "v").await, None);
    assert_eq!(rig.get("k").await, Some(lww("v")));
    assert!(rig.store.map_data_store().is_null() && trilayer_core::MapDataStore::is_null(&NullDataStore));
}

#[tokio::test]
async fn memory_changes_only_after_the_data_store_has_the_value() {
    let rig = rig();
    rig.put("k", "old").await;
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let put = rig.spawn(async move |store| store.put("k", lww("new"), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    assert_eq!(rig.resident("k"), Some(lww("old")));
    gate.open();
    assert_eq!(put.await.expect("no panic").expect("put"), Some(lww("old")));
    assert_eq!((rig.resident("k"), rig.stored("k")), (Some(lww("new")), Some(lww("new"))));
}

#[tokio::test]
async fn a_failed_put_changes_nothing_and_tells_why() {
    let rig = rig();
    rig.put_for("k", "old", Expiry::ttl(10)).await;
    rig.events.take();
    rig.data.plan("add", Plan::Fail("disk full"));
    let error = rig.store.put("k", lww("new"), Expiry::ttl(99), Client).await.expect_err("must fail");
    assert_eq!(error.to_string(), "disk full");
    assert_eq!(rig.resident("k"), Some(lww("old")));
    assert_eq!(rig.events.take(), []);
    rig.clock.advance(11);
    assert!(!rig.store.exists_in_memory("k"), "the old deadline still counts");
}

#[tokio::test]
async fn only_clients_and_merges_reach_the_data_store() {
    for (provenance, adds) in [(Client, 1), (CrdtMerge, 1), (Backup, 0), (Replication, 0), (Load, 0)] {
        let rig = rig();
        rig.put_as("k", 1, provenance).await;
        assert_eq!(rig.data.count("add"), adds, "{provenance:?}");
        let clean = !rig.store.storage().get("k").expect("resident").metadata.is_dirty();
        assert_eq!(clean, adds == 1, "a record is clean if and only if it is persisted: {provenance:?}");
    }
}

#[tokio::test]
async fn a_dirty_write_in_the_same_millisecond_as_a_clean_one_is_dirty() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.put_as("k", 2, Replication).await;
    assert!(rig.store.storage().get("k").expect("resident").metadata.is_dirty());
}

#[tokio::test]
async fn an_update_follows_its_predecessor() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.store.get("k", true).await.expect("touch");
    rig.clock.advance(5);
    assert_eq!(rig.put("k", 2).await, Some(lww(1)));
    let metadata = rig.store.storage().get("k").expect("resident").metadata;
    assert_eq!((metadata.version, metadata.hits), (2, 1));
    assert_eq!(metadata.last_update_time, metadata.last_access_time);
    assert_eq!(metadata.last_update_time, metadata.creation_time + 5);
    let last = rig.events.events().pop().expect("an event");
    assert_eq!((last.kind, last.old), (EventKind::Update, Some(lww(1))));
}

#[tokio::test]
async fn a_put_returns_the_live_value_even_if_only_the_data_store_has_it() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.store.evict("k", false);
    rig.events.take();
    assert_eq!(rig.put("k", 2).await, Some(lww(1)));
    let event = rig.events.events().pop().expect("an event");
    assert_eq!((event.kind, event.old), (EventKind::Put, Some(lww(1))));
}

#[tokio::test]
async fn set_asks_the_data_store_for_nothing() {
    let rig = rig();
    rig.store.set("k", lww(1), Expiry::NONE, Client).await.expect("set");
    assert_eq!((rig.data.count("load"), rig.data.count("add")), (0, 1));
    assert_eq!(rig.get("k").await, Some(lww(1)));
}

#[tokio::test]
async fn an_expired_predecessor_leaves_first() {
    let rig = in_memory();
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    rig.clock.advance(11);
    assert_eq!(rig.put("k", 2).await, None);
    let k = || "k".to_owned();
    assert_eq!(rig.events.take(), [(EventKind::Put, k()), (EventKind::Expire, k()), (EventKind::Put, k())]);
    assert_eq!(rig.store.storage().get("k").expect("resident").metadata.version, 1);
}

#[tokio::test]
async fn cost_is_the_heap_of_key_and_value() {
    let rig = in_memory();
    rig.put("a-key-of-20-bytes---", "x".repeat(100)).await;
    // Two blocks, each with a header of three words.
    assert_eq!(rig.store.owned_entry_cost(), (24 + 20) + (24 + 100));
    rig.put("a-key-of-20-bytes---", 5).await;
    assert_eq!(rig.store.owned_entry_cost(), 24 + 20);
    rig.remove("a-key-of-20-bytes---").await;
    assert_eq!(rig.store.owned_entry_cost(), 0);
}

#[tokio::test]
async fn a_panic_of_the_data_store_is_an_error_and_not_the_end() {
    let rig = rig();
    rig.data.plan("add", Plan::Panic);
    let error = rig.store.put("k", lww(1), Expiry::NONE, Client).await.expect_err("must fail");
    assert_eq!(error.to_string(), r#"the data store panicked in put for map "map": scripted panic in add"#);
    rig.data.work();
    assert_eq!(rig.put("k", 2).await, None, "the stripe is free again");
}

#[tokio::test]
async fn a_backup_is_kept_as_it_is() {
    let rig = rig();
    let mut backup = record("b", 77);
    backup.metadata.version = 9;
    rig.store.put_backup("k", backup, Backup).await.expect("put_backup");
    let metadata = rig.store.storage().get("k").expect("resident").metadata;
    assert_eq!((metadata.version, metadata.creation_time), (9, 77));
    let event = rig.events.events().pop().expect("an event");
    assert_eq!((event.kind, event.is_backup), (EventKind::Put, true));
    assert_eq!(rig.data.count("add_backup"), 0);
    rig.store.put_backup("k", record("c", 78), Client).await.expect("put_backup");
    assert_eq!(rig.data.count("add_backup"), 1);
}

#[tokio::test]
async fn a_put_that_waits_is_seen_by_nobody_until_it_is_acknowledged() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkThenWait(gate.clone()));
    let put = rig.spawn(async move |store| store.set("k", lww(1), Expiry::NONE, Client).await);
    gate.arrived(1).await;
    let get = rig.spawn(async move |store| store.get("k", false).await);
    settle().await;
    assert!(!get.is_finished(), "a miss waits for the write under way");
    gate.open();
    put.await.expect("no panic").expect("put");
    let record = get.await.expect("no panic").expect("get").expect("there by now");
    assert_eq!(record.value, lww(1));
    assert_eq!(rig.data.count("load"), 0, "the write answered the read");
}
