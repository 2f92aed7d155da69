//! The axes along which the contract is tried, each with how much and the command that does it.

use std::path::Path;

use crate::step::Step;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scale {
    /// A minute or two: whether everything runs
    Quick,
    /// What the scorecard claims: under twelve minutes on two cores
    Ci,
    /// A round of a soak
    #[value(skip)]
    Soak,
}

/// How what was tried is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The tests note it, under the axis's name: `trilayer_testkit::evidence::tried`.
    Noted,
    /// One for each test that passed.
    Tests,
}

/// An environment variable that says how much, for each scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    variable: &'static str,
    quick: u64,
    ci: u64,
    soak: u64,
}

/// What is run.
#[derive(Debug, Clone, Copy)]
enum Runs {
    /// Tests of the packages.
    Tests(&'static [&'static str]),
    /// The suite in which a checker takes the place of locks, atomics and tasks.
    Scheduled,
    /// A program and its arguments, in place of tests.
    #[cfg(test)]
    Command(&'static [&'static str]),
}

/// One axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    /// What one of them is.
    pub(crate) unit: &'static str,
    pub(crate) counted: Counted,
    /// The least that must have been tried at scale `ci`.
    pub(crate) floor: u64,
    amount: Option<Amount>,
    runs: Runs,
    /// Whether another run tries something else.
    pub(crate) is_random: bool,
}

/// The packages with axes: named together, so that features, and with them what is built, are the same
/// for each.
const PACKAGES: [&str; 16] = [
    "-p",
    "trilayer-suite",
    "-p",
    "trilayer-testkit",
    "-p",
    "trilayer-core",
    "-p",
    "trilayer-datastore-redb",
    "-p",
    "trilayer-observer-stats",
    "-p",
    "trilayer-observer-trace",
    "-p",
    "trilayer-examples",
    "-p",
    "trilayer",
];

const BASE: Axis = Axis {
    name: "",
    unit: "",
    counted: Counted::Noted,
    floor: 1,
    amount: None,
    runs: Runs::Scheduled,
    is_random: true,
};

/// Every axis that is a test run, the quickest to fail first.
pub(crate) const AXES: &[Axis] = &[
    Axis {
        name: "conformance-laws",
        unit: "laws kept, one law of one plugin in one form each",
        counted: Counted::Tests,
        floor: 300,
        runs: Runs::Tests(&["--tests", "--examples", "-E", "binary(/laws|custom_/)"]),
        is_random: false,
        ..BASE
    },
    Axis {
        name: "injected-faults",
        unit: "data-store calls made to fail, panic, hang or answer late",
        floor: 1_000,
        runs: Runs::Tests(&["--test", "faults"]),
        is_random: false,
        ..BASE
    },
    Axis {
        name: "model-sequences",
        unit: "random sequences of operations, compared step by step with a plain model",
        floor: 10_000,
        amount: Some(Amount { variable: "MODEL_CASES", quick: 100, ci: 1_000, soak: 5_000 }),
        runs: Runs::Tests(&["--test", "model"]),
        ..BASE
    },
    Axis {
        name: "linearizability-operations",
        unit: "operations of concurrent clients in histories checked for linearizability",
        floor: 2_000_000,
        amount: Some(Amount {
            variable: "TRILAYER_HISTORY_OPERATIONS",
            quick: 200_000,
            ci: 2_000_000,
            soak: 10_000_000,
        }),
        runs: Runs::Tests(&["--test", "histories"]),
        ..BASE
    },
    Axis {
        name: "interleavings",
        unit: "schedules of concurrent operations, decided step by step by a checker",
        floor: 1_000_000,
        amount: Some(Amount { variable: "TRILAYER_INTERLEAVINGS", quick: 30, ci: 300, soak: 2_000 }),
        runs: Runs::Scheduled,
        ..BASE
    },
    Axis {
        name: "crash-kills",
        unit: "loads ended by `kill -9`, the database opened and compared after each",
        floor: 140,
        runs: Runs::Tests(&["--test", "cli", "kill::"]),
        ..BASE
    },
];

impl Axis {
    /// The command, with what makes it try as much as asked.
    pub(crate) fn step(&self, scale: Scale, seed: u64, evidence: &Path) -> Step {
        let mut step = self.bare().with("TRILAYER_SEED", seed);
        if let Some(amount) = self.amount {
            let asked = match scale {
                Scale::Quick => amount.quick,
                Scale::Ci => amount.ci,
                Scale::Soak => amount.soak,
            };
            step = step.with(amount.variable, asked);
        }
        step.with("TRILAYER_EVIDENCE", evidence.display())
    }

    /// What builds it, and runs nothing.
    pub(crate) fn build(&self) -> Option<Step> {
        match self.runs {
            Runs::Tests(_) | Runs::Scheduled => Some(self.bare().argument("--no-run")),
            #[cfg(test)]
            Runs::Command(_) => None,
        }
    }

    fn bare(&self) -> Step {
        let nextest = Step::cargo(&["nextest", "run", "--locked", "--cargo-profile", "checked"]);
        match self.runs {
            Runs::Tests(tests) => {
                PACKAGES.iter().chain(tests).fold(nextest, |step, argument| step.argument(argument))
            }
            Runs::Scheduled => nextest
                .argument("-p")
                .argument("trilayer-interleavings")
                .with("RUSTFLAGS", "--cfg trilayer_shuttle")
                .with("CARGO_TARGET_DIR", crate::root().join("target/interleave").display()),
            #[cfg(test)]
            Runs::Command(command) => Step::new(command[0], &command[1..]),
        }
    }

    /// The least that must have been tried: less at a smaller scale, in the same proportion.
    pub(crate) fn floor_at(&self, scale: Scale) -> u64 {
        match (self.amount, scale) {
            (Some(amount), Scale::Quick) => (self.floor * amount.quick / amount.ci).max(1),
            _ => self.floor,
        }
    }

    #[cfg(test)]
    pub(crate) fn of_command(name: &'static str, command: &'static [&'static str]) -> Self {
        Self { name, runs: Runs::Command(command), ..BASE }
    }

    #[cfg(test)]
    pub(crate) fn counting(self, counted: Counted) -> Self {
        Self { counted, ..self }
    }
}

/// The axes that are named; all if none is.
fn named(names: &[String]) -> anyhow::Result<Vec<Axis>> {
    if let Some(unknown) = names.iter().find(|name| AXES.iter().all(|axis| axis.name != **name)) {
        let known: Vec<&str> = AXES.iter().map(|axis| axis.name).collect();
        anyhow::bail!("no axis is called {unknown:?}; there are {}", known.join(", "));
    }
    let is_asked = |axis: &&Axis| names.is_empty() || names.iter().any(|name| name == axis.name);
    Ok(AXES.iter().filter(is_asked).cloned().collect())
}

/// The axes that are named; if none is, those of which another run tries something else.
pub(crate) fn to_soak(names: &[String]) -> anyhow::Result<Vec<Axis>> {
    let mut axes = named(names)?;
    axes.retain(|axis| axis.is_random || !names.is_empty());
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_scale_has_a_smaller_floor_but_always_one() {
        for axis in AXES {
            assert!(axis.floor_at(Scale::Quick) >= 1);
            assert!(axis.floor_at(Scale::Quick) <= axis.floor_at(Scale::Ci));
            assert_eq!(axis.floor_at(Scale::Ci), axis.floor);
        }
    }

    #[test]
    fn an_unknown_axis_is_refused_with_those_there_are() {
        let refused = named(&["modle-sequences".to_owned()]).unwrap_err().to_string();
        assert!(refused.contains("model-sequences"), "{refused}");
    }
}
