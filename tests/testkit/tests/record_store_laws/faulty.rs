//! A record store with one fault.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::yield_now;
use trilayer_core::{
    CallerProvenance, Clock, DefaultRecordStore, ExpiryPolicy, ExpiryReason, FetchResult, HashMapStorage,
    IterationCursor, MapDataStore, MutationObserver, Record, RecordMetadata, RecordStore, RecordValue,
    StorageEngine, StoreError,
};
use trilayer_testkit::laws::record_store::RecordStoreParts;

use crate::default_store;
use crate::retold::Retold;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    NameIsConstant,
    SecondPutIsLost,
    OldValuesAreForgotten,
    OldValuesAreThoseOfMemory,
    OldValuesMayBeExpired,
    MemoryFirst,
    RefusedWritesStay,
    VersionsStandStill,
    CostsAreGuessed,
    EveryonePersists,
    BackupsBeginAnew,
    BackupsArePrimaries,
    WritesRace,
    OneLock,
    ReadsTakeTheLock,
    MissesAreMisses,
    EachLoadsItself,
    FailedLoadsAreMisses,
    LoadsInstallBlindly,
    LoadsForgetDeadlines,
    DroppedLoadsBlock,
    GetAllLoadsOneByOne,
    GetAllSorts,
    GetAllShowsExpired,
    TouchIsIgnored,
    EveryReadTouches,
    TouchReadsThenWrites,
    PagesLoseOne,
    EvictionIsDeletion,
    EvictionForgetsTheUnpersisted,
    EvictionIsSilent,
    SoftFlushDoesNothing,
    FlushErrorsAreHidden,
    EvictAllMiscounts,
    BoundIsIgnored,
    NewestLeavesFirst,
    ClearMiscounts,
    ClearEvictsEach,
    ResetReachesTheDataStore,
    DestroyIsClear,
    ExpiresEarly,
    DefaultsAreIgnored,
    NeverIsTheDefault,
    FirstExpiryStays,
    ExistsShowsExpired,
    ForEachShowsExpired,
    ExpiriesAreEvictions,
    ReasonIsAlwaysTtl,
    SmallSweepsTakeNone,
    NothingExpires,
    PutsAreToldTwice,
    UpdatesTellTheNewAsOld,
    ObserversAreReversed,
    RefusalsAreHidden,
}

use Fault::*;

