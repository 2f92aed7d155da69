//! Everything that is wrong with a configuration.

use std::error::Error;
use std::fmt;

use super::{Problem, Severity, render};

/// Why a configuration cannot be used: everything that is wrong with it, not only the first.
///
/// [`Display`](fmt::Display) is for logs, one line for each problem; [`render`](Self::render)
/// is for people; [`problems`](Self::problems) can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// Errors first, each kind in the order of the text.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (a.severity(), &a.place).cmp(&(b.severity(), &b.place)));
        problems.dedup();
        Self { problems }
    }

    /// `Ok` if there are none but warnings.
    pub(super) fn refuse(problems: Vec<Problem>) -> Result<(), Self> {
        let fatal = problems.iter().any(|problem| problem.severity() == Severity::Error);
        if fatal { Err(Self::new(problems)) } else { Ok(()) }
    }

    /// What is wrong: errors, then warnings, each in the order of the text.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A report for people: each problem with its line, underlined, and what would work.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut text = render::problems(&self.problems, colour);
        text.push_str(&self.count());
        text.push_str(MORE);
        text
    }

    fn count(&self) -> String {
        let warnings = self.problems.iter().filter(|problem| problem.severity() == Severity::Warning).count();
        let plural = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let errors = plural(self.problems.len() - warnings, "error");
        match warnings {
            0 => format!("{errors} in the configuration"),
            warnings => format!("{errors} and {} in the configuration", plural(warnings, "warning")),
        }
    }
}

const MORE: &str = "; `trilayer explain --code CODE` tells more of each";

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the configuration has a problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Error for ConfigError {}
