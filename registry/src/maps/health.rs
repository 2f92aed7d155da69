//! How the data stores are.

use std::collections::BTreeMap;

use super::{Map, Maps};
use crate::factory::{Opened, within_time};
use crate::join::join_all;
use crate::once::lock;

/// How long a data store may take to say how it is, in ms.
const ANSWER_MILLIS: u64 = 5_000;

/// How a data store is, and how it served the maps so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataStoreHealth {
    /// What the configuration calls it.
    pub place: String,
    /// Why it cannot be used at present; `None` if it can.
    pub problem: Option<String>,
    /// Operations it took and has not made durable.
    pub pending_operations: u64,
    /// The maps over it that are in use.
    pub maps: Vec<String>,
    /// Calls it did not answer in time so far.
    pub timeouts: u64,
    /// Keys whose write it has not answered in time; each waits.
    pub overdue: u64,
    /// Values in memory it does not have yet.
    pub dirty: u64,
    /// Other changes it has yet to be told of.
    pub parked: u64,
    /// Its last error, or call not answered in time, and when that was in ms since the epoch.
    pub last_error: Option<(i64, String)>,
}

impl DataStoreHealth {
    /// Whether it can be used.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.problem.is_none()
    }

    fn count(&mut self, map: &Map) {
        let usage = map.usage();
        self.maps.push(map.name().to_owned());
        self.timeouts += usage.timeouts;
        self.overdue += usage.overdue;
        self.dirty += usage.dirty;
        self.parked += usage.parked;
        let errors = map.stores().into_iter().filter_map(|store| store.last_error());
        self.last_error = errors.chain(self.last_error.take()).max_by_key(|(when, _)| *when);
    }
}

impl Maps {
    /// How each data store is that the configuration opens: those that do not answer within 5 s have a
    /// problem. Costs a lock of each stripe in use.
    pub async fn health(&self) -> Vec<DataStoreHealth> {
        let mut maps: Vec<Map> = lock(&self.inner.maps).values().cloned().collect();
        maps.sort_by(|a, b| a.name().cmp(b.name()));
        let mut by_place: BTreeMap<String, Vec<Map>> = BTreeMap::new();
        for map in maps {
            by_place.entry(map.blueprint().data_store_place.clone()).or_default().push(map);
        }
        let opened = self.inner.factory.data_stores();
        let asked = opened.iter().map(|opened| async {
            let mut health = self.ask(opened).await;
            by_place.get(&opened.place).into_iter().flatten().for_each(|map| health.count(map));
            health
        });
        join_all(asked).await
    }

    async fn ask(&self, opened: &Opened) -> DataStoreHealth {
        let answer = within_time(&self.inner.clock, ANSWER_MILLIS, opened.store.health()).await;
        let problem = match answer {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(format!("{error:#}")),
            None => Some(format!("it did not say how it is within {ANSWER_MILLIS} ms")),
        };
        let pending_operations = opened.store.pending_operation_count();
        DataStoreHealth {
            place: opened.place.clone(),
            problem,
            pending_operations,
            ..DataStoreHealth::default()
        }
    }
}
