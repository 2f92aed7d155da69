//! H. Observers: once per commit, in commit order, isolated from each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use trilayer_core::{
    CompositeMutationObserver, DefaultRecordStore, MutationObserver, Record, RecordStore, RecordValue,
    StoreError,
};
use trilayer_testkit::{EventKind, Plan, RecordingObserver, lww, record};

use crate::rig::{Backup, Client, Expiry, Parts, Replication, bounded, rig};

/// An observer that runs a closure at every put and update, and ignores the rest.
struct OnWrite<F>(F);

impl<F: Fn(&str) + Send + Sync> MutationObserver for OnWrite<F> {
    fn on_put(&self, key: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        (self.0)(key);
    }
    fn on_update(&self, key: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        (self.0)(key);
    }
    fn on_remove(&self, _: &str, _: &Record, _: bool) {}
    fn on_evict(&self, _: &str, _: &Record, _: bool) {}
    fn on_load(&self, _: &str, _: &Record, _: bool) {}
    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {}
    fn on_clear(&self) {}
    fn on_reset(&self) {}
    fn on_destroy(&self, _: bool) {}
}

#[tokio::test]
async fn every_commit_is_one_event() {
    let rig = rig();
    rig.put("k", 1).await;
    rig.put("k", 2).await;
    rig.store.evict("k", false);
    rig.get("k").await;
    rig.remove("k").await;
    rig.remove("k").await;
    rig.store.put_backup("k", record(1, 5), Backup).await.expect("put_backup");
    rig.store.clear(false);
    let kinds: Vec<_> = rig.events.take().into_iter().map(|(kind, _)| kind).collect();
    use EventKind::{Clear, Evict, Load, Put, Remove, Update};
    assert_eq!(kinds, [Put, Update, Evict, Load, Remove, Put, Clear]);
}

#[tokio::test]
async fn observers_are_called_in_the_order_they_were_registered() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let observers = (0..3)
        .map(|n| {
            let order = Arc::clone(&order);
            Arc::new(OnWrite(move |_: &str| order.lock().expect("no panic").push(n))) as _
        })
        .collect();
    let rig = Parts { observers, ..Parts::default() }.build();
    rig.put("k", 1).await;
    assert_eq!(*order.lock().expect("no panic"), [0, 1, 2]);
}

#[tokio::test]
async fn a_panicking_observer_is_counted_and_the_others_and_the_operation_go_on() {
    let panicky = Arc::new(OnWrite(|_: &str| panic!("observer bug")));
    let rig = Parts { observers: vec![panicky], ..Parts::default() }.build();
    assert_eq!(rig.put("k", 1).await, None);
    assert_eq!(rig.put("k", 2).await, Some(lww(1)));
    assert_eq!((rig.events.events().len(), rig.store.usage().observer_panics), (2, 2));
    assert_eq!(rig.get("k").await, Some(lww(2)));
}

#[tokio::test]
async fn a_panic_whose_payload_panics_again_is_survived() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let panicky = Arc::new(OnWrite(|_: &str| std::panic::panic_any(Bomb)));
    let rig = Parts { observers: vec![panicky], ..Parts::default() }.build();
    rig.put("k", 1).await;
    assert_eq!(rig.store.usage().observer_panics, 1);
}

/// Runs a future that must be ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match crate::rig::poll_once(std::pin::pin!(future)) {
        std::task::Poll::Ready(outcome) => outcome,
        std::task::Poll::Pending => panic!("not ready"),
    }
}

fn is_refused<T>(outcome: anyhow::Result<T>) -> bool {
    outcome
        .err()
        .is_some_and(|error| matches!(error.downcast_ref(), Some(StoreError::CalledFromObserver { .. })))
}

#[tokio::test]
async fn an_observer_that_changes_its_store_is_refused_and_does_not_deadlock() {
    let store: Arc<OnceLock<Weak<DefaultRecordStore>>> = Arc::default();
    let refused = Arc::new(AtomicUsize::new(0));
    let observer = {
        let (store, refused) = (Arc::clone(&store), Arc::clone(&refused));
        Arc::new(OnWrite(move |key: &str| {
            let Some(store) = store.get().and_then(Weak::upgrade) else { return };
            for other in [key, "another key"] {
                let outcomes = [
                    is_refused(now(store.put(other, lww(9), Expiry::NONE, Client))),
                    is_refused(now(store.put(other, lww(9), Expiry::NONE, Replication))),
                    is_refused(now(store.remove(other, Client))),
                    is_refused(now(store.put_backup(other, record(9, 9), Backup))),
                    is_refused(now(store.remove_backup(other, Backup))),
                    is_refused(now(store.soft_flush())),
                    store.evict(other, false).is_none(),
                    store.clear(false) == 0,
                ];
                refused.fetch_add(outcomes.iter().filter(|&&refused| refused).count(), Ordering::SeqCst);
            }
            store.reset();
            store.destroy();
            store.evict_expired(100, i64::MAX, false);
        }))
    };
    let rig = Parts { observers: vec![observer], ..Parts::default() }.build();
    store.set(Arc::downgrade(&rig.store)).expect("set once");
    rig.put_for("k", 1, Expiry::ttl(1_000)).await;
    assert_eq!(refused.load(Ordering::SeqCst), 16);
    assert_eq!(rig.get("k").await, Some(lww(1)), "nothing happened to the store");
}

