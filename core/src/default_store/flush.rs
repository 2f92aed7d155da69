//! Telling the data store what it does not know yet.

use std::sync::Arc;

use super::commit::Standing;
use super::expiry::Expiry;
use super::handoff::Ticket;
use super::hold::Hold;
use super::inner::Inner;
use super::stripe::{Change, State, Stripe};
use crate::{Record, SharedStr, StoreError, StoredValue};

/// Keys removed by one call of the data store.
const REMOVALS: usize = 128;

impl Inner {
    pub(super) async fn soft_flush(self: &Arc<Self>) -> anyhow::Result<u64> {
        self.check_mutable("soft_flush")?;
        let store = Arc::clone(self);
        let flush = async move {
            store.flush_changes(false).await?;
            store.ask("soft_flush", async { store.data_store.soft_flush().await }).await
        };
        self.run_to_end("soft_flush", Ticket::started(), flush).await
    }

    pub(super) async fn hard_flush(self: &Arc<Self>) -> anyhow::Result<()> {
        self.check_mutable("hard_flush")?;
        let store = Arc::clone(self);
        let flush = async move {
            let flushed = store.flush_changes(true).await;
            // In any case: what was taken is made durable though something was not.
            store.ask("hard_flush", async { store.data_store.hard_flush().await }).await?;
            flushed
        };
        self.run_to_end("hard_flush", Ticket::started(), flush).await
    }

    /// Hands over what is kept aside, and, if `residents` are asked for, what is dirty in
    /// memory. Goes on after a failure, keeps what failed for the next flush, and returns the
    /// first error. Goes no further than a call that is not answered in time: the next may take as long.
    async fn flush_changes(self: &Arc<Self>, residents: bool) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for index in 0..self.stripes.len() {
            let changes = {
                let state = self.stripes[index].lock();
                if state.has_changes(residents) { state.changes(residents) } else { continue }
            };
            self.check_open()?;
            let mut gone = Vec::new();
            for key in changes {
                match self.flush_key(&key).await {
                    Ok(true) => {}
                    Ok(false) => gone.push(key),
                    Err(error) => outcome = outcome.and(told_of(&key, error)?),
                }
            }
            for keys in gone.chunks(REMOVALS) {
                if let Err(error) = self.flush_removals(index, keys.to_vec()).await {
                    outcome = outcome.and(told_of(&keys[0], error)?);
                }
            }
        }
        outcome
    }

    /// Flushes the change of a key, as it is when the key's turn comes: it may have been written, evicted
    /// or loaded meanwhile. False if it is a removal, which is left for a call that removes many.
    async fn flush_key(self: &Arc<Self>, key: &SharedStr) -> anyhow::Result<bool> {
        let (store, key, ticket) = (Arc::clone(self), key.clone(), Arc::new(Ticket::default()));
        let started = Arc::clone(&ticket);
        let flush = async move {
            let stripe = store.stripe(&key);
            let order = stripe.order().await;
            store.begin(&started, "flush")?;
            store.check_not_kept(&key)?;
            let due = store.due_change(&mut stripe.lock(), &key);
            let mut hold = Hold::new(vec![key.clone()], order);
            match due {
                Some(Due::Value(record, stored, is_backup)) => {
                    let flush =
                        async { store.data_store.flush_stored(&store.name, &key, &stored, is_backup).await };
                    store.tell("flush", &mut hold, flush).await?;
                    store.mark_flushed(stripe, &key, &record);
                }
                Some(Due::Removal { is_backup: true }) => {
                    let remove =
                        async { store.data_store.remove_backup(&store.name, &key, store.now()).await };
                    store.tell("flush", &mut hold, remove).await?;
                    mark_removed(&mut stripe.lock(), &key);
                }
                Some(Due::Removal { is_backup: false }) => return Ok(false),
                None => {}
            }
            Ok(true)
        };
        self.run_in_time("flush", ticket, flush).await
    }

    fn check_not_kept(&self, key: &SharedStr) -> anyhow::Result<()> {
        let kept = self.stripe(key).lock().kept_of(key);
        if kept.is_some() { Err(StillKept.into()) } else { Ok(()) }
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

    /// Removes keys of one stripe that are gone, as far as they still are and no call keeps them.
    async fn flush_removals(self: &Arc<Self>, index: usize, keys: Vec<SharedStr>) -> anyhow::Result<()> {
        let (store, ticket) = (Arc::clone(self), Arc::new(Ticket::default()));
        let started = Arc::clone(&ticket);
        let flush = async move {
            let stripe = &store.stripes[index];
            let order = stripe.order().await;
            store.begin(&started, "flush")?;
            let (kept, gone) = store.still_gone(&mut stripe.lock(), keys);
            if !gone.is_empty() {
                let names: Vec<String> = gone.iter().map(SharedStr::to_string).collect();
                let mut hold = Hold::new(gone.clone(), order);
                let remove = async { store.data_store.remove_all(&store.name, &names).await };
                store.tell("flush", &mut hold, remove).await?;
                let mut state = stripe.lock();
                gone.iter().for_each(|key| mark_removed(&mut state, key));
            }
            if kept { Err(StillKept.into()) } else { Ok(()) }
        };
        self.run_in_time("flush", ticket, flush).await
    }

    /// Whether some of the keys are kept, and which of the others are gone.
    fn still_gone(&self, state: &mut State, mut keys: Vec<SharedStr>) -> (bool, Vec<SharedStr>) {
        let before = keys.len();
        keys.retain(|key| state.kept_of(key).is_none());
        let kept = keys.len() < before;
        keys.retain(|key| matches!(self.due_change(state, key), Some(Due::Removal { is_backup: false })));
        (kept, keys)
    }

    /// Notes that the data store has a record, unless it was written again meanwhile.
    fn mark_flushed(&self, stripe: &Stripe, key: &SharedStr, flushed: &Record) {
        let mut state = stripe.lock();
        state.doubts.settle(key);
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
    state.doubts.settle(key);
    if state.unsaved.get(key).is_some_and(|unsaved| unsaved.change == Change::Gone) {
        state.unsaved.remove(key);
    }
}

/// An error of a flush says which key it is about. One that came too late ends the flush.
fn told_of(key: &str, error: anyhow::Error) -> anyhow::Result<anyhow::Result<()>> {
    let overdue = matches!(error.downcast_ref(), Some(StoreError::Overdue { .. }));
    let error = error.context(format!("flushing key {key:?}"));
    if overdue { Err(error) } else { Ok(Err(error)) }
}

/// A flush came to a key whose write is overdue, which is its business and not the other keys'.
#[derive(Debug, thiserror::Error)]
#[error("an earlier write of the key is still waiting for the data store's answer")]
struct StillKept;
