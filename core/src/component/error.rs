//! Why a component could not be made.

use super::ComponentKind;

/// Why a component could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// The options hold a key the component does not know.
    #[error("{kind} {name:?} has no option {option:?}; it has {}", list(.known))]
    UnknownOption {
        /// The component's kind.
        kind: ComponentKind,
        /// Its name.
        name: String,
        /// The unknown option, as a path.
        option: String,
        /// The options there are.
        known: Vec<String>,
    },
    /// The options are not what the component takes.
    #[error("the options of {kind} {name:?} are not right: {problem}")]
    BadOptions {
        /// The component's kind.
        kind: ComponentKind,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The constructor failed.
    #[error("{kind} {name:?} could not be made")]
    Constructor {
        /// The component's kind.
        kind: ComponentKind,
        /// Its name.
        name: String,
        /// Why.
        source: anyhow::Error,
    },
    /// A component of one kind was asked to make another.
    #[error("{name:?} is of kind {kind}, not {wanted}")]
    WrongKind {
        /// The component's kind.
        kind: ComponentKind,
        /// Its name.
        name: String,
        /// The kind asked for.
        wanted: ComponentKind,
    },
    /// A configuration does not name a component that is there.
    #[error("{0}")]
    Unresolved(String),
    /// A decorator's context cannot open other components.
    #[error("this host cannot open an inner component: its context has no opener")]
    NoOpener,
}

fn list(options: &[String]) -> String {
    if options.is_empty() { "no options".to_owned() } else { options.join(", ") }
}
