//! The chores of this workspace. `cargo xtask help` lists them.

mod tour;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

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
    /// Everything CI asks for: formatting, lints, docs, tests
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
    },
    /// The benches beside other maps and caches; arguments go to the bench
    Bench {
        /// Passed on, as in `-- --quick`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Tour => tour::tour(),
        Chore::Ci => {
            lint()?;
            doc()?;
            interleave(300)?;
            test()
        }
        Chore::Lint => lint(),
        Chore::Doc => doc(),
        Chore::Test => test(),
        Chore::Interleave { runs } => interleave(runs),
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
fn interleave(runs: u32) -> anyhow::Result<()> {
    let suite = ["test", "--locked", "--profile", "checked", "-p", "trilayer-interleavings", "--tests"];
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
