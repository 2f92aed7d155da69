//! An engine that lets a test do something at the exact point where another caller could.

use std::sync::{Arc, Mutex};

use trilayer_core::{
    DefaultRecordStore, FetchResult, HashMapStorage, IterationCursor, Record, StorageEngine,
};
use trilayer_testkit::ManualClock;

use crate::rig::START;

type Step = Box<dyn FnOnce() + Send>;

/// Runs once, the next time the engine comes by.
#[derive(Clone, Default)]
pub(crate) struct Hook(Arc<Mutex<Option<Step>>>);

impl Hook {
    pub(crate) fn set(&self, step: impl FnOnce() + Send + 'static) {
        *self.0.lock().expect("no panic") = Some(Box::new(step));
    }

    fn fire(&self) {
        let step = self.0.lock().expect("no panic").take();
        step.into_iter().for_each(|step| step());
    }
}

/// A store over such an engine, without a data store.
pub(crate) struct Hooked {
    pub(crate) store: Arc<DefaultRecordStore>,
    pub(crate) before_get: Hook,
    pub(crate) after_page: Hook,
    pub(crate) after_put: Hook,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) fn hooked() -> Hooked {
    let (before_get, after_page, after_put) = <(Hook, Hook, Hook)>::default();
    let clock = ManualClock::at(START);
    let engine = HookedEngine {
        inner: HashMapStorage::new(),
        before_get: before_get.clone(),
        after_page: after_page.clone(),
        after_put: after_put.clone(),
    };
    let builder = DefaultRecordStore::builder("map", 0).engine(Box::new(engine));
    let store = Arc::new(builder.clock(Arc::clone(&clock) as _).build());
    Hooked { store, before_get, after_page, after_put, clock }
}

struct HookedEngine {
    inner: HashMapStorage,
    before_get: Hook,
    after_page: Hook,
    after_put: Hook,
}

impl StorageEngine for HookedEngine {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        let old = self.inner.put(key, record);
        self.after_put.fire();
        old
    }

    fn get(&self, key: &str) -> Option<Record> {
        self.before_get.fire();
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
        let page = self.inner.fetch_keys(cursor, size);
        self.after_page.fire();
        page
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        let page = self.inner.fetch_entries(cursor, size);
        self.after_page.fire();
        page
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.inner.snapshot_iter()
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        self.inner.random_samples(count)
    }
}
