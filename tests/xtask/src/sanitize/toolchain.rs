//! What the toolchain of this machine can do; nothing is ever fetched.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};

use super::Tool;
use crate::step::Step;

/// The packages with something to watch: named together, so that they are built once.
const WATCHED: [&str; 14] = [
    "--locked",
    "--cargo-profile",
    "checked",
    "-p",
    "trilayer-abi",
    "-p",
    "trilayer-core",
    "-p",
    "trilayer-testkit",
    "-p",
    "trilayer-suite",
    "-p",
    "trilayer-datastore-redb",
    "--tests",
];

/// The toolchain of this machine.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// The target triple of this machine: named, so that build scripts are left alone.
    host: String,
    /// Where the compiler keeps its libraries.
    sysroot: String,
}

impl Toolchain {
    pub(super) fn of_this_machine() -> anyhow::Result<Self> {
        let told = asked("rustc", &["-vV"])?;
        let host = told.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("rustc does not say what its host is")?.to_owned();
        Ok(Self { host, sysroot: asked("rustc", &["--print", "sysroot"])?.trim().to_owned() })
    }

    /// Whether the standard library can be built with the tool too.
    pub(super) fn has_sources(&self) -> bool {
        Path::new(&self.sysroot).join("lib/rustlib/src/rust/library/Cargo.lock").exists()
    }

    /// nextest over some tests under a tool, or why that cannot be.
    pub(super) fn step(&self, tool: Tool, tests: &[&str]) -> anyhow::Result<Step> {
        let folder = crate::root().join(format!("target/sanitize/{}", tool.name()));
        let step = match tool {
            Tool::Miri => interpreted()?,
            Tool::Address => self.instrumented("address", "asan")?.with("ASAN_OPTIONS", "detect_leaks=1"),
            Tool::Leak => self.instrumented("leak", "lsan")?,
            Tool::Thread => self
                .instrumented("thread", "tsan")?
                // Backtraces are read under a lock of the standard library.
                .with("RUST_BACKTRACE", 0)
                .with("TSAN_OPTIONS", format!("suppressions={}", suppressions())),
        };
        let step = step.with("CARGO_TARGET_DIR", folder.display());
        Ok(tests.iter().fold(step, |step, argument| step.argument(argument)))
    }

    /// Sanitizers are an unstable option of a compiler that ships their runtimes all the same.
    fn instrumented(&self, sanitizer: &str, runtime: &str) -> anyhow::Result<Step> {
        let runtimes = Path::new(&self.sysroot).join(format!("lib/rustlib/{}/lib", self.host));
        let found = std::fs::read_dir(&runtimes).into_iter().flatten().flatten();
        let is_runtime = |name: &str| name.ends_with(&format!("{runtime}.a"));
        let has_runtime =
            found.map(|file| file.file_name()).any(|name| name.to_str().is_some_and(is_runtime));
        ensure!(has_runtime, "the toolchain has no runtime of it");
        let mut flags = format!("-Zsanitizer={sanitizer}");
        if !self.has_sources() {
            flags.push_str(" -Cunsafe-allow-abi-mismatch=sanitizer");
        }
        let mut step = WATCHED
            .iter()
            .fold(Step::cargo(&["nextest", "run"]), |step, argument| step.argument(argument))
            .argument("--target")
            .argument(&self.host)
            .with("RUSTC_BOOTSTRAP", 1)
            .with("RUSTFLAGS", flags);
        if self.has_sources() {
            step = step.argument("-Zbuild-std");
        }
        Ok(step)
    }
}

fn interpreted() -> anyhow::Result<Step> {
    let found = Command::new("cargo").args(["miri", "--version"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        bail!("not installed: it comes with a nightly toolchain only");
    }
    // Seeds come from the system, and whoever measures reads its clock.
    let step = Step::cargo(&["miri", "nextest", "run", "--locked"]);
    Ok(step.with("MIRIFLAGS", "-Zmiri-disable-isolation"))
}

fn suppressions() -> String {
    crate::root().join("tests/xtask/sanitizers/thread.supp").display().to_string()
}

fn asked(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output();
    Ok(String::from_utf8(output.with_context(|| format!("{program} {arguments:?}"))?.stdout)?)
}
