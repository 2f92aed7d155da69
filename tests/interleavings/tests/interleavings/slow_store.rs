//! A data store that lets others go on before and after each call takes effect.

use std::sync::Arc;

use async_trait::async_trait;
use trilayer_core::{MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue};
use trilayer_testkit::ScriptedDataStore;

use crate::scene::linger;

pub(crate) struct SlowStore(pub(crate) Arc<ScriptedDataStore>);

async fn slowly<T>(call: impl Future<Output = T>) -> T {
    linger(2).await;
    let outcome = call.await;
    linger(2).await;
    outcome
}

#[async_trait]
impl MapDataStore for SlowStore {
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiry: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        slowly(self.0.add(map, key, value, expiry, now)).await
    }

    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiry: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        slowly(self.0.add_backup(map, key, value, expiry, now)).await
    }

    async fn remove(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        slowly(self.0.remove(map, key, now)).await
    }

    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        slowly(self.0.remove_backup(map, key, now)).await
    }

    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        slowly(self.0.load(map, key)).await
    }

    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        slowly(self.0.load_all(map, keys)).await
    }

    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        slowly(self.0.remove_all(map, keys)).await
    }

    fn is_loadable(&self, _: &str) -> bool {
        true
    }

    fn pending_operation_count(&self) -> u64 {
        0
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        slowly(self.0.soft_flush()).await
    }

    async fn hard_flush(&self) -> anyhow::Result<()> {
        slowly(self.0.hard_flush()).await
    }

    async fn flush_key(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        slowly(self.0.flush_key(map, key, value, is_backup)).await
    }

    fn reset(&self) {}

    async fn flush_stored(
        &self,
        map: &str,
        key: &str,
        stored: &StoredValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        slowly(self.0.flush_stored(map, key, stored, is_backup)).await
    }

    fn keeps_deadlines(&self) -> bool {
        self.0.keeps_deadlines()
    }

    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        slowly(self.0.load_stored(map, key)).await
    }

    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        slowly(self.0.load_all_stored(map, keys)).await
    }

    fn is_scannable(&self) -> bool {
        self.0.is_scannable()
    }

    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        slowly(self.0.scan(map, request)).await
    }
}
