//! The plugins that are combined: each engine, each data store.

use std::sync::Arc;

use tempfile::TempDir;
use trilayer::Registry;
use trilayer_core::{ComponentKind, Context, HashMapStorage, MapDataStore, NullDataStore, StorageEngine};
use trilayer_datastore_redb::{RedbDataStore, RedbOptions};
use trilayer_suite::plain_engine::PlainEngine;
use trilayer_testkit::ScriptedDataStore;

/// Makes an empty engine.
pub(crate) type Engine = fn() -> Box<dyn StorageEngine>;

/// A data store to be combined with each engine.
#[derive(Debug)]
pub(crate) struct Store {
    /// Its part of all operations, beside the others'.
    pub(crate) weight: u64,
    /// Operations of a client in one history, at most.
    pub(crate) rounds: usize,
    /// How many in a hundred operations overlap another on their key, at least.
    pub(crate) overlap_floor: u64,
    pub(crate) open: fn() -> Source,
}

/// Where the histories of a test take their data store from.
pub(crate) enum Source {
    /// Each history has a new one, which misbehaves.
    Scripted(fn() -> Arc<ScriptedDataStore>),
    /// All share one, each under a map of its own.
    Shared {
        data: Arc<dyn MapDataStore>,
        #[expect(dead_code, reason = "kept for as long as the data store is")]
        folder: Option<TempDir>,
    },
}

pub(crate) mod engines {
    use super::*;

    pub(crate) fn hashmap() -> Box<dyn StorageEngine> {
        Box::new(HashMapStorage::new())
    }

    pub(crate) fn plain() -> Box<dyn StorageEngine> {
        Box::new(PlainEngine::default())
    }

    /// The example's, which is linked into these tests as any plugin is.
    pub(crate) fn ordered() -> Box<dyn StorageEngine> {
        let registry = Registry::linked().expect("no name twice");
        let engine = registry.get(ComponentKind::Engine, "ordered").expect("linked");
        engine.create_engine(&Context::new(), serde_json::json!({})).expect("no options needed")
    }
}

#[expect(non_upper_case_globals, reason = "they name tests")]
pub(crate) mod stores {
    use super::*;

    pub(crate) const null: Store = Store {
        weight: 40,
        rounds: usize::MAX,
        overlap_floor: 15,
        open: || Source::Shared { data: Arc::new(NullDataStore), folder: None },
    };

    pub(crate) const forgetting: Store = Store {
        weight: 40,
        rounds: usize::MAX,
        overlap_floor: 15,
        open: || Source::Scripted(ScriptedDataStore::new),
    };

    pub(crate) const keeping: Store = Store {
        weight: 40,
        rounds: usize::MAX,
        overlap_floor: 15,
        open: || Source::Scripted(ScriptedDataStore::keeping_deadlines),
    };

    /// Each write waits for the disk.
    pub(crate) const redb: Store = Store { weight: 1, rounds: 40, overlap_floor: 15, open: open_redb };

    fn open_redb() -> Source {
        let folder = tempfile::tempdir().expect("a folder");
        let options = RedbOptions::at(folder.path().join("histories.redb"));
        let store = RedbDataStore::open(&options).expect("a new file");
        Source::Shared { data: Arc::new(store), folder: Some(folder) }
    }
}
