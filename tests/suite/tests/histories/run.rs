//! Plays histories of a combination until its share of all operations is done, and checks each.

use porcupine_rs::CheckResult;
use tokio::runtime::Runtime;
use trilayer_testkit::evidence::{amount, seed, tried};

use crate::history::{Event, check, overlapping};
use crate::play::play;
use crate::shrink::shrink;
use crate::timeline::draw;
use crate::weather::Weather;
use crate::world::{Engine, Store};

/// Operations over all combinations, unless `TRILAYER_HISTORY_OPERATIONS` says otherwise.
const OPERATIONS: u64 = 120_000;

/// One engine with one data store.
pub(crate) struct Combination {
    /// The test's name.
    pub(crate) name: &'static str,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    /// The weights of all combinations together.
    pub(crate) weights: u64,
}

fn threads() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("threads")
}

fn turns() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

/// What was tried so far.
#[derive(Default)]
struct Tally {
    histories: u64,
    operations: u64,
    overlapping: u64,
}

impl Combination {
    /// Plays and checks.
    pub(crate) fn check(&self) {
        let (threads, turns, source) = (threads(), turns(), (self.store.open)());
        let all = amount("TRILAYER_HISTORY_OPERATIONS", OPERATIONS);
        let share = (all * self.store.weight).div_ceil(self.weights);
        let mut seeds = fastrand::Rng::with_seed(seed() ^ of_name(self.name));
        // One history again and again, if it is asked for.
        let only = std::env::var("TRILAYER_HISTORY").ok().and_then(|seed| seed.parse().ok());
        let mut tally = Tally::default();
        while tally.operations < share {
            let seed = only.unwrap_or_else(|| seeds.u64(..));
            let backing = source.backing();
            let weather = self.weather(seed, &*backing.data);
            let runtime = if weather.racing { &threads } else { &turns };
            let map = format!("history-{}", tally.histories);
            let played = runtime.block_on(play(self.engine, backing, weather.clone(), seed, map));
            for (key, history) in played.iter().enumerate() {
                self.judge(&format!("k{key}"), history, seed, &weather);
                tally.operations += history.len() as u64;
                tally.overlapping += overlapping(history) as u64;
            }
            tally.histories += 1;
        }
        self.note(&tally, only.is_some());
    }

    /// Says what was tried. A test whose clients never meet tests nothing.
    fn note(&self, tally: &Tally, is_replay: bool) {
        let Self { name, store, .. } = self;
        let Tally { histories, operations, overlapping } = tally;
        let percent = overlapping * 100 / operations.max(&1);
        println!("{name}: {operations} operations in {histories} histories, {percent} % overlap another");
        if !is_replay {
            let floor = store.overlap_floor;
            assert!(percent >= floor, "{name}: {percent} % of operations overlap another; {floor} should");
            tried("linearizability-operations", *operations);
        }
    }

    fn weather(&self, seed: u64, data: &dyn trilayer_core::MapDataStore) -> Weather {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut weather = Weather::of(&mut random, data.is_null());
        weather.rounds = weather.rounds.min(self.store.rounds);
        weather
    }

    fn judge(&self, key: &str, history: &[Event], seed: u64, weather: &Weather) {
        let verdict = check(history);
        if verdict == CheckResult::Ok {
            return;
        }
        let smallest = shrink(history);
        let Self { name, .. } = self;
        let of = history.len();
        panic!(
            "{name}: a history of {of} operations is no history of an optional value with a deadline \
             ({verdict:?}); what is left of it:\n{}{weather:?}\n\
             Again: TRILAYER_HISTORY={seed} cargo nextest run -p trilayer-suite --test histories {name}",
            draw(key, &smallest),
        );
    }
}

/// A history of each key, for tests of what is done with histories.
pub(crate) fn sample(seed: u64) -> Vec<Vec<Event>> {
    let backing = (crate::world::stores::keeping.open)().backing();
    let weather = Weather::of(&mut fastrand::Rng::with_seed(seed), false);
    let weather = Weather { rounds: 30, ..weather };
    turns().block_on(play(crate::world::engines::hashmap, backing, weather, seed, "map".to_owned()))
}

/// A number of its own for each test.
fn of_name(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
