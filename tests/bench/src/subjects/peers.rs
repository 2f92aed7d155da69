//! A concurrent map and two caches.
//!
//! All hash as trilayer does, so that tables are compared and not hash functions. The caches
//! have room to spare: their bookkeeping is at work, and nothing is evicted.

use std::hint::black_box;
use std::sync::Arc;

use dashmap::DashMap;
use foldhash::fast::RandomState;
use quick_cache::UnitWeighter;
use quick_cache::sync::DefaultLifecycle;

use super::Subject;

type Text = Arc<str>;

pub(super) struct Dash(DashMap<String, Text, RandomState>);

impl Dash {
    pub(super) fn new() -> Self {
        Self(DashMap::with_hasher(RandomState::default()))
    }
}

impl Subject for Dash {
    fn name(&self) -> &'static str {
        "dashmap"
    }

    fn stores(&self) -> &'static str {
        "`String` → `Arc<str>`; no metadata, so a touch is a get"
    }

    fn get(&self, key: &str) -> bool {
        black_box(self.0.get(key).map(|value| Arc::clone(&value))).is_some()
    }

    fn put(&self, key: &str, payload: &str) {
        black_box(self.0.insert(key.to_owned(), payload.into()));
    }

    fn remove(&self, key: &str) -> bool {
        black_box(self.0.remove(key)).is_some()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

type QuickCache =
    quick_cache::sync::Cache<String, Text, UnitWeighter, RandomState, DefaultLifecycle<String, Text>>;

pub(super) struct Quick(QuickCache);

impl Quick {
    pub(super) fn new(most: usize) -> Self {
        let capacity = room(most);
        Self(QuickCache::with(
            capacity,
            capacity as u64,
            UnitWeighter,
            RandomState::default(),
            DefaultLifecycle::default(),
        ))
    }
}

impl Subject for Quick {
    fn name(&self) -> &'static str {
        "quick_cache"
    }

    fn stores(&self) -> &'static str {
        "`String` → `Arc<str>`; every get notes the access for eviction; a put returns nothing"
    }

    fn get(&self, key: &str) -> bool {
        black_box(self.0.get(key)).is_some()
    }

    fn put(&self, key: &str, payload: &str) {
        self.0.insert(key.to_owned(), payload.into());
    }

    fn remove(&self, key: &str) -> bool {
        black_box(self.0.remove(key)).is_some()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

pub(super) struct Moka(moka::sync::Cache<String, Text, RandomState>);

impl Moka {
    pub(super) fn new(most: usize) -> Self {
        let capacity = room(most) as u64;
        Self(moka::sync::Cache::builder().max_capacity(capacity).build_with_hasher(RandomState::default()))
    }
}

impl Subject for Moka {
    fn name(&self) -> &'static str {
        "moka"
    }

    fn stores(&self) -> &'static str {
        "`String` → `Arc<str>`; every get notes the access for eviction; a put returns nothing"
    }

    fn get(&self, key: &str) -> bool {
        black_box(self.0.get(key)).is_some()
    }

    fn put(&self, key: &str, payload: &str) {
        self.0.insert(key.to_owned(), payload.into());
    }

    fn remove(&self, key: &str) -> bool {
        black_box(self.0.remove(key)).is_some()
    }

    fn settle(&self) {
        self.0.run_pending_tasks();
    }

    fn len(&self) -> usize {
        usize::try_from(self.0.entry_count()).unwrap_or(usize::MAX)
    }
}

/// Room enough that shards filled unevenly evict nothing.
fn room(most: usize) -> usize {
    most.saturating_mul(2).max(10_000)
}
