//! What is wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

/// Why a configuration could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is not there, or cannot be read.
    #[error("cannot read configuration file {}", .path.display())]
    Read {
        /// The file as it was named.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{file}:{line}:{column}: cannot be read as TOML: {message}")]
    NotToml {
        /// The file, or `text`.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What the TOML reader says.
        message: String,
    },
    /// It says what cannot be. Everything that was found is here, not only the first.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    let heading = match problems.len() {
        1 => "the configuration has a problem:".to_owned(),
        count => format!("the configuration has {count} problems:"),
    };
    problems.iter().fold(heading, |text, problem| format!("{text}\n  {problem}"))
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// `file:line:column` or the environment variable that says so; `None` if the program did.
    pub origin: Option<String>,
    /// The place, as TOML writes it: `maps.places.engine`.
    pub path: String,
    /// What is wrong, and what would work.
    pub message: String,
}

impl Problem {
    pub(super) fn new(origin: Option<String>, path: String, message: String) -> Self {
        Self { origin, path, message }
    }
}

/// One line, whatever the message holds.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{}: ", origin.escape_debug())?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message.replace(['\n', '\r'], " "))
    }
}
