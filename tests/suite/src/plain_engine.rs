//! An engine with nothing beyond the fixed interface, to show that nothing more is needed.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use trilayer_core::{FetchResult, IterationCursor, Record, StorageEngine};

/// Records in an ordered map behind one lock.
#[derive(Debug, Default)]
pub struct PlainEngine(Mutex<BTreeMap<String, Record>>);

impl PlainEngine {
    fn page(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        let after = String::from_utf8(cursor.state.clone()).unwrap_or_default();
        let records = self.0.lock();
        let rest = records.iter().filter(|(key, _)| cursor.state.is_empty() || **key > after);
        let items: Vec<_> = rest.take(size).map(|(key, record)| (key.clone(), record.clone())).collect();
        let finished = items.len() < size;
        let state = items.last().map_or_else(Vec::new, |(key, _)| key.clone().into_bytes());
        FetchResult { items, next_cursor: IterationCursor { state, finished } }
    }
}

impl StorageEngine for PlainEngine {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        self.0.lock().insert(key.to_owned(), record)
    }

    fn get(&self, key: &str) -> Option<Record> {
        self.0.lock().get(key).cloned()
    }

    fn remove(&self, key: &str) -> Option<Record> {
        self.0.lock().remove(key)
    }

    fn contains_key(&self, key: &str) -> bool {
        self.0.lock().contains_key(key)
    }

    fn len(&self) -> usize {
        self.0.lock().len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn clear(&self) {
        self.0.lock().clear();
    }

    fn destroy(&self) {
        self.clear();
    }

    fn estimated_cost(&self) -> u64 {
        self.0.lock().values().map(|record| record.metadata.cost).sum()
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        let page = self.page(cursor, size);
        FetchResult {
            items: page.items.into_iter().map(|(key, _)| key).collect(),
            next_cursor: page.next_cursor,
        }
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.page(cursor, size)
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.0.lock().iter().map(|(key, record)| (key.clone(), record.clone())).collect()
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        let mut all = self.snapshot_iter();
        fastrand::shuffle(&mut all);
        all.truncate(count);
        all
    }
}
