//! One command of a chore: what can be typed, where its output goes, and its end, by itself or not.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Context;

/// How long a child that is asked to end may take.
const GRACE: Duration = Duration::from_secs(20);

/// The child that runs now, 0 for none.
static CHILD: AtomicU32 = AtomicU32::new(0);

/// Whether somebody wants the chore to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes an interrupt end the child, and the chore at its next step.
pub(crate) fn heed_interrupts() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        match CHILD.load(Ordering::SeqCst) {
            0 => std::process::exit(130),
            child => signal(child, "-TERM"),
        }
    })
    .context("cannot listen for interrupts")
}

pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A command with its environment.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Passed,
    Failed,
    /// It took longer than it was given.
    Overdue,
    Interrupted,
}

/// What became of a step.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    pub(crate) seconds: f64,
    /// All it printed.
    pub(crate) output: String,
}

impl Step {
    pub(crate) fn new(program: &str, arguments: &[&str]) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            environment: Vec::new(),
            folder: super::root(),
        }
    }

    pub(crate) fn cargo(arguments: &[&str]) -> Self {
        Self::new("cargo", arguments)
    }

    pub(crate) fn with(mut self, variable: &str, value: impl ToString) -> Self {
        self.environment.push((variable.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// The command as it can be typed at the root of the workspace.
    pub(crate) fn shown(&self) -> String {
        let root = format!("{}/", super::root().display());
        let variables = self.environment.iter().map(|(variable, value)| {
            let value = value.strip_prefix(&root).unwrap_or(value);
            format!("{variable}={}", quoted(value))
        });
        let words = std::iter::once(&self.program).chain(&self.arguments).map(|word| quoted(word));
        variables.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Runs it with its output in a file; ends it once `patience` is over.
    pub(crate) fn run(&self, log: &Path, patience: Duration) -> anyhow::Result<Outcome> {
        if is_interrupted() {
            return Ok(Outcome { end: End::Interrupted, seconds: 0.0, output: String::new() });
        }
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let begun = Instant::now();
        let end = self.run_into(file, patience)?;
        let seconds = begun.elapsed().as_secs_f64();
        let output = String::from_utf8_lossy(&std::fs::read(log)?).into_owned();
        Ok(Outcome { end: if is_interrupted() { End::Interrupted } else { end }, seconds, output })
    }

    fn run_into(&self, file: File, patience: Duration) -> anyhow::Result<End> {
        let program = if self.program == "cargo" { env!("CARGO") } else { &self.program };
        let mut child = Command::new(program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(variable, value)| (variable, value)))
            .env("CARGO_TERM_COLOR", "never")
            .current_dir(&self.folder)
            // A group of its own, so that what it started ends with it.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("could not run {}", self.shown()))?;
        let id = child.id();
        CHILD.store(id, Ordering::SeqCst);
        let (ended, end) = mpsc::channel();
        let waiting = std::thread::spawn(move || ended.send(child.wait()));
        let status = match end.recv_timeout(patience) {
            Err(RecvTimeoutError::Timeout) => {
                signal(id, "-TERM");
                if end.recv_timeout(GRACE).is_err() {
                    signal(id, "-KILL");
                }
                None
            }
            status => Some(status.context("nobody waits for the child")??),
        };
        drop(waiting.join());
        CHILD.store(0, Ordering::SeqCst);
        Ok(match status {
            None => End::Overdue,
            Some(status) if status.success() => End::Passed,
            Some(_) => End::Failed,
        })
    }
}

/// The last lines of an output, for people.
pub(crate) fn tail(output: &str, lines: usize) -> String {
    let all: Vec<&str> = output.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Signals a child and whatever it started.
fn signal(child: u32, which: &str) {
    drop(Command::new("kill").args([which, "--", &format!("-{child}")]).status());
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,@+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, patience: Duration) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        Step::new("sh", &["-c", script]).run(&folder.path().join("log"), patience).unwrap()
    }

    #[test]
    fn a_step_keeps_what_it_printed_and_how_it_ended() {
        let passed = run("echo out; echo err >&2", Duration::from_secs(60));
        assert_eq!((passed.end, &*passed.output), (End::Passed, "out\nerr\n"));
        assert_eq!(run("exit 3", Duration::from_secs(60)).end, End::Failed);
    }

    #[test]
    fn a_step_that_hangs_is_ended() {
        assert_eq!(run("exec sleep 600", Duration::from_millis(50)).end, End::Overdue);
    }

    #[test]
    fn a_step_is_shown_as_it_can_be_typed() {
        let step = Step::cargo(&["nextest", "run", "-E", "test(/laws/)"]).with("TRILAYER_SEED", 7);
        assert_eq!(step.shown(), "TRILAYER_SEED=7 cargo nextest run -E 'test(/laws/)'");
    }
}
