//! Layer 2: what a record store does.

mod forward;

use async_trait::async_trait;

use crate::{FetchResult, IterationCursor, MapDataStore, Record, RecordValue, StorageEngine};

/// Who asks for a change, which decides whether it is persisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerProvenance {
    /// A user of the map. Persisted.
    Client,
    /// A primary telling its backup. Not persisted.
    Backup,
    /// A replication stream. Not persisted.
    Replication,
    /// Data that comes from the data store. Not persisted again.
    Load,
    /// The outcome of a merge of concurrent versions. Persisted.
    CrdtMerge,
}

impl CallerProvenance {
    /// Whether the change goes to the data store.
    #[must_use]
    pub fn persists(self) -> bool {
        matches!(self, Self::Client | Self::CrdtMerge)
    }
}

/// When a record expires, counted from its last put and its last access.
///
/// A record is live while `now − base ≤ limit`. 0 means no limit; [`NONE`](Self::NONE), no
/// limit of its own, so that the store's defaults apply; `u64::MAX`, never, whatever the
/// defaults are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ExpiryPolicy {
    /// Time to live after the last put, in ms.
    pub ttl_millis: u64,
    /// Time to live after the last access, in ms.
    pub max_idle_millis: u64,
}

impl ExpiryPolicy {
    /// No expiry of its own: the store's defaults apply.
    pub const NONE: Self = Self { ttl_millis: 0, max_idle_millis: 0 };

    /// Never expires, whatever the store's defaults are.
    pub const NEVER: Self = Self { ttl_millis: u64::MAX, max_idle_millis: u64::MAX };

    /// Expires `millis` ms after the put.
    #[must_use]
    pub const fn ttl(millis: u64) -> Self {
        Self { ttl_millis: millis, max_idle_millis: 0 }
    }

    /// Expires `millis` ms after the last access.
    #[must_use]
    pub const fn max_idle(millis: u64) -> Self {
        Self { ttl_millis: 0, max_idle_millis: millis }
    }
}

/// Whether, and why, a record has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpiryReason {
    /// It is live, or not there.
    NotExpired,
    /// Its time to live is over.
    Ttl,
    /// Nobody read it for too long.
    MaxIdle,
}

/// Settings of one record store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageConfig {
    /// Time to live of new records, in ms; 0 = no limit.
    pub default_ttl_millis: u64,
    /// Longest time between accesses of new records, in ms; 0 = no limit.
    pub default_max_idle_millis: u64,
    /// Records in memory before eviction; 0 = unlimited.
    pub max_entry_count: u64,
}

