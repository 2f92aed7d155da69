//! A progress bar on standard error, when a person watches.

use std::time::Instant;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::say;

/// How far a load or a dump is: records, rate, and the time left if the total is known.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// Measured in bytes of an input, if its length is known.
    pub(crate) fn of_bytes(total: Option<u64>, hidden: bool) -> Self {
        const KNOWN: &str = "{wide_bar} {percent}%  {msg}  {binary_bytes}/{binary_total_bytes}  {eta} left";
        const UNKNOWN: &str = "{spinner} {msg}  {binary_bytes}  {elapsed}";
        Self::new(total, hidden, KNOWN, UNKNOWN)
    }

    /// Measured in records, whose number may be told later by [`set_total`](Self::set_total).
    pub(crate) fn of_records(hidden: bool) -> Self {
        Self::new(None, hidden, "", "{spinner} {msg}  {elapsed}")
    }

    fn new(total: Option<u64>, hidden: bool, known: &'static str, unknown: &'static str) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(total, target);
        bar.set_style(style(if total.is_some() { known } else { unknown }));
        Self { bar, started: Instant::now() }
    }

    /// Whether nobody sees it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    /// Tells how many records there are in all.
    pub(crate) fn set_total(&self, records: u64) {
        self.bar.set_style(style("{wide_bar} {percent}%  {msg} of {human_len}  {eta} left"));
        self.bar.set_length(records);
    }

    /// Tells how far it is.
    pub(crate) fn at(&self, position: u64, records: u64) {
        if self.is_hidden() {
            return;
        }
        self.bar.set_position(position);
        let rate = rate(records, self.seconds());
        self.bar.set_message(format!("{} records, {rate:.0}/s", HumanCount(records)));
    }

    /// Says something beside the bar, on standard error.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// Records per second.
#[expect(clippy::cast_precision_loss, reason = "a rate is approximate")]
pub(crate) fn rate(records: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { records as f64 / seconds } else { 0.0 }
}

/// A number with its noun.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn style(template: &'static str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
