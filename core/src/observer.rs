//! Observers: told of every committed change.

mod composite;
mod forward;

pub use composite::CompositeMutationObserver;
pub(crate) use composite::panic_text;

use crate::{Record, RecordValue, Value};

/// Is told of every committed change of a record store.
///
/// What it can rely on:
/// - Called once per commit, after it, in commit order per key, in registration order;
///   changes of different keys may be reported from different threads at once.
/// - The last event of a key tells its resident value, so replaying events rebuilds the map.
/// - A failed operation reports nothing.
/// - Called under the key's lock: be quick, do no I/O. A mutation of the same store from
///   inside a call is refused with an error; reads of it see memory as it is, records whose
///   deadline has passed included.
/// - A panic is caught, counted and reported; other observers and the operation go on.
///
/// What it keeps to, which the testkit checks one by one:
/// - It takes any event in any order, whatever the key and the record are, without a panic.
/// - It takes events of different keys from several threads at once, and tells its report meanwhile.
/// - No event waits for another: nothing is held from one call to the next, and no number of
///   events without somebody who listens makes one block.
/// - `report` may be asked for at any time, changes nothing, and tells the same twice if nothing
///   happened in between.
/// - What hears of evictions hears of expiries.
/// - After `on_destroy` further calls do no harm.
/// - One that mirrors memory is equal to it after any events of a store, and one that counts
///   counts each event once, whatever the number of threads.
///
/// An observer behind a `Box` or an `Arc` is an observer.
pub trait MutationObserver: Send + Sync {
    /// A key was inserted, or a backup written. `old` is the former value, as far as it is known:
    /// for an insert, one that was not in memory.
    fn on_put(&self, key: &str, record: &Record, old: Option<&RecordValue>, is_backup: bool);

    /// The value of a key in memory was replaced.
    fn on_update(&self, key: &str, record: &Record, old: &RecordValue, new: &RecordValue, is_backup: bool);

    /// A key was removed.
    fn on_remove(&self, key: &str, record: &Record, is_backup: bool);

    /// A key left memory; the data store, if there is a real one, still has it.
    fn on_evict(&self, key: &str, record: &Record, is_backup: bool);

    /// A key came into memory from the data store.
    fn on_load(&self, key: &str, record: &Record, is_backup: bool);

    /// A replication stream wrote a key. For grids that apply streams themselves; the
    /// default record store reports replicated puts as `on_put` and `on_update`.
    fn on_replication_put(&self, key: &str, record: &Record, populate_index: bool);

    /// Everything left memory.
    fn on_clear(&self);

    /// Everything left memory, for a fresh start.
    fn on_reset(&self);

    /// The store came to its end.
    fn on_destroy(&self, is_shutdown: bool);

    /// A key was removed because its time was up. By default as [`on_evict`](Self::on_evict).
    fn on_expire(&self, key: &str, record: &Record, is_backup: bool) {
        self.on_evict(key, record, is_backup);
    }

    /// What the observer has to tell an operator, as plain data; null if nothing.
    fn report(&self) -> Value {
        Value::Null
    }
}
