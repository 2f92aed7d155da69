//! A data store in memory that misbehaves on command.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use trilayer_core::{MapDataStore, RecordValue, ScanPage, ScanRequest, StoredValue};

use crate::{Gate, HeldCalls};

/// One call of the data store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method's name; `load_stored` counts as `load`, `flush_stored` as `flush_key`, and so on.
    pub operation: &'static str,
    /// The keys it is about.
    pub keys: Vec<String>,
}

/// What becomes of a call.
#[derive(Debug, Clone)]
pub enum Plan {
    /// It works.
    Work,
    /// It waits at the gate, then works.
    WorkAfter(Gate),
    /// It fails with this message; nothing has happened.
    Fail(&'static str),
    /// It waits at the gate, then fails; nothing has happened.
    FailAfter(Gate, &'static str),
    /// It fails with this message, though it has happened.
    WorkThenFail(&'static str),
    /// It works, then waits at the gate before it says so.
    WorkThenWait(Gate),
    /// It panics; nothing has happened.
    Panic,
    /// It never answers; nothing has happened.
    Hang,
}

type Script = dyn Fn(&Call) -> Plan + Send + Sync;
type Content = BTreeMap<(String, String), StoredValue>;

/// A data store in memory that waits, fails, panics or hangs as a script says.
pub struct ScriptedDataStore {
    content: Mutex<Content>,
    calls: Mutex<Vec<Call>>,
    script: Mutex<Arc<Script>>,
    keeps_deadlines: bool,
    scans: AtomicBool,
    loads: AtomicBool,
}

impl ScriptedDataStore {
    /// An empty store that works, and forgets deadlines.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::with_deadlines(false))
    }

    /// An empty store that works, and keeps deadlines.
    #[must_use]
    pub fn keeping_deadlines() -> Arc<Self> {
        Arc::new(Self::with_deadlines(true))
    }

    fn with_deadlines(keeps_deadlines: bool) -> Self {
        Self {
            content: Mutex::default(),
            calls: Mutex::default(),
            script: Mutex::new(Arc::new(|_| Plan::Work)),
            keeps_deadlines,
            scans: AtomicBool::new(true),
            loads: AtomicBool::new(true),
        }
    }

    /// From now on the store says that no key may be loaded.
    pub fn stop_loading(&self) {
        self.loads.store(false, Ordering::SeqCst);
    }

    /// From now on the store says that it does not scan.
    pub fn stop_scanning(&self) {
        self.scans.store(false, Ordering::SeqCst);
    }

    /// From now on `script` decides what becomes of each call.
    pub fn script(&self, script: impl Fn(&Call) -> Plan + Send + Sync + 'static) {
        *self.script.lock() = Arc::new(script);
    }

    /// From now on calls of `operation` go by `plan`, others work.
    pub fn plan(&self, operation: &'static str, plan: Plan) {
        self.script(move |call| if call.operation == operation { plan.clone() } else { Plan::Work });
    }

    /// From now on calls of `operation` wait, each at a gate of its own, until the test lets them go, in
    /// whatever order. By [`Plan::WorkAfter`] they take effect in that order; by [`Plan::WorkThenWait`],
    /// in the order they came, and only their answers are late and out of order.
    pub fn hold(&self, operation: &'static str, plan: fn(Gate) -> Plan) -> HeldCalls {
        let held = HeldCalls::default();
        let place = held.clone();
        self.script(
            move |call| if call.operation == operation { plan(place.take(call)) } else { Plan::Work },
        );
        held
    }

    /// From now on everything works.
    pub fn work(&self) {
        self.script(|_| Plan::Work);
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().clone()
    }

    /// How many calls of an operation there were.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.calls.lock().iter().filter(|call| call.operation == operation).count()
    }

    /// What is stored under a key.
    #[must_use]
    pub fn stored(&self, map: &str, key: &str) -> Option<StoredValue> {
        self.content.lock().get(&(map.to_owned(), key.to_owned())).cloned()
    }

    /// The value stored under a key.
    #[must_use]
    pub fn value(&self, map: &str, key: &str) -> Option<RecordValue> {
        self.stored(map, key).map(|stored| stored.value)
    }

    /// Stores a value behind everyone's back.
    pub fn insert(&self, map: &str, key: &str, value: RecordValue, expiration_time: i64) {
        let expiration_time = if self.keeps_deadlines { expiration_time } else { 0 };
        self.content.lock().insert((map.to_owned(), key.to_owned()), StoredValue { value, expiration_time });
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        keys: &[&str],
        work: impl FnOnce(&mut Content) -> T + Send,
    ) -> anyhow::Result<T> {
        let call = Call { operation, keys: keys.iter().map(|&key| key.to_owned()).collect() };
        let script = Arc::clone(&self.script.lock());
        let plan = script(&call);
        self.calls.lock().push(call);
        match plan {
            Plan::Work => {}
            Plan::WorkAfter(gate) => gate.pass().await,
            Plan::Fail(message) => anyhow::bail!(message),
            Plan::FailAfter(gate, message) => {
                gate.pass().await;
                anyhow::bail!(message)
            }
            Plan::WorkThenFail(message) => {
                work(&mut self.content.lock());
                anyhow::bail!(message)
            }
            Plan::WorkThenWait(gate) => {
                let done = work(&mut self.content.lock());
                gate.pass().await;
                return Ok(done);
            }
            Plan::Panic => panic!("scripted panic in {operation}"),
            Plan::Hang => std::future::pending().await,
        }
        Ok(work(&mut self.content.lock()))
    }

    async fn store(
        &self,
        operation: &'static str,
        map: &str,
        key: &str,
        stored: StoredValue,
    ) -> anyhow::Result<()> {
        let expiration_time = if self.keeps_deadlines { stored.expiration_time } else { 0 };
        let stored = StoredValue { expiration_time, ..stored };
        let place = (map.to_owned(), key.to_owned());
        self.call(operation, &[key], |content| drop(content.insert(place, stored))).await
    }

    async fn delete(&self, operation: &'static str, map: &str, keys: &[&str]) -> anyhow::Result<()> {
        self.call(operation, keys, |content| {
            for key in keys {
                content.remove(&(map.to_owned(), (*key).to_owned()));
            }
        })
        .await
    }
}

impl fmt::Debug for ScriptedDataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedDataStore")
            .field("entries", &self.content.lock().len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MapDataStore for ScriptedDataStore {
    async fn add(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: i64,
        _now: i64,
    ) -> anyhow::Result<()> {
        self.store("add", map, key, StoredValue { value: value.clone(), expiration_time }).await
    }

    async fn add_backup(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        expiration_time: i64,
        _now: i64,
    ) -> anyhow::Result<()> {
        self.store("add_backup", map, key, StoredValue { value: value.clone(), expiration_time }).await
    }

    async fn remove(&self, map: &str, key: &str, _now: i64) -> anyhow::Result<()> {
        self.delete("remove", map, &[key]).await
    }

    async fn remove_backup(&self, map: &str, key: &str, _now: i64) -> anyhow::Result<()> {
        self.delete("remove_backup", map, &[key]).await
    }

    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        Ok(self.load_stored(map, key).await?.map(|stored| stored.value))
    }

    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        let stored = self.load_all_stored(map, keys).await?;
        Ok(stored.into_iter().map(|(key, stored)| (key, stored.value)).collect())
    }

    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.delete("remove_all", map, &keys).await
    }

    fn is_loadable(&self, _key: &str) -> bool {
        self.loads.load(Ordering::SeqCst)
    }

    fn pending_operation_count(&self) -> u64 {
        0
    }

    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.call("soft_flush", &[], |_| 0).await
    }

    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.call("hard_flush", &[], |_| ()).await
    }

    async fn flush_key(
        &self,
        map: &str,
        key: &str,
        value: &RecordValue,
        _is_backup: bool,
    ) -> anyhow::Result<()> {
        let (place, value) = ((map.to_owned(), key.to_owned()), value.clone());
        let keep_deadline = |content: &mut Content| {
            let expiration_time = content.get(&place).map_or(0, |stored| stored.expiration_time);
            content.insert(place, StoredValue { value, expiration_time });
        };
        self.call("flush_key", &[key], keep_deadline).await
    }

    fn reset(&self) {
        self.calls.lock().push(Call { operation: "reset", keys: Vec::new() });
    }

    fn keeps_deadlines(&self) -> bool {
        self.keeps_deadlines
    }

    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        let place = (map.to_owned(), key.to_owned());
        self.call("load", &[key], |content| content.get(&place).cloned()).await
    }

    async fn load_all_stored(
        &self,
        map: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<(String, StoredValue)>> {
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        let find = |content: &mut Content| {
            let find =
                |key: &String| Some((key.clone(), content.get(&(map.to_owned(), key.clone()))?.clone()));
            keys.iter().filter_map(find).collect()
        };
        self.call("load_all", &names, find).await
    }

    async fn flush_stored(
        &self,
        map: &str,
        key: &str,
        stored: &StoredValue,
        _is_backup: bool,
    ) -> anyhow::Result<()> {
        self.store("flush_key", map, key, stored.clone()).await
    }

    fn is_scannable(&self) -> bool {
        self.scans.load(Ordering::SeqCst)
    }

    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        anyhow::ensure!(self.is_scannable(), "cannot scan map {map:?}: this data store was told not to");
        self.call("scan", &[], |content| {
            let mut page = ScanPage::default();
            for ((owner, key), stored) in content.iter() {
                let after = request.after.as_ref().is_none_or(|after| key > after);
                if owner == map && after && key.starts_with(&request.prefix) {
                    if page.items.len() == request.limit {
                        page.more = true;
                        break;
                    }
                    page.items.push((key.clone(), stored.clone()));
                }
            }
            page
        })
        .await
    }
}
