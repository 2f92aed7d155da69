//! A store that takes another's place, with everything it knows.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use super::DefaultRecordStore;
use super::inner::{Ending, Inner};
use super::lifecycle::Orders;
use super::observing::Observing;
use super::patience::Patience;
use super::settings::Settings;
use super::stripe::{Beneath, Change, State, Stripe};
use crate::observer::panic_text;
use crate::sync::{AtomicUsize, MutexGuard, Ordering, RwLock};
use crate::{MapDataStore, MutationObserver as _, Record, SharedStr, StorageEngine};

/// A store held still: no call of its data store is under way, and none begins, until this is
/// dropped. What is in memory is read and written on, as far as it is not persisted.
#[must_use = "the store goes on when this is dropped"]
pub struct Standstill {
    store: Arc<Inner>,
    _order: Orders,
}

/// What takes a store's place.
struct Heirs {
    records: Vec<(String, Record)>,
    /// Records that only the old data store has.
    left: Vec<(String, Record)>,
}

impl Standstill {
    pub(super) async fn of(store: &Arc<Inner>) -> anyhow::Result<Self> {
        store.check_mutable("hold_still")?;
        let Some(order) = store.patience.wait(store.order_of_all()).await else {
            return Err(store.overdue("hold_still", false).into());
        };
        store.check_open()?;
        Ok(Self { store: Arc::clone(store), _order: order })
    }

    /// Whether this is that store, held still.
    #[must_use]
    pub fn is_of(&self, store: &DefaultRecordStore) -> bool {
        Arc::ptr_eq(&self.store, &store.inner)
    }

    /// Hands everything over to a new store over an empty `engine` and a `data_store`, and ends the
    /// old one: callers that come to it later get [`StoreError::Replaced`](crate::StoreError::Replaced),
    /// and nothing of what they asked for has happened.
    ///
    /// `publish` is to put the successor where callers look for it. It runs while the old store's
    /// locks are held: be quick, and call neither store.
    ///
    /// Over the same data store the successor has all the records. Over another it has those that
    /// the old data store was not told of, still to be told to the new one; the others left memory,
    /// and the key is what the new data store says. From [`NullDataStore`](crate::NullDataStore) all
    /// records are such.
    ///
    /// # Errors
    /// When the store is closed, the engine panics or is not empty, or the new data store keeps nothing though the old one
    /// does. Then the old store goes on.
    pub fn hand_over(
        self,
        engine: Box<dyn StorageEngine>,
        data_store: Arc<dyn MapDataStore>,
        publish: impl FnOnce(DefaultRecordStore),
    ) -> anyhow::Result<()> {
        let old = &*self.store;
        anyhow::ensure!(
            old.is_null() || !data_store.is_null(),
            "map {:?}: what is not in memory would be out of reach without a data store",
            old.name
        );
        anyhow::ensure!(engine.is_empty(), "map {:?}: the new engine is not empty", old.name);
        old.check_mutable("hand_over")?;
        let mut stripes = old.lock_all();
        old.check_open()?;
        let heirs = old.heirs(&stripes, &data_store);
        fill(&*engine, &heirs.records)?;
        // From here on nothing fails.
        old.tell_left(&stripes, &heirs);
        drop(old.closed.set(Ending::Replaced));
        let successor = old.successor(&mut stripes, engine, data_store, &heirs);
        // Readers without a lock are past the old engine before the successor is written to.
        old.engine.clear();
        publish(DefaultRecordStore { inner: Arc::new(successor) });
        Ok(())
    }
}

/// Copies records into an engine that nobody uses yet.
fn fill(engine: &dyn StorageEngine, records: &[(String, Record)]) -> anyhow::Result<()> {
    let copy = || records.iter().for_each(|(key, record)| drop(engine.put(key, record.clone())));
    catch_unwind(AssertUnwindSafe(copy))
        .map_err(|payload| anyhow::anyhow!("the new engine panicked: {}", panic_text(&*payload)))
}

impl Inner {
    fn heirs(&self, stripes: &[MutexGuard<'_, State>], data_store: &Arc<dyn MapDataStore>) -> Heirs {
        let records = self.engine.snapshot_iter();
        if self.is_null() || Arc::ptr_eq(&self.data_store, data_store) {
            return Heirs { records, left: Vec::new() };
        }
        let is_dirty =
            |(key, _): &(String, Record)| stripes[self.stripe_index(key)].dirty.contains_key(key.as_str());
        let (records, left) = records.into_iter().partition(is_dirty);
        Heirs { records, left }
    }

    fn tell_left(&self, stripes: &[MutexGuard<'_, State>], heirs: &Heirs) {
        for (key, record) in &heirs.left {
            let state = &stripes[self.stripe_index(key)];
            if state.observer.is_empty() {
                continue;
            }
            let _observing = Observing::enter(self.identity());
            state.observer.on_evict(key, record, state.backups.contains(key.as_str()));
        }
    }

    fn successor(
        &self,
        stripes: &mut [MutexGuard<'_, State>],
        engine: Box<dyn StorageEngine>,
        data_store: Arc<dyn MapDataStore>,
        heirs: &Heirs,
    ) -> Self {
        let other = !Arc::ptr_eq(&self.data_store, &data_store);
        let mut states: Vec<State> = stripes.iter_mut().map(|state| state.take()).collect();
        if other {
            for (key, _) in &heirs.records {
                let state = &mut states[self.stripe_index(key)];
                state.dirty.insert(SharedStr::from(key.as_str()), Beneath::Stored(None));
            }
            states.iter_mut().for_each(|state| state.keep_for_another(&*engine));
        }
        let deadlines: usize = states.iter().map(|state| state.expiry.len()).sum();
        Self {
            name: Arc::clone(&self.name),
            partition_id: self.partition_id,
            observer: RwLock::new(Arc::clone(&self.observer.read())),
            observed: AtomicUsize::new(self.observed.load(Ordering::Acquire)),
            settings: Settings::new(&self.settings.get()),
            initial: self.initial.clone(),
            clock: Arc::clone(&self.clock),
            patience: Patience::after(&self.patience),
            owns: Arc::clone(&self.owns),
            hasher: self.hasher.clone(),
            stripes: states.into_iter().map(Stripe::new).collect(),
            closed: OnceLock::new(),
            guarded: AtomicUsize::new(usize::from(self.has_initial_limits()) + deadlines),
            deadlines: AtomicUsize::new(deadlines),
            counted: AtomicUsize::new(self.counted.load(Ordering::Acquire)),
            occupied: AtomicUsize::new(engine.len()),
            engine,
            data_store,
        }
    }
}

impl State {
    /// Keeps what is to be told to another data store, and the deadlines of that.
    fn keep_for_another(&mut self, engine: &dyn StorageEngine) {
        self.doubts.clear();
        for unsaved in self.unsaved.values_mut() {
            if let Change::Parked(_, beneath @ Beneath::Stored(Some(_))) = &mut unsaved.change {
                *beneath = Beneath::Stored(None);
            }
        }
        let known = |key: &SharedStr| engine.contains_key(key) || self.unsaved.contains_key(key);
        let strange: Vec<SharedStr> = self.expiry.keys().filter(|key| !known(key)).cloned().collect();
        for key in &strange {
            self.expiry.remove(key);
        }
        self.backups.retain(|key| engine.contains_key(key));
    }
}

impl fmt::Debug for Standstill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standstill")
            .field("name", &self.store.name)
            .field("partition_id", &self.store.partition_id)
            .finish_non_exhaustive()
    }
}
