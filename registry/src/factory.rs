//! Record stores, wired from their parts.
//!
//! Decides what is shared by whom: data stores by every map that names them, observers by
//! the partitions of a map, engines by nobody. Knows nothing of keys.

mod assembly;
mod blueprint;
mod error;
mod lent;
mod opening;
mod refs;
mod seats;

pub use error::FactoryError;

pub(crate) use assembly::Assembly;
pub(crate) use blueprint::Blueprint;
pub(crate) use error::chain;
pub(crate) use opening::{Opened, close_all, within_time};
pub(crate) use seats::NamedObserver;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use trilayer_core::{
    Clock, DefaultRecordStore, MapDataStore, MutationObserver, RecordStore, StorageConfig, SystemClock,
};

use crate::once::{OnceSlot, lock};
use crate::{Config, Registry};

/// Makes record stores for maps and partitions.
///
/// Made from its parts with [`new`](Self::new) (every map alike, in `hashmap`), or
/// [`from_config`](Self::from_config). Safe to share between threads.
///
/// ```
/// use std::sync::Arc;
/// use trilayer_core::{NullDataStore, RecordStore};
/// use trilayer_registry::{RecordStoreFactory, StorageConfig};
///
/// let factory = RecordStoreFactory::new(StorageConfig::default(), Arc::new(NullDataStore), Vec::new());
/// let store = factory.create("users", 0);
/// assert_eq!((store.name(), store.partition_id()), ("users", 0));
/// ```
pub struct RecordStoreFactory {
    plan: Plan,
    stores: Mutex<HashMap<String, HashMap<u32, Arc<StoreSlot>>>>,
    closed: AtomicBool,
    /// Read while something is made of the plan, written while the plan changes. No stripe of a record
    /// store is taken while it is held.
    making: RwLock<()>,
}

/// How long opening one data store may take, in ms.
pub(crate) const OPEN_MILLIS: u64 = 60_000;

type StoreSlot = OnceSlot<DefaultRecordStore>;

enum Plan {
    Fixed(Parts),
    Configured(RwLock<Arc<Assembly>>),
}

struct Parts {
    config: StorageConfig,
    data_store: Arc<dyn MapDataStore>,
    observers: Vec<Arc<dyn MutationObserver>>,
    clock: Arc<dyn Clock>,
}

impl RecordStoreFactory {
    /// A factory of stores that are all alike: engine `hashmap`, this data store, these
    /// observers, told in this order, the system's clock, any map name and partition.
    #[must_use]
    pub fn new(
        config: StorageConfig,
        data_store: Arc<dyn MapDataStore>,
        observers: Vec<Arc<dyn MutationObserver>>,
    ) -> Self {
        let clock = Arc::new(SystemClock::new());
        Self::of(Plan::Fixed(Parts { config, data_store, observers, clock }))
    }

