//! The store as layer 2: the fixed interface over its operations.

use async_trait::async_trait;

use super::DefaultRecordStore;
use crate::{
    CallerProvenance, ExpiryPolicy, ExpiryReason, FetchResult, IterationCursor, MapDataStore, Record,
    RecordStore, RecordValue, StorageEngine,
};

#[async_trait]
impl RecordStore for DefaultRecordStore {
    fn name(&self) -> &str {
        &self.inner.name
    }

    fn partition_id(&self) -> u32 {
        self.inner.partition_id
    }

    async fn get(&self, key: &str, touch: bool) -> anyhow::Result<Option<Record>> {
        self.inner.get(key, touch).await
    }

    fn exists_in_memory(&self, key: &str) -> bool {
        if let Some(found) = self.unguarded(|engine| engine.contains_key(key)) {
            return found;
        }
        self.live_resident(key, self.inner.now()).is_some()
    }

    async fn put(
        &self,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
    ) -> anyhow::Result<Option<RecordValue>> {
        self.inner.put(key, value, expiry, provenance, true).await
    }

    async fn remove(&self, key: &str, provenance: CallerProvenance) -> anyhow::Result<Option<RecordValue>> {
        self.inner.remove(key, provenance, false).await
    }

    async fn put_backup(
        &self,
        key: &str,
        record: Record,
        provenance: CallerProvenance,
    ) -> anyhow::Result<()> {
        self.inner.put_backup(key, record, provenance).await
    }

    async fn remove_backup(&self, key: &str, provenance: CallerProvenance) -> anyhow::Result<()> {
        self.inner.remove(key, provenance, true).await.map(drop)
    }

    async fn get_all(&self, keys: &[String]) -> anyhow::Result<Vec<(String, Record)>> {
        self.inner.get_all(keys).await
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        if let Some(page) = self.unguarded(|engine| engine.fetch_keys(cursor, size)) {
            return page;
        }
        let page = self.fetch_entries(cursor, size);
        FetchResult {
            items: page.items.into_iter().map(|(key, _)| key).collect(),
            next_cursor: page.next_cursor,
        }
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        if let Some(page) = self.unguarded(|engine| engine.fetch_entries(cursor, size)) {
            return page;
        }
        let (page, now) = (self.inner.engine.fetch_keys(cursor, size), self.inner.now());
        let live = |key: String| self.live_resident(&key, now).map(|record| (key, record));
        FetchResult {
            items: page.items.into_iter().filter_map(live).collect(),
            next_cursor: page.next_cursor,
        }
    }

    fn for_each_boxed(&self, consumer: &mut dyn FnMut(&str, &Record), _is_backup: bool) {
        let mut cursor = IterationCursor::start();
        while !cursor.finished {
            let page = self.fetch_entries(&cursor, 256);
            page.items.iter().for_each(|(key, record)| consumer(key, record));
            cursor = page.next_cursor;
        }
    }

    fn size(&self) -> usize {
        self.inner.engine.len()
    }

    fn is_empty(&self) -> bool {
        self.inner.engine.is_empty()
    }

    fn owned_entry_cost(&self) -> u64 {
        self.inner.engine.estimated_cost()
    }

    fn has_expired(&self, key: &str, now: i64, _is_backup: bool) -> ExpiryReason {
        self.inner.has_expired(key, now)
    }

    fn evict_expired(&self, percentage: u32, now: i64, is_backup: bool) {
        self.inner.evict_expired(percentage, now, is_backup);
    }

    fn is_expirable(&self) -> bool {
        !self.inner.reads_unguarded()
    }

    fn evict(&self, key: &str, is_backup: bool) -> Option<RecordValue> {
        self.inner.evict(key, is_backup)
    }

    fn evict_all(&self, is_backup: bool) -> u32 {
        self.inner.evict_all(is_backup)
    }

    fn should_evict(&self) -> bool {
        let bound = self.inner.settings.max_entry_count();
        bound > 0 && self.inner.engine.len() as u64 >= bound
    }

    fn init(&mut self) {}

    fn clear(&self, _is_backup: bool) -> u32 {
        self.inner.clear()
    }

    fn reset(&self) {
        self.inner.reset();
    }

    fn destroy(&self) {
        self.inner.destroy(false);
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.inner.soft_flush().await
    }

    fn storage(&self) -> &dyn StorageEngine {
        &*self.inner.engine
    }

    fn map_data_store(&self) -> &dyn MapDataStore {
        &*self.inner.data_store
    }
}
