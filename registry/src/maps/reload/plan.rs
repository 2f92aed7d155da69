//! What is to be done to the maps in use, with everything made that it takes.

use std::sync::Arc;

use trilayer_core::{DefaultRecordStore, StorageEngine};

use super::{NeedsRestart, ReloadError};
use crate::config::KeyPath;
use crate::factory::{Assembly, Blueprint};
use crate::{FactoryError, RecordStoreFactory};

/// What is to be done to the maps in use.
pub(super) struct Plan {
    pub(super) works: Vec<Work>,
}

/// What is to be done to one map.
pub(super) struct Work {
    pub(super) before: Arc<Blueprint>,
    /// `None`: the map is removed.
    pub(super) after: Option<Arc<Blueprint>>,
    pub(super) stores: Vec<Arc<DefaultRecordStore>>,
    /// Engines of the stores' successors; none if the stores stay.
    pub(super) engines: Vec<Box<dyn StorageEngine>>,
}

impl Plan {
    pub(super) fn draw(
        factory: &RecordStoreFactory,
        before: &Assembly,
        next: &Assembly,
    ) -> Result<Self, ReloadError> {
        let (mut works, mut errors, mut restarts) = (Vec::new(), Vec::new(), Vec::new());
        for drawn in before.drawn() {
            let stores = factory.stores_of(&drawn.map);
            match Work::draw(drawn, next, stores, &mut restarts) {
                Ok(work) => works.push(work),
                Err(error) => errors.push(error),
            }
        }
        // Observers of maps that are new.
        errors.extend(next.make_observers().err());
        if !restarts.is_empty() {
            return Err(ReloadError::NeedsRestart(restarts));
        }
        FactoryError::all(errors).map_err(|error| ReloadError::Config(Box::new(error)))?;
        Ok(Self { works })
    }

    /// Stores of removed maps and of maps whose data store changes.
    pub(super) fn to_flush(&self) -> impl Iterator<Item = &Arc<DefaultRecordStore>> {
        self.works.iter().filter(|work| work.leaves_data_store()).flat_map(|work| &work.stores)
    }

    pub(super) fn to_replace(&self) -> impl Iterator<Item = &Arc<DefaultRecordStore>> {
        self.works.iter().filter(|work| work.replaces()).flat_map(|work| &work.stores)
    }

    /// Whether it knows all there is. To be asked while nothing is made.
    pub(super) fn is_complete(&self, factory: &RecordStoreFactory, before: &Assembly) -> bool {
        let known = |drawn: &Arc<Blueprint>| self.works.iter().any(|work| Arc::ptr_eq(&work.before, drawn));
        let drawn = before.drawn();
        let stores = |work: &Work| factory.stores_of(&work.before.map).len() == work.stores.len();
        drawn.len() == self.works.len() && drawn.iter().all(known) && self.works.iter().all(stores)
    }
}

impl Work {
    fn draw(
        before: Arc<Blueprint>,
        next: &Assembly,
        stores: Vec<Arc<DefaultRecordStore>>,
        restarts: &mut Vec<NeedsRestart>,
    ) -> Result<Self, FactoryError> {
        let after = next.redraw(&before)?;
        let mut work = Self { before, after, stores, engines: Vec::new() };
        let Some(after) = &work.after else { return Ok(work) };
        restarts.extend(needs_restart(&work.before, after));
        if work.replaces() {
            let engines: Result<Vec<_>, _> =
                work.stores.iter().map(|store| after.make_engine(partition_of(store))).collect();
            work.engines = engines?;
        }
        // Made now, so that nothing has to be made later that could fail.
        let observers =
            work.stores.iter().map(|store| after.observers.of_store(partition_of(store)).map(drop));
        observers.collect::<Result<(), _>>()?;
        Ok(work)
    }

    fn leaves_data_store(&self) -> bool {
        self.after.as_ref().is_none_or(|after| !Arc::ptr_eq(&self.before.data_store, &after.data_store))
    }

    /// Whether the stores are replaced by others.
    pub(super) fn replaces(&self) -> bool {
        let Some(after) = &self.after else { return false };
        self.leaves_data_store() || self.before.settings.engine != after.settings.engine
    }
}

pub(super) fn partition_of(store: &DefaultRecordStore) -> u32 {
    trilayer_core::RecordStore::partition_id(store)
}

fn needs_restart(before: &Blueprint, after: &Blueprint) -> Vec<NeedsRestart> {
    let mut reasons = Vec::new();
    let mut note = |setting: &str, reason: String| {
        let place = KeyPath::of(["maps", &before.map, setting]).to_string();
        reasons.push(NeedsRestart { place, reason });
    };
    let (old, new) = (before.settings.partitions, after.settings.partitions);
    if old != new {
        note(
            "partitions",
            format!("from {old} to {new}: keys would fall on other partitions than their records"),
        );
    }
    if after.data_store.is_null() && !before.data_store.is_null() {
        let reason = "to a data store that keeps nothing: what is not in memory would be out of reach";
        note("data_store", reason.to_owned());
    }
    reasons
}
