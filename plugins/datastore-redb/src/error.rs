//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the data store could not be opened or could not do what it was asked.
///
/// Returned inside `anyhow::Error` by operations; get it back with
/// `downcast_ref::<RedbError>()`. A message says what failed and what to do; the cause, where
/// there is one, is the error's source (`{:#}` of `anyhow::Error` shows both).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedbError {
    /// The folder of the file is not there and could not be made.
    #[error(
        "cannot make the folder of the database file {}; \
         make it yourself, or give `path` a place that can be written", path.display()
    )]
    Folder {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The path is a folder.
    #[error("{} is a folder; `path` must name the database file, such as {}", path.display(), path.join("trilayer.redb").display())]
    IsAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The file or its folder may not be written.
    #[error(
        "cannot write the database file {}; make the file and its folder writable for \
         this user, or give `path` another place", path.display()
    )]
    NotWritable {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody has the file open.
    #[error(
        "the database file {} is already open, in another process or in another data store of this one; \
         close that one, or give this data store a file of its own", path.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// What redb says.
        source: redb::Error,
    },
    /// The file is something else.
    #[error("{} is not a trilayer database: {problem}; the file was left as it is, give `path` another one", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// How that shows.
        problem: String,
    },
    /// A newer trilayer wrote the file.
    #[error(
        "the database file {} has format version {found}, and this build reads up to version {supported}; \
         open it with a newer trilayer", path.display()
    )]
    NewerFormat {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest version this build reads.
        supported: u64,
    },
    /// The file is damaged, so that it cannot be opened.
    #[error("the database file {} is damaged: {problem}; restore it from a copy", path.display())]
    DamagedFile {
        /// The database file.
        path: PathBuf,
        /// How that shows.
        problem: String,
    },
    /// One value is damaged.
    #[error(
        "the value of key {key:?} of map {map:?} in {} is damaged: {problem}; \
         put or remove the key, or restore the file from a copy", path.display()
    )]
    DamagedValue {
        /// The database file.
        path: PathBuf,
        /// The map.
        map: String,
        /// The key.
        key: String,
        /// How that shows.
        problem: String,
    },
    /// A value cannot be stored.
    #[error("the value of key {key:?} of map {map:?} cannot be stored: {problem}")]
    Unstorable {
        /// The map.
        map: String,
        /// The key.
        key: String,
        /// Why.
        problem: String,
    },
    /// redb failed.
    #[error("could not {doing} in the database file {}{}", path.display(), advice(source))]
    Storage {
        /// The database file.
        path: PathBuf,
        /// What was being done.
        doing: String,
        /// What redb says.
        source: Box<redb::Error>,
    },
    /// redb panicked, as it may on a damaged file.
    #[error("the database file {} is probably damaged: reading or writing it panicked: {message}", path.display())]
    Panicked {
        /// The database file.
        path: PathBuf,
        /// The panic's message.
        message: String,
    },
    /// A change failed, together with those that shared its commit.
    #[error("a change of map {map:?} was not stored in {}", path.display())]
    NotStored {
        /// The database file.
        path: PathBuf,
        /// The map.
        map: String,
        /// What the commit failed of.
        source: Arc<RedbError>,
    },
    /// The file could not be reopened after a failure; the next operation tries again.
    #[error("the database file {} could not be reopened after a failure", path.display())]
    NotReopened {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: Arc<RedbError>,
    },
    /// The store is closed, by its end or by a panic.
    #[error("the data store of {} is closed: {reason}", path.display())]
    Closed {
        /// The database file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The writer thread could not be started.
    #[error("cannot start the writer of the database file {}", path.display())]
    NoWriter {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RedbError {
    pub(crate) fn storage(path: &Path, doing: impl Into<String>, source: impl Into<redb::Error>) -> Self {
        Self::Storage { path: path.to_owned(), doing: doing.into(), source: Box::new(source.into()) }
    }

    /// Whether redb refuses everything until the file is reopened.
    pub(crate) fn wants_reopening(&self) -> bool {
        use redb::Error as Redb;
        let Self::Storage { source, .. } = self else { return false };
        matches!(**source, Redb::Io(_) | Redb::Backend(_) | Redb::PreviousIo | Redb::LockPoisoned(_))
    }
}

fn advice(source: &redb::Error) -> &'static str {
    match source {
        redb::Error::Io(error) if is_full(error) => "; free some space, what was stored before is kept",
        redb::Error::Corrupted(_) => "; the file is damaged, restore it from a copy",
        _ => "",
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
