//! The outcome as Markdown.

use std::fmt;
use std::time::Duration;

use crate::rounds::Measured;
use crate::subjects::{BASELINE, Runner};
use crate::workload::Workload;
use crate::{Options, machine};

pub(crate) struct Report {
    options: Options,
    /// Name, and what it stores.
    subjects: Vec<(&'static str, &'static str)>,
    measured: Measured,
}

/// Median, 10th and 90th percentile.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |percent: usize| figures[(figures.len() - 1) * percent / 100];
        Self { median: at(50), low: at(10), high: at(90) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
impl Report {
    pub(crate) fn new(options: Options, subjects: &[Box<dyn Runner>], measured: Measured) -> Self {
        let subjects = subjects.iter().map(|runner| runner.subject());
        Self {
            options,
            subjects: subjects.map(|subject| (subject.name(), subject.stores())).collect(),
            measured,
        }
    }

    /// Each round's time, as a multiple of the baseline's in the same round.
    fn ratio(&self, workload: usize, subject: usize) -> Spread {
        let times = &self.measured.times[workload];
        let pairs = times[subject].iter().zip(&times[BASELINE]);
        Spread::of(pairs.map(|(time, base)| time.as_secs_f64() / base.as_secs_f64().max(1e-9)).collect())
    }

    fn nanos(&self, workload: usize, subject: usize) -> Spread {
        let nanos = |time: &Duration| time.as_secs_f64() * 1e9 / self.options.operations as f64;
        Spread::of(self.measured.times[workload][subject].iter().map(nanos).collect())
    }

    fn bytes(&self, subject: usize) -> f64 {
        self.measured.heap_bytes[subject] as f64 / self.options.records as f64
    }

    fn write_setting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { records, rounds, operations, chunk, threads, .. } = &self.options;
        writeln!(f, "- machine: {}", machine::processor())?;
        if let Some(load) = machine::load() {
            writeln!(f, "- load at the end, this bench included: {load}")?;
        }
        writeln!(f, "- compiler: {}, {}", machine::rustc(), machine::profile())?;
        let peers = ["dashmap", "quick_cache", "moka", "trilayer-core"];
        let versions: Vec<_> =
            peers.iter().map(|name| format!("{name} {}", machine::version_of(name))).collect();
        writeln!(f, "- versions: {}", versions.join(", "))?;
        writeln!(f, "- {records} records, keys of 20 bytes, string values of 100 bytes, threads: {threads}")?;
        writeln!(
            f,
            "- {rounds} rounds of {operations} operations of each kind, in chunks of {chunk} that all subjects \
             do in turn"
        )?;
        writeln!(f, "- YCSB: keys by Zipf's law, constant 0.99; its reads count as accesses")?;
        writeln!(f, "- all hash with foldhash; each put makes a key and a value of its own")
    }

    fn write_table(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        cell: impl Fn(usize, usize) -> String,
    ) -> fmt::Result {
        writeln!(f, "\n### {title}\n")?;
        self.write_head(f, "operation")?;
        for (at, workload) in Workload::ALL.into_iter().enumerate() {
            write!(f, "| {} |", workload.name())?;
            (0..self.subjects.len()).try_for_each(|subject| write!(f, " {} |", cell(at, subject)))?;
            writeln!(f)?;
        }
        Ok(())
    }

    fn write_head(&self, f: &mut fmt::Formatter<'_>, first: &str) -> fmt::Result {
        write!(f, "| {first} |")?;
        self.subjects.iter().try_for_each(|(name, _)| write!(f, " {name} |"))?;
        write!(f, "\n|---|")?;
        self.subjects.iter().try_for_each(|_| write!(f, "---:|"))?;
        writeln!(f)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## trilayer beside its peers\n")?;
        self.write_setting(f)?;
        let ratio = |workload, subject| {
            let Spread { median, low, high } = self.ratio(workload, subject);
            format!("**{median:.2}** ({low:.2}–{high:.2})")
        };
        let base = self.subjects[BASELINE].0;
        self.write_table(f, &format!("Time as a multiple of {base}'s: median (p10–p90) of rounds"), ratio)?;
        let nanos = |workload, subject| format!("{:.0}", self.nanos(workload, subject).median);
        self.write_table(f, "Nanoseconds per operation: median of rounds", nanos)?;
        writeln!(f, "\n### Memory: heap bytes asked for, per record\n")?;
        self.write_head(f, "")?;
        write!(f, "| bytes |")?;
        (0..self.subjects.len()).try_for_each(|subject| write!(f, " {:.0} |", self.bytes(subject)))?;
        writeln!(f, "\n\n### What each keeps\n")?;
        self.subjects.iter().try_for_each(|(name, stores)| writeln!(f, "- {name}: {stores}"))
    }
}
