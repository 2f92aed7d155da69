//! Where and when figures were taken.

use std::fs;
use std::process::Command;

/// Model and number of the processors.
pub(crate) fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}

/// The compiler's version.
pub(crate) fn rustc() -> String {
    first_line("rustc", &["--version"])
}

/// The date in UTC.
pub(crate) fn today() -> String {
    first_line("date", &["-u", "+%Y-%m-%d"])
}

/// The commit that is checked out, and whether there is more than that.
pub(crate) fn commit() -> String {
    let commit = first_line("git", &["rev-parse", "--short=12", "HEAD"]);
    // The scorecard itself is about to change.
    let changed = first_line("git", &["status", "--porcelain", "--", ".", ":!RELIABILITY.md"]);
    if changed.is_empty() || changed == "unknown" { commit } else { format!("{commit} and changes") }
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(super::root()).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let text = text.map_or_else(|| "unknown".to_owned(), |text| String::from_utf8_lossy(&text).into_owned());
    text.lines().next().unwrap_or_default().to_owned()
}
