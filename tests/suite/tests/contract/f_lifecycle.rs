//! F. Clear, reset, destroy.

use std::sync::Arc;

use trilayer_core::{DefaultRecordStore, RecordStore, StoreError};
use trilayer_testkit::{EventKind, Gate, Plan, lww, record};

use crate::hooked::{Hooked, hooked};
use crate::rig::{Backup, Client, Expiry, Replication, in_memory, rig, settle};

#[tokio::test]
async fn clear_empties_memory_with_one_event_and_counts() {
    let rig = in_memory();
    for n in 0..100 {
        rig.put(&format!("k{n}"), n).await;
    }
    rig.events.take();
    assert_eq!((rig.store.clear(false), rig.store.size(), rig.store.owned_entry_cost()), (100, 0, 0));
    assert_eq!(rig.events.take(), [(EventKind::Clear, String::new())]);
}

#[tokio::test]
async fn clear_and_reset_leave_the_data_store_alone() {
    let rig = rig();
    rig.put("k", 1).await;
    let before = rig.data.calls().len();
    rig.store.clear(false);
    assert_eq!(rig.get("k").await, Some(lww(1)), "loaded again");
    rig.store.reset();
    rig.store.destroy();
    let calls: Vec<_> = rig.data.calls().drain(before..).map(|call| call.operation).collect();
    assert_eq!(calls, ["load"], "no removal, and never reset, of a store that is shared");
    assert_eq!(rig.events.count(EventKind::Reset), 1);
}

