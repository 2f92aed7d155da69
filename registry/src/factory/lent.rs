//! An instance as a decorator sees it.

use std::sync::Arc;

use async_trait::async_trait;
use trilayer_core::{MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue};

/// An instance that others use too: its close is for the one who opened it.
pub(super) struct Lent(pub(super) Arc<dyn MapDataStore>);

type Found = anyhow::Result<Option<RecordValue>>;

#[async_trait]
impl MapDataStore for Lent {
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        until: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        self.0.add(map, key, value, until, now).await
    }
    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        until: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        self.0.add_backup(map, key, value, until, now).await
    }
    async fn remove(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.0.remove(map, key, now).await
    }
    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.0.remove_backup(map, key, now).await
    }
    async fn load(&self, map: &str, key: &str) -> Found {
        self.0.load(map, key).await
    }
    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        self.0.load_all(map, keys).await
    }
    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        self.0.remove_all(map, keys).await
    }
    fn is_loadable(&self, key: &str) -> bool {
        self.0.is_loadable(key)
    }
    fn pending_operation_count(&self) -> u64 {
        self.0.pending_operation_count()
    }
    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.0.soft_flush().await
    }
    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.0.hard_flush().await
    }
    async fn flush_key(&self, map: &str, key: &str, value: &RecordValue, backup: bool) -> anyhow::Result<()> {
        self.0.flush_key(map, key, value, backup).await
    }
    fn reset(&self) {
        self.0.reset();
    }
    fn is_null(&self) -> bool {
        self.0.is_null()
    }
    fn keeps_deadlines(&self) -> bool {
        self.0.keeps_deadlines()
    }
    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        self.0.load_stored(map, key).await
    }
    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        self.0.load_all_stored(map, keys).await
    }
    async fn flush_stored(
        &self,
        map: &str,
        key: &str,
        stored: &StoredValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        self.0.flush_stored(map, key, stored, is_backup).await
    }
    async fn health(&self) -> anyhow::Result<()> {
        self.0.health().await
    }
    /// Leaves it open.
    async fn close(&self) -> anyhow::Result<()> {
        Ok(())
    }
    fn is_scannable(&self) -> bool {
        self.0.is_scannable()
    }
    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        self.0.scan(map, request).await
    }
}
