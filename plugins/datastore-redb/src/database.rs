//! The open database, and what becomes of it when something fails.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use redb::{Database, ReadTransaction, ReadableDatabase};

use crate::blocking::guarded;
use crate::{RedbError, RedbOptions, file};

/// An error as `tracing` reports it together with its causes.
pub(crate) type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// What readers and the writer share.
///
/// Each transaction holds the state's lock shared while it lasts, so whoever gets it
/// exclusively finds no transaction and may close or replace the database. It is taken on
/// threads for blocking work only, never across an await.
pub(crate) struct Shared {
    options: RedbOptions,
    state: RwLock<State>,
    commits: AtomicU64,
}

enum State {
    /// `opening` counts the times the file was opened, to tell whether a failure is of this one.
    Open { database: Database, opening: u64 },
    /// Reopening failed; the next operation tries again.
    Failed { why: Arc<RedbError>, opening: u64 },
    /// For good.
    Closed { reason: String },
}

impl Shared {
    pub(crate) fn open(options: RedbOptions) -> Result<Self, RedbError> {
        let database = file::create(&options)?;
        let state = RwLock::new(State::Open { database, opening: 1 });
        Ok(Self { options, state, commits: AtomicU64::new(0) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.options.path
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs `read` in a read transaction. After a failure that stops redb, the file is reopened.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, RedbError>,
    ) -> Result<T, RedbError> {
        let (outcome, opening) = self.with_database(|database| {
            let begun = database.begin_read();
            read(&begun.map_err(|error| RedbError::storage(self.path(), "begin reading", error))?)
        })?;
        if outcome.as_ref().is_err_and(RedbError::wants_reopening) {
            self.reopen(opening);
        }
        outcome
    }

    /// Runs `write`; after any failure the file is reopened, after a panic it is closed.
    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&Database) -> Result<T, RedbError>,
    ) -> Result<T, RedbError> {
        let (outcome, opening) = self.with_database(write)?;
        match &outcome {
            Ok(_) => {}
            Err(panic @ RedbError::Panicked { .. }) => {
                self.close(&format!(
                    "it was closed after a failure ({panic}); restart the program to open it again"
                ));
            }
            Err(_) => self.reopen(opening),
        }
        outcome
    }

    /// The outcome of `work`, and the number of the opening it was done with.
    fn with_database<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, RedbError>,
    ) -> Result<(Result<T, RedbError>, u64), RedbError> {
        if let Some(opening) = self.failed_opening() {
            self.reopen(opening);
        }
        let state = self.state.read();
        match &*state {
            State::Open { database, opening } => Ok((guarded(self.path(), || work(database)), *opening)),
            State::Failed { why, .. } => {
                Err(RedbError::NotReopened { path: self.path().to_owned(), source: Arc::clone(why) })
            }
            State::Closed { reason } => {
                Err(RedbError::Closed { path: self.path().to_owned(), reason: reason.clone() })
            }
        }
    }

    fn failed_opening(&self) -> Option<u64> {
        let state = self.state.read();
        match &*state {
            State::Failed { opening, .. } => Some(*opening),
            _ => None,
        }
    }

    /// Closes and opens the file, unless that was done since `seen`, or the store is closed.
    fn reopen(&self, seen: u64) {
        let mut state = self.state.write();
        let opening = match &*state {
            State::Open { opening, .. } | State::Failed { opening, .. } if *opening == seen => seen + 1,
            _ => return,
        };
        // The file must be closed before it can be opened; nobody sees the state between.
        self.replace(&mut state, State::Closed { reason: "it is being reopened".to_owned() });
        *state = match file::reopen(&self.options) {
            Ok(database) => {
                tracing::warn!(path = %self.path().display(), "reopened the database file after a failure");
                State::Open { database, opening }
            }
            Err(error) => {
                tracing::error!(path = %self.path().display(), error = &error as Cause<'_>, "could not reopen the database file");
                State::Failed { why: Arc::new(error), opening }
            }
        };
    }

    /// Closes the file for good, once transactions in progress have ended.
    pub(crate) fn close(&self, reason: &str) {
        let mut state = self.state.write();
        if !matches!(*state, State::Closed { .. }) {
            tracing::debug!(path = %self.path().display(), reason, "closing the database file");
            self.replace(&mut state, State::Closed { reason: reason.to_owned() });
        }
    }

    fn replace(&self, state: &mut State, next: State) {
        let last = std::mem::replace(state, next);
        let closed = guarded(self.path(), || match last {
            State::Open { database, .. } => {
                let closed = database.close();
                closed.map_err(|error| RedbError::storage(self.path(), "close the tables", error))
            }
            _ => Ok(()),
        });
        if let Err(error) = closed {
            tracing::warn!(path = %self.path().display(), error = &error as Cause<'_>, "the database file was not closed cleanly");
        }
    }
}

#[cfg(test)]
mod tests;
