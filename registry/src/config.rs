//! Which maps there are and what each is made of.
//!
//! Layers, the later winning: defaults, one TOML file, environment variables
//! (`TRILAYER__MAPS__PLACES__ENGINE=btree`). Reads and checks; makes no component.

mod check;
mod code;
mod env;
mod error;
mod excerpt;
mod explain;
mod file;
mod loader;
mod map;
mod path;
mod problem;
mod provenance;
mod read;
mod render;
mod resolve;
mod schema;
mod sight;
mod source;
mod spec;
mod tree;
mod validate;
mod wanted;

pub use code::{ProblemCode, Severity};
pub use error::ConfigError;
pub use explain::{ExplainedComponent, ExplainedValue, Explanation};
pub use loader::ConfigLoader;
pub use map::{Load, MapConfig};
pub use problem::{Layer, Problem, Related};
pub use spec::ComponentSpec;

pub(crate) use path::KeyPath;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pattern::{self, Entries};
use provenance::Provenance;

/// What a program's maps are made of.
///
/// ```
/// use trilayer_registry::Config;
///
/// let config = Config::from_toml(
///     r#"
///     [maps.places]
///     engine = "hashmap"
///     default_ttl_millis = 60_000
///
///     [maps."session-*"]                # every map whose name opens like that
///     partitions = 16
///     "#,
/// )?;
/// assert_eq!(config.serving("places").map(|(_, map)| map.default_ttl_millis), Some(60_000));
/// assert_eq!(config.serving("session-7").map(|(entry, _)| entry), Some("session-*"));
/// assert!(config.serving("elsewhere").is_none());
/// # Ok::<(), trilayer_registry::ConfigError>(())
/// ```
///
/// Two configurations are equal when they say the same, wherever they were read from.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Data stores with a name of their own: each is opened once and shared by every map
    /// that names it.
    pub data_stores: BTreeMap<String, ComponentSpec>,
    /// Maps by name or pattern. In a pattern, `*` stands for any text and `?` for any one
    /// character. A map is served by the entry of its exact name, else by the matching
    /// pattern with the most literal characters, then the fewest wildcards, then the first
    /// in byte order. Entries are not merged with each other.
    pub maps: BTreeMap<String, MapConfig>,
    #[serde(skip)]
    base_dir: PathBuf,
    #[serde(skip)]
    provenance: Provenance,
}

impl Config {
    /// Reads a file, then the environment of this process.
    ///
    /// # Errors
    /// With every problem found in the file, the environment and what they say together.
    /// Names and options of components are checked later, unless [`ConfigLoader::registry`] is given.
    pub fn load(path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        ConfigLoader::new().file(path).process_env().load()
    }

    /// Reads text alone: no file, no environment.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        ConfigLoader::new().text(text).load()
    }

    /// The configuration as TOML, which reads back equal. Secrets are in it: see
    /// [`explain`](Self::explain) for what can be shown.
    ///
    /// # Errors
    /// When an option set by the program holds null, which TOML cannot write.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The folder that relative paths in options start from: the file's, else empty, which
    /// is the working directory.
    #[must_use]
    pub fn base_dir(&self) -> &Path {
        &self.base_dir
    }

    /// With another such folder.
    #[must_use]
    pub fn with_base_dir(mut self, base_dir: impl Into<PathBuf>) -> Self {
        self.base_dir = base_dir.into();
        self
    }

    /// The entry that serves a map, and the name or pattern it stands under.
    #[must_use]
    pub fn serving(&self, map: &str) -> Option<(&str, &MapConfig)> {
        let patterns = || self.maps.keys().map(String::as_str).filter(|entry| pattern::is_pattern(entry));
        let exact = self.maps.get_key_value(map).filter(|_| !pattern::is_pattern(map));
        let entry = || self.maps.get_key_value(Entries::of(patterns()).serving(map)?);
        exact.or_else(entry).map(|(name, config)| (name.as_str(), config))
    }
}

impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        (&self.data_stores, &self.maps) == (&other.data_stores, &other.maps)
    }
}
