//! Plays one history: builds a store, lets clients loose on it, and collects what they recorded.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use parking_lot::Mutex;
use tokio::sync::Barrier;
use trilayer_core::{DefaultRecordStore, MapDataStore, RecordStore};
use trilayer_suite::rig::{START, settle};
use trilayer_testkit::{ManualClock, ScriptedDataStore};

use crate::client::{Client, Recorded, Stage};
use crate::history::Event;
use crate::request::{Patience, Request};
use crate::unhurried::Unhurried;
use crate::weather::Weather;
use crate::world::{Engine, Source};

/// The data store of one history.
pub(crate) struct Backing {
    pub(crate) data: Arc<dyn MapDataStore>,
    pub(crate) script: Option<Arc<ScriptedDataStore>>,
}

impl Source {
    pub(crate) fn backing(&self) -> Backing {
        match self {
            Self::Shared { data, .. } => Backing { data: Arc::clone(data), script: None },
            Self::Scripted(open) => {
                let data = open();
                Backing { data: Arc::clone(&data) as _, script: Some(data) }
            }
        }
    }
}

/// The recorded history of each key.
pub(crate) async fn play(
    engine: Engine,
    backing: Backing,
    weather: Weather,
    seed: u64,
    map: String,
) -> Vec<Vec<Event>> {
    // Engines sample by the thread's own generator.
    fastrand::seed(seed);
    let stage = stage(engine, &backing, weather, map);
    if let Some(data) = &backing.script {
        let (faults, random) = (stage.weather.faults, Mutex::new(fastrand::Rng::with_seed(seed)));
        data.script(move |_| faults.plan(&mut random.lock()));
    }
    let barrier = Arc::new(Barrier::new(usize::try_from(stage.weather.clients).unwrap_or(1)));
    let clients: Vec<_> = (0..stage.weather.clients)
        .map(|id| {
            let (client, barrier) = (Client::new(id, &stage, seed), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                client.run().await
            })
        })
        .collect();
    let mut recorded = Vec::new();
    for client in clients {
        recorded.extend(client.await.expect("no panic"));
    }
    if let Some(data) = &backing.script {
        data.work();
    }
    settle().await;
    recorded.extend(close(&stage, seed).await);
    by_key(stage.keys.len(), recorded)
}

fn stage(engine: Engine, backing: &Backing, weather: Weather, map: String) -> Arc<Stage> {
    let clock = ManualClock::at(START);
    let engine = if weather.racing { Box::new(Unhurried(engine())) } else { engine() };
    let store = DefaultRecordStore::builder(map, 0)
        .engine(engine)
        .data_store(Arc::clone(&backing.data))
        .config(weather.config.clone())
        .clock(Arc::clone(&clock) as _)
        .stripes(weather.stripes)
        .build();
    Arc::new(Stage {
        store: Arc::new(store),
        clock,
        stamps: AtomicI64::new(0),
        keys: (0..weather.keys).map(|key| format!("k{key}")).collect(),
        is_null: backing.data.is_null(),
        weather,
    })
}

/// Reads every key when all is quiet: from memory, from the data store, from the data store when it has
/// been told everything, and when every deadline is past.
async fn close(stage: &Arc<Stage>, seed: u64) -> Vec<Recorded> {
    let mut last = Client::new(stage.weather.clients, stage, seed);
    for step in 0..4 {
        if !stage.is_null && step == 2 {
            stage.store.hard_flush().await.expect("a data store that works");
        }
        if !stage.is_null && step > 0 {
            stage.store.evict_all(false);
        }
        if step == 3 {
            stage.clock.advance(1000);
        }
        for key in &stage.keys {
            let read = Request::Get { key: key.clone(), touch: false };
            last.operate(read, Patience::Endless).await;
        }
    }
    last.recorded
}

fn by_key(keys: usize, recorded: Vec<Recorded>) -> Vec<Vec<Event>> {
    let mut histories = vec![Vec::new(); keys];
    for (key, event) in recorded {
        histories[key].push(event);
    }
    histories
}
