//! What all laws share: a name, what breaking them costs, and ways to check.

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// What a check of a law comes to: `Err` says what was found.
pub(super) type Verdict = Result<(), String>;

/// A law and what a user loses if it is broken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    pub(super) name: &'static str,
    pub(super) loss: &'static str,
}

impl Law {
    #[track_caller]
    pub(super) fn broken(&self, found: &str) -> ! {
        panic!("law `{}` is broken: {found}\nwhat it costs: {}", self.name, self.loss);
    }

    /// Fails with what was found.
    #[track_caller]
    pub(super) fn judge(&self, verdict: Verdict) {
        if let Err(found) = verdict {
            self.broken(&found);
        }
    }

    #[track_caller]
    pub(super) fn holds(&self, holds: bool, found: impl FnOnce() -> String) {
        if !holds {
            self.broken(&found());
        }
    }

    #[track_caller]
    pub(super) fn same<T: PartialEq + Debug>(&self, what: &str, found: T, expected: T) {
        self.judge(same(what, &found, &expected));
    }

    /// Checks many inputs and reports the simplest that fails.
    #[track_caller]
    pub(super) fn for_all<S: Strategy>(&self, cases: u32, strategy: &S, check: impl Fn(S::Value) -> Verdict) {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let outcome = TestRunner::new_with_rng(config, rng)
            .run(strategy, |input| check(input).map_err(TestCaseError::fail));
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, input)) => {
                self.broken(&format!("{reason}; the simplest case that shows it: {input:?}"));
            }
            Err(TestError::Abort(reason)) => self.broken(&format!("cannot be checked: {reason}")),
        }
    }

    /// Runs all tasks at once, each in a thread, and fails if one does.
    #[track_caller]
    pub(super) fn in_parallel(&self, tasks: &[&(dyn Fn() -> Verdict + Sync)]) {
        let verdicts: Vec<Verdict> = thread::scope(|scope| {
            let threads: Vec<_> = tasks.iter().map(|task| scope.spawn(|| guarded(*task))).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, Verdict>| {
                thread.join().unwrap_or_else(|panic| Err(said(panic.as_ref())))
            };
            threads.into_iter().map(join).collect()
        });
        for verdict in verdicts {
            self.judge(verdict);
        }
    }

    /// Runs `work`; a panic in it breaks the law.
    #[track_caller]
    pub(super) fn without_panic<T>(&self, of: &str, work: impl FnOnce() -> T) -> T {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => done,
            Err(panic) => self.broken(&format!("{of}: {}", said(panic.as_ref()))),
        }
    }
}

fn guarded(task: &(dyn Fn() -> Verdict + Sync)) -> Verdict {
    catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(|panic| Err(said(panic.as_ref())))
}

pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("without a message"))
}

/// Whether something is as it should be.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is {}, but should be {}", shortened(found), shortened(expected)))
}

/// A value as text that fits on a screen.
fn shortened(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(600) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}
