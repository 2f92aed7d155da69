//! What a record store is made of.

use std::fmt;
use std::sync::Arc;

use trilayer_core::{Clock, CompositeMutationObserver, MapDataStore, MutationObserver, StorageConfig};

/// What a record store under test is to be made of.
pub struct RecordStoreParts {
    /// The map's name.
    pub name: String,
    /// The partition's number.
    pub partition_id: u32,
    /// The data store; it may be a null one.
    pub data_store: Arc<dyn MapDataStore>,
    /// The observers, in order of registration.
    pub observers: Vec<Arc<dyn MutationObserver>>,
    /// Default expiry and bound.
    pub config: StorageConfig,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl RecordStoreParts {
    /// The observers as one.
    #[must_use]
    pub fn composite(&self) -> Arc<CompositeMutationObserver> {
        Arc::new(CompositeMutationObserver::new(self.observers.clone()))
    }
}

impl fmt::Debug for RecordStoreParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStoreParts")
            .field("name", &self.name)
            .field("partition_id", &self.partition_id)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
