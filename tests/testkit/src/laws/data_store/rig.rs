//! A store and a runtime to call it on, one call after another.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use trilayer_core::{MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue};

use super::{MakeStore, StoreFixture};
use crate::laws::Law;

/// Calls of it fail the law if the store answers `Err`.
pub(super) struct Rig {
    // Dropped before the runtime that its tasks run on.
    fixture: StoreFixture,
    runtime: Runtime,
    pub(super) law: Law,
}

/// The time of all calls, before every deadline.
const NOW: i64 = 1_000;

impl Rig {
    pub(super) fn new(law: Law, make: &MakeStore<'_>) -> Self {
        let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => law.broken(&format!("cannot be checked without a runtime: {error}")),
        };
        let fixture = runtime.block_on(make());
        Self { fixture, runtime, law }
    }

    pub(super) fn store(&self) -> &dyn MapDataStore {
        self.shared().as_ref()
    }

    pub(super) fn shared(&self) -> &Arc<dyn MapDataStore> {
        self.fixture.store().unwrap_or_else(|| self.law.broken("cannot be checked: the store is closed"))
    }

    /// Runs anything on the runtime.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn done<T>(&self, what: &str, work: impl Future<Output = anyhow::Result<T>>) -> T {
        match self.run(work) {
            Ok(done) => done,
            Err(error) => self.law.broken(&format!("{what} failed: {error:#}")),
        }
    }

    pub(super) fn reopen(&mut self) {
        let Some(opening) = self.fixture.close() else {
            self.law
                .broken("the store declares `durable`, but its fixture was not made by StoreFixture::open");
        };
        let store = self.run(opening);
        self.fixture.opened(store);
    }

    pub(super) fn add(&self, map: &str, key: &str, value: &RecordValue) {
        self.add_until(map, key, value, 0);
    }

    pub(super) fn add_until(&self, map: &str, key: &str, value: &RecordValue, deadline: i64) {
        self.done("add", self.store().add(map, key, value, deadline, NOW));
    }

    pub(super) fn add_backup(&self, map: &str, key: &str, value: &RecordValue) {
        self.done("add_backup", self.store().add_backup(map, key, value, 0, NOW));
    }

    pub(super) fn remove(&self, map: &str, key: &str) {
        self.done("remove", self.store().remove(map, key, NOW));
    }

    pub(super) fn remove_backup(&self, map: &str, key: &str) {
        self.done("remove_backup", self.store().remove_backup(map, key, NOW));
    }

    pub(super) fn remove_all(&self, map: &str, keys: &[&str]) {
        self.done("remove_all", self.store().remove_all(map, &owned(keys)));
    }

    pub(super) fn flush_key(&self, map: &str, key: &str, value: &RecordValue) {
        self.done("flush_key", self.store().flush_key(map, key, value, false));
    }

    pub(super) fn flush_stored(&self, map: &str, key: &str, stored: &StoredValue) {
        self.done("flush_stored", self.store().flush_stored(map, key, stored, false));
    }

    pub(super) fn soft_flush(&self) {
        self.done("soft_flush", self.store().soft_flush());
    }

    pub(super) fn hard_flush(&self) {
        self.done("hard_flush", self.store().hard_flush());
    }

    pub(super) fn load(&self, map: &str, key: &str) -> Option<RecordValue> {
        self.done("load", self.store().load(map, key))
    }

    pub(super) fn load_stored(&self, map: &str, key: &str) -> Option<StoredValue> {
        self.done("load_stored", self.store().load_stored(map, key))
    }

    /// In order of keys.
    pub(super) fn load_all(&self, map: &str, keys: &[&str]) -> Vec<(String, RecordValue)> {
        let mut found = self.done("load_all", self.store().load_all(map, &owned(keys)));
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// In order of keys.
    pub(super) fn load_all_stored(&self, map: &str, keys: &[&str]) -> Vec<(String, StoredValue)> {
        let mut found = self.done("load_all_stored", self.store().load_all_stored(map, &owned(keys)));
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    pub(super) fn scan(&self, map: &str, prefix: &str, after: Option<&str>, limit: usize) -> ScanPage {
        let request = ScanRequest { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit };
        self.done("scan", self.store().scan(map, &request))
    }

    /// Checks what `load` finds.
    pub(super) fn finds(&self, when: &str, map: &str, key: &str, expected: Option<RecordValue>) {
        self.law.same(&format!("load of {key:?} in map {map:?} {when}"), self.load(map, key), expected);
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}
