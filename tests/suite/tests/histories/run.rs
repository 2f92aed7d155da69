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

impl Combination {
    /// Plays and checks.
    pub(crate) fn check(&self) {
        let (threads, turns, source) = (threads(), turns(), (self.store.open)());
        let all = amount("TRILAYER_HISTORY_OPERATIONS", OPERATIONS);
        let share = (all * self.store.weight).div_ceil(self.weights);
        let mut seeds = fastrand::Rng::with_seed(seed() ^ of_name(self.name));
        let (mut done, mut overlaps, mut histories) = (0, 0, 0_u64);
        while done < share {
            // One history again and again, if it is asked for.
            let seed = amount("TRILAYER_HISTORY", seeds.u64(..));
            let backing = source.backing();
            let weather = self.weather(seed, &*backing.data);
            let map = format!("history-{histories}");
            let play = play(self.engine, backing, weather.clone(), seed, map);
            let played = if weather.racing { threads.block_on(play) } else { turns.block_on(play) };
            for (key, history) in played.iter().enumerate() {
                self.judge(&format!("k{key}"), history, seed, &weather);
                done += history.len() as u64;
                overlaps += overlapping(history) as u64;
            }
            histories += 1;
        }
        let percent = overlaps * 100 / done.max(1);
        println!("{}: {done} operations in {histories} histories, {percent} % overlap another", self.name);
        let floor = self.store.overlap_floor;
        assert!(percent >= floor, "{}: {percent} % of operations overlap another; {floor} should", self.name);
        tried("linearizability-operations", done);
    }

    fn weather(&self, seed: u64, data: &dyn trilayer_core::MapDataStore) -> Weather {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut weather = Weather::of(&mut random, data.is_null(), data.keeps_deadlines());
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

/// A number of its own for each test.
fn of_name(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
