//! Schedules: recorded as they are made, written when they fail, replayed.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

/// What was decided in the run under way, and how many runs there were.
#[derive(Clone)]
pub(crate) struct Log(Rc<Inner>);

struct Inner {
    seeds: RefCell<fastrand::Rng>,
    /// Every run draws the same random numbers, from this seed.
    fixed: Option<u64>,
    random: RefCell<(u64, fastrand::Rng)>,
    /// Who went on, and for how many steps.
    order: RefCell<Vec<(usize, u32)>>,
    /// Of the decisions that were any.
    hash: Cell<u64>,
    seen: RefCell<HashSet<u64>>,
    runs: Cell<usize>,
}

impl Log {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(seed, None)
    }

    /// A log whose runs all draw the random numbers of this seed.
    pub(crate) fn fixed(&self, random: u64) -> Self {
        Self::with(0, Some(random))
    }

    fn with(seed: u64, fixed: Option<u64>) -> Self {
        Self(Rc::new(Inner {
            seeds: RefCell::new(fastrand::Rng::with_seed(seed)),
            fixed,
            random: RefCell::new((0, fastrand::Rng::with_seed(0))),
            order: RefCell::default(),
            hash: Cell::new(0),
            seen: RefCell::default(),
            runs: Cell::new(0),
        }))
    }

    pub(crate) fn seed(&self) -> u64 {
        self.0.seeds.borrow_mut().u64(..)
    }

    /// Runs so far, and how many of them were distinct.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.0.runs.get(), self.0.seen.borrow().len())
    }

    fn begin(&self) {
        let random = self.0.fixed.unwrap_or_else(|| self.seed());
        *self.0.random.borrow_mut() = (random, fastrand::Rng::with_seed(random));
        // What the store samples.
        fastrand::seed(random);
        self.0.order.borrow_mut().clear();
        self.0.hash.set(0);
        self.0.runs.set(self.0.runs.get() + 1);
    }

    fn end(&self) {
        if self.0.runs.get() > 0 {
            self.0.seen.borrow_mut().insert(self.0.hash.get());
        }
    }

    fn went_on(&self, task: usize, others: usize) {
        if others > 0 {
            let mixed = self.0.hash.get().rotate_left(5) ^ (task as u64 + 1);
            self.0.hash.set(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        let mut order = self.0.order.borrow_mut();
        match order.last_mut() {
            Some((last, steps)) if *last == task => *steps += 1,
            _ => order.push((task, 1)),
        }
    }
}

/// A scheduler whose decisions are noted.
pub(crate) struct Recorded {
    scheduler: Box<dyn Scheduler + Send>,
    log: Log,
}

impl Recorded {
    pub(crate) fn new(scheduler: Box<dyn Scheduler + Send>, log: Log) -> Self {
        Self { scheduler, log }
    }
}

impl Scheduler for Recorded {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.log.end();
        let schedule = self.scheduler.new_execution()?;
        self.log.begin();
        Some(schedule)
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        let task = self.scheduler.next_task(runnable, current, yields)?;
        self.log.went_on(usize::from(task), runnable.len() - 1);
        Some(task)
    }

    fn next_u64(&mut self) -> u64 {
        self.log.0.random.borrow_mut().1.u64(..)
    }
}

/// A schedule that failed once.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    scenario: String,
    /// Where its random numbers began.
    pub(crate) random: u64,
    /// Who went on, and for how many steps.
    order: Vec<(usize, u32)>,
}

impl Kept {
    pub(crate) fn of(log: &Log) -> Self {
        let (random, order) = (log.0.random.borrow().0, log.0.order.borrow().clone());
        Self { scenario: String::new(), random, order }
    }

    /// Writes it to where it will be replayed from; returns the file.
    pub(crate) fn write(&self, scenario: &str) -> PathBuf {
        let mut text = format!("scenario {scenario}\nrandom {}\norder", self.random);
        for (task, steps) in &self.order {
            write!(text, " {task}x{steps}").expect("a string takes all");
        }
        let path = folder().join(format!("{scenario}.{:016x}.txt", self.random));
        std::fs::write(&path, text + "\n").expect("a failing schedule is kept");
        path
    }

    fn parse(text: &str) -> Option<Self> {
        let mut kept = Self::default();
        for line in text.lines() {
            match line.split_once(' ')? {
                ("scenario", name) => name.clone_into(&mut kept.scenario),
                ("random", seed) => kept.random = seed.parse().ok()?,
                ("order", steps) => {
                    for step in steps.split(' ') {
                        let (task, steps) = step.split_once('x')?;
                        kept.order.push((task.parse().ok()?, steps.parse().ok()?));
                    }
                }
                _ => return None,
            }
        }
        Some(kept)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schedules")
}

/// The schedules kept for a scenario.
pub(crate) fn kept(scenario: &str) -> impl Iterator<Item = &'static Kept> {
    static ALL: OnceLock<Vec<Kept>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let files = std::fs::read_dir(folder()).expect("the folder of kept schedules");
        let texts = files
            .map(|file| file.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|end| end == "txt"));
        texts
            .map(|path| {
                let text = std::fs::read_to_string(&path).expect("a kept schedule");
                Kept::parse(&text).unwrap_or_else(|| panic!("{} is no schedule", path.display()))
            })
            .collect()
    });
    all.iter().filter(move |kept| kept.scenario == scenario)
}

/// Decides by chance; first follows a kept schedule, if it is given one, as far as that fits: the
/// store may have changed since it failed.
pub(crate) struct Guided {
    order: &'static [(usize, u32)],
    rest: Vec<usize>,
    chance: fastrand::Rng,
    runs: usize,
}

impl Guided {
    pub(crate) fn replaying(kept: &'static Kept, runs: usize) -> Self {
        Self { order: &kept.order, ..Self::by_chance(kept.random, runs) }
    }

    pub(crate) fn by_chance(seed: u64, runs: usize) -> Self {
        Self { order: &[], rest: Vec::new(), chance: fastrand::Rng::with_seed(seed), runs }
    }
}

impl Scheduler for Guided {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.runs = self.runs.checked_sub(1)?;
        self.rest.clear();
        for &(task, steps) in self.order.iter().rev() {
            self.rest.extend((0..steps).map(|_| task));
        }
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        let wanted = self.rest.pop();
        if let Some(task) = runnable.iter().find(|task| Some(usize::from(task.id())) == wanted) {
            return Some(task.id());
        }
        self.rest.clear();
        self.chance.choice(runnable).map(|task| task.id())
    }

    fn next_u64(&mut self) -> u64 {
        unreachable!("random numbers come from the log")
    }
}

#[test]
fn a_schedule_that_is_written_is_read_as_it_was() {
    let kept = Kept { scenario: "s".to_owned(), random: 7, order: vec![(0, 3), (2, 1)] };
    let read = Kept::parse("scenario s\nrandom 7\norder 0x3 2x1\n").expect("it is a schedule");
    assert_eq!((&read.scenario, read.random, &read.order), (&kept.scenario, kept.random, &kept.order));
    assert!(Kept::parse("order 0x3 2\n").is_none());
}
