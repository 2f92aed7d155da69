//! An engine with nothing beyond the fixed interface, to show that nothing more is needed.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use trilayer_core::{FetchResult, IterationCursor, Record, StorageEngine};

/// Records in an ordered map behind one lock.
#[derive(Debug, Default)]
pub struct PlainEngine(Mutex<BTreeMap<String, Record>>);

trilayer_testkit::engine_laws!(laws, || Box::new(PlainEngine::default()), [ordered]);

/// A cursor is this, which no text is, and the last key seen.
const MARK: &[u8] = b"plain\xff";

impl PlainEngine {
    fn page(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        let Some(after) = place(cursor) else { return FetchResult::end() };
        let records = self.0.lock();
        let rest = records.iter().filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
        let items: Vec<_> = rest.take(size).map(|(key, record)| (key.clone(), record.clone())).collect();
        let state = match items.last() {
            Some((key, _)) => [MARK, key.as_bytes()].concat(),
            None => cursor.state.clone(),
        };
        let finished = items.len() < size;
        FetchResult { items, next_cursor: IterationCursor { state, finished } }
    }
}

/// The key a cursor stands after; outside `None` if it is finished or not ours.
fn place(cursor: &IterationCursor) -> Option<Option<&str>> {
    match cursor.state.as_slice() {
        _ if cursor.finished => None,
        [] => Some(None),
        state => std::str::from_utf8(state.strip_prefix(MARK)?).ok().map(Some),
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
