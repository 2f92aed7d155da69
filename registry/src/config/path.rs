//! Places in a configuration.

use std::fmt;

/// A place in a configuration, shown as TOML writes it: `maps."session-*".observers[1]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyPath(Vec<Step>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl KeyPath {
    pub(crate) fn of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().map(|key| Step::Key(key.to_owned())).collect())
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The last key, if the path ends with one.
    pub(super) fn last_key(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The first steps and the others.
    pub(super) fn split(&self, length: usize) -> (Self, Self) {
        let (first, others) = self.0.split_at(length.min(self.0.len()));
        (Self(first.to_vec()), Self(others.to_vec()))
    }

    pub(super) fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// This place and those around it, innermost first, the root left out.
    pub(super) fn outwards(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).rev().map(|length| Self(self.0[..length].to_vec()))
    }
}

/// What is at the end of a path, and how many of its steps are there at all.
pub(super) fn follow<'j>(
    value: &'j serde_json::Value,
    steps: &[Step],
) -> (usize, Option<&'j serde_json::Value>) {
    let mut here = value;
    for (taken, step) in steps.iter().enumerate() {
        let next = match step {
            Step::Key(key) => here.get(key),
            Step::Index(index) => here.get(*index),
        };
        let Some(next) = next else { return (taken, None) };
        here = next;
    }
    (steps.len(), Some(here))
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    f.write_str(if position == 0 { "" } else { "." })?;
                    if is_bare(key) { f.write_str(key) } else { write!(f, "{key:?}") }?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}
