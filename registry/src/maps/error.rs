//! What maps refuse, and what can fail.

use crate::FactoryError;

/// Why maps could not be opened, found, flushed or closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapsError {
    /// The configuration, a name or a component is at fault.
    #[error(transparent)]
    Factory(Box<FactoryError>),
    /// A map is to be filled when it is opened, but its data store cannot list what it has.
    #[error(
        "map {map:?} has load = \"eager\", but its data store {data_store} does not scan: \
         use load = \"lazy\", or a data store that scans"
    )]
    CannotFill {
        /// The map.
        map: String,
        /// How the configuration names the data store.
        data_store: String,
    },
    /// Filling a map failed.
    #[error("cannot fill map {map:?} from its data store")]
    Fill {
        /// The map.
        map: String,
        /// What the data store says.
        source: anyhow::Error,
    },
    /// Some record stores or data stores could not be flushed; the others were. Nothing is
    /// lost by trying again.
    #[error("{} of {attempted} could not be flushed:{}", .failures.len(), lines(.failures))]
    Flush {
        /// How many were to be flushed.
        attempted: usize,
        /// What failed, and why.
        failures: Vec<(String, anyhow::Error)>,
    },
}

fn lines(failures: &[(String, anyhow::Error)]) -> String {
    failures.iter().map(|(what, error)| format!("\n  {what}: {error:#}")).collect()
}

/// Why an operation on a map was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// Keys are not empty.
    #[error("map {map:?}: the key is empty; a key has at least 1 byte")]
    EmptyKey {
        /// The map.
        map: String,
    },
    /// The key is longer than `max_key_bytes`.
    #[error("map {map:?}: the key has {bytes} bytes, {limit} are allowed (max_key_bytes)")]
    KeyTooLong {
        /// The map.
        map: String,
        /// The key's length in bytes.
        bytes: u64,
        /// The most allowed.
        limit: u64,
    },
    /// The value is larger than `max_value_bytes`.
    #[error("map {map:?}: the value takes {bytes} bytes, {limit} are allowed (max_value_bytes)")]
    ValueTooLarge {
        /// The map.
        map: String,
        /// The value's estimated bytes on the heap.
        bytes: u64,
        /// The most allowed.
        limit: u64,
    },
    /// The map takes no more operations; nothing has happened.
    #[error("map {map:?} is closed: {reason}")]
    Closed {
        /// The map.
        map: String,
        /// Why.
        reason: &'static str,
    },
    /// The record store of the key's partition cannot be made.
    #[error("map {map:?}: no record store for partition {partition}")]
    NoStore {
        /// The map.
        map: String,
        /// The partition.
        partition: u32,
        /// Why.
        source: Box<FactoryError>,
    },
    /// The data store cannot list what it has.
    #[error("map {map:?} cannot be scanned: its data store {data_store} does not scan")]
    CannotScan {
        /// The map.
        map: String,
        /// How the configuration names the data store.
        data_store: String,
    },
    /// The record store or its data store failed; a
    /// [`StoreError`](trilayer_core::StoreError) can be had from `source` by downcast.
    #[error("map {map:?}: {operation} failed")]
    Store {
        /// The map.
        map: String,
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: anyhow::Error,
    },
}
