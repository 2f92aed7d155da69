//! A stripe: what the keys that fall on it share.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, HashSet};
use tokio::sync::{Mutex as OrderLock, OwnedMutexGuard, watch};

use super::expiry::ExpiryTable;
use crate::{Record, SharedError, SharedStr};

/// The outcome of a load, as every waiter gets it.
pub(super) type Loaded = Result<Option<Record>, SharedError>;

type Hasher = foldhash::fast::RandomState;

/// Two locks. `order` is held across data-store calls, so that a key's operations reach the
/// data store one after the other; it is taken first. `state` is held while memory, expiry
/// and observers change together, and never across an await.
#[derive(Debug, Default)]
pub(super) struct Stripe {
    order: Arc<OrderLock<()>>,
    state: Mutex<State>,
}

impl Stripe {
    pub(super) async fn order(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.order).lock_owned().await
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
    pub(super) loads: HashMap<SharedStr, watch::Receiver<Option<Loaded>>, Hasher>,
    /// Resident keys whose records the data store does not have yet.
    pub(super) dirty: HashSet<SharedStr, Hasher>,
    /// Resident keys that are backups.
    pub(super) backups: HashSet<SharedStr, Hasher>,
}

impl State {
    /// Forgets what is known of a key while it is resident. Returns whether it was a backup.
    pub(super) fn leave(&mut self, key: &SharedStr) -> bool {
        self.dirty.remove(key);
        self.backups.remove(key)
    }

    /// As [`leave`](Self::leave), of every key.
    pub(super) fn forget_residents(&mut self) {
        self.dirty.clear();
        self.backups.clear();
    }
}

/// What the data store has yet to be told of a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unsaved {
    pub(super) change: Change,
    pub(super) is_backup: bool,
}

/// A change the data store does not know.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// The key has this value; it was evicted before it was persisted.
    Parked(Record),
    /// The key is removed or expired.
    Gone,
}
