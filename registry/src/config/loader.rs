//! The layers of a configuration, put together.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::Serialized;
use figment::value::{Dict, Map};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde_json::Value as Json;

use super::env::{self, EnvLayer};
use super::provenance::{Places, Provenance};
use super::schema::Schemas;
use super::sight::Sight;
use super::source::Source as Text;
use super::tree::{self, Tree};
use super::{Config, ConfigError, Problem, ProblemCode, file, read, wanted};
use crate::Registry;

/// Puts a configuration together from a file or text and the environment.
///
/// The environment is whatever pairs it is given: tests need not touch the process's.
/// `TRILAYER__MAPS__PLACES__ENGINE=btree` sets `maps.places.engine`: parts are split at
/// `__` and lower-cased; a part that is a key of the file but for case and `-` written as
/// `_` means that key. `_X` and two hexadecimal digits are a byte of UTF-8, for whatever a
/// variable's name cannot hold and for upper case: `CITY_X2DMAP` is `city-map`, `_X41` is `A`.
///
/// Values are booleans, numbers, inline TOML (`[…]`, `{…}`, `"…"`), else text, and text
/// wherever the setting is one; a table is merged into the file's, anything else replaces it.
/// A variable that sets nothing there is, is a problem. At most 1,024 variables, 16 parts,
/// 1 KiB names and 64 KiB values; inline TOML beyond 16 KiB is text.
///
/// ```
/// use trilayer_registry::ConfigLoader;
///
/// let environment = [("TRILAYER__MAPS__CITY_MAP__PARTITIONS".to_owned(), "7".to_owned())];
/// let config = ConfigLoader::new().text("[maps.city-map]").env(environment).load()?;
/// assert_eq!(config.maps["city-map"].partitions, 7);
/// # Ok::<(), trilayer_registry::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct ConfigLoader {
    source: Source,
    variables: Vec<(String, String)>,
    problems: Vec<Problem>,
    registry: Option<Registry>,
}

#[derive(Clone, Default)]
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
    /// passed over, unless they look as if they should.
    #[must_use]
    pub fn env(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, value) in variables {
            if env::is_ours(&name) {
                self.variables.push((name, value));
            } else {
                self.problems.extend(env::mistaken(&name));
            }
        }
        self
    }

    /// Reads the environment variables of this process.
    #[must_use]
    pub fn process_env(mut self) -> Self {
        for (name, value) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            match (name.to_str(), value.into_string()) {
                (Some(name), Ok(value)) => self = self.env([(name.to_owned(), value)]),
                (Some(_), Err(_)) if env::is_ours(&shown) => self.not_utf8(&shown, "the value is not UTF-8"),
                (None, _) if env::is_ours(&shown) => self.not_utf8(&shown, "the name is not UTF-8"),
                _ => {}
            }
        }
        self
    }

    fn not_utf8(&mut self, variable: &str, message: &str) {
        self.problems.push(Problem::from_variable(ProblemCode::UnreadableVariable, variable, message));
    }

    /// Checks names and options of components too, so that everything that is wrong is told at
    /// once. Without it they are checked when the maps are opened.
    #[must_use]
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Reads all layers and checks everything that can be checked.
    ///
    /// # Errors
    /// With every problem found, of the file, the environment and what they say together.
    pub fn load(self) -> Result<Config, ConfigError> {
        let mut problems = self.problems;
        let Input { text, mut tree, base_dir } = self.source.read(&mut problems);
        let mut layer = EnvLayer::read(self.variables, &tree.values);
        problems.append(&mut layer.problems);
        problems.append(&mut tree.problems);
        if tree.sound {
            let schemas = self.registry.as_ref().map(Schemas::new);
            let (config, found) = config(text, tree, layer, schemas.as_ref());
            problems.extend(found);
            ConfigError::refuse(problems)?;
            return Ok(config.with_base_dir(base_dir));
        }
        Err(ConfigError::new(problems))
    }
}

/// What the layers say together, and what is wrong with that.
fn config(
    text: Option<Text>,
    mut tree: Tree,
    layer: EnvLayer,
    schemas: Option<&Schemas<'_>>,
) -> (Config, Vec<Problem>) {
    let sight = Sight::new(schemas);
    env::widen(&mut tree.values, &layer.variables);
    let merged =
        Figment::from(Serialized::defaults(Config::default())).merge(FileLayer(tree.values)).merge(&layer);
    let mut merged: Json = match merged.extract() {
        Ok(merged) => merged,
        Err(error) => {
            let tell = |error: Error| Problem::new(ProblemCode::InvalidValue, error.kind.to_string());
            return (Config::default(), error.into_iter().map(tell).collect());
        }
    };
    for (path, variable) in &layer.variables {
        if wanted::as_text(&merged, path, variable, schemas) {
            env::retype(&mut merged, path, variable);
        }
    }
    let provenance = Provenance::new(Places {
        source: text,
        root: tree.root,
        scalars: tree.scalars,
        broken_lines: tree.broken_lines,
        variables: layer.variables,
        said: merged,
    });
    let mut found = Vec::new();
    let table = provenance.said().as_object().cloned().unwrap_or_default();
    let mut config = read::config(&table, &provenance, sight, &mut found);
    config.provenance = provenance.clone();
    found.extend(config.value_problems(sight));
    found.extend(schemas.into_iter().flat_map(|schemas| config.component_problems(schemas)));
    found.retain(|problem| !provenance.follows(problem));
    (config, found)
}

/// What was read of a file or text.
struct Input {
    text: Option<Text>,
    tree: Tree,
    /// The folder the file lies in.
    base_dir: PathBuf,
}

impl Source {
    fn read(&self, problems: &mut Vec<Problem>) -> Input {
        let of = |text: Text, base_dir| Input { tree: tree::read(&text), text: Some(text), base_dir };
        let nothing =
            |sound| Input { text: None, tree: Tree { sound, ..Tree::default() }, base_dir: PathBuf::new() };
        match self {
            Self::Nothing => nothing(true),
            Self::Text(text) => of(Text::new("text".to_owned(), text.clone()), PathBuf::new()),
            Self::File(path) => match file::read(path) {
                Ok(text) => of(text, path.parent().unwrap_or(Path::new("")).to_path_buf()),
                Err(problem) => {
                    problems.push(*problem);
                    nothing(false)
                }
            },
        }
    }
}

/// Says nothing of the values: some may be secret.
impl fmt::Debug for ConfigLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = match &self.source {
            Source::File(path) => Some(path),
            _ => None,
        };
        f.debug_struct("ConfigLoader").field("file", &file).finish_non_exhaustive()
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
