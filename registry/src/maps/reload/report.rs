//! What a reload did, or why it did nothing.

use std::fmt;

use crate::{FactoryError, MapsError};

/// What a reload did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadReport {
    /// What the new configuration says otherwise, a place each. Tells no options.
    pub changes: Vec<String>,
    /// Data stores that were opened.
    pub opened: Vec<String>,
    /// Data stores that were closed.
    pub closed: Vec<String>,
    /// Record stores that handed all they had to others.
    pub replaced: u64,
    /// What did not go as it should, or comes with the next start.
    pub warnings: Vec<String>,
}

/// A change that only a restart can make.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NeedsRestart {
    /// What the configuration says where.
    pub place: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for NeedsRestart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// Why a reload did nothing: the configuration before it goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The configuration, a name or a component is at fault.
    #[error("not reloaded, the configuration before goes on")]
    Config(#[source] Box<FactoryError>),
    /// Some of it needs a restart.
    #[error("not reloaded, the configuration before goes on; a restart is needed for{}", lines(.0))]
    NeedsRestart(Vec<NeedsRestart>),
    /// What has to be flushed before the change cannot be.
    #[error("not reloaded, the configuration before goes on; first these have to be flushed:{}", failures(.0))]
    Flush(Vec<(String, anyhow::Error)>),
    /// Calls of a data store that is to be changed do not end, or record stores come into being too fast.
    #[error("not reloaded, the configuration before goes on; too much is under way:{}", failures(.0))]
    Busy(Vec<(String, anyhow::Error)>),
    /// A map that is new cannot be filled.
    #[error("not reloaded, the configuration before goes on")]
    Fill(#[source] Box<MapsError>),
    /// The maps are closed, or being closed.
    #[error("not reloaded: the maps are closed")]
    Closed,
    /// The runtime ended, or the reload panicked.
    #[error("the reload was cut off: {0}")]
    CutOff(String),
}

fn lines(restarts: &[NeedsRestart]) -> String {
    restarts.iter().map(|restart| format!("\n  {restart}")).collect()
}

fn failures(failures: &[(String, anyhow::Error)]) -> String {
    failures.iter().map(|(what, error)| format!("\n  {what}: {error:#}")).collect()
}
