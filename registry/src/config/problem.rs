//! One thing that is wrong, and where.

use std::fmt;

use serde::Serialize;

use super::excerpt::Excerpt;
use super::{KeyPath, ProblemCode, Severity};
use crate::names::{list, nearest, suggestion};

/// Which layer of a configuration said something.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "layer", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Layer {
    /// Nobody did: it is the default.
    #[default]
    Default,
    /// A file as a whole.
    File {
        /// The file as it was named, or `text`.
        file: String,
    },
    /// A place in a file.
    Place {
        /// The file as it was named, or `text`.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name as it is set.
        variable: String,
    },
    /// The program.
    Program,
}

/// `file:line:column`, or what else it is.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file } => write!(f, "{}", file.escape_debug()),
            Self::Place { file, line, column } => write!(f, "{}:{line}:{column}", file.escape_debug()),
            Self::Environment { variable } => write!(f, "environment variable {}", variable.escape_debug()),
            Self::Program => f.write_str("the program"),
        }
    }
}

/// Another place that has to do with a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub place: Layer,
    #[serde(skip)]
    pub(super) excerpt: Option<Excerpt>,
}

/// One thing that is wrong, where it was said, and what would work.
///
/// Holds no value that could be a secret: values are quoted only of settings that are known
/// not to be one. [`Display`](fmt::Display) is one line; see
/// [`ConfigError::render`](super::ConfigError::render) for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// What kind of mistake it is.
    pub code: ProblemCode,
    /// The place in the configuration, as TOML writes it: `maps.places.engine`. May be empty.
    pub path: String,
    /// Where it was said.
    pub place: Layer,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The name that was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// The names there are, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Other places that have to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// The line, without values that may be secret, and which part of it is meant.
    #[serde(skip)]
    pub(super) excerpt: Option<Excerpt>,
}

impl Problem {
    pub(super) fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            path: String::new(),
            place: Layer::Default,
            message: message.into(),
            expected: None,
            found: None,
            nearest: None,
            known: Vec::new(),
            help: None,
            related: Vec::new(),
            excerpt: None,
        }
    }

    /// Something other than was expected.
    pub(super) fn unexpected(code: ProblemCode, expected: &str, found: &str) -> Self {
        let mut problem = Self::new(code, format!("expected {expected}, found {found}"));
        (problem.expected, problem.found) = (Some(expected.to_owned()), Some(found.to_owned()));
        problem
    }

    pub(super) fn from_variable(code: ProblemCode, variable: &str, message: impl Into<String>) -> Self {
        let shown: String = variable.chars().take(MAX_NAME_SHOWN).collect();
        Self::new(code, message).at(Layer::Environment { variable: shown })
    }

    pub(super) fn at(mut self, place: Layer) -> Self {
        self.place = place;
        self
    }

    pub(super) fn path(mut self, path: &KeyPath) -> Self {
        self.path = path.to_string();
        self
    }

    /// With the names there are, and of them the one most like what was typed.
    pub(super) fn known<'a>(mut self, typed: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        self.nearest = nearest(typed, names.iter().copied());
        self.known = names.into_iter().map(str::to_owned).collect();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, but what was found is called otherwise.
    pub(super) fn but_found(self, found: &str) -> Self {
        match &self.expected {
            Some(expected) => Self::unexpected(self.code, expected, found),
            None => self,
        }
    }

    /// Whether the configuration can be used all the same.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// `maps.a.engine: there is no engine "x"`, for a heading.
    pub(super) fn heading(&self) -> String {
        match self.path.as_str() {
            "" => one_line(&self.message),
            path => format!("{path}: {}", one_line(&self.message)),
        }
    }

    /// The names there are, as far as they can be read at a glance.
    pub(super) fn known_names(&self) -> Option<String> {
        let (shown, rest) = self.known.split_at(self.known.len().min(MAX_NAMES_SHOWN));
        if shown.is_empty() {
            return None;
        }
        let shown = list(shown.iter().map(String::as_str));
        Some(if rest.is_empty() { shown } else { format!("{shown} and {} more", rest.len()) })
    }
}

/// A list of thousands of maps helps nobody.
const MAX_NAMES_SHOWN: usize = 30;

/// Longest variable name that is shown whole, in characters.
const MAX_NAME_SHOWN: usize = 128;

/// The text without line breaks and other control characters.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// One line, whatever the message holds.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.place, Layer::Default) {
            write!(f, "{}: ", self.place)?;
        }
        if self.severity() == Severity::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.heading())?;
        if let Some(known) = self.known_names() {
            write!(f, "; known: {known}")?;
        }
        f.write_str(&suggestion(self.nearest.as_deref()))?;
        for related in &self.related {
            write!(f, "; {} at {}", one_line(&related.message), related.place)?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {}", one_line(help))?;
        }
        write!(f, " [{}]", self.code)
    }
}
