//! The changing methods of a map.

use std::collections::BTreeSet;
use std::sync::Arc;

use trilayer_core::{
    CallerProvenance, DefaultRecordStore, ExpiryPolicy, RecordStore as _, RecordValue, ScanRequest, Value,
};

use super::live::was_replaced;
use super::map::single;
use super::{Map, MapError};

/// Keys read from the data store at a time.
const PAGE: usize = 1024;

impl Map {
    /// Stores a value under `key`, with the map's default expiry; returns the one it
    /// replaced, which is loaded if it is not in memory ([`set`](Self::set) saves that).
    ///
    /// `None` also if what it replaced is of another shape than a single value.
    ///
    /// # Errors
    /// When key or value is refused, the data store fails, or the maps are closed.
    pub async fn put(&self, key: &str, value: impl Into<Value>) -> Result<Option<Value>, MapError> {
        let value = self.stamped(value);
        let old = self.put_with(key, value, ExpiryPolicy::NONE, CallerProvenance::Client).await?;
        Ok(old.and_then(single))
    }

    /// Stores a value of any shape under `key`; returns the live one it replaced.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn put_with(
        &self,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
    ) -> Result<Option<RecordValue>, MapError> {
        let partition = self.checked_partition(key)?;
        self.check_value(&value)?;
        loop {
            let store = self.at(partition)?;
            match store.put(key, value.clone(), expiry, provenance).await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome.map_err(|source| self.failed("put", source)),
            }
        }
    }

    /// As [`put`](Self::put), without asking for the value it replaces.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn set(&self, key: &str, value: impl Into<Value>) -> Result<(), MapError> {
        let value = self.stamped(value);
        self.set_with(key, value, ExpiryPolicy::NONE, CallerProvenance::Client).await
    }

    /// As [`put_with`](Self::put_with), without asking for the value it replaces.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn set_with(
        &self,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
    ) -> Result<(), MapError> {
        let partition = self.checked_partition(key)?;
        self.check_value(&value)?;
        loop {
            let store = self.at(partition)?;
            match store.set(key, value.clone(), expiry, provenance).await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome.map_err(|source| self.failed("set", source)),
            }
        }
    }

    /// Removes `key`; returns its value, loaded if it is not in memory.
    ///
    /// `None` also if what it removed is of another shape than a single value: see
    /// [`remove_with`](Self::remove_with).
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn remove(&self, key: &str) -> Result<Option<Value>, MapError> {
        Ok(self.remove_with(key, CallerProvenance::Client).await?.and_then(single))
    }

    /// Removes `key`; returns its live value, of whatever shape.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn remove_with(
        &self,
        key: &str,
        provenance: CallerProvenance,
    ) -> Result<Option<RecordValue>, MapError> {
        let partition = self.checked_partition(key)?;
        loop {
            let store = self.at(partition)?;
            match store.remove(key, provenance).await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome.map_err(|source| self.failed("remove", source)),
            }
        }
    }

    /// Empties the map, in memory and in the data store; returns how many keys the data
    /// store was asked to remove.
    ///
    /// Goes partition by partition: a concurrent reader may see some emptied and others
    /// not yet, and what is written meanwhile may stay. A data store that does not scan
    /// loses only the keys that the map's memory knows of.
    ///
    /// # Errors
    /// When the data store fails; some partitions may be emptied then.
    pub async fn clear_through(&self) -> Result<u64, MapError> {
        let mut removed = 0;
        for partition in self.partitions_with_keys().await? {
            removed += self.clear_partition(partition).await?;
        }
        Ok(removed)
    }

    async fn clear_partition(&self, partition: u32) -> Result<u64, MapError> {
        loop {
            let store = self.at(partition)?;
            match store.clear_through(false).await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome.map_err(|source| self.failed("clear_through", source)),
            }
        }
    }

    /// Those in use, and those the data store has keys of: each of the others would cost a
    /// scan for nothing.
    async fn partitions_with_keys(&self) -> Result<BTreeSet<u32>, MapError> {
        let mut partitions: BTreeSet<u32> = self.stores().iter().map(|store| store.partition_id()).collect();
        let data_store = Arc::clone(&self.blueprint().data_store);
        let mut request = ScanRequest { limit: PAGE, ..ScanRequest::default() };
        let mut more = data_store.is_scannable() && !data_store.is_null();
        while more && partitions.len() < self.partition_count() {
            let page = data_store.scan(self.name(), &request).await;
            let page = page.map_err(|source| self.failed("clear_through", source))?;
            partitions.extend(page.items.iter().map(|(key, _)| self.partition_of(key)));
            more = page.more && !page.items.is_empty();
            request.after = page.items.into_iter().next_back().map(|(key, _)| key);
        }
        Ok(partitions)
    }

    /// Hands everything not yet persisted to the data store and has it make all it took
    /// durable.
    ///
    /// # Errors
    /// The first failure; the other partitions are flushed all the same.
    pub async fn flush(&self) -> Result<(), MapError> {
        let mut outcome = Ok(());
        for store in self.stores() {
            let flushed = self.flush_partition(store).await;
            outcome = outcome.and(flushed.map_err(|source| self.failed("flush", source)));
        }
        outcome
    }

    /// Flushes a store, or the one that has taken its place.
    async fn flush_partition(&self, mut store: Arc<DefaultRecordStore>) -> anyhow::Result<()> {
        loop {
            match store.hard_flush().await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome,
            }
            let Some(heir) = self.made(store.partition_id()) else { return Ok(()) };
            store = heir;
        }
    }

    fn stamped(&self, value: impl Into<Value>) -> RecordValue {
        RecordValue::Lww { value: value.into(), timestamp: self.stamps().stamp() }
    }

    fn check_value(&self, value: &RecordValue) -> Result<(), MapError> {
        let (bytes, limit) = (value.heap_bytes(), self.max_value_bytes());
        if bytes <= limit {
            return Ok(());
        }
        Err(MapError::ValueTooLarge { map: self.name().to_owned(), bytes, limit })
    }
}
