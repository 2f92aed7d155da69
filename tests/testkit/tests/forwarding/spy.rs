//! A plugin of every kind that notes which of its methods are called.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use trilayer_core::{
    AtomicUpdate, CallerProvenance, ExpiryPolicy, ExpiryReason, FetchResult, HashMapStorage, IterationCursor,
    MapDataStore, MutationObserver, NullDataStore, Record, RecordStore, RecordValue, ScanPage, ScanRequest,
    StorageEngine, StoredValue, Value,
};

#[derive(Default)]
pub(crate) struct Spy {
    called: Mutex<BTreeSet<String>>,
    engine: HashMapStorage,
}

impl Spy {
    pub(crate) fn called(&self) -> BTreeSet<String> {
        self.called.lock().clone()
    }

    fn note(&self, method: &str) {
        self.called.lock().insert(method.to_owned());
    }
}

/// A spy that is asked afterwards, though a `Box` owns what is called.
pub(crate) struct Shared(pub(crate) Arc<Spy>);

impl StorageEngine for Spy {
    fn put(&self, _: &str, _: Record) -> Option<Record> {
        self.note("put");
        None
    }

    fn get(&self, _: &str) -> Option<Record> {
        self.note("get");
        None
    }

    fn remove(&self, _: &str) -> Option<Record> {
        self.note("remove");
        None
    }

    fn contains_key(&self, _: &str) -> bool {
        self.note("contains_key");
        false
    }

    fn len(&self) -> usize {
        self.note("len");
        0
    }

    fn is_empty(&self) -> bool {
        self.note("is_empty");
        true
    }

    fn clear(&self) {
        self.note("clear");
    }

    fn destroy(&self) {
        self.note("destroy");
    }

    fn estimated_cost(&self) -> u64 {
        self.note("estimated_cost");
        0
    }

    fn fetch_keys(&self, _: &IterationCursor, _: usize) -> FetchResult<String> {
        self.note("fetch_keys");
        FetchResult::end()
    }

    fn fetch_entries(&self, _: &IterationCursor, _: usize) -> FetchResult<(String, Record)> {
        self.note("fetch_entries");
        FetchResult::end()
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.note("snapshot_iter");
        Vec::new()
    }

    fn random_samples(&self, _: usize) -> Vec<(String, Record)> {
        self.note("random_samples");
        Vec::new()
    }

    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        self.note("atomic_update");
        None
    }
}

#[async_trait]
impl MapDataStore for Spy {
    async fn add(&self, _: &str, _: &str, _: &RecordValue, _: i64, _: i64) -> anyhow::Result<()> {
        self.note("add");
        Ok(())
    }

    async fn add_backup(&self, _: &str, _: &str, _: &RecordValue, _: i64, _: i64) -> anyhow::Result<()> {
        self.note("add_backup");
        Ok(())
    }

    async fn remove(&self, _: &str, _: &str, _: i64) -> anyhow::Result<()> {
        self.note("remove");
        Ok(())
    }

    async fn remove_backup(&self, _: &str, _: &str, _: i64) -> anyhow::Result<()> {
        self.note("remove_backup");
        Ok(())
    }

    async fn load(&self, _: &str, _: &str) -> anyhow::Result<Option<RecordValue>> {
        self.note("load");
        Ok(None)
    }

    async fn load_all(&self, _: &str, _: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        self.note("load_all");
        Ok(Vec::new())
    }

    async fn remove_all(&self, _: &str, _: &[String]) -> anyhow::Result<()> {
        self.note("remove_all");
        Ok(())
    }

    fn is_loadable(&self, _: &str) -> bool {
        self.note("is_loadable");
        true
    }

    fn pending_operation_count(&self) -> u64 {
        self.note("pending_operation_count");
        0
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.note("soft_flush");
        Ok(0)
    }

    async fn health(&self) -> anyhow::Result<()> {
        self.note("health");
        Ok(())
    }

    async fn close(&self) -> anyhow::Result<()> {
        self.note("close");
        Ok(())
    }

    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.note("hard_flush");
        Ok(())
    }

    async fn flush_key(&self, _: &str, _: &str, _: &RecordValue, _: bool) -> anyhow::Result<()> {
        self.note("flush_key");
        Ok(())
    }

    fn reset(&self) {
        self.note("reset");
    }

    fn is_null(&self) -> bool {
        self.note("is_null");
        true
    }

    fn keeps_deadlines(&self) -> bool {
        self.note("keeps_deadlines");
        true
    }

    async fn load_stored(&self, _: &str, _: &str) -> anyhow::Result<Option<StoredValue>> {
        self.note("load_stored");
        Ok(None)
    }

    async fn load_all_stored(&self, _: &str, _: &[String]) -> anyhow::Result<Vec<(String, StoredValue)>> {
        self.note("load_all_stored");
        Ok(Vec::new())
    }

    async fn flush_stored(&self, _: &str, _: &str, _: &StoredValue, _: bool) -> anyhow::Result<()> {
        self.note("flush_stored");
        Ok(())
    }

    fn is_scannable(&self) -> bool {
        self.note("is_scannable");
        true
    }

    async fn scan(&self, _: &str, _: &ScanRequest) -> anyhow::Result<ScanPage> {
        self.note("scan");
        Ok(ScanPage::default())
    }
}

