//! Components: engines, data stores and observers that a configuration can name.
//!
//! A plugin describes each component by a [`Descriptor`] and [`register!`](crate::register!)s it. What is
//! registered that way is collected at link time ([`Linked`]); a registry turns it into
//! components by name. This module knows nothing of registries or configuration files.

mod context;
mod descriptor;
mod error;
mod example;
mod option;
mod scope;

pub use context::{Context, Opener};
pub use descriptor::{DataStoreFuture, Descriptor, NoOptions, Options};
pub use error::ComponentError;
pub use option::{
    ByteSize, Millis, OptionProperty, QuantityError, Reload, Secret, SecretError, SecretText, Unit,
    byte_size, millis,
};
pub use scope::{Scope, UnknownScope};

use std::fmt;
use std::sync::Arc;

use crate::{HashMapStorage, NullDataStore};

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// A [`StorageEngine`](crate::StorageEngine): one for each record store.
    Engine,
    /// A [`MapDataStore`](crate::MapDataStore): one for each named instance, shared.
    DataStore,
    /// A [`MutationObserver`](crate::MutationObserver): one for each map that names it, unless its
    /// [`Scope`] says otherwise.
    Observer,
}

impl ComponentKind {
    /// Every kind, in order.
    pub const ALL: [Self; 3] = [Self::Engine, Self::DataStore, Self::Observer];
}

impl fmt::Display for ComponentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Engine => "engine",
            Self::DataStore => "data store",
            Self::Observer => "observer",
        })
    }
}

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Linked into the program, registered at a line of a crate.
    Linked {
        /// The crate.
        package: &'static str,
        /// Its version.
        version: &'static str,
        /// The source file.
        file: &'static str,
        /// The line.
        line: u32,
    },
    /// Registered by the program itself, which says what it wants to be called.
    Program(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linked { package, version, file, line } => {
                write!(f, "crate {package} {version} ({file}:{line})")
            }
            Self::Program(what) => f.write_str(what),
        }
    }
}

/// A component that was linked into the program; made by [`register!`](crate::register!).
#[derive(Debug)]
pub struct Linked {
    describe: fn() -> Descriptor,
    origin: Origin,
}

impl Linked {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(describe: fn() -> Descriptor, origin: Origin) -> Self {
        Self { describe, origin }
    }

    /// Everything linked into this program, in no particular order.
    pub fn all() -> impl Iterator<Item = (Descriptor, Origin)> {
        inventory::iter::<Self>().map(|linked| ((linked.describe)(), linked.origin.clone()))
    }
}

inventory::collect!(Linked);

/// Registers a component of this crate, to be found by name in every program that links it.
///
/// Takes an expression that makes a [`Descriptor`]. The linker keeps only what it sees
/// used: a program must name something of the plugin's crate (`use my_plugin as _;`).
///
/// ```
/// use trilayer_core::{Context, Descriptor, HashMapStorage, NoOptions, register};
///
/// register! {
///     Descriptor::engine("my-engine", "An engine of mine", |_: &Context, _: NoOptions| {
///         Ok(Box::new(HashMapStorage::new()))
///     })
/// }
/// ```
#[macro_export]
macro_rules! register {
    ($descriptor:expr $(,)?) => {
        $crate::macros::inventory::submit! {
            $crate::Linked::new(
                || $descriptor,
                $crate::Origin::Linked {
                    package: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    file: file!(),
                    line: line!(),
                },
            )
        }
    };
}

/// The components of this crate: engine `hashmap` and data store `null`.
#[must_use]
pub fn builtin() -> Vec<Descriptor> {
    let hashmap = Descriptor::engine(
        "hashmap",
        "Hash table in memory; the default engine",
        |_: &Context, _: NoOptions| Ok(Box::new(HashMapStorage::new())),
    );
    let null = Descriptor::data_store(
        "null",
        "Keeps nothing; the default data store",
        |_: Context, _: NoOptions| async { Ok(Arc::new(NullDataStore) as _) },
    );
    vec![hashmap, null]
}
