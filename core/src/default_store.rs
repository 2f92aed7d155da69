//! The record store: memory in front of a data store, observers beside it.

mod builder;
mod change;
mod commit;
mod doubt;
mod evict;
mod expiry;
mod flush;
mod handoff;
mod hold;
mod inner;
mod layer;
mod lifecycle;
mod observing;
mod patience;
mod read;
mod settings;
mod stripe;
mod succession;
mod sweep;
mod write;

use std::fmt;
use std::sync::Arc;

pub use self::builder::DefaultRecordStoreBuilder;
use self::commit::Standing;
use self::inner::{Ending, Inner};
pub use self::succession::Standstill;
use crate::sync::Ordering;
use crate::{
    CallerProvenance, CompositeMutationObserver, ExpiryPolicy, MapDataStore, Record, RecordValue, SharedStr,
    StorageConfig, StorageEngine, StoredValue,
};

/// The record store: one partition of one map, safe for any number of concurrent callers.
///
/// # What it promises
///
/// - **Store first.** With a real data store, a write of [`Client`](CallerProvenance::Client) or
///   [`CrdtMerge`](CallerProvenance::CrdtMerge) goes there first; memory and observers change only
///   after it said `Ok`. If it says `Err` the caller gets that, and memory, expiry and observers are
///   as before. Other callers' writes change memory only, and stay *dirty* until a flush; they never
///   call the data store, so the old value they return and report is what this store holds.
/// - **Linearizable per key**: the histories of `get`, `put`, `remove` and the backup forms are those
///   of an optional value with a deadline, whichever engine and data store, slow, failing and
///   cancelled operations included. An error from the data store means the write may or may not have
///   happened there.
/// - **Read-through.** However many callers miss a key at once, one load answers them all. A load
///   never overwrites a newer write nor revives a removed or expired key.
/// - **Expiry.** No read shows an expired record. Deadlines outlive eviction, and a restart if the
///   data store keeps them (time to live only: a limit on idle time starts anew with each load).
/// - **Eviction is not deletion.** What was evicted comes back from the data store; a dirty value is
///   kept aside until it is flushed. With `max_entry_count`, an insert over the bound evicts the
///   longest unused of a few sampled records (expired ones first, never a dirty one with a real data
///   store); only if all that were sampled are dirty does the bound give way.
/// - **Observers** are told once per commit, in commit order per key, under the key's lock.
/// - **Patience.** A data store that does not answer within
///   [`data_store_timeout_millis`](DefaultRecordStoreBuilder::data_store_timeout_millis) costs its caller an
///   error and its own key a wait, and no other key anything; [`usage`](Self::usage) and the log tell.
/// - **Cancellation.** A dropped future means "not started" or "ran to its end". One that waits for
///   other operations of its stripe is called off; one that has begun ends in the background, on the
///   runtime it was polled on (keep driving it), or without one on a thread that all such callers share.
///
/// # What it keeps of keys that are not in memory
///
/// With a real data store: deadlines of evicted records, removals the data store was not told of
/// (expired records; removals of callers that do not persist), and dirty values. A
/// [`soft_flush`](crate::RecordStore::soft_flush) now and then hands the last two over; [`usage`](Self::usage)
/// shows how much there is.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use trilayer_core::{
///     CallerProvenance, DefaultRecordStore, ExpiryPolicy, HashMapStorage, NullDataStore, RecordStore,
///     RecordValue, StorageConfig, Timestamp,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let store = DefaultRecordStore::new(
///     "users".to_owned(),
///     0,
///     Box::new(HashMapStorage::new()),
///     Arc::new(NullDataStore),
///     Arc::default(),
///     StorageConfig::default(),
/// );
/// let ada = RecordValue::Lww { value: "Ada".into(), timestamp: Timestamp::default() };
/// store.put("1", ada.clone(), ExpiryPolicy::NONE, CallerProvenance::Client).await?;
/// let record = store.get("1", true).await?.expect("just put");
/// assert_eq!(record.value, ada);
/// assert_eq!(record.metadata.hits, 1);
/// # Ok(())
/// # }
/// ```
pub struct DefaultRecordStore {
    inner: Arc<Inner>,
}

