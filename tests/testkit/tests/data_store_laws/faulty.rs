//! A data store with one fault.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::task::yield_now;
use trilayer_core::{MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue, Timestamp};
use trilayer_testkit::ScriptedDataStore;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    AddIsLost,
    FirstAddStays,
    RemoveIsLost,
    RemoveOfMissingFails,
    MapsAreOne,
    LoadAllMissesOne,
    RemoveAllRemovesOne,
    BackupsAreLost,
    FlushesAreLost,
    TimestampsAreLost,
    LongKeysAreCut,
    SecondRemoveIsLost,
    DeadlinesAreMadeUp,
    AlwaysPending,
    AddsRace,
    DroppedAddBlocks,
    AddKeepsTheDeadline,
    FlushKeyLosesTheDeadline,
    FlushStoredLosesTheDeadline,
    ScansGoBackwards,
    ScansIgnoreThePrefix,
    ScansOfNoneSayNone,
    ScansEndAfterOnePage,
    ReopensEmpty,
}

use Fault::*;

/// A right data store, but for its fault.
pub(crate) struct Faulty {
    inner: Arc<ScriptedDataStore>,
    fault: Fault,
    busy: AtomicBool,
    last: Mutex<String>,
    removed: Mutex<BTreeSet<String>>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        let inner = ScriptedDataStore::keeping_deadlines();
        Self { inner, fault, busy: AtomicBool::default(), last: Mutex::default(), removed: Mutex::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn map<'a>(&self, map: &'a str) -> &'a str {
        if self.is(MapsAreOne) { "" } else { map }
    }

    fn key<'a>(&self, key: &'a str) -> &'a str {
        if self.is(LongKeysAreCut) && key.len() > 1 << 16 { &key[..1 << 16] } else { key }
    }

    fn value(&self, value: &RecordValue) -> RecordValue {
        match value {
            RecordValue::Lww { value, .. } if self.is(TimestampsAreLost) => {
                RecordValue::Lww { value: value.clone(), timestamp: Timestamp::default() }
            }
            value => value.clone(),
        }
    }
}

#[async_trait]
impl MapDataStore for Faulty {
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        mut deadline: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        let (map, mut key) = (self.map(map), self.key(key).to_owned());
        let stored = self.inner.stored(map, &key);
        if self.is(AddIsLost) || self.is(FirstAddStays) && stored.is_some() {
            return Ok(());
        }
        if self.is(AddKeepsTheDeadline) {
            deadline = stored.map_or(deadline, |stored| stored.expiration_time);
        }
        if self.is(AddsRace) {
            self.last.lock().clone_from(&key);
            yield_now().await;
            key.clone_from(&self.last.lock());
        }
        if self.is(DroppedAddBlocks) {
            anyhow::ensure!(!self.busy.swap(true, Ordering::SeqCst), "another add is under way");
            yield_now().await;
            self.busy.store(false, Ordering::SeqCst);
        }
        self.inner.add(map, &key, &self.value(value), deadline, now).await
    }

    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        deadline: i64,
        now: i64,
    ) -> anyhow::Result<()> {
        if self.is(BackupsAreLost) {
            return Ok(());
        }
        self.inner.add_backup(self.map(map), key, value, deadline, now).await
    }

    async fn remove(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        let (map, key) = (self.map(map), self.key(key));
        let missing = self.inner.stored(map, key).is_none();
        anyhow::ensure!(!(missing && self.is(RemoveOfMissingFails)), "no such key");
        let again = !self.removed.lock().insert(format!("{map}/{key}"));
        if self.is(RemoveIsLost) || self.is(SecondRemoveIsLost) && again {
            return Ok(());
        }
        self.inner.remove(map, key, now).await
    }

    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.inner.remove_backup(self.map(map), key, now).await
    }

    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        self.inner.load(self.map(map), self.key(key)).await
    }

    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        let mut found = self.inner.load_all(self.map(map), keys).await?;
        if self.is(LoadAllMissesOne) {
            found.pop();
        }
        Ok(found)
    }

    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        let keys = if self.is(RemoveAllRemovesOne) { &keys[..keys.len().min(1)] } else { keys };
        self.inner.remove_all(self.map(map), keys).await
    }

    fn is_loadable(&self, key: &str) -> bool {
        self.inner.is_loadable(key)
    }

    fn pending_operation_count(&self) -> u64 {
        u64::from(self.is(AlwaysPending))
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.inner.soft_flush().await
    }

    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.inner.hard_flush().await
    }

    async fn flush_key(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        let before = self.inner.stored(self.map(map), key);
        let kept = before.filter(|_| !self.is(FlushKeyLosesTheDeadline));
        let expiration_time = kept.map_or(0, |stored| stored.expiration_time);
        let stored = StoredValue { value: value.clone(), expiration_time };
        if self.is(FlushesAreLost) {
            return Ok(());
        }
        self.inner.flush_stored(self.map(map), key, &stored, is_backup).await
    }

    fn reset(&self) {
        self.inner.reset();
    }

    fn is_null(&self) -> bool {
        false
    }

    fn keeps_deadlines(&self) -> bool {
        !self.is(DeadlinesAreMadeUp)
    }

    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        self.inner.load_stored(self.map(map), self.key(key)).await
    }

    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        self.inner.load_all_stored(self.map(map), keys).await
    }

    async fn flush_stored(
        &self,
        map: &str,
        key: &str,
        stored: &StoredValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        let lost = self.is(FlushStoredLosesTheDeadline);
        let expiration_time = if lost { 0 } else { stored.expiration_time };
        let stored = StoredValue { expiration_time, ..stored.clone() };
        self.inner.flush_stored(self.map(map), key, &stored, is_backup).await
    }

    fn is_scannable(&self) -> bool {
        true
    }

    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        let mut request = request.clone();
        if self.is(ScansIgnoreThePrefix) {
            request.prefix.clear();
        }
        let mut page = self.inner.scan(self.map(map), &request).await?;
        match self.fault {
            ScansGoBackwards => page.items.reverse(),
            ScansOfNoneSayNone => page.more &= request.limit > 0,
            ScansEndAfterOnePage => page.more = false,
            _ => {}
        }
        Ok(page)
    }
}
