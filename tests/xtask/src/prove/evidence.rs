//! What an axis tried, from the tests' own notes or from nextest's count.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::axes::{Axis, Counted};

/// An empty folder for notes.
pub(super) fn fresh(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.to_owned())
}

/// How many were tried, and how many tests failed.
pub(super) fn counted(axis: &Axis, notes: &Path, output: &str) -> anyhow::Result<(u64, u64)> {
    let failed = in_summary(output, "failed") + in_summary(output, "timed out");
    let tried = match axis.counted {
        Counted::Tests => in_summary(output, "passed"),
        Counted::Noted => noted(&notes.join(format!("{}.tried", axis.name)))?,
    };
    Ok((tried, failed))
}

/// The number before a word in nextest's summary.
pub(crate) fn in_summary(output: &str, word: &str) -> u64 {
    let summary = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["));
    let parts = summary.and_then(|line| line.split_once("run: ")).map_or("", |(_, parts)| parts);
    let number = parts.split(", ").find_map(|part| {
        let (number, what) = part.split_once(' ')?;
        what.starts_with(word).then(|| number.parse().ok())?
    });
    number.unwrap_or(0)
}

/// The sum of a file of numbers; a file that is not there has none.
fn noted(file: &Path) -> anyhow::Result<u64> {
    if !file.exists() {
        return Ok(0);
    }
    let mut sum = 0;
    for line in fs::read_to_string(file)?.lines() {
        let number: u64 =
            line.parse().with_context(|| format!("{} has the line {line:?}", file.display()))?;
        sum += number;
    }
    Ok(sum)
}
