//! A stripe: what the keys that fall on it share.

use std::sync::Arc;

use std::collections::{HashMap, HashSet};

use super::doubt::Doubts;
use super::expiry::{Expiry, ExpiryTable};
use crate::sync::{Mutex, MutexGuard, OrderLock, OwnedMutexGuard, watch};
use crate::{CompositeMutationObserver, Record, SharedError, SharedStr};

/// The outcome of a load, as every waiter gets it.
pub(super) type Loaded = Result<Option<Record>, SharedError>;

/// Ends when a key is no longer kept by an overdue call of the data store.
pub(super) type Kept = watch::Receiver<()>;

type Hasher = crate::sync::RandomState;

/// Two locks. `order` is held across data-store calls, so that a key's operations reach the
/// data store one after the other; it is taken first. `state` is held while memory, expiry
/// and observers change together, and never across an await.
#[derive(Debug)]
pub(super) struct Stripe {
    order: Arc<OrderLock<()>>,
    state: Mutex<State>,
}

impl Stripe {
    pub(super) fn new(state: State) -> Self {
        Self { order: Arc::default(), state: Mutex::new(state) }
    }

    pub(super) async fn order(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.order).lock_owned().await
    }

    pub(super) fn try_order(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.order).try_lock_owned().ok()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// What is known of a stripe's keys beyond the engine's records.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Deadlines, of resident and remembered keys.
    pub(super) expiry: ExpiryTable,
    /// What the data store has yet to be told of keys that are not in memory.
    pub(super) unsaved: HashMap<SharedStr, Unsaved, Hasher>,
    /// Loads queued or under way.
    pub(super) loads: HashMap<SharedStr, Loading, Hasher>,
    /// Resident keys whose records the data store does not have yet.
    pub(super) dirty: HashMap<SharedStr, Beneath, Hasher>,
    /// Resident keys that are backups.
    pub(super) backups: HashSet<SharedStr, Hasher>,
    /// Keys whose write in the data store is overdue.
    pub(super) kept: HashMap<SharedStr, Kept, Hasher>,
    /// Writes that failed and may have happened.
    pub(super) doubts: Doubts,
    /// Who is told of commits; the same in every stripe.
    pub(super) observer: Arc<CompositeMutationObserver>,
}

impl State {
    pub(super) fn observed_by(observer: &Arc<CompositeMutationObserver>) -> Self {
        Self { observer: Arc::clone(observer), ..Self::default() }
    }

    /// Takes all that is known of the keys; what is under way stays.
    pub(super) fn take(&mut self) -> Self {
        Self {
            expiry: std::mem::take(&mut self.expiry),
            unsaved: std::mem::take(&mut self.unsaved),
            dirty: std::mem::take(&mut self.dirty),
            backups: std::mem::take(&mut self.backups),
            doubts: std::mem::take(&mut self.doubts),
            ..Self::observed_by(&self.observer)
        }
    }

    /// Whether an overdue write keeps the key, and until when.
    pub(super) fn kept_of(&self, key: &SharedStr) -> Option<Kept> {
        if self.kept.is_empty() { None } else { self.kept.get(key).cloned() }
    }

    /// Whether the data store has to be told of something; of `residents` if they count.
    pub(super) fn has_changes(&self, residents: bool) -> bool {
        !self.unsaved.is_empty() || (residents && !self.dirty.is_empty())
    }

    /// The keys of which the data store has to be told.
    pub(super) fn changes(&self, residents: bool) -> Vec<SharedStr> {
        let dirty = self.dirty.keys().filter(|_| residents);
        self.unsaved.keys().chain(dirty).cloned().collect()
    }

    /// What a value hides that is about to be written over the key and not persisted.
    pub(super) fn beneath(&self, key: &SharedStr) -> Beneath {
        if let Some(beneath) = self.dirty.get(key) {
            return *beneath;
        }
        match self.unsaved.get(key).map(|unsaved| &unsaved.change) {
            Some(Change::Parked(_, beneath)) => *beneath,
            Some(Change::Gone) => Beneath::Gone,
            None => Beneath::Stored(self.expiry.get(key)),
        }
    }

    /// Forgets what is known of a key while it is resident. Returns whether it was a backup.
    pub(super) fn leave(&mut self, key: &SharedStr) -> bool {
        if !self.dirty.is_empty() {
            self.dirty.remove(key);
        }
        !self.backups.is_empty() && self.backups.remove(key)
    }
}

/// A load, for those who wait for it.
#[derive(Debug)]
pub(super) struct Loading {
    pub(super) outcome: watch::Receiver<Option<Loaded>>,
    /// How many of them count as accesses, once it is answered.
    pub(super) touches: u32,
}

/// What the data store has yet to be told of a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unsaved {
    pub(super) change: Change,
    pub(super) is_backup: bool,
}

/// What a value that is not persisted hides, to be seen again should the value be cleared away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Beneath {
    /// The key is gone, though the data store may still have it.
    Gone,
    /// Whatever the data store has, with this expiry if one was kept.
    Stored(Option<Expiry>),
}

/// A change the data store does not know.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// The key has this value; it was evicted before it was persisted.
    Parked(Record, Beneath),
    /// The key is removed or expired.
    Gone,
}
