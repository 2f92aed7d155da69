//! Telling the data store what it does not know yet.

use std::sync::Arc;

use super::commit::Standing;
use super::expiry::Expiry;
use super::handoff::{Ticket, run_to_end};
use super::inner::Inner;
use super::stripe::{Change, State, Stripe};
use crate::{Record, SharedStr, StoredValue};

impl Inner {
    pub(super) async fn soft_flush(self: &Arc<Self>) -> anyhow::Result<u64> {
        self.check_mutable("soft_flush")?;
        let store = Arc::clone(self);
        self.flushing("soft_flush", async move {
            store.flush_changes(false).await?;
            store.called("soft_flush").guard(async { store.data_store.soft_flush().await }).await
        })
        .await
    }

    pub(super) async fn hard_flush(self: &Arc<Self>) -> anyhow::Result<()> {
        self.check_mutable("hard_flush")?;
        let store = Arc::clone(self);
        self.flushing("hard_flush", async move {
            let flushed = store.flush_changes(true).await;
            // In any case: what was taken is made durable though something was not.
            store.called("hard_flush").guard(async { store.data_store.hard_flush().await }).await?;
            flushed
        })
        .await
    }

    async fn flushing<T: Send + 'static>(
        self: &Arc<Self>,
        operation: &'static str,
        flush: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        let ticket = Arc::new(Ticket::default());
        ticket.start();
        run_to_end(self.called(operation), ticket, flush).await
    }

    /// Hands over what is kept aside, and, if `residents` are asked for, what is dirty in
    /// memory. Goes on after a failure, keeps what failed for the next flush, and returns the
    /// first error.
    async fn flush_changes(&self, residents: bool) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for stripe in &self.stripes {
            if stripe.lock().has_changes(residents) {
                let _order = stripe.order().await;
                self.check_open()?;
                outcome = outcome.and(self.flush_stripe(stripe, residents).await);
            }
        }
        outcome
    }

    /// Flushes the changes of a stripe whose order lock is held. Each key is looked at again when
    /// its turn comes: it may have been written, evicted or loaded meanwhile.
    async fn flush_stripe(&self, stripe: &Stripe, residents: bool) -> anyhow::Result<()> {
        let (mut outcome, mut gone) = (Ok(()), Vec::new());
        let keys = stripe.lock().changes(residents);
        for key in keys {
            let due = self.due_change(&mut stripe.lock(), &key);
            match due {
                Some(Due::Value(record, stored, is_backup)) => {
                    let flush =
                        async { self.data_store.flush_stored(&self.name, &key, &stored, is_backup).await };
                    let flushed = self.called("flush").guard(flush).await;
                    if flushed.is_ok() {
                        self.mark_flushed(stripe, &key, &record);
                    }
                    outcome = outcome.and(flushed.map_err(|error| in_flush(&key, error)));
                }
                Some(Due::Removal { is_backup: false }) => gone.push(key),
                Some(Due::Removal { is_backup: true }) => {
                    let remove = async { self.data_store.remove_backup(&self.name, &key, self.now()).await };
                    let removed = self.called("flush").guard(remove).await;
                    if removed.is_ok() {
                        mark_removed(&mut stripe.lock(), &key);
                    }
                    outcome = outcome.and(removed.map_err(|error| in_flush(&key, error)));
                }
                None => {}
            }
        }
        outcome.and(self.flush_gone(stripe, &gone).await)
    }

    /// What the data store has to be told of a key now.
    fn due_change(&self, state: &mut State, key: &SharedStr) -> Option<Due> {
        let record = match self.settle(state, key, self.now()) {
            Standing::Resident(record) if record.metadata.is_dirty() => record,
            Standing::Parked(record) => record,
            Standing::Absent => {
                let is_backup = state.unsaved.get(key)?.is_backup;
                return Some(Due::Removal { is_backup });
            }
            Standing::Resident(_) | Standing::Unknown => return None,
        };
        let stored = self.as_stored(state, key, &record);
        let parked_backup = state.unsaved.get(key).is_some_and(|unsaved| unsaved.is_backup);
        Some(Due::Value(record, stored, parked_backup || state.backups.contains(key)))
    }

    async fn flush_gone(&self, stripe: &Stripe, gone: &[SharedStr]) -> anyhow::Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = gone.iter().map(SharedStr::to_string).collect();
        let remove = async { self.data_store.remove_all(&self.name, &keys).await };
        self.called("flush").guard(remove).await?;
        let mut state = stripe.lock();
        gone.iter().for_each(|key| mark_removed(&mut state, key));
        Ok(())
    }

    /// Notes that the data store has a record, unless it was written again meanwhile.
    fn mark_flushed(&self, stripe: &Stripe, key: &SharedStr, flushed: &Record) {
        let mut state = stripe.lock();
        let same = |record: &Record| {
            record.metadata.last_update_time == flushed.metadata.last_update_time
                && record.metadata.version == flushed.metadata.version
                && record.value == flushed.value
        };
        if let Some(record) = self.engine.get(key).filter(same) {
            let stored = flushed.metadata.last_update_time;
            self.change_metadata(key, record, |metadata| metadata.on_store(stored));
            state.dirty.remove(key);
            return;
        }
        let parked = state.unsaved.get(key).map(|unsaved| &unsaved.change);
        if matches!(parked, Some(Change::Parked(record, _)) if same(record)) {
            state.unsaved.remove(key);
        }
    }

    fn as_stored(&self, state: &State, key: &str, record: &Record) -> StoredValue {
        let expiry = self.expiry_of(state, key, &record.metadata);
        let expiration_time = expiry.map_or(0, Expiry::expiration_time);
        StoredValue { value: record.value.clone(), expiration_time }
    }

    /// Everything the data store does not have yet, in memory or parked.
    pub(super) fn unflushed(&self) -> Vec<(String, StoredValue)> {
        let (mut unflushed, now) = (Vec::new(), self.now());
        if self.is_null() {
            self.for_each_page(|keys| {
                for key in keys {
                    unflushed.extend(self.live(&self.stripe(&key).lock(), &key, self.engine.get(&key), now));
                }
            });
            return unflushed;
        }
        for stripe in &self.stripes {
            let state = stripe.lock();
            unflushed.extend(
                state.dirty.keys().filter_map(|key| self.live(&state, key, self.engine.get(key), now)),
            );
            unflushed.extend(state.unsaved.iter().filter_map(|(key, unsaved)| match &unsaved.change {
                Change::Parked(record, _) => self.live(&state, key, Some(record.clone()), now),
                Change::Gone => None,
            }));
        }
        unflushed
    }

    fn live(
        &self,
        state: &State,
        key: &str,
        record: Option<Record>,
        now: i64,
    ) -> Option<(String, StoredValue)> {
        let record = record.filter(|record| !self.is_expired(state, key, &record.metadata, now))?;
        Some((key.to_owned(), self.as_stored(state, key, &record)))
    }
}

/// One thing the data store has to be told.
enum Due {
    /// The value of this record, and whether it is a backup.
    Value(Record, StoredValue, bool),
    Removal {
        is_backup: bool,
    },
}

/// The data store no longer has a key; what was done to it meanwhile stays to be told.
fn mark_removed(state: &mut State, key: &SharedStr) {
    if state.unsaved.get(key).is_some_and(|unsaved| unsaved.change == Change::Gone) {
        state.unsaved.remove(key);
    }
}

fn in_flush(key: &str, error: anyhow::Error) -> anyhow::Error {
    error.context(format!("flushing key {key:?}"))
}
