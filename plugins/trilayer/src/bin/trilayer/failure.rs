//! How a command fails: an exit code, a message and its causes.

use std::io::IsTerminal as _;

use serde_json::json;
use trilayer::{
    ComponentError, ComponentKind, ConfigError, FactoryError, MapError, MapsError, RegistryError, ReloadError,
};

use crate::output::say;

/// What the process says to the one that started it.
///
/// Where `sysexits.h` has a number for it, that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done.
    Done = 0,
    /// Something else failed.
    Other = 1,
    /// The command line is not right.
    Usage = 2,
    /// There is no such key.
    NotFound = 3,
    /// The input is not right.
    BadData = 65,
    /// An input file cannot be read.
    NoInput = 66,
    /// The data store, the disk or standard output failed.
    Io = 74,
    /// The configuration cannot be used.
    Config = 78,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    pub(crate) fn code(self) -> i32 {
        self as i32
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// The message, then its causes, outermost first. Empty: there is nothing to say.
    lines: Vec<String>,
    /// What is wrong with the configuration, if that is why.
    config: Option<Box<ConfigError>>,
}

impl Failure {
    /// A failure with all causes of an error.
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        let mut lines: Vec<String> = Vec::new();
        for text in error.chain().map(ToString::to_string) {
            // Some errors repeat their cause's text in their own.
            if lines.last().is_none_or(|last| !last.ends_with(&text)) {
                lines.push(text);
            }
        }
        Self { exit, lines, config: None }
    }

    /// A failure that is a message.
    pub(crate) fn message(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, lines: vec![message.into()], config: None }
    }

    /// An end that is nobody's fault: the reader of standard output has seen enough.
    pub(crate) fn quiet() -> Self {
        Self { exit: Exit::Done, lines: Vec::new(), config: None }
    }

    /// What this failure made impossible, told before it.
    pub(crate) fn context(mut self, message: impl Into<String>) -> Self {
        if !self.lines.is_empty() {
            self.lines.insert(0, message.into());
        }
        self
    }

    /// With a failure that came after it.
    pub(crate) fn then(mut self, later: Self) -> Self {
        if self.lines.is_empty() {
            return later;
        }
        if let Some((first, causes)) = later.lines.split_first() {
            self.lines.push(format!("afterwards: {first}"));
            self.lines.extend_from_slice(causes);
        }
        self
    }

    /// The message with its causes, for lists of failures.
    pub(crate) fn one_line(&self) -> String {
        self.lines.join(": ")
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// As plain data, for those who answer others.
    pub(crate) fn as_json(&self) -> serde_json::Value {
        let (message, causes) = self.lines.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
        let mut told = json!({ "code": self.exit.code(), "message": message, "causes": causes });
        if let Some(error) = &self.config {
            told["problems"] = json!(error.problems());
        }
        told
    }

    /// Says it on standard error: readable text, or one JSON object.
    pub(crate) fn report(&self, as_json: bool) {
        let Some((message, causes)) = self.lines.split_first() else { return };
        let text = match (&self.config, as_json) {
            (_, true) => json!({ "error": self.as_json() }).to_string(),
            (Some(error), false) => error.render(is_coloured()),
            (None, false) => self.readable(message, causes),
        };
        say(&text);
    }

    fn readable(&self, message: &str, causes: &[String]) -> String {
        let is_signal = matches!(self.exit, Exit::Interrupted | Exit::Terminated);
        let mut text = if is_signal { message.to_owned() } else { format!("error: {message}") };
        for cause in causes {
            text.push_str("\n  because: ");
            text.push_str(&cause.replace('\n', "\n  "));
        }
        text
    }
}

impl From<MapError> for Failure {
    fn from(error: MapError) -> Self {
        Self::new(of_map(&error), error)
    }
}

/// Colours are for people at a terminal who did not ask for none.
fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl From<MapsError> for Failure {
    fn from(error: MapsError) -> Self {
        if let MapsError::Factory(factory) = &error
            && let FactoryError::Config(problems) = &**factory
        {
            return problems.clone().into();
        }
        let exit = match &error {
            MapsError::Factory(error) => of_factory(error),
            MapsError::CannotFill { .. } => Exit::Config,
            MapsError::Fill { .. } | MapsError::Flush { .. } => Exit::Io,
            _ => Exit::Other,
        };
        Self::new(exit, error)
    }
}

impl From<ReloadError> for Failure {
    fn from(error: ReloadError) -> Self {
        let exit = match &error {
            ReloadError::Config(error) => of_factory(error),
            ReloadError::NeedsRestart(_) => Exit::Config,
            ReloadError::Flush(_) | ReloadError::Busy(_) => Exit::Io,
            _ => Exit::Other,
        };
        Self::new(exit, error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let mut failure = Self::message(Exit::Config, error.to_string());
        failure.config = Some(Box::new(error));
        failure
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::new(Exit::Config, error)
    }
}

fn of_map(error: &MapError) -> Exit {
    match error {
        MapError::EmptyKey { .. } | MapError::KeyTooLong { .. } | MapError::ValueTooLarge { .. } => {
            Exit::BadData
        }
        MapError::NoStore { source, .. } => of_factory(source),
        MapError::CannotScan { .. } => Exit::Config,
        MapError::Store { .. } => Exit::Io,
        _ => Exit::Other,
    }
}

fn of_factory(error: &FactoryError) -> Exit {
    match error {
        FactoryError::Config(_) | FactoryError::UnknownMap { .. } | FactoryError::Circle { .. } => {
            Exit::Config
        }
        FactoryError::OpenTimeout { .. } => Exit::Io,
        FactoryError::Several(errors) => errors.first().map_or(Exit::Other, of_factory),
        FactoryError::Component { source, .. } => of_component(source),
        _ => Exit::Other,
    }
}

/// A data store that cannot be opened is a matter of its file or server, anything else one
/// of what the configuration says.
fn of_component(error: &ComponentError) -> Exit {
    match error {
        ComponentError::Constructor { kind: ComponentKind::DataStore, .. } => Exit::Io,
        _ => Exit::Config,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_its_error_repeats_is_told_once() {
        let error = anyhow::anyhow!("disk full").context("write failed: disk full").context("not stored");
        assert_eq!(Failure::new(Exit::Io, error).lines, ["not stored", "write failed: disk full"]);
    }

    #[test]
    fn a_later_failure_does_not_hide_the_first() {
        let failure = Failure::message(Exit::BadData, "a").then(Failure::message(Exit::Io, "b"));
        assert_eq!((failure.exit, failure.lines), (Exit::BadData, vec!["a".into(), "afterwards: b".into()]));
        assert_eq!(Failure::quiet().then(Failure::message(Exit::Io, "b")).exit, Exit::Io);
    }
}
