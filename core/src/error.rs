//! What can go wrong in a record store, beyond what its data store says.

use std::fmt;
use std::sync::Arc;

/// Why a record store refused or could not finish an operation.
///
/// Returned inside `anyhow::Error`; get it back with `downcast_ref::<StoreError>()`.
/// Errors of the data store are passed on as they are, with context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store was destroyed.
    #[error("record store {map:?}, partition {partition}, is closed: {reason}")]
    Closed {
        /// The map.
        map: String,
        /// The partition.
        partition: u32,
        /// Why.
        reason: String,
    },
    /// Another record store has taken the place of this one, which its map knows. Nothing of what
    /// was asked for has happened.
    #[error("record store {map:?}, partition {partition}, was replaced; ask the map for its successor")]
    Replaced {
        /// The map.
        map: String,
        /// The partition.
        partition: u32,
    },
    /// An observer called back into the store that was calling it.
    #[error(
        "{operation} of record store {map:?}, partition {partition}, was called from inside one of its observers; \
         observers may not change the store they observe: hand the change to a task instead"
    )]
    CalledFromObserver {
        /// The map.
        map: String,
        /// The partition.
        partition: u32,
        /// The operation.
        operation: &'static str,
    },
    /// The data store panicked; the operation may or may not have happened.
    #[error("the data store panicked in {operation} for map {map:?}: {message}")]
    DataStorePanicked {
        /// The map.
        map: String,
        /// The operation.
        operation: &'static str,
        /// The panic's message.
        message: String,
    },
    /// The data store did not answer in time.
    #[error("{operation} of map {map:?} was not answered by its data store within {timeout_millis} ms; {}", overdue(*.begun))]
    Overdue {
        /// The map.
        map: String,
        /// The operation.
        operation: &'static str,
        /// How long the store waits, in ms.
        timeout_millis: u64,
        /// Whether it had begun: then it may or may not have happened, or happen yet. If not, it never
        /// will.
        begun: bool,
    },
    /// The runtime that was finishing the operation ended; it may or may not have happened.
    #[error("{operation} of map {map:?} was cut off: the runtime finishing it shut down")]
    CutOff {
        /// The map.
        map: String,
        /// The operation.
        operation: &'static str,
    },
}

fn overdue(begun: bool) -> &'static str {
    match begun {
        true => "it may or may not have happened, or happen yet",
        false => "it had not begun, waiting for earlier calls of its key, and is called off",
    }
}

/// One failure told to several waiters.
#[derive(Clone)]
pub struct SharedError(Arc<anyhow::Error>);

impl SharedError {
    pub(crate) fn new(error: anyhow::Error) -> Self {
        Self(Arc::new(error))
    }

    /// As an error of one waiter: a [`StoreError`] as itself, any other shared.
    pub(crate) fn into_error(self) -> anyhow::Error {
        match self.0.downcast_ref::<StoreError>() {
            Some(error) => error.clone().into(),
            None => self.into(),
        }
    }

    /// The failure itself.
    #[must_use]
    pub fn inner(&self) -> &anyhow::Error {
        &self.0
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SharedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
