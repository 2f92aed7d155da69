//! What all laws share: a name, what breaking them costs, and ways to check.

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::evidence;

/// What a check of a law comes to: `Err` says what was found.
pub(super) type Verdict = Result<(), String>;

/// How long what should end at once may take on a machine that has much else to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A law: the sentence of the trait's documentation that it checks, and what a user loses if it is
/// broken. In the sentence, `[...]` stands for words left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    pub(super) loss: &'static str,
}

impl Law {
    #[track_caller]
    pub(super) fn broken(&self, found: &str) -> ! {
        let Self { name, says, loss } = self;
        panic!("law `{name}` is broken: {found}\nthe documentation says: {says}\nwhat it costs: {loss}");
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
        let times = u32::try_from(evidence::amount("TRILAYER_LAW_TIMES", 1)).unwrap_or(u32::MAX);
        let cases = cases.saturating_mul(times);
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new_with_rng(config, rng())
            .run(strategy, |input| check(input).map_err(TestCaseError::fail));
        match outcome {
            Ok(()) => evidence::tried("law-cases", cases.into()),
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

    /// Runs `work` in a thread of its own; if it panics or does not end, the law is broken.
    #[track_caller]
    pub(super) fn ends<T: Send + 'static>(&self, what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            // Nobody waits any more if it took too long.
            done.send(work()).is_ok()
        });
        match ended.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.broken(&format!("{what} did not end within {} s", PATIENCE.as_secs()))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
                // The law itself, found broken in there.
                Err(panic) if said(panic.as_ref()).contains("law `") => resume_unwind(panic),
                Err(panic) => self.broken(&format!("{what}: {}", said(panic.as_ref()))),
                Ok(_) => self.broken(&format!("{what} ended without an outcome")),
            },
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

/// The same cases every time, others for another `TRILAYER_SEED`.
fn rng() -> TestRng {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&evidence::seed().to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}

fn guarded(task: &(dyn Fn() -> Verdict + Sync)) -> Verdict {
    catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(|panic| Err(said(panic.as_ref())))
}

/// Runs `work`; a panic in it is what was found.
pub(super) fn attempt(of: &str, work: impl FnOnce()) -> Verdict {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| format!("{of}: {}", said(panic.as_ref())))
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
