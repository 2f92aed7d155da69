//! Changes of a store's settings and observers while it is in use.

use std::sync::Arc;

use super::evict::Sampled;
use super::inner::Inner;
use crate::sync::Ordering;
use crate::{CompositeMutationObserver, StorageConfig, StoreError};

/// Rounds of samples without a record that may be evicted before a lowered bound gives way.
const FRUITLESS: usize = 8;

impl Inner {
    /// Default limits and bound, for what is written from now on.
    pub(super) fn reconfigure(&self, config: &StorageConfig, timeout_millis: u64) -> Result<(), StoreError> {
        self.check_mutable("reconfigure")?;
        self.patience.set_millis(timeout_millis);
        let stripes = self.lock_all();
        if config.max_entry_count > 0 && !self.is_counted() {
            // No commit is under way and no room is reserved, which only a bound makes.
            self.occupied.store(self.engine.len(), Ordering::Release);
            self.counted.store(1, Ordering::Release);
        }
        self.settings.set(config);
        drop(stripes);
        self.shed();
        Ok(())
    }

    /// Evicts what is over the bound, as far as it may be evicted.
    fn shed(&self) {
        let mut fruitless = 0;
        while fruitless < FRUITLESS && self.is_over_bound() {
            match self.evict_one() {
                Sampled::Evictable => {}
                Sampled::Dirty | Sampled::Nothing => fruitless += 1,
            }
        }
    }

    fn is_over_bound(&self) -> bool {
        let bound = self.settings.max_entry_count();
        bound > 0 && self.occupied.load(Ordering::Acquire) as u64 > bound
    }

    /// Other observers, between two commits of each key.
    pub(super) fn observe_with(&self, observer: &Arc<CompositeMutationObserver>) -> Result<(), StoreError> {
        self.check_mutable("observe_with")?;
        let mut stripes = self.lock_all();
        if !observer.is_empty() {
            self.observed.store(1, Ordering::Release);
        }
        for state in &mut stripes {
            state.observer = Arc::clone(observer);
        }
        *self.observer.write() = Arc::clone(observer);
        Ok(())
    }
}
