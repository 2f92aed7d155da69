//! What must hold once everything is at rest.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use trilayer_core::RecordStore;

use super::{World, events, number};
use crate::check::{Done, is_linearizable};

impl World {
    /// Checks all there is to check of every key that was used; returns what `key` is now.
    pub(crate) async fn at_rest(&self, key: &str) -> Option<i64> {
        self.data.work();
        self.check_memory();
        if self.store.is_closed() {
            return None;
        }
        self.check_clean();
        self.check_flush().await;
        let found = self.get(key).await.expect("get");
        for other in self.keys() {
            self.check_stored(&other).await;
        }
        if !self.setup.null {
            // What memory says must be what it says once it has to ask again.
            self.store.evict_all(false);
            for other in self.keys() {
                self.get(&other).await.expect("get");
            }
        }
        self.check_memory();
        self.check_history();
        found
    }

    /// Memory is what observers were told, and the engine's sums and the bound are right.
    pub(crate) fn check_memory(&self) {
        let resident = self.store.storage().snapshot_iter();
        let cost: u64 = resident.iter().map(|(_, record)| record.metadata.cost).sum();
        assert_eq!(self.store.owned_entry_cost(), cost, "the cost is that of what is there");
        assert_eq!(self.store.size(), resident.len(), "the size is that of what is there");
        let bound = self.setup.config.max_entry_count;
        // A record that is not stored yet may not leave, so that the bound gives way to it.
        let give = self.dirtied.load(Ordering::SeqCst);
        assert!(bound == 0 || resident.len() <= bound as usize + give, "the bound holds");
        let resident: BTreeMap<_, _> =
            resident.into_iter().map(|(key, record)| (key, record.value)).collect();
        assert_eq!(events::replay(&self.events.events()), resident, "replaying the events rebuilds memory");
    }

    /// Whether a write of this key may have happened or not, for all anyone knows.
    fn is_unsure(&self, key: &str) -> bool {
        self.history().iter().any(|(of, done)| of == key && done.unsure)
    }

    fn check_clean(&self) {
        let resident = self.store.storage().snapshot_iter();
        let clean = resident.into_iter().filter(|(_, record)| !record.metadata.is_dirty());
        for (key, record) in clean.filter(|(key, _)| !self.setup.null && !self.is_unsure(key)) {
            assert_eq!(Some(record.value), self.data.value("map", &key), "clean {key} is what is stored");
        }
    }

    async fn check_flush(&self) {
        self.store.hard_flush().await.expect("flush");
        let usage = self.store.usage();
        assert!(
            self.setup.null || (usage.dirty, usage.parked) == (0, 0),
            "a flush leaves nothing: {usage:?}"
        );
    }

    async fn check_stored(&self, key: &str) {
        let read = self.get(key).await.expect("get");
        if !self.setup.null && !self.is_unsure(key) {
            let stored = self.data.value("map", key).as_ref().map(number);
            assert_eq!(read, stored, "after a flush memory and data store agree on {key}");
        }
    }

    /// Clearing undoes what was not persisted, so it is left out of what can be told of histories.
    fn check_history(&self) {
        if self.cleared.load(Ordering::SeqCst) {
            return;
        }
        let history = self.history().clone();
        for key in self.keys() {
            let mine: Vec<Done> =
                history.iter().filter(|(of, _)| *of == key).map(|(_, done)| *done).collect();
            assert!(is_linearizable(None, &mine), "{key} is not one value: {mine:?}");
        }
    }
}