/// The records of one partition of one map: memory in front of a data store.
///
/// [`DefaultRecordStore`](crate::DefaultRecordStore) is the implementation, and says what
/// each method promises under concurrency, failure and cancellation.
///
/// Laws, which the testkit checks one by one, of writes:
/// - What was put is read until it is put again or removed.
/// - `put` and `remove` return the live value they end; to callers that persist, also one that only
///   the data store has.
/// - The data store comes first: memory changes and observers are told only after it said `Ok`. If
///   it says `Err` the caller gets that; memory and expiry are as before, and no observer is told.
/// - Changes by `Client` and `CrdtMerge` reach the data store, backups by its calls for backups;
///   other changes do not.
/// - A backup is kept as it is, and told as a backup.
/// - A put makes the next version and keeps the hits.
/// - Writes of one key reach the data store one after the other, so that at rest it has what memory has.
///
/// Of reads:
/// - A miss is loaded, and is in memory from then on, as persisted.
/// - However many callers miss a key at once, one load answers them all.
/// - A load that fails installs nothing, and every caller who waits for it gets the error.
/// - A load that ends late neither overwrites a newer write nor revives a removed key.
/// - `get_all` loads its misses with one call of `load_all`, and gives each key once, in the order of
///   its first mention.
/// - A touch counts the hit and moves the time of access, and undoes no write. Other reads leave no trace.
/// - A hit waits for no call of the data store. A call that hangs holds up few other keys.
/// - A walk by `fetch_keys` or `fetch_entries` comes to every key in memory.
///
/// Of eviction:
/// - Eviction is not deletion: what was evicted comes back with the next read, also what was never persisted.
/// - `soft_flush` persists what was evicted before it was persisted.
/// - With a bound, no insert leaves more records in memory than that, and what was just written stays.
///
/// Of ends:
/// - `clear`, `reset` and `destroy` are one event each. They leave the data store alone and never call
///   its `reset`.
/// - After `destroy` every operation is an error; to destroy again does nothing; a load under way
///   installs nothing.
///
/// Of expiry:
/// - A record is live while `now − base ≤ limit`, where base is the last put for the time to live and
///   the last access for the idle time.
/// - A put without an expiry of its own takes the defaults, `u64::MAX` means never, and each put
///   replaces the expiry.
/// - No read shows an expired record, and no write returns one.
/// - An expiry is told once, as an expiry.
///
/// Of observers:
/// - Each commit is told once, in order of registration, with the exact values; a change that
///   changes nothing is not told.
/// - Replaying the events rebuilds memory.
/// - An observer that panics does no harm to the others and to the operation.
///
/// Of cancellation:
/// - A dropped future means "not started" or "ran to its end", never half. A caller who is gone holds
///   up nobody.
///
/// What a store can say beyond this:
/// - A deadline outlives eviction: a data store that keeps none does not bring an expired record back.
/// - A deadline that the data store kept holds for what is loaded.
/// - An observer that changes its own store is refused with an error, and does not deadlock.
///
/// A record store behind a `Box` is a record store.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// The map's name.
    fn name(&self) -> &str;

    /// The partition's number.
    fn partition_id(&self) -> u32;

    /// The live record under `key`, loaded if it is not in memory; `touch` counts the read.
    ///
    /// # Errors
    /// When the data store fails to load it, or the store is destroyed.
    async fn get(&self, key: &str, touch: bool) -> anyhow::Result<Option<Record>>;

    /// Whether a live record is in memory.
    fn exists_in_memory(&self, key: &str) -> bool;

    /// Stores a value; returns the live one it replaced.
    ///
    /// # Errors
    /// When the data store fails, the store is destroyed, or an observer of it calls.
    async fn put(
        &self,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
    ) -> anyhow::Result<Option<RecordValue>>;

    /// Removes a key; returns its live value.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    async fn remove(&self, key: &str, provenance: CallerProvenance) -> anyhow::Result<Option<RecordValue>>;

    /// Stores a backup record as it is.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    async fn put_backup(&self, key: &str, record: Record, provenance: CallerProvenance)
    -> anyhow::Result<()>;

    /// Removes a backup record.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    async fn remove_backup(&self, key: &str, provenance: CallerProvenance) -> anyhow::Result<()>;

    /// The live records under `keys`, each key once, in the order of its first mention.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn get_all(&self, keys: &[String]) -> anyhow::Result<Vec<(String, Record)>>;

    /// The next page of keys in memory.
    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String>;

    /// The next page of entries in memory.
    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)>;

    /// Calls `consumer` with every live entry in memory.
    fn for_each_boxed(&self, consumer: &mut dyn FnMut(&str, &Record), is_backup: bool);

    /// How many records are in memory.
    fn size(&self) -> usize;

    /// Whether none is.
    fn is_empty(&self) -> bool;

    /// Estimated heap bytes of the keys and values in memory.
    fn owned_entry_cost(&self) -> u64;

    /// Whether the record under `key` is expired at `now` (ms since the epoch).
    fn has_expired(&self, key: &str, now: i64, is_backup: bool) -> ExpiryReason;

    /// Removes `percentage` % of the records expired at `now`, rounded up, soonest deadline first.
    fn evict_expired(&self, percentage: u32, now: i64, is_backup: bool);

    /// Whether records of this store can expire.
    fn is_expirable(&self) -> bool;

    /// Drops a record from memory only; returns its value.
    fn evict(&self, key: &str, is_backup: bool) -> Option<RecordValue>;

    /// Drops every record from memory only; returns how many.
    fn evict_all(&self, is_backup: bool) -> u32;

    /// Whether the store is at its bound.
    fn should_evict(&self) -> bool;

    /// Called once before the store is shared.
    fn init(&mut self);

    /// Empties memory; returns how many records there were.
    fn clear(&self, is_backup: bool) -> u32;

    /// Empties memory for a fresh start.
    fn reset(&self);

    /// Ends the store: every later operation is an error.
    fn destroy(&self);

    /// Hands what is not yet persisted to the data store and asks it to flush; returns its
    /// last queued sequence number, 0 if none.
    ///
    /// # Errors
    /// When the data store fails; what it did not take stays for the next flush.
    async fn soft_flush(&self) -> anyhow::Result<u64>;

    /// The engine.
    fn storage(&self) -> &dyn StorageEngine;

    /// The data store.
    fn map_data_store(&self) -> &dyn MapDataStore;
}
