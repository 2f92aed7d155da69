//! Components that tell what is done to them: data store `probe`, observer `watch`, engine `tight`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use trilayer_core::{
    Clock, Context, Descriptor, HashMapStorage, MapDataStore, MutationObserver, NoOptions, Origin, Record,
    RecordValue, ScanPage, ScanRequest, Scope, StoredValue, Value,
};
use trilayer_registry::{Config, Maps, MapsError, Registry};
use trilayer_testkit::{Gate, ScriptedDataStore};

/// What the components tell, and how they are told to be.
#[derive(Default)]
pub(crate) struct Lab {
    pub(crate) log: Mutex<Vec<String>>,
    spaces: Mutex<BTreeMap<String, Arc<ScriptedDataStore>>>,
    watches: Mutex<BTreeMap<String, Arc<Counts>>>,
    pub(crate) sick: AtomicBool,
    /// Where `probe`s wait that are told to.
    pub(crate) gate: Mutex<Option<Gate>>,
}

/// What a `watch` was told.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) writes: AtomicU64,
    pub(crate) removals: AtomicU64,
    pub(crate) cleared: AtomicI64,
    pub(crate) shutdowns: AtomicU64,
}

impl Lab {
    pub(crate) fn registry(self: &Arc<Self>) -> Registry {
        let mut registry = Registry::with_builtin();
        let components = vec![self.probe(), self.watch(), tight(), broken_engine()];
        let program = |descriptor| (descriptor, Origin::Program("the lab".to_owned()));
        registry.register_all(components.into_iter().map(program).collect()).unwrap();
        registry
    }

    pub(crate) async fn open(self: &Arc<Self>, text: &str) -> Result<Maps, MapsError> {
        Maps::open(self.registry(), Config::from_toml(text).unwrap()).await
    }

    pub(crate) async fn open_at(self: &Arc<Self>, clock: Arc<dyn Clock>, text: &str) -> Maps {
        let config = Config::from_toml(text).unwrap();
        Maps::builder().clock(clock).open(self.registry(), config).await.unwrap()
    }

    /// What is stored in a space, whoever opened it.
    pub(crate) fn space(&self, name: &str) -> Arc<ScriptedDataStore> {
        let mut spaces = self.spaces.lock();
        Arc::clone(spaces.entry(name.to_owned()).or_insert_with(ScriptedDataStore::keeping_deadlines))
    }

    /// What watches with a tag were told.
    pub(crate) fn watched(&self, tag: &str) -> Arc<Counts> {
        Arc::clone(self.watches.lock().entry(tag.to_owned()).or_default())
    }

    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock())
    }

    fn note(&self, what: String) {
        self.log.lock().push(what);
    }

    fn probe(self: &Arc<Self>) -> Descriptor {
        let lab = Arc::clone(self);
        Descriptor::data_store("probe", "Tells", move |context: Context, options: ProbeOptions| {
            let lab = Arc::clone(&lab);
            async move {
                let gate = lab.gate.lock().clone();
                if let Some(gate) = gate.filter(|_| options.waits) {
                    gate.pass().await;
                }
                let inner = match &options.inner {
                    Some(inner) => context.opener()?.data_store(&context, inner).await?,
                    None => lab.space(&options.space),
                };
                anyhow::ensure!(!options.fails, "no such disk");
                lab.note(format!("{} opened", options.label));
                Ok(Arc::new(Probe { lab, label: options.label, inner }) as Arc<dyn MapDataStore>)
            }
        })
    }

    fn watch(self: &Arc<Self>) -> Descriptor {
        let lab = Arc::clone(self);
        let watch =
            Descriptor::observer("watch", "Tells", move |context: &Context, options: WatchOptions| {
                let (map, partition) = (context.map().unwrap_or("-"), context.partition());
                lab.note(format!("watch {} made for {map} {partition:?}", options.tag));
                anyhow::ensure!(!options.fails, "nothing to see");
                let counts = lab.watched(&options.tag);
                Ok(Arc::new(Watch { lab: Arc::clone(&lab), counts, partition }) as _)
            });
        watch.scopes(Scope::PerMap, &[Scope::Shared, Scope::PerRecordStore])
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(default)]
struct ProbeOptions {
    label: String,
    space: String,
    fails: bool,
    waits: bool,
    inner: Option<Json>,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        let (label, space) = ("probe".to_owned(), "space".to_owned());
        Self { label, space, fails: false, waits: false, inner: None }
    }
}

#[derive(Deserialize, JsonSchema)]
struct WatchOptions {
    tag: String,
    #[serde(default)]
    fails: bool,
}

