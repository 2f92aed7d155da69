//! Runs the subjects side by side and takes their times.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::Options;
use crate::allocation::grown_by;
use crate::subjects::Runner;
use crate::workload::{Keys, Step, Workload};

/// What was measured.
pub(crate) struct Measured {
    /// Heap bytes of each subject, filled.
    pub(crate) heap_bytes: Vec<i64>,
    /// By workload, in the order of [`Workload::ALL`], then by subject, then by round.
    pub(crate) times: Vec<Vec<Vec<Duration>>>,
}

pub(crate) fn measure(options: &Options, subjects: &[Box<dyn Runner>]) -> anyhow::Result<Measured> {
    let mut keys = Keys::new(options.records);
    let heap_bytes = fill(options, subjects, &mut keys)?;
    keys.shuffle();
    let mut times = vec![vec![Vec::with_capacity(options.rounds); subjects.len()]; Workload::ALL.len()];
    // The first round warms up.
    for round in 0..=options.rounds {
        for (workload, times) in Workload::ALL.into_iter().zip(&mut times) {
            let spent = run_round(options, subjects, &mut keys, workload)?;
            if round > 0 {
                times.iter_mut().zip(spent).for_each(|(times, spent)| times.push(spent));
            }
        }
    }
    check_sizes(options.records, subjects)?;
    Ok(Measured { heap_bytes, times })
}

/// Gives every subject its records, chunk by chunk, so that their blocks lie mingled as they
/// would in a program with other things to do.
fn fill(options: &Options, subjects: &[Box<dyn Runner>], keys: &mut Keys) -> anyhow::Result<Vec<i64>> {
    let mut heap_bytes = vec![0; subjects.len()];
    let mut left = options.records;
    while left > 0 {
        let steps = keys.chunk(Workload::Insert, left.min(options.chunk));
        left -= steps.len();
        for (subject, heap_bytes) in subjects.iter().zip(&mut heap_bytes) {
            let work = || {
                subject.run(&steps);
                subject.subject().settle();
            };
            *heap_bytes += grown_by(work).1;
        }
    }
    check_sizes(options.records, subjects)?;
    Ok(heap_bytes)
}

fn check_sizes(records: usize, subjects: &[Box<dyn Runner>]) -> anyhow::Result<()> {
    for subject in subjects.iter().map(|runner| runner.subject()) {
        subject.settle();
        let (name, len) = (subject.name(), subject.len());
        ensure!(len == records, "{name} holds {len} records instead of {records}");
    }
    Ok(())
}

/// One round of a workload; returns each subject's time.
fn run_round(
    options: &Options,
    subjects: &[Box<dyn Runner>],
    keys: &mut Keys,
    workload: Workload,
) -> anyhow::Result<Vec<Duration>> {
    let mut spent = vec![Duration::ZERO; subjects.len()];
    let (mut left, mut first) = (options.operations, 0);
    while left > 0 {
        let steps = keys.chunk(workload, left.min(options.chunk));
        left -= steps.len();
        let expected = steps.iter().filter(|step| step.is_hit()).count();
        for turn in 0..subjects.len() {
            let at = (first + turn) % subjects.len();
            let (hits, time) = timed(&*subjects[at], &steps, options.threads);
            let name = subjects[at].subject().name();
            ensure!(hits == expected, "{name} found {hits} of {expected} keys in {}", workload.name());
            spent[at] += time;
        }
        first += 1;
    }
    Ok(spent)
}

fn timed(subject: &dyn Runner, steps: &[Step], threads: usize) -> (usize, Duration) {
    if threads > 1 {
        return timed_together(subject, steps, threads);
    }
    let start = Instant::now();
    let hits = subject.run(steps);
    (hits, start.elapsed())
}

/// The time of the slowest of several threads that begin together.
fn timed_together(subject: &dyn Runner, steps: &[Step], threads: usize) -> (usize, Duration) {
    let parts: Vec<_> = steps.chunks(steps.len().div_ceil(threads)).collect();
    let begin = Barrier::new(parts.len());
    let run = |part| {
        begin.wait();
        timed(subject, part, 1)
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = parts.into_iter().map(|part| scope.spawn(move || run(part))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let hits = outcomes.iter().map(|(hits, _)| hits).sum();
    (hits, outcomes.iter().map(|(_, time)| *time).max().unwrap_or_default())
}