/// What a record store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreUsage {
    /// Records in memory.
    pub resident: u64,
    /// Estimated heap bytes of their keys and values.
    pub cost_bytes: u64,
    /// Records in memory that a real data store does not have yet.
    pub dirty: u64,
    /// Changes the data store has yet to be told of: evicted dirty values, removals.
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

impl DefaultRecordStore {
    /// A store from its parts, with the system's clock.
    #[must_use]
    pub fn new(
        name: String,
        partition_id: u32,
        engine: Box<dyn StorageEngine>,
        data_store: Arc<dyn MapDataStore>,
        observer: Arc<CompositeMutationObserver>,
        config: StorageConfig,
    ) -> Self {
        Self::builder(name, partition_id)
            .engine(engine)
            .data_store(data_store)
            .observer(observer)
            .config(config)
            .build()
    }

    /// A store from parts that have defaults.
    pub fn builder(name: impl Into<String>, partition_id: u32) -> DefaultRecordStoreBuilder {
        DefaultRecordStoreBuilder::new(name.into(), partition_id)
    }

    /// A store that could not be assembled: every operation fails and says why.
    pub fn refused(name: impl Into<String>, partition_id: u32, reason: impl Into<String>) -> Self {
        Self::builder(name, partition_id).stripes(1).closed(reason.into()).build()
    }

    /// As [`put`](crate::RecordStore::put), but does not ask the data store for the value it replaces,
    /// which saves a load for keys that are not in memory.
    ///
    /// # Errors
    /// As [`put`](crate::RecordStore::put).
    pub async fn set(
        &self,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
    ) -> anyhow::Result<()> {
        self.inner.put(key, value, expiry, provenance, false).await.map(drop)
    }

    /// Brings values of the data store into memory, as far as they are live, unknown here and
    /// within the bound; returns how many. Observers get `on_load`.
    ///
    /// For filling a store before it is shared: a write persisted between the reading of
    /// `entries` and this call could be hidden by them.
    pub fn preload(&self, entries: Vec<(String, StoredValue)>) -> usize {
        let mut loaded = 0;
        for (key, stored) in entries {
            let Some(mut room) = self.inner.try_reserve() else { break };
            let key = SharedStr::from(key);
            let mut state = self.inner.stripe(&key).lock();
            if self.inner.check_mutable("preload").is_err() {
                break;
            }
            let known = self.inner.engine.contains_key(&key);
            let outcome = self.inner.commit_load(&mut state, &key, &stored, &mut room);
            loaded += usize::from(!known && matches!(outcome, Ok(Some(_))));
        }
        loaded
    }

    /// Hands everything the data store does not have to it, dirty records in memory included,
    /// and has it make all it took durable. For shutdown.
    ///
    /// # Errors
    /// When the data store fails; what it did not take stays for the next flush.
    pub async fn hard_flush(&self) -> anyhow::Result<()> {
        self.inner.hard_flush().await
    }

    /// Empties memory, and removes this store's keys from the data store; returns how many keys
    /// that were asked to be removed. Which keys those are: all the map's keys that
    /// [`owns`](DefaultRecordStoreBuilder::owns) accepts if the data store scans, else those
    /// this store knows of.
    ///
    /// # Errors
    /// When the data store fails: some keys may be removed, memory is as before.
    pub async fn clear_through(&self, _is_backup: bool) -> anyhow::Result<u64> {
        self.inner.clear_through().await
    }

    /// What the store holds. Costs a lock of each stripe; inside an observer, only what needs no
    /// lock is told and the rest is 0.
    #[must_use]
    pub fn usage(&self) -> StoreUsage {
        let mut usage = StoreUsage {
            resident: self.inner.engine.len() as u64,
            cost_bytes: self.inner.engine.estimated_cost(),
            observer_panics: self.inner.observer.read().panics(),
            timeouts: self.inner.patience.timeouts.load(std::sync::atomic::Ordering::Relaxed),
            ..StoreUsage::default()
        };
        if self.inner.is_observed_here() {
            return usage;
        }
        for stripe in &self.inner.stripes {
            let state = stripe.lock();
            usage.dirty += state.dirty.len() as u64;
            usage.parked += state.unsaved.len() as u64;
            usage.deadlines += state.expiry.len() as u64;
            usage.overdue += state.kept.len() as u64;
        }
        usage
    }

