//! Where the figures come from.

use std::fs;

/// The lock file of this build.
const LOCK: &str = include_str!("../../../Cargo.lock");

pub(crate) fn rustc() -> &'static str {
    env!("BENCH_RUSTC")
}

pub(crate) fn profile() -> &'static str {
    if cfg!(debug_assertions) { "debug: figures mean nothing" } else { "optimized" }
}

/// Model and number of the processors.
pub(crate) fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}

/// How many processes wanted to run, on average over the last minute.
pub(crate) fn load() -> Option<String> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    load.split(' ').next().map(str::to_owned)
}

/// The version of a crate in the lock file.
pub(crate) fn version_of(name: &str) -> &'static str {
    let mut lines = LOCK.lines();
    let wanted = format!("name = \"{name}\"");
    let version = lines.find(|line| *line == wanted).and_then(|_| lines.next());
    version.and_then(|line| line.strip_prefix("version = ")).map_or("?", |version| version.trim_matches('"'))
}
