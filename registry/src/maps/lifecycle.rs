//! Flushing, maintaining and closing all maps at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trilayer_core::{DefaultRecordStore, RecordStore as _};

use super::live::was_replaced;
use super::{Maintenance, Maps, MapsError};
use crate::factory::{Opened, close_all};
use crate::join::join_some;
use crate::once::lock;

/// What failed, and why.
pub(super) type Failures = Vec<(String, anyhow::Error)>;

/// Record stores or data stores flushed at one time.
const AT_ONCE: usize = 16;

impl Maps {
    /// Hands everything not yet persisted to the data stores and has them make all they
    /// took durable; several side by side.
    ///
    /// # Errors
    /// When some could not be flushed; all were tried.
    pub async fn flush(&self) -> Result<(), MapsError> {
        let stores = self.open_stores();
        let mut attempted = stores.len();
        let flushes = stores.into_iter().map(|store| async move {
            let flushed = self.flush_in_place(&store).await;
            (name_of(&store), flushed)
        });
        let mut failures = failed(join_some(flushes, AT_ONCE).await);
        let (data_stores, more) = self.flush_data_stores().await;
        attempted += data_stores;
        failures.extend(more);
        outcome(attempted, failures)
    }

    /// Flushes a store, or the one that has taken its place.
    pub(super) async fn flush_in_place(&self, store: &Arc<DefaultRecordStore>) -> anyhow::Result<()> {
        let mut store = Arc::clone(store);
        loop {
            match store.hard_flush().await {
                Err(error) if was_replaced(&store, &error) => {}
                outcome => return outcome,
            }
            let Some(heir) = self.inner.factory.made(store.name(), store.partition_id()) else {
                return Ok(());
            };
            store = heir;
        }
    }

    /// Has every data store make durable what it took; returns how many there are, and what failed.
    pub(super) async fn flush_data_stores(&self) -> (usize, Failures) {
        let data_stores = self.inner.factory.data_stores();
        let count = data_stores.len();
        let flushes = data_stores.into_iter().map(|opened| async move {
            let flushed = opened.store.hard_flush().await;
            (opened.place, flushed)
        });
        (count, failed(join_some(flushes, AT_ONCE).await))
    }

    /// Flushes everything, then ends every record store and closes the data stores: later operations
    /// fail. Of callers at once, one closes and the others wait; later calls do nothing.
    ///
    /// Operations that come while it runs are refused; those under way are either persisted before it
    /// returns, as far as they persist at all, or fail. If its future is dropped, another call
    /// finishes. [`shut_down`](Self::shut_down) ends whatever happens.
    ///
    /// # Errors
    /// When something could not be flushed. Then either nothing is ended and the maps can be
    /// used on, or everything is and only a data store has to flush: call it again.
    pub async fn close(&self) -> Result<(), MapsError> {
        self.inner.closed.get_or_try_init(|| self.close_once()).await.copied()
    }

    async fn close_once(&self) -> Result<(), MapsError> {
        let _turn = self.inner.turn.lock().await;
        let reopen = Reopen::unless_closed(self);
        self.flush().await?;
        self.end_stores();
        reopen.forget();
        // Once more, for what was written between the flush and the end of its store.
        let (attempted, failures) = self.flush_data_stores().await;
        outcome(attempted, failures)?;
        self.close_data_stores(self.inner.factory.data_stores()).await;
        tracing::info!(maps = self.config().maps.len(), "maps closed");
        Ok(())
    }

    /// Ends every record store; returns those that end with changes the data store was not told of.
    pub(super) fn end_stores(&self) -> Vec<(String, u64)> {
        let ended = self.open_stores().into_iter().map(|store| (name_of(&store), store.shut_down()));
        let lost: Vec<_> = ended.filter(|(_, changes)| *changes > 0).collect();
        for (what, changes) in &lost {
            tracing::error!(what, changes, "ended with changes that were not persisted");
        }
        lost
    }

    /// Closes data stores, the last opened first; returns what failed.
    pub(super) async fn close_data_stores(&self, opened: Vec<Opened>) -> Failures {
        let failures = close_all(opened, &self.inner.clock, self.inner.deadlines.close_millis).await;
        for (place, error) in &failures {
            tracing::error!(place, error = format!("{error:#}"), "data store not closed in order");
        }
        failures
    }

    /// Takes no more operations and makes no more stores. Returns whether it did before.
    pub(super) fn refuse(&self) -> bool {
        let first = self.inner.factory.close();
        self.inner.ending.store(true, Ordering::Release);
        lock(&self.inner.maps).values().for_each(|map| map.standing().refuse());
        first
    }

    fn resume(&self) {
        self.inner.factory.reopen();
        self.inner.ending.store(false, Ordering::Release);
        lock(&self.inner.maps).values().for_each(|map| map.standing().resume());
    }

    pub(super) fn open_stores(&self) -> Vec<Arc<DefaultRecordStore>> {
        let mut stores = self.inner.factory.stores();
        stores.retain(|store| !store.is_closed());
        stores
    }

    /// Sweeps what has expired out of memory, and hands over what the data stores were not
    /// told of yet. To be called now and then: see [`spawn_maintenance`](Self::spawn_maintenance).
    ///
    /// # Errors
    /// When some could not be flushed; all were tried.
    pub async fn maintain(&self) -> Result<(), MapsError> {
        let stores = self.open_stores();
        let (attempted, mut failures) = (stores.len(), Failures::new());
        for store in stores {
            store.evict_expired(100, self.inner.clock.now_millis(), false);
            match store.soft_flush().await {
                // The one in its place comes next time.
                Err(error) if was_replaced(&store, &error) => {}
                flushed => failures.extend(flushed.err().map(|error| (name_of(&store), error))),
            }
        }
        outcome(attempted, failures)
    }

    /// Calls [`maintain`](Self::maintain) after every `period` (at least 1 ms), until the
    /// handle is dropped or the maps are closed. Failures are `tracing` warnings.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without its timer enabled.
    #[must_use = "maintenance ends when the handle is dropped"]
    pub fn spawn_maintenance(&self, period: Duration) -> Maintenance {
        Maintenance::spawn(Arc::downgrade(&self.inner), period)
    }
}

/// Lets the maps go on unless closing gets past the point of no return.
struct Reopen<'m>(Option<&'m Maps>);

impl<'m> Reopen<'m> {
    fn unless_closed(maps: &'m Maps) -> Self {
        Self(maps.refuse().then_some(maps))
    }

    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Reopen<'_> {
    fn drop(&mut self) {
        if let Some(maps) = self.0 {
            maps.resume();
        }
    }
}

pub(super) fn name_of(store: &DefaultRecordStore) -> String {
    format!("map {:?}, partition {}", store.name(), store.partition_id())
}

/// What failed of what was tried.
pub(super) fn failed(outcomes: Vec<(String, anyhow::Result<()>)>) -> Failures {
    outcomes.into_iter().filter_map(|(what, outcome)| outcome.err().map(|error| (what, error))).collect()
}

fn outcome(attempted: usize, failures: Failures) -> Result<(), MapsError> {
    if failures.is_empty() { Ok(()) } else { Err(MapsError::Flush { attempted, failures }) }
}
