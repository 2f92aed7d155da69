//! What a component's constructor is given.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ComponentError, DataStoreFuture};
use crate::{Clock, MutationObserver, StorageEngine, SystemClock};

/// Makes components from configuration: the name of one, or a table with `use` and options.
///
/// Registries implement it, so that a decorator can open what it wraps.
pub trait Opener: Send + Sync {
    /// Makes an engine.
    ///
    /// # Errors
    /// When the configuration names no engine, or its constructor fails.
    fn engine(
        &self,
        context: &Context,
        spec: &serde_json::Value,
    ) -> Result<Box<dyn StorageEngine>, ComponentError>;

    /// Opens a data store, or hands out the instance that the text names. The future fails when the configuration names none, or its
    /// constructor fails.
    fn data_store(&self, context: &Context, spec: &serde_json::Value) -> DataStoreFuture;

    /// Makes an observer.
    ///
    /// # Errors
    /// When the configuration names no observer, or its constructor fails.
    fn observer(
        &self,
        context: &Context,
        spec: &serde_json::Value,
    ) -> Result<Arc<dyn MutationObserver>, ComponentError>;
}

/// What a component's constructor is given besides its options.
#[derive(Clone)]
pub struct Context {
    map: Option<String>,
    partition: Option<u32>,
    clock: Arc<dyn Clock>,
    base_dir: PathBuf,
    opener: Option<Arc<dyn Opener>>,
}

impl Context {
    /// A context of no map in particular, with the system's clock and paths relative to
    /// the working directory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            map: None,
            partition: None,
            clock: Arc::new(SystemClock::new()),
            base_dir: PathBuf::new(),
            opener: None,
        }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With the folder that relative paths in options start from.
    #[must_use]
    pub fn with_base_dir(mut self, base_dir: impl Into<PathBuf>) -> Self {
        self.base_dir = base_dir.into();
        self
    }

    /// With what opens inner components.
    #[must_use]
    pub fn with_opener(mut self, opener: Arc<dyn Opener>) -> Self {
        self.opener = Some(opener);
        self
    }

    /// For one map.
    #[must_use]
    pub fn for_map(mut self, map: impl Into<String>) -> Self {
        self.map = Some(map.into());
        self
    }

    /// For no map in particular.
    #[must_use]
    pub fn for_all_maps(mut self) -> Self {
        (self.map, self.partition) = (None, None);
        self
    }

    /// For one partition of its map.
    #[must_use]
    pub fn for_partition(mut self, partition: u32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// The map the component is made for; `None` for what serves many: a data store, a shared observer.
    #[must_use]
    pub fn map(&self) -> Option<&str> {
        self.map.as_deref()
    }

    /// The partition the component is made for; `Some` for engines, and for observers of one record
    /// store.
    #[must_use]
    pub fn partition(&self) -> Option<u32> {
        self.partition
    }

    /// The clock everything of this host goes by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// A path from an option, relative ones taken from the configuration file's folder.
    #[must_use]
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.base_dir.join(path)
    }

    /// What opens inner components by configuration, for decorators.
    ///
    /// # Errors
    /// When the host gave no such thing.
    pub fn opener(&self) -> Result<&dyn Opener, ComponentError> {
        self.opener.as_deref().ok_or(ComponentError::NoOpener)
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("map", &self.map)
            .field("partition", &self.partition)
            .field("base_dir", &self.base_dir)
            .finish_non_exhaustive()
    }
}
