//! Another configuration, while the maps are used.
//!
//! 1. *Prepare*: everything that the new configuration needs is made beside what runs: data stores
//!    are opened, observers and engines constructed. What can fail fails here.
//! 2. *Still*: where a data store or an engine changes, what is not persisted is flushed, and the
//!    calls under way of those record stores are waited for.
//! 3. *Commit*: in one step that neither waits nor fails, what is made from now on is made of the
//!    new parts.
//! 4. *Apply*: the record stores there are change, one by one, each between two of its operations.
//!    What nobody uses any more is closed.
//!
//! Up to the third step nothing has changed.

mod apply;
mod diff;
mod plan;
mod report;

pub use report::{NeedsRestart, ReloadError, ReloadReport};

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trilayer_core::{DefaultRecordStore, RecordStore as _, Standstill};

use super::lifecycle::failed;
use super::{Maps, eager};
use crate::Config;
use crate::factory::Assembly;
use crate::join::join_all;
use plan::Plan;

/// Times that record stores may come into being while a reload prepares, before it gives up.
const ATTEMPTS: usize = 64;

impl Maps {
    /// Goes by another configuration from now on, all of it or, with an error, nothing.
    ///
    /// Handles of maps go on working, and no operation fails for it. Live change:
    /// - default expiry: for what is written and loaded from then on; bound; limits of keys and
    ///   values; timeout of the data store;
    /// - observers, added, removed or in another order, between two commits: those that stay (same
    ///   component, same options) are told of every one;
    /// - the engine: records are handed over;
    /// - the data store: what is not persisted is flushed to the old one, then the map is what the
    ///   new one says. A map that had none has it told everything;
    /// - maps and patterns, added or removed: what a removed one holds is flushed first;
    /// - instances of data stores: one whose last user is gone is flushed and closed. One that
    ///   changes is opened anew beside the old one.
    ///
    /// What cannot is told with the reason ([`ReloadError::NeedsRestart`]). A map that is added with
    /// `load = "eager"` is filled before it is there; of one that is there, `load` says what the next
    /// start does.
    ///
    /// Reloads come one after the other, and a close after or before. If the future is dropped, a
    /// reload that has begun is carried to its end. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the configuration is wrong, a component cannot be made, something has to be flushed and
    /// cannot be, or a change needs a restart. Then everything is as before.
    pub async fn reload(&self, config: Config) -> Result<ReloadReport, ReloadError> {
        let maps = self.clone();
        let reload = tokio::spawn(async move { maps.reload_once(Arc::new(config)).await });
        reload.await.unwrap_or_else(|error| Err(ReloadError::CutOff(error.to_string())))
    }

    async fn reload_once(&self, config: Arc<Config>) -> Result<ReloadReport, ReloadError> {
        let _turn = self.inner.turn.lock().await;
        if self.inner.ending.load(Ordering::Acquire) {
            return Err(ReloadError::Closed);
        }
        let Some(before) = self.inner.factory.assembly() else { return Err(ReloadError::Closed) };
        let next = before.with_config(config).await;
        let next = Arc::new(next.map_err(|error| ReloadError::Config(Box::new(error)))?);
        match self.commit(&before, &next).await {
            Ok((plan, stills)) => {
                let report = self.apply(&before, &next, plan, stills).await;
                tracing::info!(changes = report.changes.len(), "configuration reloaded");
                Ok(report)
            }
            Err(error) => {
                next.close_fresh().await;
                Err(error)
            }
        }
    }

    async fn commit(
        &self,
        before: &Assembly,
        next: &Arc<Assembly>,
    ) -> Result<(Plan, Vec<Standstill>), ReloadError> {
        for _ in 0..ATTEMPTS {
            let plan = Plan::draw(&self.inner.factory, before, next)?;
            let filled = eager::fill_new(before, next).await;
            let filled = filled.map_err(|error| ReloadError::Fill(Box::new(error)))?;
            let stills = self.still(&plan).await?;
            if self.try_commit(before, next, &plan, &filled) {
                return Ok((plan, stills));
            }
        }
        Err(ReloadError::Busy(Vec::new()))
    }

    /// Flushes what has to be, and holds still what is to be replaced.
    async fn still(&self, plan: &Plan) -> Result<Vec<Standstill>, ReloadError> {
        let flushes = plan.to_flush().map(|store| async move {
            let flushed = store.hard_flush().await;
            (super::lifecycle::name_of(store), flushed)
        });
        let failures = failed(join_all(flushes).await);
        if !failures.is_empty() {
            return Err(ReloadError::Flush(failures));
        }
        let (mut stills, mut busy) = (Vec::new(), Vec::new());
        let holds = plan.to_replace().map(|store| async move { (store, store.hold_still().await) });
        for (store, still) in join_all(holds).await {
            match still {
                Ok(still) => stills.push(still),
                Err(error) => busy.push((super::lifecycle::name_of(store), error)),
            }
        }
        if busy.is_empty() { Ok(stills) } else { Err(ReloadError::Busy(busy)) }
    }

    /// The one step: false, with nothing changed, if something was made meanwhile that the plan does
    /// not know.
    fn try_commit(
        &self,
        before: &Assembly,
        next: &Arc<Assembly>,
        plan: &Plan,
        filled: &[Arc<DefaultRecordStore>],
    ) -> bool {
        let factory = &self.inner.factory;
        let not_making = factory.not_making();
        if !plan.is_complete(factory, before) {
            return false;
        }
        factory.change_plan(Arc::clone(next), &not_making);
        let mut maps = crate::once::lock(&self.inner.maps);
        for work in &plan.works {
            match &work.after {
                Some(after) => {
                    if let Some(map) = maps.get(&work.before.map) {
                        map.change(Arc::clone(after));
                    }
                }
                None => {
                    if let Some(map) = maps.remove(&work.before.map) {
                        map.standing().remove();
                    }
                    factory.forget(&work.before.map);
                }
            }
        }
        let is_new =
            |store: &&Arc<DefaultRecordStore>| plan.works.iter().all(|work| work.before.map != store.name());
        filled.iter().filter(is_new).for_each(|store| factory.replace(store));
        true
    }
}
