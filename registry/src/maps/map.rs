//! One map: keys spread over partitions.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use trilayer_core::{Clock, DefaultRecordStore, HybridClock, Record, RecordStore as _, RecordValue, Value};

use super::live::{Found, Limits, Standing, was_replaced};
use super::{Inner, MapError};
use crate::factory::Blueprint;
use crate::join::join_all;
use crate::{RecordStoreFactory, partition_of};

/// A map: values by key, spread over partitions by [`partition_of`].
///
/// Cheap to clone; clones are the same map. A partition's record store is made when a key
/// of it is first used and found without a lock from then on. It goes on working when a
/// [`reload`](super::Maps::reload) changes the map, until one removes it. What each operation
/// promises under concurrency, failure and cancellation is told at [`DefaultRecordStore`].
///
/// The plain methods ([`get`](Self::get), [`put`](Self::put), …) speak of [`Value`]s, kept
/// as [`RecordValue::Lww`] with a stamp of this node. Sync servers that keep other shapes
/// use [`record`](Self::record) and [`put_with`](Self::put_with).
///
/// Keys have 1 to `max_key_bytes` bytes and values at most `max_value_bytes`; everything
/// else is refused before anything happens.
#[derive(Clone)]
pub struct Map {
    inner: Arc<MapInner>,
}

struct MapInner {
    name: String,
    partition_count: u32,
    limits: Limits,
    blueprint: ArcSwap<Blueprint>,
    factory: Arc<RecordStoreFactory>,
    clock: Arc<dyn Clock>,
    stamps: Arc<HybridClock>,
    cells: Box<[ArcSwapOption<DefaultRecordStore>]>,
    standing: Standing,
}

/// What a map holds, summed over its partitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapUsage {
    /// Partitions whose record store was made.
    pub partitions: u64,
    /// Records in memory.
    pub resident: u64,
    /// Estimated heap bytes of their keys and values.
    pub cost_bytes: u64,
    /// Records in memory that a real data store does not have yet.
    pub dirty: u64,
    /// Changes of keys not in memory that the data store has yet to be told of.
    pub parked: u64,
    /// Deadlines kept, of records in memory or not.
    pub deadlines: u64,
    /// Calls of observers that panicked.
    pub observer_panics: u64,
    /// Keys whose write the data store has not answered in time; each waits for that call.
    pub overdue: u64,
    /// Calls the data store did not answer in time so far.
    pub timeouts: u64,
}

impl Map {
    pub(super) fn new(blueprint: Arc<Blueprint>, maps: &Inner) -> Self {
        let settings = &blueprint.settings;
        let inner = MapInner {
            name: blueprint.map.clone(),
            partition_count: settings.partitions,
            limits: Limits::new(settings),
            factory: Arc::clone(&maps.factory),
            clock: Arc::clone(&maps.clock),
            stamps: Arc::clone(&maps.stamps),
            cells: (0..settings.partitions).map(|_| ArcSwapOption::empty()).collect(),
            standing: Standing::default(),
            blueprint: ArcSwap::new(blueprint),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The map's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The value under `key`, loaded if it is not in memory. Counts as an access.
    ///
    /// `None` also for a record of another shape than a single value: see
    /// [`record`](Self::record).
    ///
    /// # Errors
    /// When the key is refused, the data store fails to load it, or the maps are closed.
    pub async fn get(&self, key: &str) -> Result<Option<Value>, MapError> {
        Ok(self.record(key, true).await?.and_then(|record| single(record.value)))
    }

    /// The record under `key`, loaded if it is not in memory; `touch` counts the access.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn record(&self, key: &str, touch: bool) -> Result<Option<Record>, MapError> {
        let partition = self.checked_partition(key)?;
        loop {
            let store = self.at(partition)?;
            match store.get(key, touch).await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome.map_err(|source| self.failed("get", source)),
            }
        }
    }