/// A right record store, but for its fault.
pub(crate) struct Faulty {
    inner: DefaultRecordStore,
    fault: Fault,
    data: Arc<dyn MapDataStore>,
    observers: Vec<Arc<dyn MutationObserver>>,
    clock: Arc<dyn Clock>,
    lock: AsyncMutex<()>,
    busy: AtomicBool,
    policies: Mutex<BTreeMap<String, ExpiryPolicy>>,
    evicted: Mutex<BTreeSet<String>>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault, mut parts: RecordStoreParts) -> Self {
        match fault {
            BoundIsIgnored => parts.config.max_entry_count = 0,
            DefaultsAreIgnored => {
                (parts.config.default_ttl_millis, parts.config.default_max_idle_millis) = (0, 0);
            }
            ObserversAreReversed => parts.observers.reverse(),
            ExpiriesAreEvictions | UpdatesTellTheNewAsOld => {
                let retell = |inner| Arc::new(Retold { inner, fault }) as Arc<dyn MutationObserver>;
                parts.observers = parts.observers.into_iter().map(retell).collect();
            }
            _ => {}
        }
        let (data, observers) = (Arc::clone(&parts.data_store), parts.observers.clone());
        let clock = Arc::clone(&parts.clock);
        Self {
            inner: default_store(parts, HashMapStorage::new()),
            fault,
            data,
            observers,
            clock,
            lock: AsyncMutex::default(),
            busy: AtomicBool::default(),
            policies: Mutex::default(),
            evicted: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn new_record(&self, value: RecordValue) -> Record {
        Record { value, metadata: RecordMetadata::new(self.clock.now_millis(), 1) }
    }

    fn in_engine(&self, key: &str) -> Option<Record> {
        self.inner.storage().get(key)
    }

    /// The expiry that a fault makes of a put's.
    fn policy(&self, key: &str, mut policy: ExpiryPolicy) -> ExpiryPolicy {
        match self.fault {
            ExpiresEarly if policy.ttl_millis > 0 => policy.ttl_millis -= 1,
            NeverIsTheDefault if policy.ttl_millis.max(policy.max_idle_millis) == u64::MAX => {
                policy = ExpiryPolicy::NONE;
            }
            FirstExpiryStays => policy = *self.policies.lock().entry(key.to_owned()).or_insert(policy),
            _ => {}
        }
        policy
    }

    async fn put_before(&self, key: &str, value: &RecordValue) -> anyhow::Result<()> {
        match self.fault {
            MemoryFirst => drop(self.inner.storage().put(key, self.new_record(value.clone()))),
            WritesRace => {
                self.data.add("map", key, value, 0, 0).await?;
                yield_now().await;
            }
            _ => {}
        }
        Ok(())
    }

    fn put_after(&self, key: &str, value: RecordValue) {
        let record = self.in_engine(key);
        match (self.fault, record) {
            (VersionsStandStill, Some(mut record)) => {
                record.metadata.version = 1;
                self.inner.storage().put(key, record);
            }
            (NewestLeavesFirst, _) if self.inner.should_evict() => drop(self.inner.evict(key, false)),
            (PutsAreToldTwice, Some(record)) => {
                self.observers.iter().for_each(|observer| observer.on_put(key, &record, None, false));
            }
            (RefusedWritesStay, _) => drop(self.inner.storage().put(key, self.new_record(value))),
            _ => {}
        }
    }

    /// What a fault makes of a read that misses; `None` if it makes nothing of it.
    async fn missed(&self, key: &str) -> anyhow::Result<Option<Option<Record>>> {
        match self.fault {
            MissesAreMisses => return Ok(Some(None)),
            EachLoadsItself => drop(self.data.load("map", key).await?),
            LoadsInstallBlindly => {
                let Some(value) = self.data.load("map", key).await? else { return Ok(Some(None)) };
                let record = self.new_record(value);
                self.inner.storage().put(key, record.clone());
                return Ok(Some(Some(record)));
            }
            LoadsForgetDeadlines => {
                let Some(value) = self.data.load("map", key).await? else { return Ok(Some(None)) };
                self.inner.put(key, value, ExpiryPolicy::NEVER, CallerProvenance::Load).await?;
            }
            DroppedLoadsBlock => {
                anyhow::ensure!(!self.busy.swap(true, Ordering::SeqCst), "another load is under way");
                self.data.load("map", key).await?;
                self.busy.store(false, Ordering::SeqCst);
            }
            _ => {}
        }
        Ok(None)
    }

    fn leave(&self, key: &str) {
        let dirty = self.in_engine(key).is_some_and(|record| record.metadata.is_dirty());
        if self.is(EvictionForgetsTheUnpersisted) && dirty || self.is(EvictionIsSilent) {
            self.inner.storage().remove(key);
        }
        self.evicted.lock().insert(key.to_owned());
    }
}

#[async_trait]
impl RecordStore for Faulty {
    fn name(&self) -> &str {
        if self.is(NameIsConstant) { "store" } else { self.inner.name() }
    }

    fn partition_id(&self) -> u32 {
        self.inner.partition_id()
    }

    async fn get(&self, key: &str, touch: bool) -> anyhow::Result<Option<Record>> {
        let _guard = if self.is(ReadsTakeTheLock) { Some(self.lock.lock().await) } else { None };
        if !self.inner.exists_in_memory(key)
            && let Some(outcome) = self.missed(key).await?
        {
            return Ok(outcome);
        }
        if self.is(EvictionIsDeletion) && self.evicted.lock().contains(key) {
            return Ok(None);
        }
        if self.is(TouchReadsThenWrites) && touch {
            let Some(mut record) = self.in_engine(key) else { return Ok(None) };
            yield_now().await;
            record.metadata.on_access(self.clock.now_millis());
            self.inner.storage().put(key, record.clone());
            return Ok(Some(record));
        }
        let touch = touch && !self.is(TouchIsIgnored) || self.is(EveryReadTouches);
        match self.inner.get(key, touch).await {
            Err(_) if self.is(FailedLoadsAreMisses) => Ok(None),
            outcome => outcome,
        }
    }

    fn exists_in_memory(&self, key: &str) -> bool {
        match self.fault {
            ExistsShowsExpired => self.inner.storage().contains_key(key),
            _ => self.inner.exists_in_memory(key),
        }
    }

    async fn put(
        &self,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        mut provenance: CallerProvenance,
    ) -> anyhow::Result<Option<RecordValue>> {
        let locks = self.is(OneLock) || self.is(ReadsTakeTheLock);
        let _guard = if locks { Some(self.lock.lock().await) } else { None };
        let before = self.in_engine(key).map(|record| record.value);
        if self.is(SecondPutIsLost) && before.is_some() {
            return Ok(before);
        }
        self.put_before(key, &value).await?;
        match self.fault {
            EveryonePersists => provenance = CallerProvenance::Client,
            WritesRace => provenance = CallerProvenance::Replication,
            _ => {}
        }
        self.evicted.lock().remove(key);
        let outcome = self.inner.put(key, value.clone(), self.policy(key, expiry), provenance).await;
        if !self.is(RefusedWritesStay) || outcome.is_err() {
            self.put_after(key, value);
        }
        match (self.fault, outcome) {
            (OldValuesAreForgotten, Ok(_)) => Ok(None),
            (OldValuesAreThoseOfMemory | OldValuesMayBeExpired, Ok(_)) => Ok(before),
            (RefusalsAreHidden, Err(error)) if error.is::<StoreError>() => Ok(None),
            (_, outcome) => outcome,
        }
    }

    async fn remove(&self, key: &str, provenance: CallerProvenance) -> anyhow::Result<Option<RecordValue>> {
        self.inner.remove(key, provenance).await
    }

    async fn put_backup(
        &self,
        key: &str,
        mut record: Record,
        provenance: CallerProvenance,
    ) -> anyhow::Result<()> {
        if self.is(BackupsArePrimaries) {
            return self.inner.put(key, record.value, ExpiryPolicy::NONE, provenance).await.map(drop);
        }
        if self.is(BackupsBeginAnew) {
            record = self.new_record(record.value);
        }
        self.inner.put_backup(key, record, provenance).await
    }

    async fn remove_backup(&self, key: &str, provenance: CallerProvenance) -> anyhow::Result<()> {
        self.inner.remove_backup(key, provenance).await
    }

    async fn get_all(&self, keys: &[String]) -> anyhow::Result<Vec<(String, Record)>> {
        let mut found = Vec::new();
        match self.fault {
            GetAllLoadsOneByOne => {
                for key in keys {
                    found.extend(self.inner.get(key, false).await?.map(|record| (key.clone(), record)));
                }
            }
            GetAllShowsExpired => {
                found.extend(keys.iter().filter_map(|key| Some((key.clone(), self.in_engine(key)?))));
            }
            _ => found = self.inner.get_all(keys).await?,
        }
        if self.is(GetAllSorts) {
            found.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Ok(found)
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        let mut page = self.inner.fetch_keys(cursor, size);
        if self.is(PagesLoseOne) && page.items.len() == size {
            page.items.pop();
        }
        page
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.inner.fetch_entries(cursor, size)
    }

    fn for_each_boxed(&self, consumer: &mut dyn FnMut(&str, &Record), is_backup: bool) {
        if self.is(ForEachShowsExpired) {
            let all = self.inner.storage().snapshot_iter();
            return all.iter().for_each(|(key, record)| consumer(key, record));
        }
        self.inner.for_each_boxed(consumer, is_backup);
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    fn owned_entry_cost(&self) -> u64 {
        match self.fault {
            CostsAreGuessed => self.inner.size() as u64 * 100,
            _ => self.inner.owned_entry_cost(),
        }
    }

    fn has_expired(&self, key: &str, now: i64, is_backup: bool) -> ExpiryReason {
        match self.inner.has_expired(key, now, is_backup) {
            ExpiryReason::MaxIdle if self.is(ReasonIsAlwaysTtl) => ExpiryReason::Ttl,
            reason => reason,
        }
    }

    fn evict_expired(&self, percentage: u32, now: i64, is_backup: bool) {
        let percentage = if self.is(SmallSweepsTakeNone) && percentage < 10 { 0 } else { percentage };
        self.inner.evict_expired(percentage, now, is_backup);
    }

    fn is_expirable(&self) -> bool {
        self.inner.is_expirable() && !self.is(NothingExpires)
    }

    fn evict(&self, key: &str, is_backup: bool) -> Option<RecordValue> {
        let value = self.in_engine(key).map(|record| record.value);
        self.leave(key);
        if self.is(EvictionIsSilent) { value } else { self.inner.evict(key, is_backup) }
    }

    fn evict_all(&self, is_backup: bool) -> u32 {
        self.inner.storage().snapshot_iter().iter().for_each(|(key, _)| self.leave(key));
        self.inner.evict_all(is_backup) + u32::from(self.is(EvictAllMiscounts))
    }

    fn should_evict(&self) -> bool {
        self.inner.should_evict()
    }

    fn init(&mut self) {
        self.inner.init();
    }

    fn clear(&self, is_backup: bool) -> u32 {
        if self.is(ClearEvictsEach) {
            self.inner.evict_all(is_backup);
        }
        self.inner.clear(is_backup) + u32::from(self.is(ClearMiscounts))
    }

    fn reset(&self) {
        if self.is(ResetReachesTheDataStore) {
            self.data.reset();
        }
        self.inner.reset();
    }

    fn destroy(&self) {
        if self.is(DestroyIsClear) {
            self.inner.clear(false);
        } else {
            self.inner.destroy();
        }
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        match self.fault {
            SoftFlushDoesNothing => Ok(0),
            FlushErrorsAreHidden => Ok(self.inner.soft_flush().await.unwrap_or(0)),
            _ => self.inner.soft_flush().await,
        }
    }

    fn storage(&self) -> &dyn StorageEngine {
        self.inner.storage()
    }

    fn map_data_store(&self) -> &dyn MapDataStore {
        self.inner.map_data_store()
    }
}
