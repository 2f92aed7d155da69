//! The laws of data stores, as the testkit has them.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::path::PathBuf;

use trilayer_datastore_redb::{RedbDataStore, RedbOptions};
use trilayer_testkit::data_store_laws;
use trilayer_testkit::laws::data_store::StoreFixture;

async fn in_a_folder() -> StoreFixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    StoreFixture::open(move || open(path.clone())).await.guarded_by(folder)
}

async fn open(path: PathBuf) -> RedbDataStore {
    RedbDataStore::open(&RedbOptions::at(path)).unwrap()
}

data_store_laws!(redb, in_a_folder, [keeps_deadlines, scans, durable]);
