//! The first success of the README: each step is a process of its own, printed as it could be typed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

const CONFIG: &str = "examples/places.toml";
const PLACES: &str = "examples/data/places.jsonl";
const TOKYO: &str = "1850147";

pub(crate) fn tour() -> anyhow::Result<()> {
    super::cargo(["build", "--locked", "-p", "trilayer"], &[])?;
    let shipped = count_lines(&super::root().join(PLACES))?;
    show(&["load", "places", PLACES, "--key", "id"])?;
    show(&["get", "places", TOKYO])?;
    show(&["stats", "places"])?;
    let found = trilayer(&["scan", "places"], true)?.lines().count();
    ensure!(found == shipped, "another process found {found} places of {shipped}");
    println!("\nAnother process found all {found} places again.");
    println!("Now it is your turn: change a line of {CONFIG}, or ask `{} help`.", command_name());
    Ok(())
}

fn show(arguments: &[&str]) -> anyhow::Result<()> {
    println!("\n$ {} --config {CONFIG} {}", command_name(), arguments.join(" "));
    trilayer(arguments, false).map(drop)
}

fn command_name() -> String {
    let folder = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    format!("{folder}/debug/trilayer{}", std::env::consts::EXE_SUFFIX)
}

/// Runs the command in a process of its own; returns what it printed if that is captured.
fn trilayer(arguments: &[&str], capture: bool) -> anyhow::Result<String> {
    let output = if capture { Stdio::piped() } else { Stdio::inherit() };
    let child = Command::new(super::root().join(command_name()))
        .args(["--config", CONFIG])
        .args(arguments)
        .current_dir(super::root())
        .stdout(output)
        .spawn()
        .with_context(|| format!("could not run {}", command_name()))?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{} {} failed: {}", command_name(), arguments.join(" "), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn count_lines(file: &Path) -> anyhow::Result<usize> {
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    Ok(text.lines().count())
}
