//! An engine with nothing beyond the fixed interface.

use trilayer_core::{FetchResult, HashMapStorage, IterationCursor, Record, StorageEngine};

/// The default engine, less what it can do beyond what every engine must.
pub(super) struct PlainEngine(HashMapStorage);

impl PlainEngine {
    pub(super) fn new() -> Self {
        Self(HashMapStorage::with_shards(1))
    }
}

impl StorageEngine for PlainEngine {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        self.0.put(key, record)
    }

    fn get(&self, key: &str) -> Option<Record> {
        self.0.get(key)
    }

    fn remove(&self, key: &str) -> Option<Record> {
        self.0.remove(key)
    }

    fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn destroy(&self) {
        self.0.destroy();
    }

    fn estimated_cost(&self) -> u64 {
        self.0.estimated_cost()
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        self.0.fetch_keys(cursor, size)
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.0.fetch_entries(cursor, size)
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.0.snapshot_iter()
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        self.0.random_samples(count)
    }
}
