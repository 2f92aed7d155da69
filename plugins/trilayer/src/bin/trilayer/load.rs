//! Loading: lines in, records stored, many at a time.
//!
//! A thread reads and parses ahead ([`reader`]); the [`Loader`] starts writes and settles
//! them as they end. Of one key at most one write is under way, so that of lines with the
//! same key the last one stays. Memory is bounded by the reader's budget.

mod acks;
mod lines;
mod parse;
mod reader;
mod summary;
mod tally;

pub(crate) use summary::ObserverReport;

use std::collections::HashSet;
use std::io::BufRead;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use trilayer::{Map, MapConfig, MapError};

use crate::args::{Load, OnError};
use crate::failure::{Exit, Failure};
use crate::input::max_json_bytes;
use crate::progress::{Progress, count};
use crate::stop::Stop;
use acks::Acks;
use parse::{BadLine, Shape};
use reader::{Found, ToStore};
use summary::Skipped;
use tally::Tally;

/// Bad lines that are told one by one.
const MAX_TOLD: usize = 20;

/// What is to be loaded, and where to.
pub(crate) struct Job<'a> {
    pub(crate) map: Map,
    pub(crate) settings: MapConfig,
    /// What messages call the input.
    pub(crate) name: String,
    pub(crate) progress: Progress,
    pub(crate) as_json: bool,
    pub(crate) load: &'a Load,
}

/// A load under way.
pub(crate) struct Loader<'a> {
    job: Job<'a>,
    found: mpsc::Receiver<Found>,
    writes: JoinSet<Written>,
    /// Keys being written.
    busy: HashSet<Arc<str>>,
    /// Waits until the earlier write of its key has ended.
    held: Option<Box<ToStore>>,
    acks: Acks,
    tally: Tally,
    skipped: Vec<Skipped>,
    end: Option<End>,
}

/// Why no more is read.
enum End {
    Input,
    Signal(Exit),
    /// The line it is about, if it is about one.
    Failed {
        line: Option<u64>,
        failure: Failure,
    },
}

/// How a write ended.
struct Written {
    line: u64,
    key: Arc<str>,
    outcome: Result<(), MapError>,
}

impl<'a> Loader<'a> {
    /// Starts reading.
    pub(crate) fn start(job: Job<'a>, input: impl BufRead + Send + 'static) -> Result<Self, Failure> {
        let acks = Acks::new(&job.map, job.load.acks)?;
        let shape = Shape {
            key: job.load.key.clone(),
            value: job.load.value.clone(),
            max_line_bytes: max_json_bytes(&job.settings),
            max_key_bytes: job.settings.max_key_bytes,
            max_value_bytes: job.settings.max_value_bytes,
        };
        let found = reader::start(input, shape).map_err(|error| Failure::new(Exit::Other, error))?;
        Ok(Self {
            job,
            found,
            writes: JoinSet::new(),
            busy: HashSet::new(),
            held: None,
            acks,
            tally: Tally::default(),
            skipped: Vec::new(),
            end: None,
        })
    }

    /// Loads to the end of the input, or until something stops it, and tells how far it got.
    pub(crate) async fn run(mut self, mut stop: Stop) -> Result<(), Failure> {
        while self.end.is_none() {
            self.step(&mut stop).await;
        }
        while let Some(ended) = self.writes.join_next().await {
            self.settle(ended);
        }
        let durable = self.acks.finish(self.tally.through()).await;
        let complete = durable.is_ok() && matches!(self.end, Some(End::Input)) && self.tally.skipped == 0;
        let told = self.summarize(complete);
        let outcomes = [self.outcome(), durable, told].into_iter().filter_map(Result::err);
        outcomes.reduce(Failure::then).map_or(Ok(()), Err)
    }

    /// Waits for the next thing to happen, and does what follows from it.
    async fn step(&mut self, stop: &mut Stop) {
        let has_room = self.held.is_none() && self.writes.len() < self.job.load.concurrency.get();
        tokio::select! {
            biased;
            exit = stop.asked() => self.end = Some(End::Signal(exit)),
            Some(ended) = self.writes.join_next() => {
                self.settle(ended);
                self.release();
            }
            durable = self.acks.settle(), if self.acks.is_flushing() => {
                if let Err(failure) = durable {
                    self.fail(None, failure);
                }
            }
            found = self.found.recv(), if has_room => self.take(found),
        }
        self.acks.begin(self.tally.through());
    }