impl MutationObserver for Spy {
    fn on_put(&self, _: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        self.note("on_put");
    }

    fn on_update(&self, _: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        self.note("on_update");
    }

    fn on_remove(&self, _: &str, _: &Record, _: bool) {
        self.note("on_remove");
    }

    fn on_evict(&self, _: &str, _: &Record, _: bool) {
        self.note("on_evict");
    }

    fn on_load(&self, _: &str, _: &Record, _: bool) {
        self.note("on_load");
    }

    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {
        self.note("on_replication_put");
    }

    fn on_clear(&self) {
        self.note("on_clear");
    }

    fn on_reset(&self) {
        self.note("on_reset");
    }

    fn on_destroy(&self, _: bool) {
        self.note("on_destroy");
    }

    fn on_expire(&self, _: &str, _: &Record, _: bool) {
        self.note("on_expire");
    }

    fn report(&self) -> Value {
        self.note("report");
        Value::Null
    }
}

#[async_trait]
impl RecordStore for Shared {
    fn name(&self) -> &str {
        self.0.note("name");
        "spy"
    }

    fn partition_id(&self) -> u32 {
        self.0.note("partition_id");
        0
    }

    async fn get(&self, _: &str, _: bool) -> anyhow::Result<Option<Record>> {
        self.0.note("get");
        Ok(None)
    }

    fn exists_in_memory(&self, _: &str) -> bool {
        self.0.note("exists_in_memory");
        false
    }

    async fn put(
        &self,
        _: &str,
        _: RecordValue,
        _: ExpiryPolicy,
        _: CallerProvenance,
    ) -> anyhow::Result<Option<RecordValue>> {
        self.0.note("put");
        Ok(None)
    }

    async fn remove(&self, _: &str, _: CallerProvenance) -> anyhow::Result<Option<RecordValue>> {
        self.0.note("remove");
        Ok(None)
    }

    async fn put_backup(&self, _: &str, _: Record, _: CallerProvenance) -> anyhow::Result<()> {
        self.0.note("put_backup");
        Ok(())
    }

    async fn remove_backup(&self, _: &str, _: CallerProvenance) -> anyhow::Result<()> {
        self.0.note("remove_backup");
        Ok(())
    }

    async fn get_all(&self, _: &[String]) -> anyhow::Result<Vec<(String, Record)>> {
        self.0.note("get_all");
        Ok(Vec::new())
    }

    fn fetch_keys(&self, _: &IterationCursor, _: usize) -> FetchResult<String> {
        self.0.note("fetch_keys");
        FetchResult::end()
    }

    fn fetch_entries(&self, _: &IterationCursor, _: usize) -> FetchResult<(String, Record)> {
        self.0.note("fetch_entries");
        FetchResult::end()
    }

    fn for_each_boxed(&self, _: &mut dyn FnMut(&str, &Record), _: bool) {
        self.0.note("for_each_boxed");
    }

    fn size(&self) -> usize {
        self.0.note("size");
        0
    }

    fn is_empty(&self) -> bool {
        self.0.note("is_empty");
        true
    }

    fn owned_entry_cost(&self) -> u64 {
        self.0.note("owned_entry_cost");
        0
    }

    fn has_expired(&self, _: &str, _: i64, _: bool) -> ExpiryReason {
        self.0.note("has_expired");
        ExpiryReason::NotExpired
    }

    fn evict_expired(&self, _: u32, _: i64, _: bool) {
        self.0.note("evict_expired");
    }

    fn is_expirable(&self) -> bool {
        self.0.note("is_expirable");
        false
    }

    fn evict(&self, _: &str, _: bool) -> Option<RecordValue> {
        self.0.note("evict");
        None
    }

    fn evict_all(&self, _: bool) -> u32 {
        self.0.note("evict_all");
        0
    }

    fn should_evict(&self) -> bool {
        self.0.note("should_evict");
        false
    }

    fn init(&mut self) {
        self.0.note("init");
    }

    fn clear(&self, _: bool) -> u32 {
        self.0.note("clear");
        0
    }

    fn reset(&self) {
        self.0.note("reset");
    }

    fn destroy(&self) {
        self.0.note("destroy");
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.0.note("soft_flush");
        Ok(0)
    }

    fn storage(&self) -> &dyn StorageEngine {
        self.0.note("storage");
        &self.0.engine
    }

    fn map_data_store(&self) -> &dyn MapDataStore {
        self.0.note("map_data_store");
        &NullDataStore
    }
}
