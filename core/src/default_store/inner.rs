//! What a store and its unfinished operations share.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::OnceLock;

use super::expiry::Expiry;
use super::observing::{Observing, is_observing};
use super::patience::Patience;
use super::settings::Settings;
use super::stripe::{State, Stripe};
use crate::sync::{AtomicUsize, Ordering, RandomState, RwLock};
use crate::{
    Clock, CompositeMutationObserver, ExpiryPolicy, MapDataStore, MutationObserver, Record, RecordMetadata,
    RecordValue, SharedStr, StorageConfig, StorageEngine, StoreError, StoredValue,
};

/// Which keys of a map a store owns.
pub(super) type Owns = Arc<dyn Fn(&str) -> bool + Send + Sync>;

pub(super) struct Inner {
    pub(super) name: Arc<str>,
    pub(super) partition_id: u32,
    pub(super) engine: Box<dyn StorageEngine>,
    pub(super) data_store: Arc<dyn MapDataStore>,
    /// The observers, for those who hold no stripe.
    pub(super) observer: RwLock<Arc<CompositeMutationObserver>>,
    /// 1 once there ever were observers.
    pub(super) observed: AtomicUsize,
    pub(super) settings: Settings,
    /// The limits it began with: records it found in its engine go by them.
    pub(super) initial: StorageConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) patience: Patience,
    pub(super) owns: Owns,
    pub(super) stripes: Box<[Stripe]>,
    pub(super) hasher: RandomState,
    /// Why the store is closed, once it is.
    pub(super) closed: OnceLock<Ending>,
    /// Reasons for reads to take a stripe's lock: each deadline kept, each clear under
    /// way, and default limits. At 0 a read may go to the engine alone.
    pub(super) guarded: AtomicUsize,
    /// How many deadlines there ever were. A read without a lock that finds another count after it than
    /// before may have seen a record with a deadline, and one that has passed.
    pub(super) deadlines: AtomicUsize,
    /// 1 once there ever was a bound: from then on what is in memory is counted.
    pub(super) counted: AtomicUsize,
    /// Records in memory and room reserved for more.
    pub(super) occupied: AtomicUsize,
}

/// Why a store ended.
#[derive(Debug)]
pub(super) enum Ending {
    Closed(String),
    /// Another took its place.
    Replaced,
}

/// A value that was there before a write, as far as the data store tells.
pub(super) struct Prior {
    pub(super) value: RecordValue,
    pub(super) expiry: Expiry,
    /// Whether it was in memory, and not only in the data store.
    pub(super) was_resident: bool,
}

impl Inner {
    pub(super) fn is_null(&self) -> bool {
        self.data_store.is_null()
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now_millis()
    }

    pub(super) fn has_initial_limits(&self) -> bool {
        self.initial.default_ttl_millis > 0 || self.initial.default_max_idle_millis > 0
    }

    pub(super) fn is_counted(&self) -> bool {
        self.counted.load(Ordering::Acquire) > 0
    }

    pub(super) fn reads_unguarded(&self) -> bool {
        self.guarded.load(Ordering::Acquire) == 0
    }

    pub(super) fn stripe_index(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0) & (self.stripes.len() - 1)
    }

    pub(super) fn stripe(&self, key: &str) -> &Stripe {
        &self.stripes[self.stripe_index(key)]
    }

    /// An error once the store is closed.
    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        match self.closed.get() {
            None => Ok(()),
            Some(Ending::Closed(reason)) => Err(StoreError::Closed {
                map: self.name.to_string(),
                partition: self.partition_id,
                reason: reason.clone(),
            }),
            Some(Ending::Replaced) => {
                Err(StoreError::Replaced { map: self.name.to_string(), partition: self.partition_id })
            }
        }
    }

    /// An error once the store is closed, or inside one of its observers.
    pub(super) fn check_mutable(&self, operation: &'static str) -> Result<(), StoreError> {
        self.check_open()?;
        if !self.is_observed_here() {
            return Ok(());
        }
        let refused = StoreError::CalledFromObserver {
            map: self.name.to_string(),
            partition: self.partition_id,
            operation,
        };
        tracing::error!(map = &*self.name, partition = self.partition_id, operation, "{refused}");
        Err(refused)
    }

    pub(super) fn is_observed_here(&self) -> bool {
        self.observed.load(Ordering::Acquire) > 0 && is_observing(self.identity())
    }

    pub(super) fn identity(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    /// Tells the observers. The caller holds the stripe's lock, so that events come in
    /// commit order.
    pub(super) fn notify(&self, state: &State, event: impl FnOnce(&dyn MutationObserver)) {
        if state.observer.is_empty() {
            return;
        }
        let _observing = Observing::enter(self.identity());
        event(&*state.observer);
    }

    /// The expiry of a key: what is kept of it, else what its record's own times say.
    pub(super) fn expiry_of(&self, state: &State, key: &str, metadata: &RecordMetadata) -> Option<Expiry> {
        match state.expiry.get(key) {
            Some(expiry) => Some(expiry),
            None => self.has_initial_limits().then(|| Expiry::of_metadata(metadata, &self.initial)),
        }
    }

    pub(super) fn is_expired(&self, state: &State, key: &str, metadata: &RecordMetadata, now: i64) -> bool {
        self.expiry_of(state, key, metadata).is_some_and(|expiry| expiry.is_expired(now))
    }

    /// The expiry of a value that comes from the data store at `now`. If a write of it failed that may
    /// have happened, that one's; else what this store remembers of the key counts first; without
    /// that, what the data store kept.
    pub(super) fn expiry_of_stored(
        &self,
        state: &State,
        key: &str,
        stored: &StoredValue,
        now: i64,
    ) -> Expiry {
        let known = state.doubts.expiry_of(key, &stored.value).or_else(|| state.expiry.get(key));
        known.unwrap_or_else(|| {
            let defaults = Expiry::new(ExpiryPolicy::NONE, &self.settings.get(), now, now);
            if self.data_store.keeps_deadlines() {
                defaults.with_expiration_time(stored.expiration_time)
            } else {
                defaults
            }
        })
    }

    /// Keeps a deadline if there is one to keep: in a store that began with limits, the absence of one too.
    pub(super) fn keep_expiry(&self, state: &mut State, key: &SharedStr, expiry: Expiry) {
        if expiry.deadline() == i64::MAX && !self.has_initial_limits() {
            self.drop_expiry(state, key);
        } else if state.expiry.set(key, expiry) {
            self.deadlines.fetch_add(1, Ordering::AcqRel);
            self.guarded.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn drop_expiry(&self, state: &mut State, key: &str) {
        if state.expiry.len() > 0 && state.expiry.remove(key) {
            self.guarded.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A record for a value of a key, written at `now`.
pub(super) fn new_record(key: &str, value: RecordValue, now: i64) -> Record {
    let metadata = RecordMetadata::new(now, cost(key, &value));
    Record { value, metadata }
}

/// Estimated heap bytes of a key and its value.
pub(super) fn cost(key: &str, value: &RecordValue) -> u64 {
    const KEY_BLOCK: u64 = 24;
    KEY_BLOCK + key.len() as u64 + value.heap_bytes()
}
