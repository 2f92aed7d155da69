//! RELIABILITY.md: the scorecard, made of what was measured.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::Score;
use crate::axes::Scale;
use crate::machine;

/// The prose around the figures.
const ABOVE: &str = "\
# Reliability

What the [contract](ARCHITECTURE.md#invariants-each-with-its-test) promises is tried along several axes, each of them
with nothing but this repository and two cores. The figures below are measured, never typed: `cargo xtask prove --write`
runs every axis and writes this page. It fails if an axis finds a counter-example, and also if one tried less than it
claims, so that a proof cannot shrink unnoticed. The gate (`.ci/run`) runs the same.
";

const BELOW: &str = "\
## What each axis means

- **conformance-laws**: the laws of the traits, published in [`trilayer-testkit`](tests/testkit/README.md), over the
  bundled plugins and the examples. A plugin of yours gets the same with five lines.
- **injected-faults**: each kind of data-store call fails before or after its effect, panics, hangs, or answers after
  its caller has left; nobody else is held up, and memory and data store agree afterwards.
- **model-sequences**: one caller's random operations, with a clock that is moved and calls that fail.
- **linearizability-operations**: many callers at once, over every engine and every embedded data store, with expiry,
  eviction, flushes, failing and cancelled calls; each key's history must be one of an optional value with a deadline.
- **interleavings**: a scheduler takes the place of locks, atomics and tasks and decides at each step who goes on.
- **crash-kills**: `kill -9` at random moments of a load into the bundled durable store.
- **planted-bugs**: the tests are tested: the code is broken on purpose, and a test has to notice. The figure is that
  of the [kept table](tests/planted/CAUGHT.md), which a run of its own writes.
- **sanitizers**: memory and threads watched while tests run. `cargo xtask sanitize` runs all of them and says what
  could not be run, and why.

## What this does not prove

Tests find bugs; they do not prove their absence. A scheduler that picks at random tries a small share of all
schedules, and it takes atomics as sequentially consistent. Crashes are those of the process, not of the machine:
whether a disk keeps what it acknowledged is the disk's.
`cargo xtask soak` goes on with other seeds for as long as you let it, and prints the command that repeats what it finds.
";

pub(super) struct Card<'a> {
    scores: &'a [Score],
    scale: Scale,
}

impl<'a> Card<'a> {
    pub(super) fn new(scores: &'a [Score], scale: Scale) -> Self {
        Self { scores, scale }
    }

    /// Axis, tried, failures, seconds.
    pub(super) fn table(&self) -> String {
        let mut table =
            "| axis | tried | at least | failures | seconds |\n|---|--:|--:|--:|--:|\n".to_owned();
        for score in self.scores {
            let Score { axis, unit, tried, floor, failures, seconds, trouble, .. } = score;
            let failed = if trouble.is_some() && *failures == 0 {
                "not proven".to_owned()
            } else {
                failures.to_string()
            };
            let (tried, floor) = (grouped(*tried), grouped(*floor));
            let seconds = if *seconds > 0.0 { format!("{seconds:.0}") } else { "–".to_owned() };
            table += &format!("| **{axis}**: {unit} | {tried} | {floor} | {failed} | {seconds} |\n");
        }
        table
    }

    fn commands(&self) -> String {
        let width = self.scores.iter().map(|score| score.axis.len()).max().unwrap_or(0);
        let line = |score: &Score| format!("# {:width$}\n{}\n", score.axis, without_evidence(&score.command));
        let lines: String = self.scores.iter().map(line).collect();
        format!("## Each axis alone\n\n```sh\n{lines}```\n")
    }

    fn origin(&self) -> String {
        let seconds: f64 = self.scores.iter().map(|score| score.seconds).sum();
        let scale = if self.scale == Scale::Ci { "ci" } else { "quick: less than is claimed" };
        format!(
            "Measured on {}, at commit {}, scale {scale}, in {:.0} minutes without building.\n{}; {}.\n",
            machine::today(),
            machine::commit(),
            seconds / 60.0,
            machine::processor(),
            machine::rustc(),
        )
    }

    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let parts = [ABOVE, &self.origin(), &self.table(), &self.commands(), BELOW];
        let text = parts.map(str::trim_end).join("\n\n") + "\n";
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Where notes go is of no interest to who types the command.
fn without_evidence(command: &str) -> String {
    let words = command.split(' ').filter(|word| !word.starts_with("TRILAYER_EVIDENCE="));
    words.collect::<Vec<_>>().join(" ")
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let from_end = |index: usize| digits.len() - index;
    let with_commas = digits.chars().enumerate().flat_map(|(index, digit)| {
        let comma = (index > 0 && from_end(index).is_multiple_of(3)).then_some(',');
        comma.into_iter().chain([digit])
    });
    with_commas.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score() -> Score {
        Score {
            axis: "fakes".to_owned(),
            unit: "things".to_owned(),
            tried: 1_234_567,
            floor: 1_000,
            failures: 0,
            seconds: 61.4,
            command: "TRILAYER_SEED=0 TRILAYER_EVIDENCE=target/x cargo run".to_owned(),
            trouble: None,
        }
    }

    #[test]
    fn the_card_has_what_was_measured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("RELIABILITY.md");
        Card::new(&[score()], Scale::Ci).write(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("| **fakes**: things | 1,234,567 | 1,000 | 0 | 61 |"), "{text}");
        assert!(text.contains("\nTRILAYER_SEED=0 cargo run\n"), "{text}");
    }

    #[test]
    fn an_axis_in_trouble_is_not_shown_as_without_failures() {
        let broken = Score { trouble: Some("tried too little".to_owned()), ..score() };
        let table = Card::new(&[broken], Scale::Ci).table();
        assert!(table.contains("| not proven |"), "{table}");
    }

    #[test]
    fn long_numbers_are_grouped() {
        let told = [0, 12, 123, 1_234, 12_345_678].map(grouped);
        assert_eq!(told, ["0", "12", "123", "1,234", "12,345,678"]);
    }
}
