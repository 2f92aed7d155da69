//! Opening maps.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use trilayer_core::{Clock, HybridClock, NodeId, SystemClock};

use super::{Deadlines, Inner, Maps, MapsError, eager};
use crate::factory::OPEN_MILLIS;
use crate::{Config, RecordStoreFactory, Registry};

/// Opens [`Maps`] with settings that no configuration file holds.
#[derive(Clone)]
pub struct MapsBuilder {
    clock: Arc<dyn Clock>,
    node_id: NodeId,
    open_timeout_millis: u64,
    deadlines: Deadlines,
}

impl MapsBuilder {
    pub(super) fn new() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            node_id: NodeId::from("local"),
            open_timeout_millis: OPEN_MILLIS,
            deadlines: Deadlines { flush_millis: 30_000, close_millis: 10_000 },
        }
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

    /// Gives up on a data store that is not open after so many ms; 0 = never. By default 60,000.
    #[must_use]
    pub fn open_timeout_millis(mut self, millis: u64) -> Self {
        self.open_timeout_millis = millis;
        self
    }

    /// Has [`shut_down`](Maps::shut_down) flush for at most so many ms; 0 = without end. By default 30,000.
    #[must_use]
    pub fn flush_timeout_millis(mut self, millis: u64) -> Self {
        self.deadlines.flush_millis = millis;
        self
    }

    /// Waits at most so many ms for each data store that is closed; 0 = without end. By default 10,000.
    #[must_use]
    pub fn close_timeout_millis(mut self, millis: u64) -> Self {
        self.deadlines.close_millis = millis;
        self
    }

    /// Opens the maps.
    ///
    /// # Errors
    /// As [`Maps::open`].
    pub async fn open(self, registry: impl Into<Arc<Registry>>, config: Config) -> Result<Maps, MapsError> {
        let (registry, config, clock) = (registry.into(), Arc::new(config), Arc::clone(&self.clock));
        let factory = RecordStoreFactory::open(registry, config, clock, self.open_timeout_millis).await?;
        let maps = Maps {
            inner: Arc::new(Inner {
                factory: Arc::new(factory),
                stamps: Arc::new(HybridClock::new(Arc::clone(&self.clock), self.node_id)),
                clock: self.clock,
                maps: Mutex::new(HashMap::new()),
                closed: tokio::sync::OnceCell::new(),
                ending: AtomicBool::new(false),
                turn: tokio::sync::Mutex::default(),
                deadlines: self.deadlines,
            }),
        };
        if let Err(error) = eager::fill(&maps).await {
            maps.close_data_stores(maps.inner.factory.data_stores()).await;
            return Err(error);
        }
        tracing::info!(maps = maps.config().maps.len(), "maps opened");
        Ok(maps)
    }
}

impl fmt::Debug for MapsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapsBuilder").field("node_id", &self.node_id).finish_non_exhaustive()
    }
}
