//! Filling maps when they are opened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use trilayer_core::{DefaultRecordStore, RecordStore as _, ScanRequest, StoredValue};

use super::{Maps, MapsError};
use crate::factory::{Assembly, Blueprint};
use crate::once::lock;
use crate::pattern::is_pattern;
use crate::{FactoryError, Load, partition_of};

/// Records read from the data store at a time.
const PAGE: usize = 1024;

/// A map's record stores by partition, made as they are needed.
struct Filling<'f> {
    blueprint: &'f Blueprint,
    make: &'f (dyn Fn(u32) -> Result<Arc<DefaultRecordStore>, FactoryError> + Sync),
    stores: Mutex<BTreeMap<u32, Arc<DefaultRecordStore>>>,
}

/// Fills every map with `load = "eager"`, before anybody else can use it.
pub(super) async fn fill(maps: &Maps) -> Result<(), MapsError> {
    let config = maps.config();
    let eager = config.maps.iter().filter(|(_, settings)| settings.load == Load::Eager);
    for (name, _) in eager {
        let map = maps.get(name)?;
        let make = |partition| maps.inner.factory.get_or_create(name, partition);
        fill_map(&map.blueprint(), &make).await?;
    }
    Ok(())
}

/// The record stores, filled, of maps with `load = "eager"` that are new in a configuration.
pub(super) async fn fill_new(
    before: &Assembly,
    next: &Assembly,
) -> Result<Vec<Arc<DefaultRecordStore>>, MapsError> {
    let mut filled = Vec::new();
    for (name, settings) in &next.config().maps {
        let is_new = !before.config().maps.contains_key(name) && !is_pattern(name);
        if settings.load == Load::Eager && is_new {
            let blueprint = next.blueprint(name)?;
            let make = |partition| blueprint.make(partition).map(Arc::new);
            filled.extend(fill_map(&blueprint, &make).await?);
        }
    }
    Ok(filled)
}

async fn fill_map(
    blueprint: &Blueprint,
    make: &(dyn Fn(u32) -> Result<Arc<DefaultRecordStore>, FactoryError> + Sync),
) -> Result<Vec<Arc<DefaultRecordStore>>, MapsError> {
    let map = &blueprint.map;
    if !blueprint.data_store.is_scannable() {
        let data_store = format!("{:?}", blueprint.settings.data_store.name);
        return Err(MapsError::CannotFill { map: map.clone(), data_store });
    }
    let filling = Filling { blueprint, make, stores: Mutex::default() };
    let loaded = filling.run().await.map_err(|source| MapsError::Fill { map: map.clone(), source })?;
    tracing::info!(map, loaded, "map filled from its data store");
    Ok(filling.all())
}

impl Filling<'_> {
    async fn run(&self) -> anyhow::Result<usize> {
        let mut request = ScanRequest { limit: PAGE, ..ScanRequest::default() };
        let mut loaded = 0;
        loop {
            let page = self.blueprint.data_store.scan(&self.blueprint.map, &request).await?;
            request.after = page.items.last().map(|(key, _)| key.clone()).or(request.after);
            let empty = page.items.is_empty();
            loaded += self.install(page.items)?;
            if !page.more || empty || self.is_full() {
                return Ok(loaded);
            }
        }
    }

    fn install(&self, items: Vec<(String, StoredValue)>) -> anyhow::Result<usize> {
        let mut by_partition: BTreeMap<u32, Vec<(String, StoredValue)>> = BTreeMap::new();
        for (key, stored) in items {
            let partition = partition_of(&key, self.blueprint.settings.partitions);
            by_partition.entry(partition).or_default().push((key, stored));
        }
        let mut loaded = 0;
        for (partition, entries) in by_partition {
            let count = self.store(partition)?.preload(entries);
            tracing::debug!(map = self.blueprint.map, partition, loaded = count, "record store filled");
            loaded += count;
        }
        Ok(loaded)
    }

    fn store(&self, partition: u32) -> Result<Arc<DefaultRecordStore>, FactoryError> {
        if let Some(store) = lock(&self.stores).get(&partition) {
            return Ok(Arc::clone(store));
        }
        let store = (self.make)(partition)?;
        lock(&self.stores).insert(partition, Arc::clone(&store));
        Ok(store)
    }

    fn all(&self) -> Vec<Arc<DefaultRecordStore>> {
        lock(&self.stores).values().cloned().collect()
    }

    /// Whether no partition takes any more.
    fn is_full(&self) -> bool {
        let (settings, stores) = (&self.blueprint.settings, self.all());
        settings.max_entry_count > 0
            && u32::try_from(stores.len()) == Ok(settings.partitions)
            && stores.iter().all(|store| store.should_evict())
    }
}
