//! trilayer beside a concurrent map and two caches, in one run.
//!
//! All subjects hold the same keys and payloads in one process. Work comes in chunks, and each
//! chunk is done by every subject before the next is made, in an order that rotates, so that
//! whatever else the machine does hits all alike. What counts is the ratio, within one round,
//! of a subject's time to that of the plain map; the report gives its median and spread over
//! all rounds.
//!
//! | module | does |
//! |---|---|
//! | `subjects` | what is compared, and how each stores a record |
//! | `workload`, `zipf` | which operations on which keys |
//! | `rounds` | runs and times them |
//! | `allocation` | counts live bytes |
//! | `report`, `machine` | Markdown |

mod allocation;
mod machine;
mod report;
mod rounds;
mod subjects;
mod workload;
mod zipf;

pub use allocation::grown_by;

use std::fmt::Display;

use clap::Parser;

/// What to run.
#[derive(Debug, Clone, Parser)]
#[command(about = "trilayer beside dashmap, quick_cache and moka")]
pub struct Options {
    /// Records each subject holds.
    #[arg(long, default_value_t = 1_000_000)]
    pub records: usize,
    /// Rounds; each runs every workload.
    #[arg(long, default_value_t = 30)]
    pub rounds: usize,
    /// Operations of each workload in a round.
    #[arg(long, default_value_t = 100_000)]
    pub operations: usize,
    /// Operations a subject does before it is the next one's turn.
    #[arg(long, default_value_t = 20_000)]
    pub chunk: usize,
    /// Threads that share the operations.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Only to see that it works: few records, two rounds.
    #[arg(long)]
    pub quick: bool,
    /// Given by `cargo bench`; `cargo test --benches` gives nothing, and gets a quick run.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// Only to see that it works.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            records: 5_000,
            rounds: 2,
            operations: 2_000,
            chunk: 500,
            threads: 1,
            quick: true,
            bench: false,
        }
    }

    /// With every number at least 1, and small ones if it is to be quick.
    #[must_use]
    pub fn settled(self) -> Self {
        if self.quick || !self.bench {
            return Self { threads: self.threads.max(1), ..Self::quick() };
        }
        let records = self.records.max(1);
        Self {
            records,
            rounds: self.rounds.max(1),
            // What is removed in a round was there when it began.
            operations: self.operations.clamp(1, records),
            chunk: self.chunk.max(1),
            threads: self.threads.max(1),
            ..self
        }
    }
}

/// Runs everything; the report is Markdown.
///
/// # Errors
/// When a subject lost a record, which would make its times worthless.
pub fn run(options: &Options) -> anyhow::Result<impl Display + use<>> {
    // Each round inserts before it removes.
    let subjects = subjects::all(options.records + options.operations);
    let measured = rounds::measure(options, &subjects)?;
    Ok(report::Report::new(options.clone(), &subjects, measured))
}
