//! What the record stores of one map are made from.

use std::sync::Arc;

use serde_json::Value as Json;
use trilayer_core::{
    Context, DefaultRecordStore, Descriptor, HashMapStorage, MapDataStore, RecordStore as _, StorageConfig,
    StorageEngine,
};

use super::seats::Seats;
use super::{FactoryError, Parts};
use crate::config::KeyPath;
use crate::{MapConfig, partition_of};

/// What the record stores of one map are made from.
pub(crate) struct Blueprint {
    pub(crate) map: String,
    pub(crate) settings: MapConfig,
    /// What each record store is given of them.
    pub(super) storage: StorageConfig,
    pub(crate) data_store: Arc<dyn MapDataStore>,
    /// What the configuration calls the data store.
    pub(crate) data_store_place: String,
    pub(crate) observers: Seats,
    pub(super) engine: EngineMaker,
    pub(super) context: Context,
    /// Whether any partition number will do.
    pub(super) unbounded: bool,
}

pub(super) enum EngineMaker {
    HashMap,
    Component { descriptor: Descriptor, options: Json, place: KeyPath },
}

impl Blueprint {
    pub(super) fn fixed(map: &str, parts: &Parts) -> Self {
        let context = Context::new().with_clock(Arc::clone(&parts.clock));
        Self {
            map: map.to_owned(),
            settings: MapConfig::default(),
            storage: parts.config.clone(),
            data_store: Arc::clone(&parts.data_store),
            data_store_place: "data store".to_owned(),
            observers: Seats::fixed(parts.observers.clone(), context.clone()),
            engine: EngineMaker::HashMap,
            context,
            unbounded: true,
        }
    }

    /// A new store of one partition.
    pub(crate) fn make(&self, partition: u32) -> Result<DefaultRecordStore, FactoryError> {
        self.check_partition(partition)?;
        let engine = self.make_engine(partition)?;
        let mut store = DefaultRecordStore::builder(&self.map, partition)
            .engine(engine)
            .data_store(Arc::clone(&self.data_store))
            .observer(self.observers.of_store(partition)?)
            .config(self.storage.clone())
            .data_store_timeout_millis(self.settings.data_store_timeout_millis)
            .clock(Arc::clone(self.context.clock()));
        if !self.unbounded {
            let partitions = self.settings.partitions;
            store = store
                .stripes(stripes(partitions))
                .owns(Arc::new(move |key: &str| partition_of(key, partitions) == partition));
        }
        let mut store = store.build();
        store.init();
        tracing::debug!(map = self.map, partition, "record store opened");
        Ok(store)
    }

    /// What each record store is given of the settings.
    pub(crate) fn storage(&self) -> &StorageConfig {
        &self.storage
    }

    /// An empty engine for one partition.
    pub(crate) fn make_engine(&self, partition: u32) -> Result<Box<dyn StorageEngine>, FactoryError> {
        self.engine.make(&self.context.clone().for_map(&self.map).for_partition(partition))
    }

    pub(super) fn check_partition(&self, partition: u32) -> Result<(), FactoryError> {
        let partitions = self.settings.partitions;
        if self.unbounded || partition < partitions {
            return Ok(());
        }
        Err(FactoryError::NoPartition { map: self.map.clone(), partition, partitions })
    }
}

/// Many partitions spread the keys already, few need more stripes each.
fn stripes(partitions: u32) -> usize {
    let each = 1024 / usize::try_from(partitions.max(1)).unwrap_or(1024);
    each.next_power_of_two().clamp(4, 64)
}

impl EngineMaker {
    pub(super) fn make(&self, context: &Context) -> Result<Box<dyn StorageEngine>, FactoryError> {
        match self {
            Self::HashMap => Ok(Box::new(HashMapStorage::new())),
            Self::Component { descriptor, options, place } => descriptor
                .create_engine(context, options.clone())
                .map_err(|source| FactoryError::Component { place: place.to_string(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn few_partitions_get_more_stripes() {
        let stripes = [1, 16, 271, 1024, 65_536].map(super::stripes);
        assert_eq!(stripes, [64, 64, 4, 4, 4]);
    }
}
