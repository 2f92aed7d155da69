//! Whom an observer is made for.

use std::fmt;
use std::str::FromStr;

/// Whom an observer is made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One for all maps that name it with the same options. Its context tells neither map nor partition.
    Shared,
    /// One for each map; its context tells the map.
    #[default]
    PerMap,
    /// One for each record store; its context tells map and partition.
    PerRecordStore,
}

impl Scope {
    /// Every scope, widest first.
    pub const ALL: [Self; 3] = [Self::Shared, Self::PerMap, Self::PerRecordStore];

    /// As a configuration writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::PerMap => "per-map",
            Self::PerRecordStore => "per-record-store",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No scope has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope {0:?}: it is \"shared\", \"per-map\" or \"per-record-store\"")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or_else(|| UnknownScope(name.to_owned()))
    }
}
