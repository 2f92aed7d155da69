//! The axes again and again, each round from another seed, until time is over or something is found.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::axes::{Axis, Scale};
use crate::step::{End, Outcome, Step, is_interrupted, tail};

/// What a soak is given.
#[derive(Debug, Clone)]
pub(crate) struct Soak {
    pub(crate) axes: Vec<Axis>,
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    /// Where outputs are kept.
    pub(crate) folder: PathBuf,
}

/// What a soak found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    axis: String,
    seed: u64,
    command: String,
    log: PathBuf,
}

/// How a soak ended: the whole rounds it made, and what it found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    rounds: u64,
    found: Option<Found>,
}

pub(crate) fn soak(soak: &Soak) -> anyhow::Result<()> {
    let ended = soak.run()?;
    let Some(found) = ended.found else {
        eprintln!("xtask: soaked for {} rounds, and found nothing", ended.rounds);
        return Ok(());
    };
    let Found { axis, seed, command, log } = found;
    bail!("a counter-example\naxis: {axis}\nseed: {seed}\nagain: {command}\noutput: {}", log.display())
}

impl Soak {
    fn run(&self) -> anyhow::Result<Ended> {
        let begun = Instant::now();
        self.build()?;
        let mut rounds = 0;
        loop {
            let seed = self.seed.wrapping_add(rounds);
            for axis in &self.axes {
                let left = self.time.saturating_sub(begun.elapsed());
                let found = self.round(axis, seed, left)?;
                let is_over = begun.elapsed() >= self.time || is_interrupted();
                if found.is_some() || is_over {
                    return Ok(Ended { rounds, found });
                }
            }
            rounds += 1;
        }
    }

    fn build(&self) -> anyhow::Result<()> {
        for build in self.axes.iter().filter_map(Axis::build) {
            let built =
                build.run(&self.folder.join("build.log"), self.time.max(Duration::from_secs(1_800)))?;
            if built.end == End::Failed {
                bail!("{} failed\n{}", build.shown(), tail(&built.output, 30));
            }
        }
        Ok(())
    }

    /// One axis from one seed. Being cut off because time is over is no counter-example.
    fn round(&self, axis: &Axis, seed: u64, left: Duration) -> anyhow::Result<Option<Found>> {
        let step = axis.step(Scale::Soak, seed, &self.notes()?);
        let log = self.folder.join(format!("{}-{seed}.log", axis.name));
        let outcome = step.run(&log, left)?;
        let found = told(axis, seed, &step, &outcome);
        if found {
            let (axis, command) = (axis.name.to_owned(), step.shown());
            return Ok(Some(Found { axis, seed, command, log }));
        }
        // Only what was found is worth its place on the disk.
        if log.exists() {
            std::fs::remove_file(&log)?;
        }
        Ok(None)
    }

    fn notes(&self) -> anyhow::Result<PathBuf> {
        let notes = self.folder.join("evidence");
        std::fs::create_dir_all(&notes)?;
        Ok(notes)
    }
}

fn told(axis: &Axis, seed: u64, step: &Step, outcome: &Outcome) -> bool {
    let seconds = outcome.seconds;
    match outcome.end {
        End::Passed => eprintln!("xtask: {} from seed {seed} held, in {seconds:.0} s", axis.name),
        End::Overdue | End::Interrupted => eprintln!("xtask: {} from seed {seed} was cut off", axis.name),
        End::Failed => eprintln!("xtask: {} failed\n{}", step.shown(), tail(&outcome.output, 60)),
    }
    outcome.end == End::Failed
}

/// Where a soak keeps what it found.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("target/soak")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soaking(folder: &Path, script: &'static [&'static str], time: Duration) -> Soak {
        let axes = vec![Axis::of_command("fake", script)];
        Soak { axes, time, seed: 40, folder: folder.to_owned() }
    }

    #[test]
    fn a_counter_example_ends_the_soak_and_is_told_with_its_seed_and_command() {
        const FAILS_AT_43: &[&str] = &["sh", "-c", "echo seed $TRILAYER_SEED; test $TRILAYER_SEED -lt 43"];
        let folder = tempfile::tempdir().unwrap();
        let soaking = soaking(folder.path(), FAILS_AT_43, Duration::from_secs(600));
        let told = soak(&soaking).unwrap_err().to_string();
        for part in ["axis: fake", "seed: 43", "again: TRILAYER_SEED=43", "fake-43.log"] {
            assert!(told.contains(part), "{part} is missing: {told}");
        }
        let kept = std::fs::read_to_string(folder.path().join("fake-43.log")).unwrap();
        assert_eq!(kept, "seed 43\n");
        assert!(!folder.path().join("fake-42.log").exists(), "what held is not kept");
    }

    #[test]
    fn a_soak_ends_when_its_time_is_over_whatever_runs() {
        let folder = tempfile::tempdir().unwrap();
        let soaking = soaking(folder.path(), &["sleep", "600"], Duration::from_millis(100));
        assert_eq!(soaking.run().unwrap(), Ended { rounds: 0, found: None });
    }
}
