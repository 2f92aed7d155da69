//! D. Remove.

use trilayer_core::RecordStore;
use trilayer_testkit::{EventKind, Plan, lww, record};

use crate::rig::{Backup, Client, CrdtMerge, Expiry, Load, Replication, in_memory, rig};

#[tokio::test]
async fn a_removed_key_is_gone_and_its_value_is_returned_and_reported() {
    let rig = in_memory();
    rig.put("k", 1).await;
    assert_eq!((rig.remove("k").await, rig.remove("k").await), (Some(lww(1)), None));
    assert_eq!(rig.get("k").await, None);
    assert_eq!(rig.events.count(EventKind::Remove), 1);
}

#[tokio::test]
async fn removal_is_persisted_as_puts_are() {
    for (provenance, removes) in [(Client, 1), (CrdtMerge, 1), (Backup, 0), (Replication, 0), (Load, 0)] {
        let rig = rig();
        rig.put("k", 1).await;
        rig.store.remove("k", provenance).await.expect("remove");
        assert_eq!(rig.data.count("remove"), removes, "{provenance:?}");
        assert_eq!(rig.get("k").await, None, "gone for every reader: {provenance:?}");
    }
}

#[tokio::test]
async fn a_value_only_the_data_store_has_is_returned_and_reported() {
    let rig = rig();
    rig.data.insert("map", "k", lww("stored"), 0);
    assert_eq!(rig.remove("k").await, Some(lww("stored")));
    let event = rig.events.events().pop().expect("an event");
    assert_eq!((event.kind, event.record.expect("a record").value), (EventKind::Remove, lww("stored")));
    assert_eq!(rig.stored("k"), None);
}

#[tokio::test]
async fn an_expired_record_is_not_removed_but_expired() {
    let rig = in_memory();
    rig.put_for("k", 1, Expiry::ttl(10)).await;
    rig.clock.advance(11);
    assert_eq!(rig.remove("k").await, None);
    assert_eq!((rig.events.count(EventKind::Expire), rig.events.count(EventKind::Remove)), (1, 0));
}

#[tokio::test]
async fn a_failed_removal_changes_nothing() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.events.take();
    rig.data.plan("remove", Plan::Fail("read-only"));
    let error = rig.store.remove("k", Client).await.expect_err("must fail");
    assert_eq!((error.to_string().as_str(), rig.resident("k")), ("read-only", Some(lww(1))));
    assert_eq!(rig.events.take(), []);
}

#[tokio::test]
async fn a_removal_the_data_store_was_not_told_of_reaches_it_with_the_next_flush() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.store.remove("k", Replication).await.expect("remove");
    assert_eq!((rig.stored("k"), rig.store.usage().parked), (Some(lww(1)), 1));
    rig.store.soft_flush().await.expect("flush");
    assert_eq!((rig.stored("k"), rig.store.usage().parked), (None, 0));
}

#[tokio::test]
async fn backups_are_removed_as_backups() {
    let rig = rig();
    rig.store.put_backup("k", record(1, 5), Client).await.expect("put_backup");
    rig.store.remove_backup("k", Client).await.expect("remove_backup");
    let event = rig.events.events().pop().expect("an event");
    assert_eq!((event.kind, event.is_backup), (EventKind::Remove, true));
    assert_eq!((rig.data.count("remove_backup"), rig.data.count("remove")), (1, 0));
    assert_eq!(rig.stored("k"), None);
}
