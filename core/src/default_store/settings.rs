//! Settings that may change while the store is in use.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{StorageConfig, sync};

/// Default expiry and bound, changed together: a reader sees all of one configuration.
///
/// Costs a reader no write to memory: the version is odd while the values change.
#[derive(Debug)]
pub(super) struct Settings {
    version: AtomicU64,
    ttl_millis: AtomicU64,
    max_idle_millis: AtomicU64,
    max_entry_count: AtomicU64,
}

impl Settings {
    pub(super) fn new(config: &StorageConfig) -> Self {
        Self {
            version: AtomicU64::new(0),
            ttl_millis: AtomicU64::new(config.default_ttl_millis),
            max_idle_millis: AtomicU64::new(config.default_max_idle_millis),
            max_entry_count: AtomicU64::new(config.max_entry_count),
        }
    }

    pub(super) fn get(&self) -> StorageConfig {
        loop {
            let before = self.version.load(Ordering::Acquire);
            let config = StorageConfig {
                default_ttl_millis: self.ttl_millis.load(Ordering::Acquire),
                default_max_idle_millis: self.max_idle_millis.load(Ordering::Acquire),
                max_entry_count: self.max_entry_count.load(Ordering::Acquire),
            };
            if before.is_multiple_of(2) && self.version.load(Ordering::Acquire) == before {
                return config;
            }
            sync::yield_now();
        }
    }

    /// The bound alone.
    pub(super) fn max_entry_count(&self) -> u64 {
        self.max_entry_count.load(Ordering::Acquire)
    }

    /// Only one caller at a time: whoever holds all the stripes.
    pub(super) fn set(&self, config: &StorageConfig) {
        self.version.fetch_add(1, Ordering::AcqRel);
        self.ttl_millis.store(config.default_ttl_millis, Ordering::Release);
        self.max_idle_millis.store(config.default_max_idle_millis, Ordering::Release);
        self.max_entry_count.store(config.max_entry_count, Ordering::Release);
        self.version.fetch_add(1, Ordering::AcqRel);
    }
}
