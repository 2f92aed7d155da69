use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier};

use trilayer_core::{
    CallerProvenance, Clock, ExpiryPolicy, NullDataStore, RecordValue, StoreError, SystemClock, Timestamp,
};
use trilayer_registry::{Config, FactoryError, RecordStoreFactory, StorageConfig, partition_of};

use crate::support::{self, Made};

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

fn value(text: &str) -> RecordValue {
    RecordValue::Lww { value: text.into(), timestamp: Timestamp::default() }
}

async fn configured(text: &str, made: &Arc<Made>) -> Result<RecordStoreFactory, FactoryError> {
    let config = Config::from_toml(text).unwrap();
    RecordStoreFactory::from_config(support::registry(made), &config, clock()).await
}

#[tokio::test]
async fn the_seeds_factory_makes_a_store_that_puts_and_gets() {
    let factory = RecordStoreFactory::new(StorageConfig::default(), Arc::new(NullDataStore), Vec::new());
    let store = factory.create("users", 7);
    assert_eq!((store.name(), store.partition_id()), ("users", 7));
    store.put("a", value("x"), ExpiryPolicy::NONE, CallerProvenance::Client).await.unwrap();
    assert_eq!(store.get("a", true).await.unwrap().unwrap().value, value("x"));
}

#[tokio::test]
async fn create_makes_a_new_store_at_every_call() {
    let factory = RecordStoreFactory::new(StorageConfig::default(), Arc::new(NullDataStore), Vec::new());
    let (first, second) = (factory.create("users", 0), factory.create("users", 0));
    first.put("a", value("x"), ExpiryPolicy::NONE, CallerProvenance::Client).await.unwrap();
    assert!(second.get("a", true).await.unwrap().is_none());
}

#[tokio::test]
async fn callers_that_race_for_a_partition_get_one_store() {
    let made = Arc::new(Made::default());
    let factory = configured("[maps.a]\nengine = \"counted\"", &made).await.unwrap();
    let tried = made.engines.load(Ordering::SeqCst);
    let barrier = Barrier::new(8);
    let stores: Vec<_> = std::thread::scope(|scope| {
        let race = || {
            barrier.wait();
            factory.get_or_create("a", 3).unwrap()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(stores.iter().all(|store| Arc::ptr_eq(store, &stores[0])));
    assert_eq!(made.engines.load(Ordering::SeqCst), tried + 1, "one engine for one store");
    assert!(!Arc::ptr_eq(&stores[0], &factory.get_or_create("a", 4).unwrap()));
}

#[tokio::test]
async fn a_data_store_shared_by_two_maps_is_opened_once() {
    let made = Arc::new(Made::default());
    let text = "[data_stores]\nmain = \"memory\"\nidle = \"memory\"\n\
                [maps.a]\ndata_store = \"main\"\n[maps.b]\ndata_store = \"main\"";
    configured(text, &made).await.unwrap();
    assert_eq!(made.data_stores.load(Ordering::SeqCst), 1, "and one that no map uses is not opened");
}

#[tokio::test]
async fn a_component_named_directly_is_opened_for_each_entry() {
    let made = Arc::new(Made::default());
    let text = "[maps.a]\ndata_store = \"memory\"\n[maps.b]\ndata_store = { use = \"memory\" }";
    configured(text, &made).await.unwrap();
    assert_eq!(made.data_stores.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn observers_are_made_once_per_map_whatever_its_partitions() {
    let made = Arc::new(Made::default());
    let text = "[maps.a]\nobservers = [\"count\"]\n[maps.\"s-*\"]\nobservers = [\"count\"]";
    let factory = configured(text, &made).await.unwrap();
    let observers = || made.observers.load(Ordering::SeqCst);
    assert_eq!(observers(), 1, "of the exact map only");
    for partition in 0..3 {
        factory.get_or_create("a", partition).unwrap();
        factory.get_or_create("s-1", partition).unwrap();
    }
    assert_eq!(observers(), 2);
    factory.get_or_create("s-2", 0).unwrap();
    assert_eq!(observers(), 3);
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_when_opening() {
    let made = Arc::new(Made::default());
    let refusal =
        configured("[maps.a]\nengine = \"broken\"\ndata_store = \"memory\"", &made).await.unwrap_err();
    assert_eq!(refusal.to_string(), "cannot make maps.a.engine");
    assert_eq!(made.data_stores.load(Ordering::SeqCst), 0, "nothing was opened in vain");

    let refusal = configured("[maps.a]\nobservers = [{ use = \"count\", x = 1 }]", &made).await.unwrap_err();
    assert!(
        format!("{:#}", anyhow::Error::from(refusal))
            .contains(r#"maps.a.observers[0].x: observer "count" has no option "x""#)
    );

    let refusal = configured("[maps.a]\nengine = \"hashmpa\"", &made).await.unwrap_err();
    assert!(refusal.to_string().contains("did you mean \"hashmap\"?"), "{refusal}");
}

#[tokio::test]
async fn an_unknown_map_or_partition_gives_a_store_that_says_so() {
    let factory = configured("[maps.users]\npartitions = 2", &Arc::new(Made::default())).await.unwrap();
    let refusal = factory.try_create("user", 0).unwrap_err().to_string();
    assert_eq!(refusal, r#"no map "user" is configured; configured: "users"; did you mean "users"?"#);
    let refused = factory.create("user", 0).get("a", false).await.unwrap_err();
    let closed = refused.downcast_ref::<StoreError>().unwrap();
    assert!(matches!(closed, StoreError::Closed { reason, .. } if *reason == refusal), "{closed}");
    let refusal = factory.get_or_create("users", 2).unwrap_err().to_string();
    assert_eq!(refusal, r#"map "users" has no partition 2: its 2 count from 0"#);
}

/// Computed with the reference implementation of XXH3.
#[test]
fn keys_stay_on_the_partitions_they_were_always_on() {
    for (key, of_271, of_16, of_65_536) in GOLDEN {
        assert_eq!(partition_of(key, 271), of_271, "{key}");
        assert_eq!(partition_of(key, 16), of_16, "{key}");
        assert_eq!(partition_of(key, 65_536), of_65_536, "{key}");
    }
    assert_eq!(partition_of("ada", 1), 0);
}

const GOLDEN: [(&str, u32, u32, u32); 5] = [
    ("", 209, 2, 38082),
    ("ada", 228, 15, 32815),
    ("user-1", 3, 9, 58825),
    ("é", 203, 3, 3251),
    ("012345678901234567890123456789", 140, 8, 32856),
];
