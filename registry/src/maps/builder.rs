//! Opening maps.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use trilayer_core::{Clock, HybridClock, NodeId, SystemClock};

use super::{Inner, Maps, MapsError, eager};
use crate::{Config, RecordStoreFactory, Registry};

/// Opens [`Maps`] with settings that no configuration file holds.
#[derive(Clone)]
pub struct MapsBuilder {
    clock: Arc<dyn Clock>,
    node_id: NodeId,
}

impl MapsBuilder {
    pub(super) fn new() -> Self {
        Self { clock: Arc::new(SystemClock::new()), node_id: NodeId::from("local") }
    }

    /// Goes by this clock instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Stamps writes with this id; nodes that exchange records need different ones.
    #[must_use]
    pub fn node_id(mut self, node_id: impl Into<NodeId>) -> Self {
        self.node_id = node_id.into();
        self
    }

    /// Opens the maps.
    ///
    /// # Errors
    /// As [`Maps::open`].
    pub async fn open(self, registry: impl Into<Arc<Registry>>, config: Config) -> Result<Maps, MapsError> {
        let factory = RecordStoreFactory::from_config(registry, &config, Arc::clone(&self.clock)).await?;
        let maps = Maps {
            inner: Arc::new(Inner {
                factory: Arc::new(factory),
                config,
                stamps: Arc::new(HybridClock::new(Arc::clone(&self.clock), self.node_id)),
                clock: self.clock,
                maps: Mutex::new(HashMap::new()),
                closed: tokio::sync::OnceCell::new(),
            }),
        };
        eager::fill(&maps).await?;
        tracing::info!(maps = maps.inner.config.maps.len(), "maps opened");
        Ok(maps)
    }
}

impl fmt::Debug for MapsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapsBuilder").field("node_id", &self.node_id).finish_non_exhaustive()
    }
}