    /// The values under `keys`, each key once, in the order of its first mention. Keys with
    /// no value, or a record of another shape, are left out.
    ///
    /// Asks each partition once, all side by side.
    ///
    /// # Errors
    /// As [`get`](Self::get), for any of the keys.
    pub async fn get_all(&self, keys: &[String]) -> Result<Vec<(String, Value)>, MapError> {
        let records = self.records(keys).await?;
        let value = |(key, record): (String, Record)| single(record.value).map(|value| (key, value));
        Ok(records.into_iter().filter_map(value).collect())
    }

    /// As [`get_all`](Self::get_all), with whole records of any shape.
    ///
    /// # Errors
    /// As [`get`](Self::get), for any of the keys.
    pub async fn records(&self, keys: &[String]) -> Result<Vec<(String, Record)>, MapError> {
        let mut by_partition: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for key in keys {
            self.check_key(key)?;
            by_partition.entry(self.partition_of(key)).or_default().push(key.clone());
        }
        let asked = by_partition.into_iter().map(|(partition, keys)| async move {
            loop {
                let store = self.at(partition)?;
                match store.get_all(&keys).await {
                    Err(error) if was_replaced(&store, &error) => {}
                    outcome => return outcome.map_err(|source| self.failed("get_all", source)),
                }
            }
        });
        let mut found: HashMap<String, Record> = HashMap::with_capacity(keys.len());
        for answer in join_all(asked).await {
            found.extend(answer?);
        }
        Ok(keys.iter().filter_map(|key| found.remove_entry(key)).collect())
    }

    /// Whether a live record is in memory, without asking the data store.
    ///
    /// # Errors
    /// When the key is refused.
    pub fn contains_in_memory(&self, key: &str) -> Result<bool, MapError> {
        self.check_key(key)?;
        loop {
            let Some(store) = self.made(self.partition_of(key)) else { return Ok(false) };
            if store.exists_in_memory(key) {
                return Ok(true);
            }
            if !store.is_replaced() {
                return Ok(false);
            }
            store.await_hand_over();
        }
    }

    /// How many records are in memory, expired ones not yet swept included.
    #[must_use]
    pub fn len_in_memory(&self) -> usize {
        self.stores().iter().map(|store| store.size()).sum()
    }

    /// What the map holds. Costs a lock of each stripe of each partition in use.
    #[must_use]
    pub fn usage(&self) -> MapUsage {
        let observer_panics = self.blueprint().observers.panics();
        let mut sum = MapUsage { observer_panics, ..MapUsage::default() };
        for usage in self.stores().iter().map(|store| store.usage()) {
            sum.partitions += 1;
            sum.resident += usage.resident;
            sum.cost_bytes += usage.cost_bytes;
            sum.dirty += usage.dirty;
            sum.parked += usage.parked;
            sum.deadlines += usage.deadlines;
            sum.overdue += usage.overdue;
            sum.timeouts += usage.timeouts;
        }
        sum
    }

    /// What each observer has to tell, with the name of its component, in the order they
    /// are told of changes. One that panics tells so.
    #[must_use]
    pub fn observer_reports(&self) -> Vec<(String, Value)> {
        let report = |named: &crate::factory::NamedObserver| {
            let told = catch_unwind(AssertUnwindSafe(|| named.observer.report()));
            (named.name.clone(), told.unwrap_or_else(|_| "its report panicked".into()))
        };
        self.blueprint().observers.named().iter().map(report).collect()
    }

    /// The partition a key falls on.
    #[must_use]
    pub fn partition_of(&self, key: &str) -> u32 {
        partition_of(key, self.inner.partition_count)
    }

    /// The record store of a partition, made if this is its first use.
    ///
    /// A reload may put another in its place: then it refuses every operation with
    /// [`StoreError::Replaced`](trilayer_core::StoreError::Replaced), and this returns the successor.
    /// The map's own methods see to that by themselves.
    ///
    /// # Errors
    /// When the map has no such partition, the engine cannot be made, or the maps are closed.
    pub fn store(&self, partition: u32) -> Result<Arc<DefaultRecordStore>, MapError> {
        self.at(partition).map(Found::into_arc)
    }