#[tokio::test]
async fn clear_does_not_bring_removed_or_expired_keys_back() {
    let rig = rig();
    rig.put("removed", 1).await;
    rig.put_for("expired", 1, Expiry::ttl(5)).await;
    rig.store.remove("removed", Replication).await.expect("remove");
    rig.store.clear(false);
    rig.clock.advance(6);
    assert_eq!((rig.get("removed").await, rig.get("expired").await), (None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clear_is_one_step_for_every_reader() {
    let rig = in_memory();
    let keys: Vec<String> = (0..200).map(|n| format!("k{n}")).collect();
    for _ in 0..30 {
        for key in &keys {
            rig.put(key, 1).await;
        }
        let keys = keys.clone();
        let reader = rig.spawn(async move |store| {
            let mut gone = false;
            for key in keys.iter().cycle().take(20_000) {
                let here = store.get(key, false).await.expect("get").is_some();
                assert!(!(gone && here), "{key} was there after another was gone");
                gone = !here;
            }
        });
        tokio::task::yield_now().await;
        rig.store.clear(false);
        reader.await.expect("no panic");
    }
}

#[tokio::test]
async fn clear_through_empties_the_data_store_too() {
    let rig = rig();
    rig.put("resident", 1).await;
    rig.data.insert("map", "stored", lww(2), 0);
    rig.data.insert("other", "stored", lww(3), 0);
    rig.put_for("expiring", 1, Expiry::ttl(5)).await;
    assert_eq!(rig.store.clear_through(false).await.expect("clear_through"), 3);
    assert_eq!((rig.stored("resident"), rig.stored("stored")), (None, None));
    assert_eq!(rig.data.value("other", "stored"), Some(lww(3)));
    assert_eq!((rig.get("resident").await, rig.store.usage().deadlines), (None, 0));
}

#[tokio::test]
async fn a_failed_clear_through_leaves_memory_as_it_was() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.data.plan("remove_all", Plan::Fail("down"));
    rig.store.clear_through(false).await.expect_err("must fail");
    assert_eq!(rig.resident("k"), Some(lww(1)));
}

fn is_closed<T>(outcome: anyhow::Result<T>) -> bool {
    outcome.err().is_some_and(|error| matches!(error.downcast_ref(), Some(StoreError::Closed { .. })))
}

#[tokio::test]
async fn after_destroy_every_operation_is_an_error() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.store.destroy();
    rig.store.destroy();
    assert_eq!((rig.events.count(EventKind::Destroy), rig.store.size()), (1, 0));
    let store = &rig.store;
    assert!(is_closed(store.get("k", false).await));
    assert!(is_closed(store.get_all(&["k".to_owned()]).await));
    assert!(is_closed(store.put("k", lww(1), Expiry::NONE, Client).await));
    assert!(is_closed(store.put("k", lww(1), Expiry::NONE, Replication).await));
    assert!(is_closed(store.remove("k", Client).await));
    assert!(is_closed(store.remove("k", Replication).await));
    assert!(is_closed(store.put_backup("k", record(1, 1), Backup).await));
    assert!(is_closed(store.remove_backup("k", Backup).await));
    assert!(is_closed(store.soft_flush().await));
    assert!(is_closed(store.hard_flush().await));
    assert!(is_closed(store.clear_through(false).await));
    assert_eq!((store.evict("k", false), store.evict_all(false), store.clear(false)), (None, 0, 0));
    assert!(!store.exists_in_memory("k"));
}

#[tokio::test]
async fn a_load_under_way_at_destroy_installs_nothing() {
    let rig = rig();
    rig.data.insert("map", "k", lww(1), 0);
    let gate = Gate::closed();
    rig.data.plan("load", Plan::WorkThenWait(gate.clone()));
    let get = rig.spawn(async move |store| store.get("k", false).await);
    gate.arrived(1).await;
    rig.store.destroy();
    gate.open();
    assert!(is_closed(get.await.expect("no panic")));
    settle().await;
    assert_eq!(rig.resident("k"), None);
}

#[tokio::test]
async fn a_store_that_could_not_be_assembled_says_why() {
    let store = DefaultRecordStore::refused("places", 3, "there is no engine \"btre\"");
    let error = store.get("k", false).await.expect_err("must fail");
    assert_eq!(
        error.to_string(),
        r#"record store "places", partition 3, is closed: there is no engine "btre""#
    );
}

#[tokio::test]
async fn clear_revives_no_removed_key_under_a_dirty_write() {
    let rig = rig();
    rig.put("k", "old").await;
    rig.store.remove("k", Replication).await.expect("remove");
    rig.put_as("k", "dirty", Replication).await;
    rig.store.clear(false);
    assert_eq!(rig.get("k").await, None, "removed long ago");
}

#[tokio::test]
async fn clear_revives_no_expired_key_under_a_dirty_write() {
    let rig = rig();
    rig.put_for("k", "old", Expiry::ttl(10)).await;
    rig.clock.advance(11);
    assert_eq!(rig.get("k").await, None);
    rig.put_as("k", "dirty", Replication).await;
    rig.store.clear(false);
    rig.clock.advance(1_000_000);
    assert_eq!(rig.get("k").await, None, "expired long ago, and immortal now");
}

#[tokio::test]
async fn clear_keeps_the_deadline_of_what_the_data_store_has() {
    let rig = rig();
    rig.put_for("k", "old", Expiry::ttl(10)).await;
    rig.put_as("k", "dirty", Replication).await;
    rig.store.clear(false);
    rig.clock.advance(11);
    assert_eq!(rig.get("k").await, None, "its deadline is past");
}

#[tokio::test]
async fn a_get_racing_destroy_does_not_deny_a_live_key() {
    let Hooked { store, before_get, .. } = hooked();
    store.put("k", lww(1), Expiry::NONE, Client).await.expect("put");
    let other = Arc::clone(&store);
    before_get.set(move || other.destroy());
    let got = store.get("k", false).await;
    assert!(!matches!(got, Ok(None)), "the key was there until every operation is an error");
}

#[tokio::test]
async fn clear_through_revives_no_key_removed_meanwhile() {
    let rig = rig();
    rig.data.stop_scanning();
    rig.data.insert("map", "k", lww("old"), 0);
    rig.put("other", 1).await;
    let gate = Gate::closed();
    rig.data.plan("remove_all", Plan::WorkAfter(gate.clone()));
    let clear = rig.spawn(async move |store| store.clear_through(false).await);
    gate.arrived(1).await;
    rig.store.remove("k", Replication).await.expect("remove");
    assert_eq!(rig.get("k").await, None);
    gate.open();
    clear.await.expect("no panic").expect("clear");
    assert_eq!(rig.get("k").await, None, "removed, and seen removed");
}
