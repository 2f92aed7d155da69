//! wip

mod config;
mod names;
mod pattern;
mod registry;

pub use config::{ComponentSpec, Config, ConfigError, ConfigLoader, Load, MapConfig, Problem};
pub use registry::{Registry, RegistryError};
