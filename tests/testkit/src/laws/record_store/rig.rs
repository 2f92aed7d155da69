//! A record store with a scripted data store, a recorder and a clock that stands still.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::runtime::Builder;
use tokio::task::JoinHandle;
use trilayer_core::{
    CallerProvenance, ExpiryPolicy, MapDataStore, MutationObserver, NullDataStore, Record, RecordStore,
    RecordValue, StorageConfig, Value,
};

use super::{MakeRecordStore, RecordStoreParts};
use crate::laws::Law;
use crate::{Gate, ManualClock, Plan, RecordingObserver, ScriptedDataStore, lww};

/// When the clock begins.
pub(super) const START: i64 = 1_000_000;

pub(super) use CallerProvenance::{Backup, Client, CrdtMerge, Load, Replication};

/// What to make a rig of.
pub(super) struct Setup {
    law: Law,
    config: StorageConfig,
    null: bool,
    data: Arc<ScriptedDataStore>,
    observers: Vec<Arc<dyn MutationObserver>>,
}

/// A store and what surrounds it.
#[derive(Clone)]
pub(super) struct Rig {
    pub(super) store: Arc<dyn RecordStore>,
    pub(super) data: Arc<ScriptedDataStore>,
    pub(super) events: Arc<RecordingObserver>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) law: Law,
}

/// Over a data store that forgets deadlines, unbounded.
pub(super) fn over(law: Law) -> Setup {
    let (config, data) = (StorageConfig::default(), ScriptedDataStore::new());
    Setup { law, config, null: false, data, observers: Vec::new() }
}

impl Setup {
    /// Over no data store.
    pub(super) fn null(self) -> Self {
        Self { null: true, ..self }
    }

    /// Over this one.
    pub(super) fn data(self, data: &Arc<ScriptedDataStore>) -> Self {
        Self { data: Arc::clone(data), ..self }
    }

    pub(super) fn bound(mut self, max_entry_count: u64) -> Self {
        self.config.max_entry_count = max_entry_count;
        self
    }

    pub(super) fn defaults(mut self, ttl_millis: u64, max_idle_millis: u64) -> Self {
        (self.config.default_ttl_millis, self.config.default_max_idle_millis) = (ttl_millis, max_idle_millis);
        self
    }

    /// Told before the recorder.
    pub(super) fn observer(mut self, observer: Arc<dyn MutationObserver>) -> Self {
        self.observers.push(observer);
        self
    }

    pub(super) fn made(self, make: &MakeRecordStore<'_>) -> Rig {
        let Self { law, config, null, data, mut observers } = self;
        let (events, clock) = (RecordingObserver::new(), ManualClock::at(START));
        observers.push(Arc::clone(&events) as _);
        let data_store: Arc<dyn MapDataStore> =
            if null { Arc::new(NullDataStore) } else { Arc::clone(&data) as _ };
        let parts = RecordStoreParts {
            name: "map".to_owned(),
            partition_id: 7,
            data_store,
            observers,
            config,
            clock: Arc::clone(&clock) as _,
        };
        let mut store = make(parts);
        store.init();
        Rig { store: Arc::from(store), data, events, clock, law }
    }

    /// Makes the store and does `body` with it; the law is broken if that does not end.
    pub(super) fn run<F: Future<Output = ()>>(
        self,
        make: &MakeRecordStore<'_>,
        body: impl FnOnce(Rig) -> F + Send + 'static,
    ) {
        self.made(make).run(body);
    }
}

impl Rig {
    pub(super) fn run<F: Future<Output = ()>>(self, body: impl FnOnce(Self) -> F + Send + 'static) {
        let law = self.law;
        law.ends("what the law does", move || match Builder::new_current_thread().build() {
            Ok(runtime) => runtime.block_on(body(self)),
            Err(error) => law.broken(&format!("cannot be checked without a runtime: {error}")),
        });
    }

