//! Layer 3: values outside memory.

mod forward;
mod null;

pub use null::NullDataStore;

use async_trait::async_trait;

use crate::RecordValue;

/// A value as a data store gives it back.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredValue {
    /// The value.
    pub value: RecordValue,
    /// When it expires, in ms since the epoch; 0 = never, or the store does not know.
    pub expiration_time: i64,
}

/// Which part of a map to scan. Keys are ordered by their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanRequest {
    /// Only keys that start with this.
    pub prefix: String,
    /// Only keys greater than this; where the last page ended.
    pub after: Option<String>,
    /// At most this many items.
    pub limit: usize,
}

/// One page of a scan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScanPage {
    /// Keys in order, with their values.
    pub items: Vec<(String, StoredValue)>,
    /// Whether more may follow; pass the last key as [`ScanRequest::after`].
    pub more: bool,
}

/// Persists values, by map name and key.
///
/// One data store serves many maps and is shared by all their record stores.
///
/// Laws, which the testkit checks one by one:
/// - What `add` said `Ok` to, `load` finds, until a later `add` or `remove` of that key.
///   A store that answers before it is durable (write-behind) says so in its documentation
///   and makes it durable by `hard_flush`.
/// - An `Err` means the operation may or may not have happened.
/// - A key that cannot be kept is an `Err`, never a panic and never another key.
/// - `remove` of a key that is not there is `Ok`.
/// - Maps do not see each other's keys.
/// - `load_all` returns exactly the keys that `load` would find, each once, in any order.
/// - Every future may be dropped at any await without harm beyond "may or may not have happened".
///
/// A record store calls one operation at a time per key and never holds a lock of its own
/// that another key's operation of a different stripe would need.
///
/// A data store behind a `Box` or an `Arc` is a data store.
#[async_trait]
pub trait MapDataStore: Send + Sync {
    /// Persists a value. `expiration_time` is absolute, in ms since the epoch; 0 = none.
    ///
    /// # Errors
    /// When the value may not have been persisted.
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: i64,
        now: i64,
    ) -> anyhow::Result<()>;

    /// Persists a backup's value.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: i64,
        now: i64,
    ) -> anyhow::Result<()>;

    /// Removes a key.
    ///
    /// # Errors
    /// When the key may still be there.
    async fn remove(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()>;

    /// Removes a backup's key.
    ///
    /// # Errors
    /// As [`remove`](Self::remove).
    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()>;

    /// The value under `key`, if there is one.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>>;

    /// The values of those `keys` that are there.
    ///
    /// # Errors
    /// When the store cannot tell for some key.
    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>>;

    /// Removes several keys.
    ///
    /// # Errors
    /// When some may still be there.
    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()>;

    /// Whether `key` may be loaded; `false` makes a miss in memory a miss.
    fn is_loadable(&self, key: &str) -> bool;

    /// Operations accepted but not yet durable.
    fn pending_operation_count(&self) -> u64;

    /// Asks for a flush without waiting; returns the sequence number of the last queued
    /// operation, 0 if none.
    ///
    /// # Errors
    /// When the flush could not be asked for.
    async fn soft_flush(&self) -> anyhow::Result<u64>;

    /// Makes everything accepted so far durable before it returns.
    ///
    /// # Errors
    /// When something may not be durable.
    async fn hard_flush(&self) -> anyhow::Result<()>;

    /// Persists the value of a key that leaves memory before it was persisted. The call tells no
    /// deadline: a store that keeps deadlines leaves the one it has.
    ///
    /// # Errors
    /// When the value may not have been persisted.
    async fn flush_key(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        is_backup: bool,
    ) -> anyhow::Result<()>;

    /// Forgets what is queued. The store is shared: record stores never call this.
    fn reset(&self);

    /// Whether this store keeps nothing, so that record stores need not ask it.
    fn is_null(&self) -> bool {
        false
    }

    /// Whether the store gives back, with [`load_stored`](Self::load_stored), the expiration
    /// time it was given. One that does not leaves remembering deadlines to the record
    /// store, in memory.
    fn keeps_deadlines(&self) -> bool {
        false
    }

    /// As [`load`](Self::load), with the expiration time. Override together with
    /// [`keeps_deadlines`](Self::keeps_deadlines) and [`load_all_stored`](Self::load_all_stored).
    ///
    /// # Errors
    /// As [`load`](Self::load).
    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        let value = self.load(map, key).await?;
        Ok(value.map(|value| StoredValue { value, expiration_time: 0 }))
    }

    /// As [`load_all`](Self::load_all), with expiration times.
    ///
    /// # Errors
    /// As [`load_all`](Self::load_all).
    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        let values = self.load_all(map, keys).await?;
        Ok(values.into_iter().map(|(key, value)| (key, StoredValue { value, expiration_time: 0 })).collect())
    }

    /// As [`flush_key`](Self::flush_key), with the expiration time. Override together with
    /// [`keeps_deadlines`](Self::keeps_deadlines).
    ///
    /// # Errors
    /// As [`flush_key`](Self::flush_key).
    async fn flush_stored(
        &self,
        map: &str,
        key: &str,
        stored: &StoredValue,
        is_backup: bool,
    ) -> anyhow::Result<()> {
        self.flush_key(map, key, &stored.value, is_backup).await
    }

    /// Whether the store can be used at present, for those who operate it. Changes nothing, and is
    /// answered soon: nobody waits longer for it than for any other call.
    ///
    /// # Errors
    /// When it cannot be used; says why.
    async fn health(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Lets go of what the store holds outside memory: files, locks, connections. Called once by
    /// whoever opened it, after a last [`hard_flush`](Self::hard_flush), when nobody uses it any
    /// more; what is asked of it later may fail. A decorator closes what it opened.
    ///
    /// # Errors
    /// When something could not be let go of in order.
    async fn close(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Whether [`scan`](Self::scan) works.
    fn is_scannable(&self) -> bool {
        false
    }

    /// One page of a map's keys and values, in order of key. Expired values may be among them. A
    /// limit of 0 gives no items, and says whether there are any.
    ///
    /// # Errors
    /// When the store cannot be read, or does not scan.
    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        anyhow::bail!("cannot scan map {map:?} from {:?}: this data store does not scan", request.after)
    }
}
