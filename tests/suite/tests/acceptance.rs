//! The specification's acceptance criteria, one test each, through the fixed interfaces alone.
//! Its first two (everything builds and passes clippy without a warning) are the gate's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trilayer_core::{
    CallerProvenance, CompositeMutationObserver, DefaultRecordStore, ExpiryPolicy, ExpiryReason,
    HashMapStorage, MutationObserver, NullDataStore, Record, RecordStore, RecordValue, StorageConfig,
    Timestamp,
};
use trilayer_registry::RecordStoreFactory;

#[derive(Default)]
struct Counter {
    puts: AtomicUsize,
    updates: AtomicUsize,
    removes: AtomicUsize,
    clears: AtomicUsize,
}

impl MutationObserver for Counter {
    fn on_put(&self, _: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        self.puts.fetch_add(1, Ordering::SeqCst);
    }
    fn on_update(&self, _: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        self.updates.fetch_add(1, Ordering::SeqCst);
    }
    fn on_remove(&self, _: &str, _: &Record, _: bool) {
        self.removes.fetch_add(1, Ordering::SeqCst);
    }
    fn on_evict(&self, _: &str, _: &Record, _: bool) {}
    fn on_load(&self, _: &str, _: &Record, _: bool) {}
    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {}
    fn on_clear(&self) {
        self.clears.fetch_add(1, Ordering::SeqCst);
    }
    fn on_reset(&self) {}
    fn on_destroy(&self, _: bool) {}
}

fn store(config: StorageConfig) -> (Box<dyn RecordStore>, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let observer = CompositeMutationObserver::new(vec![Arc::clone(&counter) as Arc<dyn MutationObserver>]);
    let store = DefaultRecordStore::new(
        "map".to_string(),
        0,
        Box::new(HashMapStorage::new()),
        Arc::new(NullDataStore),
        Arc::new(observer),
        config,
    );
    (Box::new(store), counter)
}

fn value(text: &str) -> RecordValue {
    let timestamp = Timestamp { millis: 1, counter: 0, node_id: "node-1".into() };
    RecordValue::Lww { value: text.into(), timestamp }
}

async fn put(store: &dyn RecordStore, key: &str, text: &str) -> Option<RecordValue> {
    store.put(key, value(text), ExpiryPolicy::NONE, CallerProvenance::Client).await.expect("put")
}

fn created(store: &dyn RecordStore, key: &str) -> i64 {
    store.storage().get(key).expect("resident").metadata.creation_time
}

#[tokio::test]
async fn put_then_get_round_trip() {
    let (store, _) = store(StorageConfig::default());
    assert_eq!(put(&*store, "k", "v").await, None);
    assert_eq!(store.get("k", false).await.expect("get").expect("there").value, value("v"));
}

#[tokio::test]
async fn put_fires_on_put() {
    let (store, counter) = store(StorageConfig::default());
    put(&*store, "k", "v").await;
    assert_eq!((counter.puts.load(Ordering::SeqCst), counter.updates.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test]
async fn put_on_an_existing_key_fires_on_update() {
    let (store, counter) = store(StorageConfig::default());
    put(&*store, "k", "v").await;
    put(&*store, "k", "w").await;
    assert_eq!((counter.puts.load(Ordering::SeqCst), counter.updates.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn remove_fires_on_remove() {
    let (store, counter) = store(StorageConfig::default());
    put(&*store, "k", "v").await;
    assert_eq!(store.remove("k", CallerProvenance::Client).await.expect("remove"), Some(value("v")));
    assert_eq!(counter.removes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn expiry_is_ttl_when_the_time_to_live_is_exceeded() {
    let (store, _) = store(StorageConfig { default_ttl_millis: 1_000, ..StorageConfig::default() });
    put(&*store, "k", "v").await;
    assert_eq!(store.has_expired("k", created(&*store, "k") + 1_001, false), ExpiryReason::Ttl);
}

#[tokio::test]
async fn expiry_is_max_idle_when_the_idle_time_is_exceeded() {
    let (store, _) = store(StorageConfig { default_max_idle_millis: 1_000, ..StorageConfig::default() });
    put(&*store, "k", "v").await;
    assert_eq!(store.has_expired("k", created(&*store, "k") + 1_001, false), ExpiryReason::MaxIdle);
}

#[tokio::test]
async fn a_fresh_record_is_not_expired() {
    let config =
        StorageConfig { default_ttl_millis: 1_000, default_max_idle_millis: 1_000, max_entry_count: 0 };
    let (store, _) = store(config);
    put(&*store, "k", "v").await;
    assert_eq!(store.has_expired("k", created(&*store, "k") + 1_000, false), ExpiryReason::NotExpired);
}

#[tokio::test]
async fn size_and_owned_entry_cost_reflect_what_is_stored() {
    let (store, _) = store(StorageConfig::default());
    assert_eq!((store.size(), store.owned_entry_cost(), store.is_empty()), (0, 0, true));
    put(&*store, "a", "one").await;
    let one = store.owned_entry_cost();
    put(&*store, "b", "one").await;
    assert_eq!((store.size(), store.owned_entry_cost()), (2, 2 * one));
    store.remove("a", CallerProvenance::Client).await.expect("remove");
    assert_eq!((store.size(), store.owned_entry_cost()), (1, one));
}

#[tokio::test]
async fn clear_fires_on_clear_and_empties_the_store() {
    let (store, counter) = store(StorageConfig::default());
    put(&*store, "a", "1").await;
    put(&*store, "b", "2").await;
    assert_eq!((store.clear(false), store.size()), (2, 0));
    assert_eq!(counter.clears.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn get_with_touch_updates_access_statistics() {
    let (store, _) = store(StorageConfig::default());
    put(&*store, "k", "v").await;
    let before = store.storage().get("k").expect("resident").metadata;
    store.get("k", true).await.expect("get");
    let after = store.storage().get("k").expect("resident").metadata;
    assert_eq!(after.hits, before.hits + 1);
    assert!(after.last_access_time >= before.last_access_time);
}

#[tokio::test]
async fn the_factory_creates_stores_that_work() {
    let factory = RecordStoreFactory::new(StorageConfig::default(), Arc::new(NullDataStore), Vec::new());
    let store: Box<dyn RecordStore> = factory.create("map", 7);
    assert_eq!((store.name(), store.partition_id()), ("map", 7));
    put(&*store, "k", "v").await;
    assert_eq!(store.get("k", true).await.expect("get").expect("there").value, value("v"));
}

#[test]
fn storage_config_defaults_to_zero() {
    let config = StorageConfig::default();
    assert_eq!(
        (config.default_ttl_millis, config.default_max_idle_millis, config.max_entry_count),
        (0, 0, 0)
    );
}

#[test]
fn the_default_record_store_is_object_safe() {
    fn boxed(store: DefaultRecordStore) -> Box<dyn RecordStore> {
        Box::new(store)
    }
    assert!(boxed(DefaultRecordStore::builder("map", 0).build()).is_empty());
}
