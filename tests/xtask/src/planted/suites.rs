//! The suites that have to notice a bug, cheapest first.

use std::time::Duration;

use super::sources::Sources;
use crate::step::{End, Step, tail};

/// Longer than any suite takes with or without a bug, nextest's own limit for each test included.
const PATIENCE: Duration = Duration::from_secs(900);

/// Tests that are built and run together.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    step: Step,
    log: std::path::PathBuf,
}

/// What a suite says.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed { seconds: f64 },
    Caught { by: String, seconds: f64 },
    DoesNotBuild { output: String },
    Interrupted,
}

/// The packages of all suites but the last: named together, so that features, and with them what is
/// built, are the same for each.
const PACKAGES: &[&str] = &["-p", "trilayer-suite", "-p", "trilayer-testkit", "-p", "trilayer-core"];

/// Which tests. They try as much as in any plain test run.
const SUITES: [(&str, &[&str]); 5] = [
    ("contract", &["--test", "contract"]),
    ("laws", &["--lib", "--test", "*_laws"]),
    ("histories", &["--test", "histories"]),
    ("model", &["--test", "model"]),
    ("faults", &["--test", "faults"]),
];

/// Those there are.
pub(crate) fn all(sources: &Sources, interleaved: bool) -> Vec<Suite> {
    let target = sources.folder().with_file_name("target");
    let is_there = |name: &str| match name {
        "histories" => sources.folder().join("tests/suite/tests/histories").is_dir(),
        _ => true,
    };
    let log = |name: &str| sources.folder().with_file_name(format!("{name}.log"));
    // What is built again for each bug is built without what only a debugger needs.
    let base = Step::cargo(&["nextest", "run", "--locked"])
        .within(sources.folder())
        .with("CARGO_PROFILE_DEV_DEBUG", "false");
    let plain = |(name, tests): &(&'static str, &[&str])| {
        let step = base.clone().with("CARGO_TARGET_DIR", target.display());
        let step = PACKAGES.iter().chain(*tests).fold(step, |step, argument| step.argument(argument));
        Suite { name, step, log: log(name) }
    };
    let mut suites: Vec<Suite> = SUITES.iter().filter(|(name, _)| is_there(name)).map(plain).collect();
    if interleaved {
        let scheduled = ["-p", "trilayer-interleavings", "--cargo-profile", "checked"];
        let step = scheduled.iter().fold(base.clone(), |step, argument| step.argument(argument));
        let step = step
            .with("RUSTFLAGS", "--cfg trilayer_shuttle")
            .with("CARGO_TARGET_DIR", target.join("interleave").display());
        suites.push(Suite { name: "interleavings", step, log: log("interleavings") });
    }
    suites
}

impl Suite {
    pub(crate) fn run(&self) -> anyhow::Result<Verdict> {
        let built = self.step.clone().argument("--no-run").run(&self.log, PATIENCE)?;
        match built.end {
            End::Passed => {}
            End::Interrupted => return Ok(Verdict::Interrupted),
            _ => return Ok(Verdict::DoesNotBuild { output: tail(&built.output, 40) }),
        }
        let ran = self.step.run(&self.log, PATIENCE)?;
        Ok(match ran.end {
            End::Passed => Verdict::Passed { seconds: ran.seconds },
            End::Interrupted => Verdict::Interrupted,
            End::Overdue => Verdict::Caught { by: "the suite hangs".to_owned(), seconds: ran.seconds },
            End::Failed => {
                let by = first_failure(&ran.output).unwrap_or_else(|| tail(&ran.output, 1));
                Verdict::Caught { by, seconds: ran.seconds }
            }
        })
    }
}

/// The first test that nextest calls failed; "hangs" if it had to end it.
fn first_failure(output: &str) -> Option<String> {
    output.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let what = words.next()?;
        let ended = ["FAIL", "TIMEOUT", "TERMINATING", "ABORT", "LEAK-FAIL"];
        if !ended.contains(&what) && !what.starts_with("SIG") {
            return None;
        }
        let (_, test) = line.split_once("] ")?;
        let test = test.split_whitespace().next_back()?;
        Some(if matches!(what, "TIMEOUT" | "TERMINATING") {
            format!("{test} hangs")
        } else {
            test.to_owned()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_that_caught_a_bug_is_named() {
        let failed =
            "    Starting 3 tests\n        FAIL [   0.012s] ( 1/10) trilayer-suite::contract b_put::a\n";
        assert_eq!(first_failure(failed).as_deref(), Some("b_put::a"));
        let aborted = "     SIGABRT [   0.012s] (1/10) trilayer-suite::contract b_put::b\n";
        assert_eq!(first_failure(aborted).as_deref(), Some("b_put::b"));
        let hung = "     TIMEOUT [ 120.012s] (1/10) trilayer-suite::contract b_put::c\n";
        assert_eq!(first_failure(hung).as_deref(), Some("b_put::c hangs"));
        assert_eq!(first_failure("    Summary [   0.1s] 3 tests run: 3 passed\n"), None);
    }
}
