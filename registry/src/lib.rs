//! Components by name, configuration, and the maps made of them.
//!
//! - **You use maps**: read a [`Config`], open [`Maps`] with a [`Registry`], ask for a [`Map`].
//! - **You write a plugin**: register it with `trilayer_core::register!`, and
//!   [`Registry::linked`] knows it. Decorators get an opener from their context, which is a
//!   registry: text names a component, a table has `use` and options.
//! - **You operate them**: problems of a configuration are told all at once, each with file
//!   and line or environment variable, place and remedy. Opens and closes are `tracing`
//!   events with the fields `map`, `partition` and `place`.
//!
//! | who | decides |
//! |---|---|
//! | [`Registry`] | which components there are |
//! | [`Config`] | which of them each map is made of |
//! | [`RecordStoreFactory`] | what is shared: data stores between maps, observers between partitions |
//! | [`Maps`], [`Map`] | which partition a key falls on; opening, flushing, closing |
//!
//! Registries and maps are values: a program may have several, which know nothing of each
//! other. This crate depends on no database, network or command-line crate.

mod config;
mod factory;
mod join;
mod maps;
mod names;
mod once;
mod partition;
mod pattern;
mod reference;
mod registry;
mod schema;

pub use config::{
    ComponentSpec, Config, ConfigError, ConfigLoader, ExplainedComponent, ExplainedValue, Explanation, Layer,
    Load, MapConfig, Problem, ProblemCode, Related, Severity,
};
pub use factory::{FactoryError, RecordStoreFactory};
pub use maps::{
    DataStoreHealth, Maintenance, Map, MapError, MapUsage, Maps, MapsBuilder, MapsError, NeedsRestart,
    ReloadError, ReloadReport, ScannedEntry, ScannedPage, ShutdownReport, Unflushed,
};
pub use partition::partition_of;
pub use registry::{Registry, RegistryError};
pub use trilayer_core::StorageConfig;