    fn take(&mut self, found: Option<Found>) {
        match found {
            Some(Found::Record(record)) if self.busy.contains(&record.key) => self.held = Some(record),
            Some(Found::Record(record)) => self.write(*record),
            Some(Found::Bad { line, problem }) => self.refuse(line, &problem),
            Some(Found::End { lines }) => {
                self.tally.end(lines);
                self.end = Some(End::Input);
            }
            Some(Found::Unreadable { after_line, error }) => {
                let what = format!("cannot read {} after line {after_line}", self.job.name);
                self.fail(None, Failure::new(Exit::NoInput, anyhow::Error::from(error).context(what)));
            }
            None => self.fail(None, Failure::message(Exit::Other, "the thread that reads has failed")),
        }
    }

    /// Writes the record that waited, if its key is free now.
    fn release(&mut self) {
        if let Some(record) = self.held.take_if(|record| !self.busy.contains(&record.key)) {
            self.write(*record);
        }
    }

    fn write(&mut self, record: ToStore) {
        let ToStore { line, key, value, bytes, share } = record;
        self.tally.begin(line);
        self.busy.insert(Arc::clone(&key));
        self.job.progress.at(bytes, self.tally.stored);
        let map = self.job.map.clone();
        self.writes.spawn(async move {
            let outcome = map.set(&key, value).await;
            drop(share);
            Written { line, key, outcome }
        });
    }

    fn settle(&mut self, ended: Result<Written, JoinError>) {
        let Written { line, key, outcome } = match ended {
            Ok(written) => written,
            Err(error) => return self.fail(None, Failure::new(Exit::Other, error)),
        };
        self.busy.remove(&key);
        match outcome {
            Ok(()) => self.tally.store(line),
            Err(error) => {
                let what = format!("{}:{line}: the record was not stored", self.job.name);
                self.fail(Some(line), Failure::from(error).context(what));
            }
        }
    }

    fn refuse(&mut self, line: u64, problem: &BadLine) {
        let message = format!("{}:{line}: {problem}", self.job.name);
        match self.job.load.on_error {
            OnError::Stop => self.fail(Some(line), Failure::message(Exit::BadData, message)),
            OnError::Skip => {
                self.tally.skip(line);
                if self.skipped.len() < MAX_TOLD {
                    self.tell_skipped(line, message);
                }
            }
        }
    }

    fn tell_skipped(&mut self, line: u64, message: String) {
        if !self.job.as_json {
            self.job.progress.say(&format!("skipped: {message}"));
        }
        self.skipped.push(Skipped { line, message });
    }

    /// Ends the load. Of several failures that about the first line is told; a store that
    /// fails to flush tells less than the record that it could not take.
    fn fail(&mut self, line: Option<u64>, failure: Failure) {
        let tells_more = match &self.end {
            Some(End::Failed { line: told, .. }) => {
                line.is_some_and(|line| told.is_none_or(|told| line < told))
            }
            _ => true,
        };
        if tells_more {
            self.end = Some(End::Failed { line, failure });
        }
    }

    /// What the one who asked for the load is told of its end.
    fn outcome(&mut self) -> Result<(), Failure> {
        let (tally, name) = (&self.tally, &self.job.name);
        let (stored, lines) = (count(tally.stored, "record"), tally.lines());
        match self.end.take() {
            Some(End::Failed { failure, .. }) => {
                let again = "put that right and run the same command again: nothing is stored twice";
                Err(failure.context(format!("the load stopped after {stored} ({lines}); {again}")))
            }
            Some(End::Signal(exit)) => {
                let message =
                    format!("interrupted after {stored} ({lines}); run the same command again to go on");
                Err(Failure::message(exit, message))
            }
            Some(End::Input) | None if tally.skipped > 0 => {
                let skipped = count(tally.skipped, "line");
                let message = format!(
                    "{skipped} of {name} skipped, {stored} stored; \
                     correct what is wrong and run the same command again: nothing is stored twice"
                );
                Err(Failure::message(Exit::BadData, message))
            }
            Some(End::Input) | None => Ok(()),
        }
    }
}
