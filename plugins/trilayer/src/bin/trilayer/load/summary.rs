//! What a load tells at its end.

use std::fmt;

use serde::Serialize;
use trilayer::Value;

use super::Loader;
use crate::failure::Failure;
use crate::output::{Output, say};
use crate::progress::{count, rate};

/// What an observer has to tell.
#[derive(Debug, Serialize)]
pub(crate) struct ObserverReport {
    pub(crate) name: String,
    pub(crate) report: Value,
}

impl fmt::Display for ObserverReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.report {
            Value::Map(counts) => {
                let counts = counts.iter().filter(|(_, count)| **count != Value::Int(0));
                let counts: Vec<String> = counts.map(|(what, count)| format!("{what} {count:?}")).collect();
                f.write_str(if counts.is_empty() { "nothing" } else { "" })?;
                f.write_str(&counts.join(", "))
            }
            other => write!(f, "{other:?}"),
        }
    }
}

/// A line that was skipped.
#[derive(Debug, Serialize)]
pub(super) struct Skipped {
    pub(super) line: u64,
    pub(super) message: String,
}

#[derive(Serialize)]
struct Summary<'a> {
    map: &'a str,
    file: &'a str,
    complete: bool,
    records: u64,
    skipped: u64,
    skipped_lines: &'a [Skipped],
    stored_through_line: u64,
    seconds: f64,
    records_per_second: f64,
    observers: Vec<ObserverReport>,
}

impl Loader<'_> {
    /// Text on standard error, or JSON on standard output.
    pub(super) fn summarize(&self, complete: bool) -> Result<(), Failure> {
        let (job, tally) = (&self.job, &self.tally);
        let seconds = job.progress.seconds();
        let summary = Summary {
            map: job.map.name(),
            file: &job.name,
            complete,
            records: tally.stored,
            skipped: tally.skipped,
            skipped_lines: &self.skipped,
            stored_through_line: tally.through(),
            seconds,
            records_per_second: rate(tally.stored, seconds),
            observers: ObserverReport::all_of(&job.map),
        };
        job.progress.clear();
        if !job.as_json {
            summary.print();
            return Ok(());
        }
        let mut output = Output::new();
        output.json(&summary)?;
        output.flush()
    }
}

impl Summary<'_> {
    fn print(&self) {
        let (records, map, rate) = (count(self.records, "record"), self.map, self.records_per_second);
        say(&format!("{records} stored in map {map:?} in {:.1} s, {rate:.0}/s", self.seconds));
        for report in &self.observers {
            say(&format!("  {report}"));
        }
    }
}
