//! Flushing, maintaining and closing all maps at once.

use std::sync::Arc;
use std::time::Duration;

use trilayer_core::{DefaultRecordStore, RecordStore as _};

use super::{Maintenance, Maps, MapsError};
use crate::RecordStoreFactory;

/// What failed, and why.
type Failures = Vec<(String, anyhow::Error)>;

impl Maps {
    /// Hands everything not yet persisted to the data stores and has them make all they
    /// took durable.
    ///
    /// # Errors
    /// When some could not be flushed; all were tried.
    pub async fn flush(&self) -> Result<(), MapsError> {
        let stores = self.open_stores();
        let (mut failures, mut attempted) = (Failures::new(), stores.len());
        for store in stores {
            note(&mut failures, &name_of(&store), store.hard_flush().await);
        }
        let data_stores = self.inner.factory.data_stores();
        attempted += data_stores.len();
        for (name, data_store) in data_stores {
            note(&mut failures, &name, data_store.hard_flush().await);
        }
        outcome(attempted, failures)
    }

    /// Flushes everything, then ends every record store: later operations fail. Of callers
    /// at once, one closes and the others wait; later calls do nothing.
    ///
    /// What is written while it runs is either persisted before it returns, as far as it
    /// persists at all, or fails. If its future is dropped, another call finishes.
    ///
    /// # Errors
    /// When something could not be flushed. Then either nothing is ended and the maps can be
    /// used on, or everything is and only a data store has to flush: call it again.
    pub async fn close(&self) -> Result<(), MapsError> {
        self.inner.closed.get_or_try_init(|| self.close_once()).await.copied()
    }

    async fn close_once(&self) -> Result<(), MapsError> {
        let reopen = Reopen::unless_closed(&self.inner.factory);
        self.flush().await?;
        for store in self.open_stores() {
            store.destroy();
        }
        reopen.forget();
        // Once more, for what was written between the flush and the end of its store.
        let data_stores = self.inner.factory.data_stores();
        let (attempted, mut failures) = (data_stores.len(), Failures::new());
        for (name, data_store) in data_stores {
            note(&mut failures, &name, data_store.hard_flush().await);
        }
        outcome(attempted, failures)?;
        tracing::info!(maps = self.inner.config.maps.len(), "maps closed");
        Ok(())
    }

    fn open_stores(&self) -> Vec<Arc<DefaultRecordStore>> {
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
            note(&mut failures, &name_of(&store), store.soft_flush().await.map(drop));
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

/// Lets the factory go on unless closing gets past the point of no return.
struct Reopen<'f>(Option<&'f RecordStoreFactory>);

impl<'f> Reopen<'f> {
    fn unless_closed(factory: &'f RecordStoreFactory) -> Self {
        Self(factory.close().then_some(factory))
    }

    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Reopen<'_> {
    fn drop(&mut self) {
        if let Some(factory) = self.0 {
            factory.reopen();
        }
    }
}

fn name_of(store: &DefaultRecordStore) -> String {
    format!("map {:?}, partition {}", store.name(), store.partition_id())
}

fn note(failures: &mut Failures, what: &str, outcome: anyhow::Result<()>) {
    if let Err(error) = outcome {
        failures.push((what.to_owned(), error));
    }
}

fn outcome(attempted: usize, failures: Failures) -> Result<(), MapsError> {
    if failures.is_empty() { Ok(()) } else { Err(MapsError::Flush { attempted, failures }) }
}
