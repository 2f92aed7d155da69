//! Every method of a trait called once.

use std::task::{Context, Poll, Waker};

use trilayer_core::{
    CallerProvenance, ExpiryPolicy, IterationCursor, MapDataStore, MutationObserver, RecordStore,
    ScanRequest, StorageEngine, StoredValue,
};
use trilayer_testkit::{lww, record};

fn done<T>(call: impl Future<Output = anyhow::Result<T>>) {
    let outcome = std::pin::pin!(call).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(outcome, Poll::Ready(Ok(_))), "a spy answers at once");
}

pub(crate) fn engine<E: StorageEngine>(engine: &E) {
    let start = IterationCursor::start();
    engine.put("k", record(1, 1));
    engine.get("k");
    engine.remove("k");
    engine.contains_key("k");
    engine.len();
    engine.is_empty();
    engine.clear();
    engine.destroy();
    engine.estimated_cost();
    engine.fetch_keys(&start, 1);
    engine.fetch_entries(&start, 1);
    engine.snapshot_iter();
    engine.random_samples(1);
    engine.atomic_update();
}

pub(crate) fn data_store<D: MapDataStore>(store: &D) {
    let (keys, value) = (["k".to_owned()], lww(1));
    done(store.add("m", "k", &value, 0, 0));
    done(store.add_backup("m", "k", &value, 0, 0));
    done(store.remove("m", "k", 0));
    done(store.remove_backup("m", "k", 0));
    done(store.load("m", "k"));
    done(store.load_all("m", &keys));
    done(store.remove_all("m", &keys));
    store.is_loadable("k");
    store.pending_operation_count();
    done(store.soft_flush());
    done(store.hard_flush());
    done(store.health());
    done(store.close());
    done(store.flush_key("m", "k", &value, false));
    store.reset();
    store.is_null();
    store.keeps_deadlines();
    done(store.load_stored("m", "k"));
    done(store.load_all_stored("m", &keys));
    done(store.flush_stored("m", "k", &StoredValue { value, expiration_time: 0 }, false));
    store.is_scannable();
    done(store.scan("m", &ScanRequest::default()));
}

pub(crate) fn observer<O: MutationObserver>(observer: &O) {
    let (record, value) = (record(1, 1), lww(1));
    observer.on_put("k", &record, None, false);
    observer.on_update("k", &record, &value, &value, false);
    observer.on_remove("k", &record, false);
    observer.on_evict("k", &record, false);
    observer.on_load("k", &record, false);
    observer.on_replication_put("k", &record, false);
    observer.on_clear();
    observer.on_reset();
    observer.on_destroy(false);
    observer.on_expire("k", &record, false);
    observer.report();
}

pub(crate) fn record_store<S: RecordStore>(store: &mut S) {
    let (client, start) = (CallerProvenance::Client, IterationCursor::start());
    store.init();
    store.name();
    store.partition_id();
    done(store.get("k", false));
    store.exists_in_memory("k");
    done(store.put("k", lww(1), ExpiryPolicy::NONE, client));
    done(store.remove("k", client));
    done(store.put_backup("k", record(1, 1), client));
    done(store.remove_backup("k", client));
    done(store.get_all(&["k".to_owned()]));
    store.fetch_keys(&start, 1);
    store.fetch_entries(&start, 1);
    store.for_each_boxed(&mut |_, _| {}, false);
    store.size();
    store.is_empty();
    store.owned_entry_cost();
    store.has_expired("k", 0, false);
    store.evict_expired(1, 0, false);
    store.is_expirable();
    store.evict("k", false);
    store.evict_all(false);
    store.should_evict();
    store.clear(false);
    store.reset();
    store.destroy();
    done(store.soft_flush());
    store.storage();
    store.map_data_store();
}