    /// Runs tasks of several threads at once to their ends, each with its number.
    pub(super) fn in_parallel<F>(&self, tasks: u32, task: impl Fn(Self, u32) -> F + Clone + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (law, rig) = (self.law, self.clone());
        law.ends("what the law does at once", move || {
            let runtime = match Builder::new_multi_thread().worker_threads(4).build() {
                Ok(runtime) => runtime,
                Err(error) => law.broken(&format!("cannot be checked without a runtime: {error}")),
            };
            runtime.block_on(async {
                let tasks: Vec<_> =
                    (0..tasks).map(|number| tokio::spawn(task(rig.clone(), number))).collect();
                for task in tasks {
                    rig.joined(task).await;
                }
            });
        });
    }

    /// What an operation gives that should not fail.
    pub(super) fn done<T>(&self, what: &str, outcome: anyhow::Result<T>) -> T {
        outcome.unwrap_or_else(|error| self.law.broken(&format!("{what} failed: {error:#}")))
    }

    /// What a task gives that should not panic.
    pub(super) async fn joined<T>(&self, task: JoinHandle<T>) -> T {
        match task.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => self.law.broken(&format!("a task ended early: {error}")),
        }
    }

    /// Puts as a client; returns the old value.
    pub(super) async fn put(&self, key: &str, value: impl Into<Value>) -> Option<RecordValue> {
        self.put_with(key, value, ExpiryPolicy::NONE, Client).await
    }

    pub(super) async fn put_as(&self, key: &str, value: impl Into<Value>, who: CallerProvenance) {
        self.put_with(key, value, ExpiryPolicy::NONE, who).await;
    }

    pub(super) async fn put_for(&self, key: &str, value: impl Into<Value>, expiry: ExpiryPolicy) {
        self.put_with(key, value, expiry, Client).await;
    }

    async fn put_with(
        &self,
        key: &str,
        value: impl Into<Value>,
        expiry: ExpiryPolicy,
        who: CallerProvenance,
    ) -> Option<RecordValue> {
        self.done("put", self.store.put(key, lww(value), expiry, who).await)
    }

    pub(super) async fn put_backup(&self, key: &str, record: Record, who: CallerProvenance) {
        self.done("put_backup", self.store.put_backup(key, record, who).await);
    }

    pub(super) async fn remove(&self, key: &str) -> Option<RecordValue> {
        self.remove_as(key, Client).await
    }

    pub(super) async fn remove_as(&self, key: &str, who: CallerProvenance) -> Option<RecordValue> {
        self.done("remove", self.store.remove(key, who).await)
    }

    /// The live value.
    pub(super) async fn get(&self, key: &str) -> Option<RecordValue> {
        self.record(key, false).await.map(|record| record.value)
    }

    pub(super) async fn record(&self, key: &str, touch: bool) -> Option<Record> {
        self.done("get", self.store.get(key, touch).await)
    }

    pub(super) async fn get_all(&self, keys: &[&str]) -> Vec<(String, RecordValue)> {
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        let found = self.done("get_all", self.store.get_all(&keys).await);
        found.into_iter().map(|(key, record)| (key, record.value)).collect()
    }

    pub(super) async fn soft_flush(&self) {
        self.done("soft_flush", self.store.soft_flush().await);
    }

    /// Checks what a read finds.
    pub(super) async fn finds(&self, when: &str, key: &str, expected: Option<RecordValue>) {
        let found = self.get(key).await;
        self.law.same(&format!("get of {key:?} {when}"), found, expected);
    }

    /// The value in memory, whether or not it is live.
    pub(super) fn resident(&self, key: &str) -> Option<RecordValue> {
        self.store.storage().get(key).map(|record| record.value)
    }

    /// The value in the data store.
    pub(super) fn stored(&self, key: &str) -> Option<RecordValue> {
        self.data.value("map", key)
    }

    pub(super) fn store_behind(&self, key: &str, value: impl Into<Value>) {
        self.data.insert("map", key, lww(value), 0);
    }

    /// A task of its own.
    pub(super) fn spawn<T, F>(&self, run: impl FnOnce(Self) -> F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        tokio::spawn(run(self.clone()))
    }

    /// From now on calls of `operation` go by a plan made of the gate that is returned.
    pub(super) fn gate(&self, operation: &'static str, plan: fn(Gate) -> Plan) -> Gate {
        let gate = Gate::closed();
        self.data.plan(operation, plan(gate.clone()));
        gate
    }
}

/// Polls a future once, as a caller does who then forgets about it.
pub(super) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every other task run until all of them wait.
pub(super) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
