//! What a registry refuses.

use trilayer_core::{ComponentKind, Origin};

use crate::names::{list, suggestion};

/// Why a component could not be registered or found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No component of that kind has the name.
    #[error("there is no {kind} {name:?}; known: {}{}", list(.known.iter().map(String::as_str)), suggestion(.nearest.as_deref()))]
    Unknown {
        /// The kind asked for.
        kind: ComponentKind,
        /// The name asked for.
        name: String,
        /// The names of that kind, sorted.
        known: Vec<String>,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// Two components have the same kind and name.
    #[error("{kind} {name:?} is registered twice: by {first} and by {second}; rename or drop one of them")]
    Duplicate {
        /// Their kind.
        kind: ComponentKind,
        /// Their name.
        name: String,
        /// Where the one that was there comes from.
        first: Box<Origin>,
        /// Where the one that was refused comes from.
        second: Box<Origin>,
    },
    /// The name is not lower-kebab.
    #[error(
        "{kind} name {name:?}, registered by {origin}, is not lower-kebab: \
         use lower-case letters, digits and single hyphens, opening with a letter, as in \"write-behind\""
    )]
    BadName {
        /// The component's kind.
        kind: ComponentKind,
        /// The name refused.
        name: String,
        /// Who wanted it.
        origin: Origin,
    },
}
