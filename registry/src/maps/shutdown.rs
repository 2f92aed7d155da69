//! The end, in order and in time, whatever happens.

use std::fmt;
use std::sync::Arc;

use trilayer_core::DefaultRecordStore;

use super::Maps;
use super::lifecycle::name_of;
use crate::factory::within_time;
use crate::join::join_all;

/// What became of the last changes when the maps were shut down.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// What was not flushed, or not in time.
    pub unflushed: Vec<Unflushed>,
    /// Data stores that were not closed in order, or not in time, and why.
    pub not_closed: Vec<(String, String)>,
}

/// A record store or data store that was not flushed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unflushed {
    /// Its map and partition, or its place in the configuration.
    pub what: String,
    /// Changes that no data store was told of; not known for a data store.
    pub changes: u64,
    /// Why.
    pub problem: String,
}

impl ShutdownReport {
    /// Whether everything was flushed and closed in time.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unflushed.is_empty() && self.not_closed.is_empty()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes: u64 = self.unflushed.iter().map(|unflushed| unflushed.changes).sum();
        write!(f, "{} not flushed ({changes} changes lost)", self.unflushed.len())?;
        write!(f, ", {} not closed", self.not_closed.len())?;
        for Unflushed { what, changes, problem } in &self.unflushed {
            write!(f, "\n  {what}: {changes} changes not flushed: {problem}")?;
        }
        self.not_closed
            .iter()
            .try_for_each(|(place, problem)| write!(f, "\n  {place}: not closed: {problem}"))
    }
}

impl Maps {
    /// Ends everything in order: refuses new operations, ends maintenance, flushes every record store
    /// side by side, ends them telling observers that it is a shutdown, has the data stores make
    /// durable what they took, and closes them, whoever wraps another first. Goes on past whatever
    /// fails or takes too long ([`flush_timeout_millis`](super::MapsBuilder::flush_timeout_millis),
    /// [`close_timeout_millis`](super::MapsBuilder::close_timeout_millis)) and tells it.
    pub async fn shut_down(&self) -> ShutdownReport {
        // A reload under way ends first, in as much time as flushing has.
        let flush_millis = self.inner.deadlines.flush_millis;
        let turn = within_time(&self.inner.clock, flush_millis, self.inner.turn.lock()).await;
        self.refuse();
        let mut report = ShutdownReport::default();
        if self.inner.closed.initialized() {
            return report;
        }
        let mut problems = self.flush_in_time(self.inner.clock.now_millis()).await;
        for (what, changes) in self.end_stores() {
            let at = problems.iter().position(|(failed, _)| *failed == what);
            let problem = at.map_or_else(|| "written while it ended".to_owned(), |at| problems.remove(at).1);
            report.unflushed.push(Unflushed { what, changes, problem });
        }
        let left = problems.into_iter().map(|(what, problem)| Unflushed { what, changes: 0, problem });
        report.unflushed.extend(left);
        self.end_data_stores(&mut report).await;
        drop(self.inner.closed.set(()));
        drop(turn);
        tracing::info!(clean = report.is_clean(), "maps shut down");
        report
    }

    /// Flushes all record stores; returns those that failed, or were not done in time.
    async fn flush_in_time(&self, begun: i64) -> Vec<(String, String)> {
        let limit = self.inner.deadlines.flush_millis;
        let flushes = self.open_stores().into_iter().map(|store: Arc<DefaultRecordStore>| async move {
            let spent = u64::try_from(self.inner.clock.now_millis().saturating_sub(begun)).unwrap_or(0);
            // 0 would be without end.
            let left = if limit == 0 { 0 } else { limit.saturating_sub(spent).max(1) };
            let flushed = within_time(&self.inner.clock, left, self.flush_in_place(&store)).await;
            let problem = match flushed {
                Some(Ok(())) => return None,
                Some(Err(error)) => format!("{error:#}"),
                None => format!("not within {limit} ms"),
            };
            Some((name_of(&store), problem))
        });
        join_all(flushes).await.into_iter().flatten().collect()
    }

    async fn end_data_stores(&self, report: &mut ShutdownReport) {
        let limit = self.inner.deadlines.flush_millis;
        let opened = self.inner.factory.data_stores();
        let flushes = opened.iter().map(|opened| async {
            let flushed = within_time(&self.inner.clock, limit, opened.store.hard_flush()).await;
            let problem = match flushed {
                Some(Ok(())) => return None,
                Some(Err(error)) => format!("{error:#}"),
                None => format!("not within {limit} ms"),
            };
            Some(Unflushed { what: opened.place.clone(), changes: 0, problem })
        });
        report.unflushed.extend(join_all(flushes).await.into_iter().flatten());
        let failures = self.close_data_stores(opened).await;
        report.not_closed =
            failures.into_iter().map(|(place, error)| (place, format!("{error:#}"))).collect();
    }
}
