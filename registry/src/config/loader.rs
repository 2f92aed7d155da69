//! The layers of a configuration, put together.

use std::path::{Path, PathBuf};

use figment::providers::Serialized;
use figment::value::{Dict, Map};
use figment::{Error, Figment, Metadata, Profile, Provider};

use super::env::{self, EnvLayer};
use super::provenance::Provenance;
use super::tree::{self, Tree};
use super::{Config, ConfigError, Problem, read};

/// Puts a configuration together from a file or text and the environment.
///
/// The environment is whatever pairs it is given: tests need not touch the process's.
/// `TRILAYER__MAPS__PLACES__ENGINE=btree` sets `maps.places.engine`: parts are split at
/// `__` and lower-cased; a part that is a key of the file but for case and `-` written as
/// `_` means that key. Values are booleans, numbers, inline TOML (`[…]`, `{…}`, `"…"`),
/// else text; a table is merged into the file's, anything else replaces it. At most 1,024
/// variables, 16 parts, 1 KiB names and 64 KiB values; inline TOML beyond 16 KiB is text.
///
/// ```
/// use trilayer_registry::ConfigLoader;
///
/// let environment = [("TRILAYER__MAPS__CITY_MAP__PARTITIONS".to_owned(), "7".to_owned())];
/// let config = ConfigLoader::new().text("[maps.city-map]").env(environment).load()?;
/// assert_eq!(config.maps["city-map"].partitions, 7);
/// # Ok::<(), trilayer_registry::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ConfigLoader {
    source: Source,
    variables: Vec<(String, String)>,
    unreadable: Vec<Problem>,
}

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    Nothing,
    File(PathBuf),
    Text(String),
}

impl ConfigLoader {
    /// A loader of nothing but defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this file, which must be there. Replaces an earlier file or text.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.source = Source::File(path.into());
        self
    }

    /// Reads this text, as if it were a file's. Replaces an earlier file or text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.source = Source::Text(text.into());
        self
    }

    /// Reads these environment variables too; those that do not open with `TRILAYER__` are
    /// passed over.
    #[must_use]
    pub fn env(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables.extend(variables.into_iter().filter(|(name, _)| env::is_ours(name)));
        self
    }

    /// Reads the environment variables of this process.
    #[must_use]
    pub fn process_env(mut self) -> Self {
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| env::is_ours(name)) else { continue };
            match value.into_string() {
                Ok(value) => self.variables.push((name.to_owned(), value)),
                Err(_) => self.unreadable.push(Problem::new(
                    Some(format!("environment variable {name}")),
                    String::new(),
                    "the value is not UTF-8".to_owned(),
                )),
            }
        }
        self
    }

    /// Reads all layers and checks everything that can be checked without the components.
    ///
    /// # Errors
    /// [`ConfigError::Read`] when the file is not there or unreadable, [`ConfigError::NotToml`]
    /// with line and column, [`ConfigError::Invalid`] with every problem found.
    pub fn load(self) -> Result<Config, ConfigError> {
        let (tree, file, base_dir) = self.source.read()?;
        let layer = EnvLayer::read(self.variables, &tree.values);
        let mut problems = self.unreadable;
        problems.extend(layer.problems.iter().cloned());
        let provenance = Provenance::new(file, tree.lines, layer.variables.clone());
        let figment =
            Figment::from(Serialized::defaults(Config::default())).merge(FileLayer(tree.values)).merge(layer);
        let mut config = match figment.extract() {
            Ok(merged) => read::config(&merged, &provenance, &mut problems),
            Err(error) => {
                problems.extend(
                    error
                        .into_iter()
                        .map(|error| Problem::new(None, error.path.join("."), error.kind.to_string())),
                );
                Config::default()
            }
        };
        config.provenance = provenance;
        config.base_dir = base_dir;
        problems.extend(config.value_problems());
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::Invalid(problems)) }
    }
}

impl Source {
    /// The content, what errors call it, and the folder it lies in.
    fn read(&self) -> Result<(Tree, Option<String>, PathBuf), ConfigError> {
        match self {
            Self::Nothing => Ok((Tree::default(), None, PathBuf::new())),
            Self::Text(text) => Ok((tree::read(text, "text")?, None, PathBuf::new())),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
                let name = path.display().to_string();
                let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
                Ok((tree::read(&text, &name)?, Some(name), folder))
            }
        }
    }
}

struct FileLayer(Dict);

impl Provider for FileLayer {
    fn metadata(&self) -> Metadata {
        Metadata::named("file")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}
