//! Tests under tools that watch memory and threads.
//!
//! With the sources of the standard library (`rust-src`) it is built with the same tool. Without them the
//! tools do not look inside it: AddressSanitizer sees the allocations it makes all the same, but
//! ThreadSanitizer misses what it synchronises, and `sanitizers/thread.supp` says where.

mod toolchain;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;

use self::toolchain::Toolchain;
use crate::step::{End, Outcome, Step, is_interrupted, tail};

const PATIENCE: Duration = Duration::from_secs(2_400);

/// A tool that watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Tool {
    /// Memory that is used after it is freed, beyond its end, or never freed
    Address,
    /// Memory that is never freed, alone
    Leak,
    /// Data races
    Thread,
    /// Undefined behaviour, and leaks, of the unsafe code
    Miri,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Leak => "leak",
            Self::Thread => "thread",
            Self::Miri => "miri",
        }
    }
}

/// What the proof runs. Leaks are found by AddressSanitizer too.
pub(crate) const USUAL: [Tool; 3] = [Tool::Address, Tool::Thread, Tool::Miri];

/// What is watched by the sanitizers: name, and which of the tests.
const SUITES: [(&str, &[&str]); 5] = [
    ("record types", &["-E", "package(trilayer-abi)"]),
    ("core", &["-E", "package(trilayer-core)"]),
    ("laws", &["-E", "package(trilayer-testkit)"]),
    ("contract", &["-E", "package(trilayer-suite) & binary(contract)"]),
    ("redb", &["-E", "package(trilayer-datastore-redb)"]),
];

/// Miri interprets: what has unsafe code, and what is built closest to it.
const INTERPRETED: [(&str, &[&str]); 2] =
    [("record types", &["-p", "trilayer-abi"]), ("engine", &["-p", "trilayer-core", "--lib", "engine::"])];

/// What came of a suite under a tool.
#[derive(Debug)]
enum Result {
    Clean,
    Found(String),
    CouldNotRun(String),
}

/// A suite under a tool.
#[derive(Debug)]
pub(crate) struct Check {
    tool: Tool,
    suite: &'static str,
    tests: u64,
    seconds: f64,
    result: Result,
}

impl Check {
    pub(crate) fn found(&self) -> bool {
        matches!(self.result, Result::Found(_))
    }

    pub(crate) fn ran(&self) -> bool {
        !matches!(self.result, Result::CouldNotRun(_))
    }

    pub(crate) fn tests(&self) -> u64 {
        self.tests
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    fn line(&self) -> String {
        let result = match &self.result {
            Result::Clean => "clean",
            Result::Found(what) | Result::CouldNotRun(what) => what,
        };
        let tool = self.tool.name();
        format!("{tool:8} {:14} {:>5} tests {:>5.0} s  {result}", self.suite, self.tests, self.seconds)
    }
}

pub(crate) fn sanitize(tools: &[Tool]) -> anyhow::Result<()> {
    let checks = checks(if tools.is_empty() { &USUAL } else { tools })?;
    println!("\n{}", table(&checks));
    if checks.iter().any(Check::found) {
        bail!("found something; all of it is in target/sanitize");
    }
    Ok(())
}

/// Runs tools over their suites. What cannot be run is a result, not an error.
pub(crate) fn checks(tools: &[Tool]) -> anyhow::Result<Vec<Check>> {
    let toolchain = Toolchain::of_this_machine()?;
    let mut checks = Vec::new();
    for &tool in tools {
        let suites: &[_] = if tool == Tool::Miri { &INTERPRETED } else { &SUITES };
        for (suite, arguments) in suites {
            if !is_interrupted() {
                let check = match toolchain.step(tool, arguments) {
                    Ok(step) => check(tool, suite, &step)?,
                    Err(why) => could_not(tool, suite, format!("{why:#}")),
                };
                eprintln!("xtask: {}", check.line());
                checks.push(check);
            }
        }
    }
    Ok(checks)
}

pub(crate) fn table(checks: &[Check]) -> String {
    checks.iter().map(Check::line).collect::<Vec<_>>().join("\n")
}

fn could_not(tool: Tool, suite: &'static str, why: String) -> Check {
    Check {
        tool,
        suite,
        tests: 0,
        seconds: 0.0,
        result: Result::CouldNotRun(format!("could not run: {why}")),
    }
}

fn check(tool: Tool, suite: &'static str, step: &Step) -> anyhow::Result<Check> {
    let log = log(tool, suite);
    let built = step.clone().argument("--no-run").run(&log, PATIENCE)?;
    match built.end {
        End::Passed => {}
        End::Interrupted => return Ok(could_not(tool, suite, "interrupted".to_owned())),
        End::Failed | End::Overdue => {
            let said = tail(&built.output, 20);
            return Ok(could_not(tool, suite, format!("{} does not build\n{said}", step.shown())));
        }
    }
    let ran = step.run(&log, PATIENCE)?;
    let tests = crate::prove::in_summary(&ran.output, "passed");
    let seconds = ran.seconds;
    Ok(Check { tool, suite, tests, seconds, result: judged(&ran, step) })
}

fn judged(ran: &Outcome, step: &Step) -> Result {
    match ran.end {
        End::Passed => Result::Clean,
        End::Interrupted => Result::CouldNotRun("interrupted".to_owned()),
        End::Overdue => Result::CouldNotRun("took too long".to_owned()),
        End::Failed => Result::Found(format!("FOUND: {}\n  again: {}", finding(&ran.output), step.shown())),
    }
}

/// The line in which a tool says what it found, else the end of the output.
fn finding(output: &str) -> String {
    const SAYS: [&str; 4] = ["Sanitizer: ", "Undefined Behavior", "memory leaked", "FAIL ["];
    let line = output.lines().find(|line| SAYS.iter().any(|says| line.contains(says)));
    line.map_or_else(|| tail(output, 5), |line| line.trim().to_owned())
}

fn log(tool: Tool, suite: &str) -> PathBuf {
    let name = format!("{}-{suite}.log", tool.name()).replace(' ', "-");
    crate::root().join("target/sanitize").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_told_by_the_line_of_the_tool() {
        let output =
            "running 1 test\n==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x60\n  #0 f\n";
        let told = "==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x60";
        assert_eq!(finding(output), told);
        assert_eq!(finding("no tool\nsaid a thing"), "no tool\nsaid a thing");
    }

    #[test]
    fn only_findings_count_as_found() {
        let check = |result| Check { tool: Tool::Address, suite: "core", tests: 1, seconds: 1.0, result };
        assert!(check(Result::Found(String::new())).found());
        let could_not = check(Result::CouldNotRun(String::new()));
        assert!(!could_not.found() && !could_not.ran());
        assert!(check(Result::Clean).ran());
    }
}
