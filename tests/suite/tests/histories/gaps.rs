//! What the histories leave out, each as its shortest case. Once one of these holds, take it off the
//! list and turn on its switch.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use trilayer_core::{
    DefaultRecordStore, FetchResult, HashMapStorage, IterationCursor, Record, RecordStore, StorageEngine,
};
use trilayer_suite::rig::{Client, Expiry, START, poll_once, rig, settle};
use trilayer_testkit::{Gate, ManualClock, Plan, lww};

/// An engine in which a record is overtaken by its deadline the moment it is there, and somebody reads it.
struct Overtaken {
    inner: HashMapStorage,
    clock: Arc<ManualClock>,
    store: Arc<OnceLock<Arc<DefaultRecordStore>>>,
    found: Sender<bool>,
}

impl StorageEngine for Overtaken {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        let old = self.inner.put(key, record);
        self.clock.advance(10);
        let (store, found) = (Arc::clone(self.store.get().expect("set")), self.found.clone());
        let (key, (done, read)) = (key.to_owned(), channel());
        std::thread::spawn(move || {
            let mut get = store.get(&key, false);
            let is_found = matches!(poll_once(get.as_mut()), Poll::Ready(Ok(Some(_))));
            found.send(is_found).ok();
            done.send(()).ok();
        });
        // A reader that waits for the writer is the cure, and not waited for.
        read.recv_timeout(Duration::from_millis(200)).ok();
        old
    }

    fn get(&self, key: &str) -> Option<Record> {
        self.inner.get(key)
    }

    fn remove(&self, key: &str) -> Option<Record> {
        self.inner.remove(key)
    }

    fn contains_key(&self, key: &str) -> bool {
        self.inner.contains_key(key)
    }

    fn len(&self) -> usize {
        self.inner.len()
    }

    fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    fn clear(&self) {
        self.inner.clear();
    }

    fn destroy(&self) {
        self.inner.destroy();
    }

    fn estimated_cost(&self) -> u64 {
        self.inner.estimated_cost()
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        self.inner.fetch_keys(cursor, size)
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.inner.fetch_entries(cursor, size)
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.inner.snapshot_iter()
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        self.inner.random_samples(count)
    }
}

#[tokio::test]
#[ignore = "a record can be read before its deadline is kept: DEADLINES_COME_FIRST"]
async fn a_record_is_never_seen_without_its_deadline() {
    let (clock, slot, (found, outcome)) = (ManualClock::at(START), Arc::new(OnceLock::new()), channel());
    let (inner, store) = (HashMapStorage::new(), Arc::clone(&slot));
    let engine = Overtaken { inner, clock: Arc::clone(&clock), store, found };
    let builder = DefaultRecordStore::builder("map", 0).engine(Box::new(engine)).clock(clock as _);
    let store = Arc::new(builder.build());
    drop(slot.set(Arc::clone(&store)));
    store.put("k", lww(1), Expiry::ttl(5), Client).await.expect("put");
    assert!(!outcome.recv().expect("a reader"), "an expired record was read");
}

#[tokio::test]
#[ignore = "the old value of a write misses touches: OLD_VALUES_ARE_PROLONGED"]
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
#[ignore = "a read that waited may be no access: LOADED_READS_COUNT"]
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
