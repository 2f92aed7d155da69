//! Maps by name.
//!
//! [`Maps`] holds what a configuration describes for as long as a program uses it;
//! [`Map`] routes keys to partitions. What happens inside a partition is the record
//! store's business.

mod builder;
mod eager;
mod error;
mod health;
mod lifecycle;
mod live;
mod maintenance;
mod map;
mod reload;
mod scan;
mod shutdown;
mod write;

pub use builder::MapsBuilder;
pub use error::{MapError, MapsError};
pub use health::DataStoreHealth;
pub use maintenance::Maintenance;
pub use map::{Map, MapUsage};
pub use reload::{NeedsRestart, ReloadError, ReloadReport};
pub use scan::{ScannedEntry, ScannedPage};
pub use shutdown::{ShutdownReport, Unflushed};

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use trilayer_core::{Clock, HybridClock};

use crate::once::lock;
use crate::{Config, FactoryError, RecordStoreFactory, Registry};

/// How long each step of the end may take, in ms; 0 = without end.
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    flush_millis: u64,
    close_millis: u64,
}

/// The maps of a configuration, open.
///
/// Cheap to clone; clones are the same maps. Every method may be called from any thread.
/// Dropping the last clone flushes nothing: [`close`](Self::close) does. What they are made of
/// can be changed while they are used: [`reload`](Self::reload).
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
    clock: Arc<dyn Clock>,
    stamps: Arc<HybridClock>,
    maps: Mutex<HashMap<String, Map>>,
    closed: tokio::sync::OnceCell<()>,
    /// Whether closing has begun: maintenance ends.
    ending: AtomicBool,
    /// Reloads and the end come one after the other.
    turn: tokio::sync::Mutex<()>,
    deadlines: Deadlines,
}

impl Maps {
    /// Opens what the configuration describes, with the system's clock and node id `local`.
    ///
    /// Everything that can fail by configuration fails here, as told at
    /// [`RecordStoreFactory::from_config`]; maps with `load = "eager"` are filled before it
    /// returns. If it fails, the data stores opened are closed again; if its future is dropped, they
    /// are dropped.
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
        // No reload comes between the drawing of the map and its being known.
        let _making = self.inner.factory.making();
        // Made outside the lock. Of racing callers' maps one stays: they share all their stores.
        let map = Map::new(self.inner.factory.blueprint(name)?, &self.inner);
        Ok(lock(&self.inner.maps).entry(name.to_owned()).or_insert(map).clone())
    }

    /// The configured names and patterns, sorted.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let names: Vec<String> = self.config().maps.keys().cloned().collect();
        names.into_iter()
    }

    /// The names of the maps that were asked for so far, sorted.
    #[must_use]
    pub fn used(&self) -> Vec<String> {
        let mut names: Vec<String> = lock(&self.inner.maps).keys().cloned().collect();
        names.sort();
        names
    }

    /// The configuration they go by: the one they were opened with, or the last reloaded.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.inner.factory.assembly().map(|assembly| Arc::clone(assembly.config())).unwrap_or_default()
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
