//! Runs a scenario in many orders.

use std::any::type_name;
use std::ops::AddAssign;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::scheduler::{PctScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, Runner};
use trilayer_testkit::evidence::{amount, seed, tried};

use crate::schedules::{Guided, Kept, Log, Recorded, kept};

/// How many times more orders a named scenario is run in than a cell of the grid: it is longer, and
/// there are fewer of them.
const NAMED: usize = 30;

/// How many times a kept schedule is replayed: the store's tables are seeded anew each time, and
/// where keys fall on stripes may decide.
const REPLAYS: usize = 8;

/// Schedules run, and how many of them differ from all others of their scenario.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Explored {
    runs: usize,
    distinct: usize,
}

impl AddAssign for Explored {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.distinct += other.distinct;
    }
}

impl Explored {
    pub(crate) fn note(self, name: &str) {
        println!("{name}: {} schedules, {} of them distinct", self.runs, self.distinct);
        tried("interleavings", self.runs as u64);
        tried("interleavings-distinct", self.distinct as u64);
    }
}

fn runs() -> usize {
    usize::try_from(amount("TRILAYER_INTERLEAVINGS", 300)).unwrap_or(usize::MAX)
}

type Scenario = Arc<dyn Fn() + Send + Sync>;

/// Explores a scenario that is named by the function it stands in.
pub(crate) fn explore<S: AsyncFn() + Send + Sync + 'static>(scenario: S) {
    let path = type_name::<S>().trim_end_matches("::{{closure}}");
    let name = path.split_once("::").map_or(path, |(_, name)| name).replace("::", ".");
    explore_as(&name, runs() * NAMED, &(Arc::new(move || block_on(scenario())) as _)).note(&name);
}

/// Explores one cell of the grid.
pub(crate) fn explore_cell(name: &str, scenario: impl Fn() + Send + Sync + 'static) -> Explored {
    explore_as(name, runs(), &(Arc::new(scenario) as _))
}

/// Runs a scenario in many orders: those kept first; then half of them picked at random step by step,
/// half by priorities that change at a few random steps, which finds what takes a long run of one
/// caller in the middle of another (Burckhardt et al., "A Randomized Scheduler with Probabilistic
/// Guarantees of Finding Bugs", 2010).
fn explore_as(name: &str, runs: usize, scenario: &Scenario) -> Explored {
    let log = Log::new(seed() ^ hash(name));
    for kept in kept(name) {
        run(name, &log.fixed(kept.random), Box::new(Guided::replaying(kept, REPLAYS)), scenario);
    }
    let seed = log.seed();
    run(name, &log, Box::new(Guided::by_chance(seed, runs.div_ceil(2))), scenario);
    for depth in [2, 4] {
        run(name, &log, Box::new(PctScheduler::new_from_seed(seed, depth, runs / 4)), scenario);
    }
    let (runs, distinct) = log.count();
    Explored { runs, distinct }
}

/// Boxed, so that the checker is compiled once and not for every scenario.
fn run(name: &str, log: &Log, scheduler: Box<dyn Scheduler + Send>, scenario: &Scenario) {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    let runner = Runner::new(Recorded::new(scheduler, log.clone()), config);
    let scenario = Arc::clone(scenario);
    let outcome = catch_unwind(AssertUnwindSafe(|| runner.run(move || scenario())));
    if let Err(payload) = outcome {
        let path = Kept::of(log).write(name);
        eprintln!("{name} failed on run {} from seed {}.", log.count().0, seed());
        eprintln!("Every later run replays its schedule first, from {}.", path.display());
        eprintln!("To find it anew: TRILAYER_SEED={} cargo xtask interleave --runs {}", seed(), runs());
        resume_unwind(payload);
    }
}

/// FNV-1a: the same for the same name on every machine.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
