//! Where each part of a configuration was said.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{KeyPath, Problem};

/// Where each part of a configuration was said, so that problems point there.
#[derive(Debug, Clone, Default)]
pub(super) struct Provenance(Arc<Places>);

#[derive(Debug, Default)]
struct Places {
    /// The file's name as given, or what stands for text that came from none.
    file: Option<String>,
    /// Line and column of each key of the file, from 1.
    lines: BTreeMap<KeyPath, (usize, usize)>,
    /// The environment variable that set each place.
    variables: BTreeMap<KeyPath, String>,
}

impl Provenance {
    pub(super) fn new(
        file: Option<String>,
        lines: BTreeMap<KeyPath, (usize, usize)>,
        variables: BTreeMap<KeyPath, String>,
    ) -> Self {
        Self(Arc::new(Places { file, lines, variables }))
    }

    pub(super) fn problem(&self, path: &KeyPath, message: impl Into<String>) -> Problem {
        Problem::new(self.origin(path), path.to_string(), message.into())
    }

    fn origin(&self, path: &KeyPath) -> Option<String> {
        let (variables, lines) = (&self.0.variables, &self.0.lines);
        let set_by = path.outwards().find_map(|place| variables.get(&place));
        let line = || path.outwards().find_map(|place| lines.get(&place));
        // A table that no file holds was opened by the variable that sets something in it.
        let inside = || variables.iter().find(|(place, _)| place.starts_with(path)).map(|(_, name)| name);
        let variable = |name: &String| format!("environment variable {name}");
        set_by.map(variable).or_else(|| line().map(|at| self.at(*at))).or_else(|| inside().map(variable))
    }

    fn at(&self, (line, column): (usize, usize)) -> String {
        let file = self.0.file.as_deref().unwrap_or("text");
        format!("{file}:{line}:{column}")
    }
}
