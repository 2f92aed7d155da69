//! Telling the data store what it does not know yet.

use std::sync::Arc;

use super::expiry::Expiry;
use super::handoff::{Ticket, run_to_end};
use super::inner::Inner;
use super::stripe::{Change, State, Stripe, Unsaved};
use crate::{Record, SharedStr, StoredValue};

impl Inner {
    pub(super) async fn soft_flush(self: &Arc<Self>) -> anyhow::Result<u64> {
        self.check_mutable("soft_flush")?;
        let store = Arc::clone(self);
        self.flushing("soft_flush", async move {
            store.flush_unsaved().await?;
            store.called("soft_flush").guard(async { store.data_store.soft_flush().await }).await
        })
        .await
    }

    pub(super) async fn hard_flush(self: &Arc<Self>) -> anyhow::Result<()> {
        self.check_mutable("hard_flush")?;
        let store = Arc::clone(self);
        self.flushing("hard_flush", async move {
            let unsaved = store.flush_unsaved().await;
            let resident = store.flush_residents().await;
            // Flushed in any case: what was taken is made durable though something was not.
            store.called("hard_flush").guard(async { store.data_store.hard_flush().await }).await?;
            unsaved.and(resident)
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

    /// Hands over what is parked and removes what is gone. Goes on after a failure, keeps what
    /// failed for the next flush, and returns the first error.
    async fn flush_unsaved(&self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for stripe in &self.stripes {
            if stripe.lock().unsaved.is_empty() {
                continue;
            }
            let _order = stripe.order().await;
            self.check_open()?;
            let unsaved: Vec<_> = stripe.lock().unsaved.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            let (gone, rest): (Vec<_>, Vec<_>) =
                unsaved.into_iter().partition(|(_, it)| it.change == Change::Gone && !it.is_backup);
            outcome = outcome.and(self.flush_gone(stripe, gone).await);
            for (key, unsaved) in rest {
                let flushed = self.flush_one(stripe, &key, unsaved).await;
                outcome =
                    outcome.and(flushed.map_err(|error| error.context(format!("flushing key {key:?}"))));
            }
        }
        outcome
    }

    async fn flush_gone(&self, stripe: &Stripe, gone: Vec<(SharedStr, Unsaved)>) -> anyhow::Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = gone.iter().map(|(key, _)| key.to_string()).collect();
        let remove = async { self.data_store.remove_all(&self.name, &keys).await };
        self.called("flush").guard(remove).await?;
        let mut state = stripe.lock();
        gone.iter().for_each(|(key, unsaved)| settle_flushed(&mut state, key, unsaved));
        Ok(())
    }

    async fn flush_one(&self, stripe: &Stripe, key: &SharedStr, unsaved: Unsaved) -> anyhow::Result<()> {
        let (map, now, is_backup) = (&*self.name, self.now(), unsaved.is_backup);
        let flush = async {
            match &unsaved.change {
                Change::Gone => self.data_store.remove_backup(map, key, now).await,
                Change::Parked(record) => {
                    let stored = self.as_stored(&stripe.lock(), key, record);
                    self.data_store.flush_stored(map, key, &stored, is_backup).await
                }
            }
        };
        self.called("flush").guard(flush).await?;
        settle_flushed(&mut stripe.lock(), key, &unsaved);
        Ok(())
    }

    /// Persists the records in memory that are not.
    async fn flush_residents(&self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for stripe in &self.stripes {
            let dirty: Vec<SharedStr> = stripe.lock().dirty.iter().cloned().collect();
            for key in dirty {
                outcome = outcome.and(self.flush_resident(&key).await);
            }
        }
        outcome
    }

    async fn flush_resident(&self, key: &SharedStr) -> anyhow::Result<()> {
        let stripe = self.stripe(key);
        let _order = stripe.order().await;
        let Some(record) = self.engine.get(key).filter(|record| record.metadata.is_dirty()) else {
            return Ok(());
        };
        let (stored, is_backup) = {
            let state = stripe.lock();
            (self.as_stored(&state, key, &record), state.backups.contains(key))
        };
        let flush = async { self.data_store.flush_stored(&self.name, key, &stored, is_backup).await };
        self.called("flush")
            .guard(flush)
            .await
            .map_err(|error| error.context(format!("flushing key {key:?}")))?;
        self.mark_flushed(stripe, key, &record);
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
        match self.engine.get(key).filter(same) {
            Some(record) => {
                let stored = flushed.metadata.last_update_time;
                self.change_metadata(key, record, |metadata| metadata.on_store(stored));
                state.dirty.remove(key);
            }
            // Evicted meanwhile: what was parked then is what was flushed.
            None => {
                let parked = state.unsaved.get(key).map(|unsaved| &unsaved.change);
                if matches!(parked, Some(Change::Parked(record)) if same(record)) {
                    state.unsaved.remove(key);
                }
            }
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
                state.dirty.iter().filter_map(|key| self.live(&state, key, self.engine.get(key), now)),
            );
            unflushed.extend(state.unsaved.iter().filter_map(|(key, unsaved)| match &unsaved.change {
                Change::Parked(record) => self.live(&state, key, Some(record.clone()), now),
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

/// Drops a change the data store knows by now, unless another took its place.
fn settle_flushed(state: &mut State, key: &SharedStr, flushed: &Unsaved) {
    if state.unsaved.get(key) == Some(flushed) {
        state.unsaved.remove(key);
    }
}