fn tight() -> Descriptor {
    Descriptor::engine("tight", "One shard", |_: &Context, _: NoOptions| {
        Ok(Box::new(HashMapStorage::with_shards(1)))
    })
}

fn broken_engine() -> Descriptor {
    Descriptor::engine("broken", "Never made", |_: &Context, _: NoOptions| anyhow::bail!("no memory"))
}

struct Watch {
    lab: Arc<Lab>,
    counts: Arc<Counts>,
    partition: Option<u32>,
}

impl MutationObserver for Watch {
    fn on_put(&self, _: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        self.counts.writes.fetch_add(1, Ordering::SeqCst);
    }
    fn on_update(&self, _: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        self.counts.writes.fetch_add(1, Ordering::SeqCst);
    }
    fn on_remove(&self, _: &str, _: &Record, _: bool) {
        self.counts.removals.fetch_add(1, Ordering::SeqCst);
    }
    fn on_evict(&self, _: &str, _: &Record, _: bool) {}
    fn on_load(&self, _: &str, _: &Record, _: bool) {}
    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {}
    fn on_clear(&self) {
        let partition = self.partition.map_or(-1, i64::from);
        self.counts.cleared.store(partition, Ordering::SeqCst);
        self.lab.note(format!("cleared {partition}"));
    }
    fn on_reset(&self) {}
    fn on_destroy(&self, is_shutdown: bool) {
        self.counts.shutdowns.fetch_add(is_shutdown.into(), Ordering::SeqCst);
    }
    fn report(&self) -> Value {
        Value::from(i64::try_from(self.counts.writes.load(Ordering::SeqCst)).unwrap())
    }
}

struct Probe {
    lab: Arc<Lab>,
    label: String,
    inner: Arc<dyn MapDataStore>,
}

#[async_trait]
impl MapDataStore for Probe {
    async fn add(&self, map: &str, key: &str, v: &RecordValue, until: i64, now: i64) -> anyhow::Result<()> {
        self.inner.add(map, key, v, until, now).await
    }
    async fn add_backup(&self, map: &str, key: &str, v: &RecordValue, u: i64, n: i64) -> anyhow::Result<()> {
        self.inner.add_backup(map, key, v, u, n).await
    }
    async fn remove(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.inner.remove(map, key, now).await
    }
    async fn remove_backup(&self, map: &str, key: &str, now: i64) -> anyhow::Result<()> {
        self.inner.remove_backup(map, key, now).await
    }
    async fn load(&self, map: &str, key: &str) -> anyhow::Result<Option<RecordValue>> {
        self.inner.load(map, key).await
    }
    async fn load_all(&self, map: &str, keys: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        self.inner.load_all(map, keys).await
    }
    async fn remove_all(&self, map: &str, keys: &[String]) -> anyhow::Result<()> {
        self.inner.remove_all(map, keys).await
    }
    fn is_loadable(&self, key: &str) -> bool {
        self.inner.is_loadable(key)
    }
    fn pending_operation_count(&self) -> u64 {
        7
    }
    async fn soft_flush(&self) -> anyhow::Result<u64> {
        self.inner.soft_flush().await
    }
    async fn hard_flush(&self) -> anyhow::Result<()> {
        self.inner.hard_flush().await
    }
    async fn flush_key(&self, map: &str, key: &str, v: &RecordValue, backup: bool) -> anyhow::Result<()> {
        self.inner.flush_key(map, key, v, backup).await
    }
    fn reset(&self) {}
    fn keeps_deadlines(&self) -> bool {
        true
    }
    async fn load_stored(&self, map: &str, key: &str) -> anyhow::Result<Option<StoredValue>> {
        self.inner.load_stored(map, key).await
    }
    async fn load_all_stored(&self, m: &str, k: &[String]) -> anyhow::Result<Vec<(String, StoredValue)>> {
        self.inner.load_all_stored(m, k).await
    }
    async fn flush_stored(&self, map: &str, key: &str, v: &StoredValue, b: bool) -> anyhow::Result<()> {
        self.inner.flush_stored(map, key, v, b).await
    }
    fn is_scannable(&self) -> bool {
        true
    }
    async fn scan(&self, map: &str, request: &ScanRequest) -> anyhow::Result<ScanPage> {
        self.inner.scan(map, request).await
    }
    async fn health(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.lab.sick.load(Ordering::SeqCst), "not well");
        Ok(())
    }
    async fn close(&self) -> anyhow::Result<()> {
        self.lab.note(format!("{} closed", self.label));
        self.inner.close().await
    }
}
