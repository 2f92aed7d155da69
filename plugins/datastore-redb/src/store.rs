//! The data store: the trait's methods over a queue, a writer and readers.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use trilayer_core::{MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue};

use crate::database::Shared;
use crate::queue::{self, Change, Operation, Queue};
use crate::reads::MapReader;
use crate::{RedbError, RedbOptions, blocking, format, writer};

/// Values with more heap than this are encoded on a thread for blocking work.
const LARGE: u64 = 256 << 10;

/// All maps in one redb file; see the [crate] for what it promises.
///
/// - **Concurrency**: share it by `Arc`. Changes are done one after another in the order
///   they were queued, by one thread; those that wait at the same time share one commit. At
///   most 64 MiB wait; further changes await their turn. Reads run beside them, on tokio's
///   threads for blocking work, or where they are polled if there is no runtime.
/// - **Cancellation**: a dropped future of a change that was not yet queued did not happen;
///   one that was queued happens all the same.
/// - **Errors**: if a commit fails, every change that shared it fails, and none of them is
///   in the file, unless the failure came so late that all are.
/// - **Dropping** it blocks until what is queued is stored and the file is closed.
pub struct RedbDataStore {
    shared: Arc<Shared>,
    /// `Some` until dropped.
    queue: Option<Queue>,
    writer: Option<JoinHandle<()>>,
}

impl RedbDataStore {
    /// Opens the file, made if there is none, and starts the writer thread.
    ///
    /// Blocks, for as long as reading the file takes if it was not closed cleanly.
    ///
    /// # Errors
    /// When the file cannot be made, read or written, is open already, is damaged, is no
    /// trilayer database, or is one of a newer version.
    pub fn open(options: &RedbOptions) -> Result<Self, RedbError> {
        let shared = Arc::new(Shared::open(options.clone())?);
        let (queue, receiver) = queue::queue();
        let writer = writer::start(Arc::clone(&shared), receiver)?;
        Ok(Self { shared, queue: Some(queue), writer: Some(writer) })
    }

    /// How many commits reached the disk since the store was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.commits()
    }

    async fn put(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: Option<i64>,
    ) -> anyhow::Result<()> {
        let heap = value.heap_bytes();
        let size = heap.saturating_add(key.len() as u64);
        let (map, key, value) = (map.to_owned(), key.to_owned(), value.clone());
        self.change(size, heap > LARGE, move || put_operation(map, key, value, expiration_time)).await
    }

    async fn remove_keys(&self, map: &str, keys: Vec<String>) -> anyhow::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let size = keys.iter().map(|key| key.len() as u64 + 32).sum();
        let map = map.to_owned();
        self.change(size, false, move || Ok(Operation { map, change: Change::Remove { keys } })).await
    }

    /// Queues what `make` makes once there is room for it, and waits for its commit.
    async fn change(
        &self,
        size: u64,
        is_slow: bool,
        make: impl FnOnce() -> Result<Operation, RedbError> + Send + 'static,
    ) -> anyhow::Result<()> {
        let queue = self.queue()?;
        let room = queue.room(size).await.ok_or_else(|| self.writer_gone())?;
        let operation = if is_slow { blocking::run(self.shared.path(), make).await? } else { make()? };
        let map = operation.map.clone();
        let answer = queue.push(Some(operation), room).ok_or_else(|| self.writer_gone())?;
        let outcome = answer.await.map_err(|_| self.writer_gone())?;
        let path = self.shared.path();
        outcome.map_err(|source| RedbError::NotStored { path: path.to_owned(), map, source })?;
        Ok(())
    }

    async fn read<T: Send + 'static>(
        &self,
        map: &str,
        read: impl FnOnce(&MapReader<'_>) -> Result<T, RedbError> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (shared, map) = (Arc::clone(&self.shared), map.to_owned());
        let work =
            move || shared.read(|transaction| read(&MapReader::new(shared.path(), &map, transaction)?));
        Ok(blocking::run(self.shared.path(), work).await?)
    }

    fn queue(&self) -> Result<&Queue, RedbError> {
        self.queue.as_ref().ok_or_else(|| self.writer_gone())
    }

    fn writer_gone(&self) -> RedbError {
        let reason = "its writer thread has ended".to_owned();
        RedbError::Closed { path: self.shared.path().to_owned(), reason }
    }
}