#[tokio::test]
async fn an_observer_may_read_its_store() {
    let store: Arc<OnceLock<Weak<DefaultRecordStore>>> = Arc::default();
    let seen = Arc::new(AtomicBool::new(false));
    let observer = {
        let (store, seen) = (Arc::clone(&store), Arc::clone(&seen));
        Arc::new(OnWrite(move |key: &str| {
            let Some(store) = store.get().and_then(Weak::upgrade) else { return };
            let record = now(store.get(key, true)).expect("get");
            let mut count = 0;
            store.for_each_boxed(&mut |_, _| count += 1, false);
            let reads = store.exists_in_memory(key) && store.size() == 1 && count == 1;
            store.has_expired(key, i64::MAX, false);
            seen.store(record.is_some() && reads, Ordering::SeqCst);
        }))
    };
    let rig = Parts { observers: vec![observer], ..Parts::default() }.build();
    store.set(Arc::downgrade(&rig.store)).expect("set once");
    rig.put_for("k", 1, Expiry::ttl(1_000)).await;
    assert!(seen.load(Ordering::SeqCst));
}

/// Whether a call from inside an observer returns.
fn returns_inside_an_observer(call: fn(&DefaultRecordStore)) -> bool {
    let store: Arc<OnceLock<Weak<DefaultRecordStore>>> = Arc::default();
    let seen = Arc::clone(&store);
    let observer = Arc::new(OnWrite(move |_: &str| {
        if let Some(store) = seen.get().and_then(Weak::upgrade) {
            call(&store);
        }
    }));
    let rig = Parts { observers: vec![observer], null: true, ..Parts::default() }.build();
    store.set(Arc::downgrade(&rig.store)).expect("set once");
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(now(rig.store.put("k", lww(1), Expiry::ttl(1_000), Client)));
        done.send(()).expect("somebody waits");
    });
    ended.recv_timeout(std::time::Duration::from_secs(10)).is_ok()
}

#[test]
fn an_observer_may_ask_for_usage() {
    assert!(returns_inside_an_observer(|store| assert_eq!(store.usage().resident, 1)));
    assert!(returns_inside_an_observer(|store| drop(store.unflushed())));
    assert!(returns_inside_an_observer(|store| assert!(!store.is_forgotten("k"))));
}

#[tokio::test]
async fn a_failed_operation_tells_nobody() {
    let rig = rig();
    rig.data.script(|_| Plan::Fail("down"));
    let store = &rig.store;
    assert!(store.put("k", lww(1), Expiry::NONE, Client).await.is_err());
    assert!(store.remove("k", Client).await.is_err());
    assert!(store.get("k", false).await.is_err());
    assert!(store.put_backup("k", record(1, 1), Client).await.is_err());
    assert_eq!(rig.events.take(), []);
}

#[tokio::test]
async fn expiry_and_eviction_are_told_apart_only_by_those_who_care() {
    #[derive(Default)]
    struct Evictions(AtomicUsize);
    impl MutationObserver for Evictions {
        fn on_put(&self, _: &str, _: &Record, _: Option<&RecordValue>, _: bool) {}
        fn on_update(&self, _: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {}
        fn on_remove(&self, _: &str, _: &Record, _: bool) {}
        fn on_evict(&self, _: &str, _: &Record, _: bool) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        fn on_load(&self, _: &str, _: &Record, _: bool) {}
        fn on_replication_put(&self, _: &str, _: &Record, _: bool) {}
        fn on_clear(&self) {}
        fn on_reset(&self) {}
        fn on_destroy(&self, _: bool) {}
    }
    let simple = Arc::new(Evictions::default());
    let rig = Parts { observers: vec![Arc::clone(&simple) as _], null: true, ..Parts::default() }.build();
    rig.put_for("expires", 1, Expiry::ttl(1)).await;
    rig.put("evicted", 1).await;
    rig.clock.advance(2);
    rig.get("expires").await;
    rig.store.evict("evicted", false);
    assert_eq!((rig.events.count(EventKind::Expire), rig.events.count(EventKind::Evict)), (1, 1));
    assert_eq!(simple.0.load(Ordering::SeqCst), 2, "an observer without on_expire sees two evictions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replaying_the_events_rebuilds_the_map() {
    for (null, max_entry_count) in [(true, 0), (false, 0), (true, 20), (false, 20)] {
        let rig = Parts { null, config: bounded(max_entry_count), ..Parts::default() }.build();
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                rig.spawn(async move |store| {
                    let mut random = fastrand::Rng::with_seed(task);
                    for n in 0..800 {
                        let key = format!("k{}", random.u8(..40));
                        let provenance = if random.bool() { Client } else { Replication };
                        match random.u8(..10) {
                            0..5 => {
                                drop(store.put(&key, lww(n), Expiry::NONE, provenance).await.expect("put"))
                            }
                            5 => {
                                drop(store.put(&key, lww(n), Expiry::ttl(0), provenance).await.expect("put"))
                            }
                            6 => drop(store.remove(&key, provenance).await.expect("remove")),
                            7 => drop(store.evict(&key, false)),
                            8 => store.put_backup(&key, record(n, 5), provenance).await.expect("put_backup"),
                            _ => drop(store.get(&key, random.bool()).await.expect("get")),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        let resident =
            rig.store.storage().snapshot_iter().into_iter().map(|(key, record)| (key, record.value));
        assert_eq!(rig.events.replay(), resident.collect(), "null: {null}, bound: {max_entry_count}");
    }
}

#[test]
fn observers_are_added_in_order_and_none_is_the_default() {
    let mut composite = CompositeMutationObserver::default();
    assert!(composite.is_empty());
    let recorder = RecordingObserver::new();
    composite.add(Arc::clone(&recorder) as _);
    composite.on_clear();
    assert_eq!(recorder.count(EventKind::Clear), 1);
}
