//! Filling maps when they are opened.

use std::collections::BTreeMap;

use trilayer_core::{RecordStore as _, ScanRequest, StoredValue};

use super::{Map, Maps, MapsError};
use crate::Load;

/// Records read from the data store at a time.
const PAGE: usize = 1024;

/// Fills every map with `load = "eager"`, before anybody else can use it.
pub(super) async fn fill(maps: &Maps) -> Result<(), MapsError> {
    let config = maps.config();
    let eager = config.maps.iter().filter(|(_, settings)| settings.load == Load::Eager);
    for (name, settings) in eager {
        let map = maps.get(name)?;
        if !map.blueprint().data_store.is_scannable() {
            let data_store = format!("{:?}", settings.data_store.name);
            return Err(MapsError::CannotFill { map: name.clone(), data_store });
        }
        let filled = fill_one(&map).await;
        let loaded = filled.map_err(|source| MapsError::Fill { map: name.clone(), source })?;
        tracing::info!(map = name, loaded, "map filled from its data store");
    }
    Ok(())
}

async fn fill_one(map: &Map) -> anyhow::Result<usize> {
    let mut request = ScanRequest { limit: PAGE, ..ScanRequest::default() };
    let mut loaded = 0;
    loop {
        let page = map.blueprint().data_store.scan(map.name(), &request).await?;
        request.after = page.items.last().map(|(key, _)| key.clone()).or(request.after);
        let empty = page.items.is_empty();
        loaded += install(map, page.items)?;
        if !page.more || empty || is_full(map) {
            return Ok(loaded);
        }
    }
}

fn install(map: &Map, items: Vec<(String, StoredValue)>) -> anyhow::Result<usize> {
    let mut by_partition: BTreeMap<u32, Vec<(String, StoredValue)>> = BTreeMap::new();
    for (key, stored) in items {
        by_partition.entry(map.partition_of(&key)).or_default().push((key, stored));
    }
    let mut loaded = 0;
    for (partition, entries) in by_partition {
        let count = map.store(partition)?.preload(entries);
        tracing::debug!(map = map.name(), partition, loaded = count, "record store filled");
        loaded += count;
    }
    Ok(loaded)
}

/// Whether no partition takes any more.
fn is_full(map: &Map) -> bool {
    let settings = map.blueprint().settings.clone();
    settings.max_entry_count > 0
        && map.stores().len() == map.partition_count()
        && map.stores().iter().all(|store| store.should_evict())
}
