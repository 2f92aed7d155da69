//! Telling which lines are durable, and making them so.

use std::io::{self, Write as _};
use std::sync::Arc;

use tokio::task::JoinSet;
use trilayer::{DefaultRecordStore, Map, RecordStore as _};

use crate::failure::{Exit, Failure};

/// Has the data store make durable what it took, and prints up to which line that is.
///
/// Most data stores answer a write only when it is durable; one that answers before makes
/// it so by `hard_flush`, so that comes before each acknowledgement. At most one is under way.
pub(crate) struct Acks {
    store: Arc<DefaultRecordStore>,
    /// Whether somebody wants to read them.
    wanted: bool,
    flushing: JoinSet<(u64, anyhow::Result<()>)>,
    acknowledged: u64,
}

impl Acks {
    /// # Errors
    /// When acknowledgements are wanted of a map that keeps nothing.
    pub(crate) fn new(map: &Map, wanted: bool) -> Result<Self, Failure> {
        // Any partition's store will do: they share the data store.
        let store = map.store(0)?;
        if wanted && store.map_data_store().is_null() {
            let name = map.name();
            let message = format!(
                "map {name:?} has data store \"null\", which makes nothing durable, so --acks has nothing to tell; \
                 give the map another data store, or leave out --acks"
            );
            return Err(Failure::message(Exit::Config, message));
        }
        Ok(Self { store, wanted, flushing: JoinSet::new(), acknowledged: 0 })
    }

    /// Begins to acknowledge all lines up to `through`, unless that is done or another one
    /// is under way.
    pub(crate) fn begin(&mut self, through: u64) {
        if !self.wanted || through <= self.acknowledged || self.is_flushing() {
            return;
        }
        let store = Arc::clone(&self.store);
        self.flushing.spawn(async move { (through, store.map_data_store().hard_flush().await) });
    }

    pub(crate) fn is_flushing(&self) -> bool {
        !self.flushing.is_empty()
    }

    /// Waits for what is under way, and acknowledges.
    pub(crate) async fn settle(&mut self) -> Result<(), Failure> {
        match self.flushing.join_next().await {
            Some(Ok((through, flushed))) => {
                flushed.map_err(not_durable)?;
                self.acknowledge(through);
                Ok(())
            }
            Some(Err(error)) => Err(not_durable(error.into())),
            None => Ok(()),
        }
    }

    /// Makes everything durable that was stored, and acknowledges all lines up to `through`.
    pub(crate) async fn finish(&mut self, through: u64) -> Result<(), Failure> {
        self.settle().await?;
        self.store.map_data_store().hard_flush().await.map_err(not_durable)?;
        self.acknowledge(through);
        Ok(())
    }

    fn acknowledge(&mut self, through: u64) {
        if !self.wanted || through <= self.acknowledged {
            return;
        }
        self.acknowledged = through;
        let mut out = io::stdout().lock();
        let told = writeln!(out, "{{\"acknowledged_lines\":{through}}}").and_then(|()| out.flush());
        // Nobody reads them any more; that is no reason not to load the rest.
        self.wanted = told.is_ok();
    }
}

fn not_durable(error: anyhow::Error) -> Failure {
    Failure::new(Exit::Io, error.context("the data store could not make what it took durable"))
}
