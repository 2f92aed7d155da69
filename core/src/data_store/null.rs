//! The data store that keeps nothing.

use async_trait::async_trait;

use super::{MapDataStore, ScanPage, ScanRequest};
use crate::RecordValue;

/// Keeps nothing: every operation succeeds, every load misses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NullDataStore;

#[async_trait]
impl MapDataStore for NullDataStore {
    async fn add(&self, _: &str, _: &str, _: &RecordValue, _: i64, _: i64) -> anyhow::Result<()> {
        Ok(())
    }

    async fn add_backup(&self, _: &str, _: &str, _: &RecordValue, _: i64, _: i64) -> anyhow::Result<()> {
        Ok(())
    }

    async fn remove(&self, _: &str, _: &str, _: i64) -> anyhow::Result<()> {
        Ok(())
    }

    async fn remove_backup(&self, _: &str, _: &str, _: i64) -> anyhow::Result<()> {
        Ok(())
    }

    async fn load(&self, _: &str, _: &str) -> anyhow::Result<Option<RecordValue>> {
        Ok(None)
    }

    async fn load_all(&self, _: &str, _: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        Ok(Vec::new())
    }

    async fn remove_all(&self, _: &str, _: &[String]) -> anyhow::Result<()> {
        Ok(())
    }

    fn is_loadable(&self, _: &str) -> bool {
        false
    }

    fn pending_operation_count(&self) -> u64 {
        0
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        Ok(0)
    }

    async fn hard_flush(&self) -> anyhow::Result<()> {
        Ok(())
    }

    async fn flush_key(&self, _: &str, _: &str, _: &RecordValue, _: bool) -> anyhow::Result<()> {
        Ok(())
    }

    fn reset(&self) {}

    fn is_null(&self) -> bool {
        true
    }

    fn is_scannable(&self) -> bool {
        true
    }

    async fn scan(&self, _: &str, _: &ScanRequest) -> anyhow::Result<ScanPage> {
        Ok(ScanPage::default())
    }
}
