//! The components that come with trilayer, in every combination, as a configuration would make them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use trilayer::stats::EventCounts;
use trilayer::{ComponentKind, Context, MapDataStore, MutationObserver, Registry, StorageConfig};
use trilayer_suite::rig::{Parts, Rig};
use trilayer_testkit::{EventKind, evidence};

use crate::cases;
use crate::driver::{Data, MAY_WAIT, Pair, Setting, at_once};
use crate::ops::{self, Op};

/// One sequence in so many that each setting of the model runs.
const SHARE: u32 = 10;

/// The components of one combination.
#[derive(Debug)]
struct Combination {
    engine: String,
    data_store: String,
    observers: Vec<String>,
}

pub(crate) fn check() {
    let registry = Registry::linked().expect("no two of one name");
    let combinations = combinations(&registry);
    let least = "one engine, two data stores and two observers make eight";
    assert!(combinations.len() >= 8, "{least}, not {}", combinations.len());
    for (nth, combination) in combinations.into_iter().enumerate() {
        let cases = cases(700 + nth);
        let config = ProptestConfig { cases: cases.cases.div_ceil(SHARE), ..cases };
        let sequences = ops::operations().prop_map(|mut operations| {
            // A real data store fails at nobody's command.
            operations.retain(|operation| !matches!(operation, Op::Fail(_)));
            operations
        });
        let tried = u64::from(config.cases);
        proptest!(config, |(operations in sequences)| run(&registry, &combination, &operations));
        evidence::tried("model-sequences", tried);
    }
}

/// Engines × data stores × none, one, or all of the observers.
fn combinations(registry: &Registry) -> Vec<Combination> {
    let names = |kind| registry.names(kind).map(str::to_owned).collect::<Vec<_>>();
    let observers = names(ComponentKind::Observer);
    let mut groups = vec![Vec::new(), observers.clone()];
    groups.extend(observers.into_iter().map(|one| vec![one]));
    let mut all = Vec::new();
    for engine in names(ComponentKind::Engine) {
        for data_store in names(ComponentKind::DataStore) {
            for observers in groups.clone() {
                all.push(Combination { engine: engine.clone(), data_store: data_store.clone(), observers });
            }
        }
    }
    all
}

fn run(registry: &Registry, combination: &Combination, operations: &[Op]) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = if combination.data_store == "null" { Data::Null } else { Data::Keeps };
    let setting = Setting { plain: false, data, config: StorageConfig::default() };
    MAY_WAIT.set(true);
    let (rig, observers) = assemble(registry, combination, &folder, &setting);
    let mut pair = Pair::new(rig, &setting);
    pair.play(operations);
    pair.play(&[Op::HardFlush]);
    compare_counts(&pair, &observers);
    MAY_WAIT.set(false);
}

type Named = (String, Arc<dyn MutationObserver>);

fn assemble(
    registry: &Registry,
    combination: &Combination,
    folder: &TempDir,
    setting: &Setting,
) -> (Rig, Vec<Named>) {
    // For those that wrap another.
    let opener = Arc::new(registry.clone());
    let context = Context::new().with_base_dir(folder.path()).with_opener(opener);
    let context = context.for_map("map").for_partition(0);
    let component = |kind, name: &str| registry.get(kind, name).expect("listed");
    let engine = component(ComponentKind::Engine, &combination.engine)
        .create_engine(&context, json!({}))
        .expect("an engine");
    let observers: Vec<Named> = (combination.observers.iter())
        .map(|name| {
            let descriptor = component(ComponentKind::Observer, name);
            (name.clone(), descriptor.create_observer(&context, json!({})).expect("an observer"))
        })
        .collect();
    let real: Arc<dyn MapDataStore> = at_once(
        component(ComponentKind::DataStore, &combination.data_store)
            .open_data_store(context.clone(), options(&combination.data_store)),
    )
    .expect("a data store");
    let parts = Parts {
        engine: Some(engine),
        real: Some(real),
        observers: observers.iter().map(|(_, observer)| Arc::clone(observer)).collect(),
        ..setting.parts()
    };
    (parts.build(), observers)
}

/// The options a data store cannot do without.
fn options(data_store: &str) -> Json {
    match data_store {
        "redb" => json!({ "path": "model.redb" }),
        "retry" => json!({ "inner": { "use": "redb", "path": "model.redb" } }),
        _ => json!({}),
    }
}

/// What `stats` counted is what the recorder beside it was told.
fn compare_counts(pair: &Pair, observers: &[Named]) {
    let Some((_, stats)) = observers.iter().find(|(name, _)| name == "stats") else { return };
    let count = |kind| pair.rig.events.count(kind) as u64;
    let mut expected = EventCounts::default();
    expected.put = count(EventKind::Put);
    expected.update = count(EventKind::Update);
    expected.remove = count(EventKind::Remove);
    expected.evict = count(EventKind::Evict);
    expected.expire = count(EventKind::Expire);
    expected.load = count(EventKind::Load);
    expected.clear = count(EventKind::Clear);
    assert_eq!(stats.report(), expected.into(), "what stats counted");
}