    pub(super) fn checked_partition(&self, key: &str) -> Result<u32, MapError> {
        self.check_key(key).map(|()| self.partition_of(key))
    }

    /// The record store of a partition, for one operation.
    pub(super) fn at(&self, partition: u32) -> Result<Found, MapError> {
        self.inner.standing.check().map_err(|reason| self.closed(reason))?;
        let cell = usize::try_from(partition).ok().and_then(|at| self.inner.cells.get(at));
        if let Some(found) = cell.and_then(|cell| Found::in_cell(cell.load())) {
            return Ok(found);
        }
        let no_store =
            |source| MapError::NoStore { map: self.name().to_owned(), partition, source: Box::new(source) };
        let Some(cell) = cell else {
            let (map, partitions) = (self.name().to_owned(), self.inner.partition_count);
            return Err(no_store(crate::FactoryError::NoPartition { map, partition, partitions }));
        };
        let store = self.inner.factory.get_or_create(self.name(), partition).map_err(no_store)?;
        // Only into an empty cell: a reload may have put the successor there meanwhile.
        drop(cell.compare_and_swap(&None::<Arc<DefaultRecordStore>>, Some(Arc::clone(&store))));
        Ok(Found::in_cell(cell.load()).unwrap_or(Found::Made(store)))
    }

    /// The record store of a partition, if one was made.
    pub(super) fn made(&self, partition: u32) -> Option<Arc<DefaultRecordStore>> {
        let cell = self.inner.cells.get(usize::try_from(partition).ok()?)?;
        // Others may have had the factory make it.
        cell.load_full().or_else(|| self.inner.factory.made(self.name(), partition))
    }

    /// Goes by another blueprint from now on.
    pub(super) fn change(&self, blueprint: Arc<Blueprint>) {
        self.inner.limits.set(&blueprint.settings);
        self.inner.blueprint.store(blueprint);
    }

    /// Puts a store where callers look for it.
    pub(super) fn place(&self, store: Arc<DefaultRecordStore>) {
        let cell = usize::try_from(store.partition_id()).ok().and_then(|at| self.inner.cells.get(at));
        if let Some(cell) = cell {
            cell.store(Some(store));
        }
    }

    pub(super) fn standing(&self) -> &Standing {
        &self.inner.standing
    }

    fn closed(&self, reason: &'static str) -> MapError {
        MapError::Closed { map: self.name().to_owned(), reason }
    }

    /// The map's record stores that were made, by partition.
    pub(super) fn stores(&self) -> Vec<Arc<DefaultRecordStore>> {
        self.inner.factory.stores_of(self.name())
    }

    pub(super) fn partition_count(&self) -> usize {
        self.inner.cells.len()
    }

    pub(super) fn blueprint(&self) -> Arc<Blueprint> {
        self.inner.blueprint.load_full()
    }

    pub(super) fn max_value_bytes(&self) -> u64 {
        self.inner.limits.value_bytes()
    }

    pub(super) fn now(&self) -> i64 {
        self.inner.clock.now_millis()
    }

    pub(super) fn stamps(&self) -> &HybridClock {
        &self.inner.stamps
    }

    fn check_key(&self, key: &str) -> Result<(), MapError> {
        let (bytes, limit) = (key.len() as u64, self.inner.limits.key_bytes());
        match bytes {
            0 => Err(MapError::EmptyKey { map: self.name().to_owned() }),
            _ if bytes > limit => Err(MapError::KeyTooLong { map: self.name().to_owned(), bytes, limit }),
            _ => Ok(()),
        }
    }

    pub(super) fn failed(&self, operation: &'static str, source: anyhow::Error) -> MapError {
        MapError::Store { map: self.name().to_owned(), operation, source }
    }
}

/// The value of a record that is a single one.
pub(super) fn single(value: RecordValue) -> Option<Value> {
    match value {
        RecordValue::Lww { value, .. } => Some(value),
        RecordValue::OrMap { .. } | RecordValue::OrTombstones { .. } => None,
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("name", &self.name())
            .field("partitions", &self.partition_count())
            .finish_non_exhaustive()
    }
}
