//! Components made for the tests, counted as they are made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use trilayer_core::{
    Clock, Context, Descriptor, HashMapStorage, MapDataStore, MutationObserver, NoOptions, Origin, Record,
    RecordValue, ScanPage, ScanRequest, StoredValue, Value,
};
use trilayer_registry::Registry;

/// How often constructors ran, and what they made.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) data_stores: AtomicUsize,
    pub(crate) engines: AtomicUsize,
    pub(crate) observers: AtomicUsize,
    pub(crate) memory: Arc<Memory>,
}

/// Builtins and: data stores `memory` (scans) and `blind` (does not), engines `counted` and
/// `broken`, observer `count`.
pub(crate) fn registry(made: &Arc<Made>) -> Registry {
    let mut registry = Registry::with_builtin();
    let components = vec![
        data_store("memory", made),
        data_store("blind", made),
        counted(made),
        Descriptor::engine("broken", "Never made", |_: &Context, _: NoOptions| anyhow::bail!("no disk")),
        count(made),
    ];
    let program = |descriptor| (descriptor, Origin::Program("the tests".to_owned()));
    registry.register_all(components.into_iter().map(program).collect()).unwrap();
    registry
}

fn data_store(name: &'static str, made: &Arc<Made>) -> Descriptor {
    let made = Arc::clone(made);
    Descriptor::data_store(name, "Memory that outlives the maps", move |_: Context, _: NoOptions| {
        made.data_stores.fetch_add(1, Ordering::SeqCst);
        made.memory.scans.store(name == "memory", Ordering::SeqCst);
        let memory = Arc::clone(&made.memory);
        async move { Ok(memory as Arc<dyn MapDataStore>) }
    })
}

fn counted(made: &Arc<Made>) -> Descriptor {
    let made = Arc::clone(made);
    Descriptor::engine("counted", "Counts", move |_: &Context, _: NoOptions| {
        made.engines.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(HashMapStorage::new()))
    })
}

fn count(made: &Arc<Made>) -> Descriptor {
    let made = Arc::clone(made);
    Descriptor::observer("count", "Counts events", move |_: &Context, _: NoOptions| {
        made.observers.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Count::default()) as _)
    })
}

#[derive(Default)]
struct Count(AtomicI64);

impl MutationObserver for Count {
    fn on_put(&self, _: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
    fn on_update(&self, _: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {}
    fn on_remove(&self, _: &str, _: &Record, _: bool) {}
    fn on_evict(&self, _: &str, _: &Record, _: bool) {}
    fn on_load(&self, _: &str, _: &Record, _: bool) {}
    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {}
    fn on_clear(&self) {}
    fn on_reset(&self) {}
    fn on_destroy(&self, _: bool) {}
    fn report(&self) -> Value {
        Value::from(self.0.load(Ordering::SeqCst))
    }
}

/// A data store in memory that keeps deadlines.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) kept: Mutex<BTreeMap<(String, String), StoredValue>>,
    pub(crate) flushes: AtomicUsize,
    pub(crate) fails: AtomicBool,
    /// Whether an `add` never answers.
    pub(crate) hangs: AtomicBool,
    scans: AtomicBool,
}

impl Memory {
    pub(crate) fn keys(&self) -> Vec<String> {
        self.kept.lock().unwrap().keys().map(|(_, key)| key.clone()).collect()
    }

    pub(crate) fn keep(&self, map: &str, key: &str, value: &RecordValue, expiration_time: i64) {
        let stored = StoredValue { value: value.clone(), expiration_time };
        self.kept.lock().unwrap().insert((map.to_owned(), key.to_owned()), stored);
    }

    fn take(&self, map: &str, key: &str) {
        self.kept.lock().unwrap().remove(&(map.to_owned(), key.to_owned()));
    }

    fn find(&self, map: &str, key: &str) -> Option<StoredValue> {
        self.kept.lock().unwrap().get(&(map.to_owned(), key.to_owned())).cloned()
    }

    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.fails.load(Ordering::SeqCst), "the disk is full");
        Ok(())
    }
}

#[async_trait]
impl MapDataStore for Memory {
    async fn add(&self, map: &str, key: &str, v: &RecordValue, expires: i64, _: i64) -> anyhow::Result<()> {
        self.check()?;
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.keep(map, key, v, expires);
        Ok(())
    }
    async fn add_backup(&self, map: &str, key: &str, v: &RecordValue, e: i64, n: i64) -> anyhow::Result<()> {
        self.add(map, key, v, e, n).await
    }
    async fn remove(&self, map: &str, key: &str, _: i64) -> anyhow::Result<()> {
        self.take(map, key);
        Ok(())
    }
    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.remove(map, key, now).await
    }
    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        self.check()?;
        Ok(self.find(map, key).map(|stored| stored.value))
    }
    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        let stored = self.load_all_stored(map, keys).await?;
        Ok(stored.into_iter().map(|(key, stored)| (key, stored.value)).collect())
    }
    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        keys.iter().for_each(|key| self.take(map, key));
        Ok(())
    }
    fn is_loadable(&self, _: &str) -> bool {
        true
    }
    fn pending_operation_count(&self) -> u64 {
        0
    }
    async fn soft_flush(&self) -> anyhow::Result<u64> {
        Ok(0)
    }
    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        self.check()
    }
    async fn flush_key(&self, map: &str, key: &str, value: &RecordValue, _: bool) -> anyhow::Result<()> {
        self.add(map, key, value, 0, 0).await
    }
    fn reset(&self) {}
    fn keeps_deadlines(&self) -> bool {
        true
    }
    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        self.check()?;
        Ok(self.find(map, key))
    }
    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        self.check()?;
        let find = |key: &String| self.find(map, key).map(|stored| (key.clone(), stored));
        Ok(keys.iter().filter_map(find).collect())
    }
    async fn flush_stored(&self, map: &str, key: &str, stored: &StoredValue, _: bool) -> anyhow::Result<()> {
        self.add(map, key, &stored.value, stored.expiration_time, 0).await
    }
    fn is_scannable(&self) -> bool {
        self.scans.load(Ordering::SeqCst)
    }
    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        self.check()?;
        let kept = self.kept.lock().unwrap();
        let wanted = kept.iter().filter(|((of, key), _)| {
            of == map
                && key.starts_with(&request.prefix)
                && request.after.as_ref().is_none_or(|after| key > after)
        });
        let mut items: Vec<_> =
            wanted.take(request.limit + 1).map(|((_, key), stored)| (key.clone(), stored.clone())).collect();
        let more = items.len() > request.limit;
        items.truncate(request.limit);
        Ok(ScanPage { items, more })
    }
}

/// A clock that stands still until it is moved.
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn at(now: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now)))
    }

    pub(crate) fn forward(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
