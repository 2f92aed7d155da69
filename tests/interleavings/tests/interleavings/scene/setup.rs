//! Putting a scene together.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use trilayer_core::{
    CompositeMutationObserver, DefaultRecordStore, HashMapStorage, MapDataStore, MutationObserver,
    NullDataStore, StorageConfig, StorageEngine,
};
use trilayer_testkit::{ManualClock, RecordingObserver, ScriptedDataStore};

use super::plain_engine::PlainEngine;
use super::{Scene, World, chance};
use crate::slow_store::SlowStore;

/// The engine under the store.
#[derive(Clone, Copy)]
pub(crate) enum Engine {
    /// Another in each run.
    Any,
    /// With so many shards.
    HashMap(usize),
    /// Without atomic update.
    Plain,
}

/// How a store is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) config: StorageConfig,
    pub(crate) engine: Engine,
    /// With one stripe keys fall where they fall in every run, so that a schedule replays exactly.
    pub(crate) stripes: usize,
    /// No data store.
    pub(crate) null: bool,
    pub(crate) keeps_deadlines: bool,
    /// Told before the one that records.
    pub(crate) observers: Vec<Arc<dyn MutationObserver>>,
}

impl Setup {
    fn engine(&self) -> Box<dyn StorageEngine> {
        match self.engine {
            Engine::HashMap(shards) => Box::new(HashMapStorage::with_shards(shards)),
            Engine::Plain => Box::new(PlainEngine::new()),
            Engine::Any => match chance(3) {
                0 => Box::new(HashMapStorage::with_shards(1)),
                1 => Box::new(HashMapStorage::with_shards(4)),
                _ => Box::new(PlainEngine::new()),
            },
        }
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn bounded(bound: u64) -> Self {
        Self::with(|setup| setup.config.max_entry_count = bound)
    }

    pub(crate) fn striped(stripes: usize) -> Self {
        Self::with(|setup| setup.stripes = stripes)
    }

    /// Without a data store.
    pub(crate) fn null() -> Self {
        Self::with(|setup| setup.null = true)
    }

    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup {
            config: StorageConfig::default(),
            engine: Engine::Any,
            stripes: 1,
            null: false,
            keeps_deadlines: false,
            observers: Vec::new(),
        };
        change(&mut setup);
        let data = match setup.keeps_deadlines {
            true => ScriptedDataStore::keeping_deadlines(),
            false => ScriptedDataStore::new(),
        };
        let (events, clock) = (RecordingObserver::new(), ManualClock::at(1_000_000));
        let mut observers = setup.observers.clone();
        observers.push(Arc::clone(&events) as _);
        let slow: Arc<dyn MapDataStore> = match setup.null {
            true => Arc::new(NullDataStore),
            false => Arc::new(SlowStore(Arc::clone(&data))),
        };
        let store = DefaultRecordStore::builder("map", 0)
            .engine(setup.engine())
            .data_store(slow)
            .observer(Arc::new(CompositeMutationObserver::new(observers)))
            .clock(Arc::clone(&clock) as _)
            .config(setup.config.clone())
            .stripes(setup.stripes)
            .build();
        Self(Arc::new(World {
            store: Arc::new(store),
            data,
            events,
            clock,
            setup,
            history: Mutex::default(),
            time: AtomicUsize::new(0),
            cleared: AtomicBool::new(false),
            dirtied: AtomicUsize::new(0),
        }))
    }
}
