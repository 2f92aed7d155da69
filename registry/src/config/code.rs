//! The kinds of mistakes, each with a stable name and a page.

use std::fmt;

use serde::{Serialize, Serializer};

/// Whether a configuration can be used in spite of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but says something that has no effect.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident;)*) => {
        /// The kind of a mistake. Its name is stable; its page says what it means and how to mend it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name: `unknown-key`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Whether such a problem is an error.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// The page, in Markdown: what it means, an example, how to mend it.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../docs/errors/", $name, ".md")),)*
                }
            }
        }
    };
}

codes! {
    /// A file that was named is not there.
    FileNotFound = "file-not-found", Error;
    /// A file cannot be read: a folder, say, or no permission.
    FileUnreadable = "file-unreadable", Error;
    /// A file is larger than any configuration should be.
    FileTooLarge = "file-too-large", Error;
    /// A file is not UTF-8.
    NotUtf8 = "not-utf8", Error;
    /// A text is not TOML.
    Syntax = "syntax", Error;
    /// Tables and lists nest too deep.
    TooDeep = "too-deep", Error;
    /// A key is there twice.
    DuplicateKey = "duplicate-key", Error;
    /// A key that is no setting.
    UnknownKey = "unknown-key", Error;
    /// A name that is no component's.
    UnknownComponent = "unknown-component", Error;
    /// An option that the component does not have.
    UnknownOption = "unknown-option", Error;
    /// A value of another type than is wanted.
    WrongType = "wrong-type", Error;
    /// A number or length beyond its bounds.
    OutOfRange = "out-of-range", Error;
    /// A value of the right type that is none of those possible.
    InvalidValue = "invalid-value", Error;
    /// An option that the component needs is not there.
    MissingOption = "missing-option", Error;
    /// A component's table does not say which component.
    MissingUse = "missing-use", Error;
    /// Settings that cannot go together.
    Conflict = "conflict", Error;
    /// A map's name that cannot be one.
    BadName = "bad-name", Error;
    /// A pattern that stands for the same names as another.
    DuplicatePattern = "duplicate-pattern", Error;
    /// A pattern whose every map another pattern serves.
    UnreachablePattern = "unreachable-pattern", Error;
    /// Data stores that wrap each other in a circle.
    ComponentCycle = "component-cycle", Error;
    /// A data store that nothing uses.
    UnusedDataStore = "unused-data-store", Warning;
    /// An environment variable that sets nothing there is.
    UnmatchedVariable = "unmatched-variable", Error;
    /// Two environment variables set the same place.
    DuplicateVariable = "duplicate-variable", Error;
    /// An environment variable that could mean several keys.
    AmbiguousVariable = "ambiguous-variable", Error;
    /// An environment variable that cannot be read.
    UnreadableVariable = "unreadable-variable", Error;
}

impl ProblemCode {
    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