    /// A factory of the maps of a configuration.
    ///
    /// Checks every name; makes one engine of each entry and drops it, to see that it can be made;
    /// opens each data store instance that some map uses, once, and one for each entry that names a
    /// component directly, several side by side, after those they wrap; makes the observers of
    /// exactly named maps. The observers of a pattern's maps are made when such a map is first
    /// asked for.
    ///
    /// Run it inside a tokio runtime, which data stores may need. If it fails, the data stores
    /// opened so far are closed, the last first; if its future is dropped, they are dropped.
    ///
    /// # Errors
    /// When a name is unknown or components cannot be made: all of those are told.
    pub async fn from_config(
        registry: impl Into<Arc<Registry>>,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FactoryError> {
        Self::open(registry.into(), Arc::new(config.clone()), clock, OPEN_MILLIS).await
    }

    pub(crate) async fn open(
        registry: Arc<Registry>,
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        open_timeout_millis: u64,
    ) -> Result<Self, FactoryError> {
        let assembly = Assembly::open(registry, config, clock, open_timeout_millis).await?;
        Ok(Self::of(Plan::Configured(RwLock::new(Arc::new(assembly)))))
    }

    fn of(plan: Plan) -> Self {
        Self { plan, stores: Mutex::default(), closed: AtomicBool::new(false), making: RwLock::new(()) }
    }

    /// With another clock, for stores made from now on. A configured factory makes the
    /// observers anew, since they too may have the old one.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        match &mut self.plan {
            Plan::Fixed(parts) => parts.clock = clock,
            Plan::Configured(assembly) => {
                let assembly = assembly.get_mut().unwrap_or_else(PoisonError::into_inner);
                // Nobody else has it yet: a factory that is shared cannot be moved here.
                if let Some(assembly) = Arc::get_mut(assembly) {
                    assembly.set_clock(clock);
                }
            }
        }
        self
    }

    /// A new store at every call, of which the factory keeps nothing: two stores of one
    /// partition do not see each other's memory. For one that is shared, see
    /// [`get_or_create`](Self::get_or_create).
    ///
    /// Always returns a store. When none can be made (the configuration serves no such map,
    /// the partition is beyond the map's count, the engine's constructor fails) it is one
    /// whose every operation fails with
    /// [`StoreError::Closed`](trilayer_core::StoreError::Closed) and the reason;
    /// [`try_create`](Self::try_create) tells at once.
    #[must_use]
    pub fn create(&self, map_name: &str, partition_id: u32) -> Box<dyn RecordStore> {
        Box::new(self.try_create(map_name, partition_id).unwrap_or_else(|error| {
            let reason = chain(&error);
            tracing::error!(map = map_name, partition = partition_id, reason, "record store refused");
            DefaultRecordStore::refused(map_name, partition_id, reason)
        }))
    }

    /// As [`create`](Self::create), but says when no store can be made.
    ///
    /// # Errors
    /// When the configuration serves no such map, the partition is beyond the map's count, a
    /// constructor fails, or the factory is closed.
    pub fn try_create(&self, map_name: &str, partition_id: u32) -> Result<DefaultRecordStore, FactoryError> {
        self.check_open()?;
        self.blueprint(map_name)?.make(partition_id)
    }

    /// The one store of this map and partition, made by the first caller.
    ///
    /// Callers that race get the same store; they wait while the engine is made, once.
    ///
    /// # Errors
    /// As [`try_create`](Self::try_create). A failure is not kept: the next call tries again.
    pub fn get_or_create(
        &self,
        map_name: &str,
        partition_id: u32,
    ) -> Result<Arc<DefaultRecordStore>, FactoryError> {
        if let Some(store) = self.made(map_name, partition_id) {
            return Ok(store);
        }
        let _making = self.making();
        let blueprint = self.blueprint(map_name)?;
        blueprint.check_partition(partition_id)?;
        self.slot(map_name, partition_id).get_or_make(|| {
            // Under the slot's lock, so that closing either waits for the store or forestalls it.
            self.check_open()?;
            blueprint.make(partition_id)
        })
    }

    /// Every store that [`get_or_create`](Self::get_or_create) made, by map and partition.
    #[must_use]
    pub fn stores(&self) -> Vec<Arc<DefaultRecordStore>> {
        let slots = lock(&self.stores).values().flat_map(|map| map.values().cloned()).collect();
        settled(slots)
    }

    /// Those of one map, by partition.
    pub(crate) fn stores_of(&self, map: &str) -> Vec<Arc<DefaultRecordStore>> {
        let slots = lock(&self.stores).get(map).map(|map| map.values().cloned().collect());
        settled(slots.unwrap_or_default())
    }

    /// Makes no more stores; those there are go on. Returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        !self.closed.swap(true, Ordering::SeqCst)
    }

    /// Makes stores again.
    pub(crate) fn reopen(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }

    /// Every data store that was opened by configuration; whoever wraps another comes after it.
    pub(crate) fn data_stores(&self) -> Vec<Opened> {
        self.assembly().map(|assembly| assembly.opened().to_vec()).unwrap_or_default()
    }

    /// What stores are made of at present, if a configuration says.
    pub(crate) fn assembly(&self) -> Option<Arc<Assembly>> {
        match &self.plan {
            Plan::Fixed(_) => None,
            Plan::Configured(assembly) => {
                Some(Arc::clone(&assembly.read().unwrap_or_else(PoisonError::into_inner)))
            }
        }
    }

    /// Held while something is made of the plan.
    pub(crate) fn making(&self) -> RwLockReadGuard<'_, ()> {
        self.making.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while nothing is made: for a change of the plan.
    pub(crate) fn not_making(&self) -> RwLockWriteGuard<'_, ()> {
        self.making.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores are made of this from now on. Those there are stay as they are.
    pub(crate) fn change_plan(&self, next: Arc<Assembly>, _not_making: &RwLockWriteGuard<'_, ()>) {
        if let Plan::Configured(assembly) = &self.plan {
            *assembly.write().unwrap_or_else(PoisonError::into_inner) = next;
        }
    }

    /// Puts a store in place of another.
    pub(crate) fn replace(&self, store: &Arc<DefaultRecordStore>) {
        let slot = Arc::new(OnceSlot::of(Arc::clone(store)));
        let mut stores = lock(&self.stores);
        stores.entry(store.name().to_owned()).or_default().insert(store.partition_id(), slot);
    }

    /// Has no stores of a map any more.
    pub(crate) fn forget(&self, map: &str) {
        lock(&self.stores).remove(map);
    }

    /// What stores of a map are made from; the same each time for a configured map.
    pub(crate) fn blueprint(&self, map: &str) -> Result<Arc<Blueprint>, FactoryError> {
        match &self.plan {
            Plan::Fixed(parts) => Ok(Arc::new(Blueprint::fixed(map, parts))),
            Plan::Configured(_) => match self.assembly() {
                Some(assembly) => assembly.blueprint(map),
                None => Err(FactoryError::Closed),
            },
        }
    }

    pub(crate) fn check_open(&self) -> Result<(), FactoryError> {
        if self.closed.load(Ordering::SeqCst) { Err(FactoryError::Closed) } else { Ok(()) }
    }

    pub(crate) fn made(&self, map: &str, partition: u32) -> Option<Arc<DefaultRecordStore>> {
        let stores = lock(&self.stores);
        stores.get(map)?.get(&partition)?.get().cloned()
    }

    fn slot(&self, map: &str, partition: u32) -> Arc<StoreSlot> {
        let mut stores = lock(&self.stores);
        Arc::clone(stores.entry(map.to_owned()).or_default().entry(partition).or_default())
    }
}

fn settled(slots: Vec<Arc<StoreSlot>>) -> Vec<Arc<DefaultRecordStore>> {
    let mut stores: Vec<_> = slots.iter().filter_map(|slot| slot.settled()).collect();
    stores.sort_by(|a, b| (a.name(), a.partition_id()).cmp(&(b.name(), b.partition_id())));
    stores
}

impl fmt::Debug for RecordStoreFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStoreFactory")
            .field("configured", &matches!(self.plan, Plan::Configured(_)))
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
