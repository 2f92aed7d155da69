//! The chores of this workspace. `cargo xtask help` lists them.

use std::path::Path;
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
    /// Everything CI asks for: formatting, lints, docs, tests
    Ci,
    /// Formatting, and lints as errors
    Lint,
    /// The documentation, warnings as errors
    Doc,
    /// Every test, through nextest if it is installed, and the examples in the docs
    Test,
    /// The benches beside other maps and caches; arguments go to the bench
    Bench {
        /// Passed on, as in `-- --quick`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Ci => {
            lint()?;
            doc()?;
            test()
        }
        Chore::Lint => lint(),
        Chore::Doc => doc(),
        Chore::Test => test(),
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
    cargo(["nextest", "run", "--no-fail-fast"].into_iter().chain(all), &[])?;
    cargo(["test", "--doc"].into_iter().chain(all), &[])
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).envs(environment.iter().copied()).current_dir(root);
    let status = command.status().with_context(|| format!("could not run {shown}"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    eprintln!("xtask: {shown} took {} s", begun.elapsed().as_secs());
    Ok(())
}