fn put_operation(
    map: String,
    key: String,
    value: RecordValue,
    expiration_time: Option<i64>,
) -> Result<Operation, RedbError> {
    let bytes = match format::encode(&key, &value, expiration_time.unwrap_or(0)) {
        Ok(bytes) => bytes,
        Err(problem) => return Err(RedbError::Unstorable { map, key, problem }),
    };
    let change = match expiration_time {
        Some(_) => Change::Put { key, bytes },
        None => Change::PutKeepingDeadline { key, bytes, value },
    };
    Ok(Operation { map, change })
}

#[async_trait]
impl MapDataStore for RedbDataStore {
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: i64,
        _: i64,
    ) -> anyhow::Result<()> {
        self.put(map, key, value, Some(expiration_time)).await
    }

    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: i64,
        _: i64,
    ) -> anyhow::Result<()> {
        self.put(map, key, value, Some(expiration_time)).await
    }

    async fn remove(&self, map: &str, key: &str, _: i64) -> anyhow::Result<()> {
        self.remove_keys(map, vec![key.to_owned()]).await
    }

    async fn remove_backup(&self, map: &str, key: &str, _: i64) -> anyhow::Result<()> {
        self.remove_keys(map, vec![key.to_owned()]).await
    }

    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        Ok(self.load_stored(map, key).await?.map(|stored| stored.value))
    }

    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        let stored = self.load_all_stored(map, keys).await?;
        Ok(stored.into_iter().map(|(key, stored)| (key, stored.value)).collect())
    }

    /// Removes all keys in one transaction.
    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        self.remove_keys(map, keys.to_vec()).await
    }

    fn is_loadable(&self, _: &str) -> bool {
        true
    }

    /// Changes that are queued and not yet answered.
    fn pending_operation_count(&self) -> u64 {
        self.queue.as_ref().map_or(0, Queue::pending)
    }

    /// The number of the change queued last since the store was opened, counted from 1. The
    /// writer is always at work, so there is nothing to ask it for.
    async fn soft_flush(&self) -> anyhow::Result<u64> {
        Ok(self.queue()?.last())
    }

    /// Waits until everything queued so far is answered. What failed before was reported to
    /// those who asked for it.
    async fn hard_flush(&self) -> anyhow::Result<()> {
        let queue = self.queue()?;
        let room = queue.room(0).await.ok_or_else(|| self.writer_gone())?;
        let answer = queue.push(None, room).ok_or_else(|| self.writer_gone())?;
        let outcome = answer.await.map_err(|_| self.writer_gone())?;
        Ok(outcome?)
    }

    /// Stores the value and keeps the deadline that is stored with the key, if there is one:
    /// this call cannot tell a deadline, and a record that was to expire must not live for ever
    /// because it was flushed. [`flush_stored`](Self::flush_stored) tells one.
    async fn flush_key(&self, map: &str, key: &str, value: &RecordValue, _: bool) -> anyhow::Result<()> {
        self.put(map, key, value, None).await
    }

    /// Does nothing: a queued change has a caller who waits for it, and what is stored stays.
    fn reset(&self) {}

    fn keeps_deadlines(&self) -> bool {
        true
    }

    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        let key = key.to_owned();
        self.read(map, move |reader| reader.load(&key)).await
    }

    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        let keys = keys.to_vec();
        self.read(map, move |reader| reader.load_all(&keys)).await
    }

    async fn flush_stored(&self, map: &str, key: &str, stored: &StoredValue, _: bool) -> anyhow::Result<()> {
        self.put(map, key, &stored.value, Some(stored.expiration_time)).await
    }

    fn is_scannable(&self) -> bool {
        true
    }

    /// A page ends early once its keys and values exceed 8 MiB of the file.
    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        let request = request.clone();
        self.read(map, move |reader| reader.scan(&request)).await
    }
}

impl Drop for RedbDataStore {
    fn drop(&mut self) {
        // Without its senders the queue ends, and the writer with it.
        self.queue = None;
        let Some(writer) = self.writer.take() else { return };
        // Answering a change may drop the task that waited, and the store with it.
        let is_writer = writer.thread().id() == thread::current().id();
        if !is_writer && writer.join().is_err() {
            tracing::error!(path = %self.shared.path().display(), "the writer thread panicked");
        }
    }
}

impl fmt::Debug for RedbDataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbDataStore")
            .field("path", &self.shared.path())
            .field("pending", &self.pending_operation_count())
            .field("commits", &self.commits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