    /// The live values the data store does not have yet: dirty ones in memory or kept aside; all
    /// in memory without a real data store. Costs in proportion to their number.
    /// None inside an observer.
    #[must_use]
    pub fn unflushed(&self) -> Vec<(String, StoredValue)> {
        if self.inner.is_observed_here() { Vec::new() } else { self.inner.unflushed() }
    }

    /// Whether a key is removed or expired here though the data store may still have it. Not told
    /// inside an observer.
    #[must_use]
    pub fn is_forgotten(&self, key: &str) -> bool {
        if self.inner.is_observed_here() {
            return false;
        }
        let key = SharedStr::from(key);
        let mut state = self.inner.stripe(&key).lock();
        matches!(self.inner.settle(&mut state, &key, self.inner.now()), Standing::Absent)
    }

    /// Takes other default limits and another bound, for what is written and loaded from now on: what
    /// there is keeps its deadline. What is over a lower bound is evicted before this returns.
    /// Another timeout is for waits that begin from now on.
    ///
    /// # Errors
    /// When the store is closed, or one of its observers calls.
    pub fn reconfigure(&self, config: &StorageConfig, data_store_timeout_millis: u64) -> anyhow::Result<()> {
        Ok(self.inner.reconfigure(config, data_store_timeout_millis)?)
    }

    /// Tells these observers from now on, in place of those it told. The change comes between two
    /// commits of each key: who is among both is told of every one.
    ///
    /// # Errors
    /// When the store is closed, or one of its observers calls.
    pub fn observe_with(&self, observer: &Arc<CompositeMutationObserver>) -> anyhow::Result<()> {
        Ok(self.inner.observe_with(observer)?)
    }

    /// Waits for the calls of the data store that are under way, and lets none begin: for a
    /// [`hand_over`](Standstill::hand_over).
    ///
    /// # Errors
    /// When that takes longer than the store has patience, or it is closed.
    pub async fn hold_still(&self) -> anyhow::Result<Standstill> {
        Standstill::of(&self.inner).await
    }

    /// The last error of the data store, or call it did not answer in time, and when that was.
    #[must_use]
    pub fn last_error(&self) -> Option<(i64, String)> {
        self.inner.patience.last_error()
    }

    /// Whether another store has taken the place of this one.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        matches!(self.inner.closed.get(), Some(Ending::Replaced))
    }

    /// Waits out a hand-over under way: after it, who was refused as
    /// [`Replaced`](crate::StoreError::Replaced) finds the successor in its place.
    pub fn await_hand_over(&self) {
        if !self.inner.is_observed_here() {
            // The hand-over holds every stripe until the successor is in place.
            drop(self.inner.stripes[0].lock());
        }
    }

    /// Ends the store as [`destroy`](crate::RecordStore::destroy) does, because the program ends;
    /// returns how many changes end with it that the data store was never told of.
    pub fn shut_down(&self) -> u64 {
        self.inner.destroy(true)
    }

    /// Whether the store is destroyed or could not be assembled.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.closed.get().is_some()
    }

    /// Reads the engine alone, as far as it shows nothing that has expired: nothing in memory has a
    /// deadline, or an observer reads, which is told of memory as it is.
    fn unguarded<T>(&self, read: impl Fn(&dyn StorageEngine) -> T) -> Option<T> {
        let (store, engine) = (&self.inner, &*self.inner.engine);
        if store.is_observed_here() {
            return Some(read(engine));
        }
        let deadlines = store.deadlines.load(Ordering::Acquire);
        let found = store.reads_unguarded().then(|| read(engine))?;
        (store.deadlines.load(Ordering::Acquire) == deadlines).then_some(found)
    }

    /// The live record in memory, judged and read as one step.
    fn live_resident(&self, key: &str, now: i64) -> Option<Record> {
        let state = self.inner.stripe(key).lock();
        let record = self.inner.engine.get(key)?;
        (!self.inner.is_expired(&state, key, &record.metadata, now)).then_some(record)
    }
}

impl fmt::Debug for DefaultRecordStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultRecordStore")
            .field("name", &self.inner.name)
            .field("partition_id", &self.inner.partition_id)
            .field("config", &self.inner.settings)
            .field("closed", &self.inner.closed.get())
            .finish_non_exhaustive()
    }
}
