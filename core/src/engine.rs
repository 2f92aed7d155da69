//! Layer 1: records in memory.

mod cursor;
mod forward;
mod hashmap;
mod slab;

pub use cursor::{FetchResult, IterationCursor};
pub use hashmap::HashMapStorage;

use crate::{Record, RecordMetadata};

/// Keeps records in memory, by key.
///
/// Every method is synchronous, takes `&self`, may be called from any thread and must
/// neither block on I/O nor call back into the store that uses the engine.
///
/// Laws, which the testkit checks one by one:
/// - `put` returns the record it replaced; `remove` the record it removed; `get` a copy.
/// - Each single-key operation is atomic: a concurrent reader sees the record before or
///   after it, never a mixture.
/// - Any text is a key: the empty one, long ones, those of any script.
/// - `len` counts the keys and `estimated_cost` is the sum of their `metadata.cost`; both
///   are exact when no operation is running.
/// - A walk by `fetch_keys` or `fetch_entries` from [`IterationCursor::start`] until
///   `finished` yields each key that was there throughout at least once, whatever else is
///   inserted or removed meanwhile. A page may hold fewer items than asked for, even none.
///   An engine may keep its keys in order: then walks go in the byte order of keys, each key once.
/// - A cursor past the end, foreign or malformed yields no items and is `finished`. A damaged
///   cursor of the engine's own may stand anywhere, but does no harm.
/// - `random_samples(n)` returns at most `min(n, len)` entries with distinct keys. Each key is
///   picked sooner or later.
/// - `clear` removes everything; so does `destroy`, after which the engine is not used again.
///
/// `len`, `estimated_cost`, `random_samples` and one page of `fetch_*` are called on hot
/// paths: their cost should not grow with the number of records.
///
/// An engine behind a `Box` or an `Arc` is an engine.
pub trait StorageEngine: Send + Sync + 'static {
    /// Stores a record under `key`; returns the one it replaced.
    fn put(&self, key: &str, record: Record) -> Option<Record>;

    /// A copy of the record under `key`.
    fn get(&self, key: &str) -> Option<Record>;

    /// Removes and returns the record under `key`.
    fn remove(&self, key: &str) -> Option<Record>;

    /// Whether there is a record under `key`.
    fn contains_key(&self, key: &str) -> bool;

    /// The number of records.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool;

    /// Removes every record.
    fn clear(&self);

    /// Removes every record for good.
    fn destroy(&self);

    /// The sum of the records' `metadata.cost`, in bytes.
    fn estimated_cost(&self) -> u64;

    /// The next page of at most `size` keys.
    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String>;

    /// The next page of at most `size` entries.
    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)>;

    /// A copy of all entries. Costs time and memory in proportion to their number.
    fn snapshot_iter(&self) -> Vec<(String, Record)>;

    /// At most `count` entries picked at random, with distinct keys.
    fn random_samples(&self, count: usize) -> Vec<(String, Record)>;

    /// The engine's atomic update, if it has one.
    ///
    /// An engine that says so saves its store a lock on every read that counts a hit. One
    /// that does not stays correct.
    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        None
    }
}

/// For engines that can change a record's metadata in place, atomically.
pub trait AtomicUpdate {
    /// Applies `change` to the metadata under `key` and returns a copy of the changed record.
    ///
    /// Atomic with respect to every other operation on the key: a concurrent `put` or
    /// `remove` happens wholly before or wholly after. `change` is called once if the key
    /// is there, else not at all; it is quick and calls nothing of the engine.
    fn update_metadata(&self, key: &str, change: &mut dyn FnMut(&mut RecordMetadata)) -> Option<Record>;
}
