//! Maps by name.
//!
//! [`Maps`] holds what a configuration describes for as long as a program uses it;
//! [`Map`] routes keys to partitions. What happens inside a partition is the record
//! store's business.

mod builder;
mod eager;
mod error;
mod lifecycle;
mod maintenance;
mod map;
mod scan;
mod write;

pub use builder::MapsBuilder;
pub use error::{MapError, MapsError};
pub use maintenance::Maintenance;
pub use map::{Map, MapUsage};
pub use scan::{ScannedEntry, ScannedPage};

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use trilayer_core::{Clock, HybridClock};

use crate::once::lock;
use crate::{Config, FactoryError, RecordStoreFactory, Registry};

/// The maps of a configuration, open.
///
/// Cheap to clone; clones are the same maps. Every method may be called from any thread.
/// Dropping the last clone flushes nothing: [`close`](Self::close) does.
///
/// ```
/// use trilayer_registry::{Config, Maps, Registry};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let config = Config::from_toml("[maps.users]")?;
/// let maps = Maps::open(Registry::linked()?, config).await?;
/// maps.get("users")?.put("ada", "x").await?;
/// assert_eq!(maps.get("users")?.get("ada").await?, Some("x".into()));
/// maps.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Maps {
    inner: Arc<Inner>,
}

struct Inner {
    factory: Arc<RecordStoreFactory>,
    config: Config,
    clock: Arc<dyn Clock>,
    stamps: Arc<HybridClock>,
    maps: Mutex<HashMap<String, Map>>,
    closed: tokio::sync::OnceCell<()>,
}

impl Maps {
    /// Opens what the configuration describes, with the system's clock and node id `local`.
    ///
    /// Everything that can fail by configuration fails here, as told at
    /// [`RecordStoreFactory::from_config`]; maps with `load = "eager"` are filled before it
    /// returns. If it fails, or its future is dropped, everything opened is dropped.
    ///
    /// # Errors
    /// When a name is unknown, a component cannot be made, or a map cannot be filled.
    pub async fn open(registry: impl Into<Arc<Registry>>, config: Config) -> Result<Self, MapsError> {
        Self::builder().open(registry, config).await
    }

    /// Opens maps with another clock or node id.
    #[must_use]
    pub fn builder() -> MapsBuilder {
        MapsBuilder::new()
    }

    /// The map called `name`, which an entry of `[maps]` names exactly or by its pattern.
    ///
    /// The first call for a pattern's map makes its observers; later ones are a look-up.
    ///
    /// # Errors
    /// When no entry serves it (the error lists those there are), an observer cannot be
    /// made, or the maps are closed.
    pub fn get(&self, name: &str) -> Result<Map, MapsError> {
        self.inner.factory.check_open()?;
        if let Some(map) = lock(&self.inner.maps).get(name) {
            return Ok(map.clone());
        }
        // Made outside the lock. Of racing callers' maps one stays: they share all their stores.
        let map = Map::new(self.inner.factory.blueprint(name)?, &self.inner);
        Ok(lock(&self.inner.maps).entry(name.to_owned()).or_insert(map).clone())
    }

    /// The configured names and patterns, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.inner.config.maps.keys().map(String::as_str)
    }

    /// The names of the maps that were asked for so far, sorted.
    #[must_use]
    pub fn used(&self) -> Vec<String> {
        let mut names: Vec<String> = lock(&self.inner.maps).keys().cloned().collect();
        names.sort();
        names
    }

    /// The configuration they were opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The factory that makes the maps' record stores; each is shared with the maps.
    #[must_use]
    pub fn factory(&self) -> &Arc<RecordStoreFactory> {
        &self.inner.factory
    }

    /// The clock that stamps what [`Map::put`] writes. Let it
    /// [`observe`](HybridClock::observe) the stamps that come from other nodes.
    #[must_use]
    pub fn stamps(&self) -> &Arc<HybridClock> {
        &self.inner.stamps
    }
}

impl fmt::Debug for Maps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maps").field("names", &self.names().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl From<FactoryError> for MapsError {
    fn from(error: FactoryError) -> Self {
        Self::Factory(Box::new(error))
    }
}
