//! The store: each operation, as often as it takes.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use trilayer_core::{Clock, MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue};

use crate::RetryOptions;

type Pairs<T> = anyhow::Result<Vec<(String, T)>>;

/// Asks another data store again when it fails.
pub struct RetryDataStore {
    inner: Arc<dyn MapDataStore>,
    options: RetryOptions,
    clock: Arc<dyn Clock>,
}

impl RetryDataStore {
    /// Over a data store that is open. Waits go by the clock.
    #[must_use]
    pub fn new(inner: Arc<dyn MapDataStore>, options: RetryOptions, clock: Arc<dyn Clock>) -> Self {
        Self { inner, options, clock }
    }

    /// Calls until it is well, or has been tried as often as it may.
    async fn retry<T, F>(
        &self,
        operation: &'static str,
        call: impl Fn() -> F + Send + Sync,
    ) -> anyhow::Result<T>
    where
        F: Future<Output = anyhow::Result<T>> + Send,
        T: Send,
    {
        let mut waits = self.options.waits();
        let mut attempt = 1_u32;
        loop {
            let error = match call().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let Some(wait) = waits.next() else {
                return Err(error.context(format!("{operation} failed {attempt} times")));
            };
            let wait_millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(
                operation,
                attempt,
                wait_millis,
                error = format!("{error:#}"),
                "data store asked again"
            );
            self.clock.sleep(wait_millis).await;
            attempt = attempt.saturating_add(1);
        }
    }
}

#[async_trait]
impl MapDataStore for RetryDataStore {
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        until: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        self.retry("add", || self.inner.add(map, key, value, until, now)).await
    }

    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        until: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        self.retry("add_backup", || self.inner.add_backup(map, key, value, until, now)).await
    }

    async fn remove(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.retry("remove", || self.inner.remove(map, key, now)).await
    }

    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.retry("remove_backup", || self.inner.remove_backup(map, key, now)).await
    }

    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        self.retry("load", || self.inner.load(map, key)).await
    }

    async fn load_all(&self, map: &str, keys: &[String]) -> Pairs<RecordValue> {
        self.retry("load_all", || self.inner.load_all(map, keys)).await
    }

    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        self.retry("remove_all", || self.inner.remove_all(map, keys)).await
    }

    fn is_loadable(&self, key: &str) -> bool {
        self.inner.is_loadable(key)
    }

    fn pending_operation_count(&self) -> u64 {
        self.inner.pending_operation_count()
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.retry("soft_flush", || self.inner.soft_flush()).await
    }

    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.retry("hard_flush", || self.inner.hard_flush()).await
    }

    async fn flush_key(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        self.retry("flush_key", || self.inner.flush_key(map, key, value, is_backup)).await
    }

    fn reset(&self) {
        self.inner.reset();
    }

    fn is_null(&self) -> bool {
        self.inner.is_null()
    }

    fn keeps_deadlines(&self) -> bool {
        self.inner.keeps_deadlines()
    }

    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        self.retry("load", || self.inner.load_stored(map, key)).await
    }

    async fn load_all_stored(&self, map: &str, keys: &[String]) -> Pairs<StoredValue> {
        self.retry("load_all", || self.inner.load_all_stored(map, keys)).await
    }

    async fn flush_stored(
        &self,
        map: &str,
        key: &str,
        stored: &StoredValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        self.retry("flush_key", || self.inner.flush_stored(map, key, stored, is_backup)).await
    }

    async fn health(&self) -> anyhow::Result<()> {
        self.inner.health().await
    }

    async fn close(&self) -> anyhow::Result<()> {
        self.inner.close().await
    }

    fn is_scannable(&self) -> bool {
        self.inner.is_scannable()
    }

    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        self.retry("scan", || self.inner.scan(map, request)).await
    }
}

impl fmt::Debug for RetryDataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryDataStore").field("options", &self.options).finish_non_exhaustive()
    }
}
