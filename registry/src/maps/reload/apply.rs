//! The record stores there are, changed one by one.

use std::sync::Arc;

use trilayer_core::{DefaultRecordStore, RecordStore as _, Standstill};

use super::plan::{Plan, Work, partition_of};
use super::{ReloadReport, diff};
use crate::factory::{Assembly, Blueprint, Opened, within_time};
use crate::maps::Maps;
use crate::maps::lifecycle::name_of;
use crate::once::lock;

impl Maps {
    /// Past the commit: goes to its end, and what goes wrong is a warning.
    pub(super) async fn apply(
        &self,
        before: &Assembly,
        next: &Assembly,
        plan: Plan,
        mut stills: Vec<Standstill>,
    ) -> ReloadReport {
        let mut report =
            ReloadReport { changes: diff::of(before.config(), next.config()), ..ReloadReport::default() };
        for work in plan.works {
            if work.after.is_none() {
                self.remove(work, &mut report).await;
            } else {
                self.change(work, &mut stills, &mut report);
                tokio::task::yield_now().await;
            }
        }
        drop(stills);
        next.forget_unshared();
        self.close_unused(before, next, &mut report).await;
        for warning in &report.warnings {
            tracing::warn!(warning, "configuration reloaded, though not as it should be");
        }
        report
    }

    fn change(&self, mut work: Work, stills: &mut Vec<Standstill>, report: &mut ReloadReport) {
        let Some(after) = work.after.take() else { return };
        let mut engines = std::mem::take(&mut work.engines).into_iter();
        for store in &work.stores {
            let still = stills.iter().position(|still| still.is_of(store)).map(|at| stills.swap_remove(at));
            let mut current = Arc::clone(store);
            if let (Some(still), Some(engine)) = (still, engines.next()) {
                let handed = still.hand_over(engine, Arc::clone(&after.data_store), |heir| {
                    current = Arc::new(heir);
                    self.put_in_place(&current);
                });
                match handed {
                    Ok(()) => report.replaced += 1,
                    Err(error) => {
                        report.warnings.push(format!("{} stays as it was: {error:#}", name_of(store)))
                    }
                }
            }
            if let Err(error) = change_in_place(&current, &work.before, &after) {
                report.warnings.push(format!("{} stays as it was: {error:#}", name_of(store)));
            }
        }
    }

    fn put_in_place(&self, heir: &Arc<DefaultRecordStore>) {
        self.inner.factory.replace(heir);
        let map = lock(&self.inner.maps).get(heir.name()).cloned();
        if let Some(map) = map {
            map.place(Arc::clone(heir));
        }
    }

    /// Ends the stores of a map that takes no more operations, when those under way have ended.
    async fn remove(&self, work: Work, report: &mut ReloadReport) {
        for store in work.stores {
            drop(store.hold_still().await);
            if let Err(error) = store.hard_flush().await {
                let unflushed = store.usage().dirty + store.usage().parked;
                let what = name_of(&store);
                report.warnings.push(format!("{what} ends with {unflushed} changes not flushed: {error:#}"));
            }
            store.destroy();
        }
    }

    /// Closes the data stores that nobody uses any more.
    async fn close_unused(&self, before: &Assembly, next: &Assembly, report: &mut ReloadReport) {
        let is_used =
            |opened: &&Opened| next.opened().iter().any(|used| Arc::ptr_eq(&used.store, &opened.store));
        let unused: Vec<Opened> = before.opened().iter().filter(|opened| !is_used(opened)).cloned().collect();
        let limit = self.inner.deadlines.flush_millis;
        // Whoever wraps another first.
        for opened in unused.iter().rev() {
            let flushed = within_time(&self.inner.clock, limit, opened.store.hard_flush()).await;
            match flushed {
                Some(Ok(())) => {}
                Some(Err(error)) => report.warnings.push(format!("{}: not flushed: {error:#}", opened.place)),
                None => report.warnings.push(format!("{}: not flushed within {limit} ms", opened.place)),
            }
        }
        report.closed = unused.iter().map(|opened| opened.place.clone()).collect();
        report.opened =
            next.opened().iter().filter(|opened| opened.is_fresh()).map(|o| o.place.clone()).collect();
        for (place, error) in self.close_data_stores(unused).await {
            report.warnings.push(format!("{place}: not closed in order: {error:#}"));
        }
    }
}

fn change_in_place(store: &DefaultRecordStore, before: &Blueprint, after: &Blueprint) -> anyhow::Result<()> {
    let (old, new) = (&before.settings, &after.settings);
    let limits_differ = before.storage() != after.storage();
    if limits_differ || old.data_store_timeout_millis != new.data_store_timeout_millis {
        store.reconfigure(after.storage(), new.data_store_timeout_millis)?;
    }
    if !before.observers.is_like(&after.observers) {
        store.observe_with(&after.observers.of_store(partition_of(store))?)?;
    }
    Ok(())
}
