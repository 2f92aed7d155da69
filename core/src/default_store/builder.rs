//! Putting a store together.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::DefaultRecordStore;
use super::inner::{Ending, Inner, Owns};
use super::patience::Patience;
use super::settings::Settings;
use super::stripe::{State, Stripe};
use crate::sync::{AtomicUsize, RandomState, RwLock};
use crate::{
    Clock, CompositeMutationObserver, HashMapStorage, MapDataStore, NullDataStore, StorageConfig,
    StorageEngine, SystemClock,
};

const STRIPES: usize = 64;

const TIMEOUT_MILLIS: u64 = 30_000;

/// Builds a [`DefaultRecordStore`] from parts; what is not given has a default.
pub struct DefaultRecordStoreBuilder {
    name: String,
    partition_id: u32,
    engine: Option<Box<dyn StorageEngine>>,
    data_store: Arc<dyn MapDataStore>,
    observer: Arc<CompositeMutationObserver>,
    config: StorageConfig,
    clock: Option<Arc<dyn Clock>>,
    data_store_timeout_millis: u64,
    stripes: usize,
    owns: Owns,
    closed: OnceLock<Ending>,
}

impl DefaultRecordStoreBuilder {
    pub(super) fn new(name: String, partition_id: u32) -> Self {
        Self {
            name,
            partition_id,
            engine: None,
            data_store: Arc::new(NullDataStore),
            observer: Arc::default(),
            config: StorageConfig::default(),
            clock: None,
            data_store_timeout_millis: TIMEOUT_MILLIS,
            stripes: STRIPES,
            owns: Arc::new(|_| true),
            closed: OnceLock::new(),
        }
    }

    /// The engine; by default an empty [`HashMapStorage`].
    #[must_use]
    pub fn engine(mut self, engine: Box<dyn StorageEngine>) -> Self {
        self.engine = Some(engine);
        self
    }

    /// The data store; by default [`NullDataStore`].
    #[must_use]
    pub fn data_store(mut self, data_store: Arc<dyn MapDataStore>) -> Self {
        self.data_store = data_store;
        self
    }

    /// The observers; by default none.
    #[must_use]
    pub fn observer(mut self, observer: Arc<CompositeMutationObserver>) -> Self {
        self.observer = observer;
        self
    }

    /// Default expiry and bound; by default none.
    #[must_use]
    pub fn config(mut self, config: StorageConfig) -> Self {
        self.config = config;
        self
    }

    /// The clock; by default the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// How long to wait for the data store, in ms of the clock: one call, and one operation with all
    /// its calls; 0 = without end. By default 30,000.
    ///
    /// Past it the caller gets [`StoreError::Overdue`](crate::StoreError::Overdue). A read or flush is
    /// given up; a write that the data store was told of goes on, since it may still happen, and its
    /// key waits for it, while all others go on.
    #[must_use]
    pub fn data_store_timeout_millis(mut self, millis: u64) -> Self {
        self.data_store_timeout_millis = millis;
        self
    }

    /// How many stripes keys fall on, rounded up to a power of two of at most 4096; by default
    /// 64. It bounds the writes a store has under way in its data store at one time.
    #[must_use]
    pub fn stripes(mut self, stripes: usize) -> Self {
        self.stripes = stripes.clamp(1, 4096).next_power_of_two();
        self
    }

    /// Which of the map's keys belong to this store; by default all. Asked when
    /// [`clear_through`](DefaultRecordStore::clear_through) empties the data store.
    #[must_use]
    pub fn owns(mut self, owns: Arc<dyn Fn(&str) -> bool + Send + Sync>) -> Self {
        self.owns = owns;
        self
    }

    /// Closed from the start, for this reason.
    pub(super) fn closed(self, reason: String) -> Self {
        Self { closed: OnceLock::from(Ending::Closed(reason)), ..self }
    }

    /// The store.
    #[must_use]
    pub fn build(self) -> DefaultRecordStore {
        let limited = self.config.default_ttl_millis > 0 || self.config.default_max_idle_millis > 0;
        let engine = self.engine.unwrap_or_else(|| Box::new(HashMapStorage::new()));
        let occupied = engine.len();
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let inner = Inner {
            name: self.name.into(),
            partition_id: self.partition_id,
            engine,
            data_store: self.data_store,
            stripes: (0..self.stripes).map(|_| Stripe::new(State::observed_by(&self.observer))).collect(),
            observed: AtomicUsize::new((!self.observer.is_empty()).into()),
            observer: RwLock::new(self.observer),
            settings: Settings::new(&self.config),
            counted: AtomicUsize::new((self.config.max_entry_count > 0).into()),
            initial: self.config,
            patience: Patience::new(Arc::clone(&clock), self.data_store_timeout_millis),
            clock,
            owns: self.owns,
            hasher: RandomState::default(),
            closed: self.closed,
            guarded: AtomicUsize::new(limited.into()),
            deadlines: AtomicUsize::new(0),
            occupied: AtomicUsize::new(occupied),
        };
        DefaultRecordStore { inner: Arc::new(inner) }
    }
}

impl fmt::Debug for DefaultRecordStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultRecordStoreBuilder")
            .field("name", &self.name)
            .field("partition_id", &self.partition_id)
            .field("config", &self.config)
            .field("stripes", &self.stripes)
            .finish_non_exhaustive()
    }
}
