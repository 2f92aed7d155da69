//! The chores of this workspace. `cargo xtask help` lists them.

mod axes;
mod machine;
mod planted;
mod prove;
mod sanitize;
mod soak;
mod step;
mod tour;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of this workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// First success: builds the command, loads real places into a durable map, reads them back
    Tour,
    /// Everything CI asks for: formatting, lints, docs, tests, the proof at scale
    Ci,
    /// Formatting, and lints as errors
    Lint,
    /// The documentation, warnings as errors
    Doc,
    /// Every test, through nextest if it is installed, and the examples in the docs
    Test,
    /// Every pair of operations in every interleaving the scheduler comes up with
    Interleave {
        /// Runs of each scenario, each in another order
        #[arg(long, default_value_t = 300)]
        runs: u32,
        /// Only scenarios whose names have this in them, after `--`
        #[arg(last = true)]
        filter: Vec<String>,
    },
    /// Tries every promise at scale, and fails if one is broken or too little was tried
    Prove {
        /// How much is tried
        #[arg(long, value_enum, default_value = "ci")]
        scale: axes::Scale,
        /// What random tests begin from
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Write the scorecard, RELIABILITY.md
        #[arg(long)]
        write: bool,
        /// Leave the sanitizers out: everything is built once more for each
        #[arg(long)]
        without_sanitizers: bool,
    },
    /// Goes on from seed to seed until time is over or something is found, and tells how to repeat it
    Soak {
        /// Only these axes; without any, those of which another run tries something else
        axes: Vec<String>,
        /// How long
        #[arg(long, default_value_t = 1.0, conflicts_with = "minutes")]
        hours: f64,
        /// How long, in minutes
        #[arg(long)]
        minutes: Option<f64>,
        /// The first round's seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Tests under AddressSanitizer, ThreadSanitizer and Miri, as far as the installed toolchain can
    Sanitize {
        /// Only these
        tools: Vec<sanitize::Tool>,
    },
    /// Breaks a copy of the code, one place at a time, and sees which test notices
    Planted {
        /// Only these bugs; see tests/planted
        names: Vec<String>,
        /// Keep the table in tests/planted/CAUGHT.md
        #[arg(long)]
        write: bool,
        /// Leave out the suite that takes longest to build
        #[arg(long)]
        without_interleavings: bool,
    },
    /// The benches beside other maps and caches; arguments go to the bench
    Bench {
        /// Passed on, as in `-- --quick`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match step::heed_interrupts().and_then(|()| run(arguments.chore)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<()> {
    match chore {
        Chore::Tour => tour::tour(),
        Chore::Ci => {
            lint()?;
            doc()?;
            test()?;
            prove::prove(axes::Scale::Ci, 0, false, false)
        }
        Chore::Lint => lint(),
        Chore::Doc => doc(),
        Chore::Test => test(),
        Chore::Interleave { runs, filter } => interleave(runs, &filter),
        Chore::Prove { scale, seed, write, without_sanitizers } => {
            prove::prove(scale, seed, write, !without_sanitizers)
        }
        Chore::Soak { axes, hours, minutes, seed } => {
            let time = Duration::try_from_secs_f64(minutes.map_or(hours * 3600.0, |minutes| minutes * 60.0))?;
            let (axes, folder) = (axes::to_soak(&axes)?, soak::folder(&root()));
            soak::soak(&soak::Soak { axes, time, seed, folder })
        }
        Chore::Sanitize { tools } => sanitize::sanitize(&tools),
        Chore::Planted { names, write, without_interleavings } => {
            planted::planted(&names, write, !without_interleavings)
        }
        Chore::Bench { arguments } => {
            let bench = ["bench", "--locked", "-p", "trilayer-bench", "--"];
            cargo(bench.into_iter().chain(arguments.iter().map(String::as_str)), &[])
        }
    }
}

fn lint() -> anyhow::Result<()> {
    cargo(["fmt", "--all", "--check"], &[])?;
    cargo(
        ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"],
        &[],
    )
}

fn doc() -> anyhow::Result<()> {
    let document = ["doc", "--workspace", "--all-features", "--no-deps", "--locked"];
    cargo(document, &[("RUSTDOCFLAGS", "-D warnings")])
}

fn test() -> anyhow::Result<()> {
    let all = ["--workspace", "--all-features", "--locked"];
    if !has_nextest() {
        return cargo(["test"].into_iter().chain(all), &[]);
    }
    cargo(["test", "--doc"].into_iter().chain(all), &[])?;
    cargo(["nextest", "run", "--no-fail-fast"].into_iter().chain(all), &[])
}

/// Built apart, since the checker takes the place of locks, atomics and tasks.
fn interleave(runs: u32, filter: &[String]) -> anyhow::Result<()> {
    let suite = ["test", "--locked", "--profile", "checked", "-p", "trilayer-interleavings", "--tests"];
    let suite = suite.into_iter().chain(["--"]).chain(filter.iter().map(String::as_str));
    let target = root().join("target/interleave");
    let runs = runs.to_string();
    let environment = [
        ("RUSTFLAGS", "--cfg trilayer_shuttle"),
        ("CARGO_TARGET_DIR", target.to_str().context("the workspace's path is not UTF-8")?),
        ("TRILAYER_INTERLEAVINGS", &runs),
    ];
    cargo(suite, &environment)
}

fn has_nextest() -> bool {
    let version = Command::new(env!("CARGO")).args(["nextest", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

fn cargo<'a>(
    arguments: impl IntoIterator<Item = &'a str>,
    environment: &[(&str, &str)],
) -> anyhow::Result<()> {
    let arguments: Vec<&str> = arguments.into_iter().collect();
    let shown = format!("cargo {}", arguments.join(" "));
    eprintln!("xtask: {shown}");
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).envs(environment.iter().copied()).current_dir(root());
    let status = command.status().with_context(|| format!("could not run {shown}"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    eprintln!("xtask: {shown} took {} s", begun.elapsed().as_secs());
    Ok(())
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
