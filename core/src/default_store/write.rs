//! Writes: to the data store first, then to memory.
//!
//! What goes to the data store is boxed, so that the future of a write that does not is small.

use std::sync::Arc;

use super::commit::{Standing, Write};
use super::doubt::Doubt;
use super::expiry::Expiry;
use super::handoff::Ticket;
use super::inner::{Inner, Prior};
use crate::{CallerProvenance, ExpiryPolicy, Record, RecordValue, SharedStr};

impl Inner {
    /// Whether a change goes to the data store before memory.
    fn persists(&self, provenance: CallerProvenance) -> bool {
        provenance.persists() && !self.is_null()
    }

    /// Puts a value. `wants_old` asks the data store for the old one if memory has none.
    pub(super) async fn put(
        self: &Arc<Self>,
        key: &str,
        value: RecordValue,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
        wants_old: bool,
    ) -> anyhow::Result<Option<RecordValue>> {
        self.check_mutable("put")?;
        let key = SharedStr::from(key);
        if !self.persists(provenance) {
            let now = self.now();
            let until = Expiry::new(expiry, &self.settings.get(), now, now);
            let write = Write { value, until, now, persisted: false, prior: None };
            return self.finish_put(&key, write);
        }
        let (store, ticket) = (Arc::clone(self), Arc::new(Ticket::default()));
        let started = Arc::clone(&ticket);
        let put = async move {
            let mut hold = store.hold(&key).await;
            store.begin(&started, "put")?;
            let prior = if wants_old { store.prior(&key).await? } else { None };
            let now = store.now();
            let until = Expiry::new(expiry, &store.settings.get(), now, now);
            let expiration_time = until.expiration_time();
            let add = async { store.data_store.add(&store.name, &key, &value, expiration_time, now).await };
            let doubt = Doubt::new(&store, &key, &value, until);
            store.tell("put", &mut hold, add).await?;
            doubt.into_iter().for_each(Doubt::resolve);
            store.finish_put(&key, Write { value, until, now, persisted: true, prior })
        };
        Box::pin(self.run_in_time("put", ticket, put)).await
    }

    fn finish_put(&self, key: &SharedStr, mut write: Write) -> anyhow::Result<Option<RecordValue>> {
        self.with_room(self.stripe(key), |state, room| {
            if let Err(closed) = self.check_open() {
                return Ok(Err(closed.into()));
            }
            self.commit_put(state, key, &mut write, room).map(Ok)
        })
    }

    pub(super) async fn put_backup(
        self: &Arc<Self>,
        key: &str,
        record: Record,
        provenance: CallerProvenance,
    ) -> anyhow::Result<()> {
        self.check_mutable("put_backup")?;
        let key = SharedStr::from(key);
        if !self.persists(provenance) {
            return self.finish_backup(&key, &record, false);
        }
        let (store, ticket) = (Arc::clone(self), Arc::new(Ticket::default()));
        let started = Arc::clone(&ticket);
        let put = async move {
            let mut hold = store.hold(&key).await;
            store.begin(&started, "put_backup")?;
            let (map, value, now) = (&*store.name, &record.value, store.now());
            let until = Expiry::of_metadata(&record.metadata, &store.settings.get());
            let expiration_time = until.expiration_time();
            let add = async { store.data_store.add_backup(map, &key, value, expiration_time, now).await };
            let doubt = Doubt::new(&store, &key, value, until);
            store.tell("put_backup", &mut hold, add).await?;
            doubt.into_iter().for_each(Doubt::resolve);
            store.finish_backup(&key, &record, true)
        };
        Box::pin(self.run_in_time("put_backup", ticket, put)).await
    }

    fn finish_backup(&self, key: &SharedStr, record: &Record, persisted: bool) -> anyhow::Result<()> {
        self.with_room(self.stripe(key), |state, room| {
            if let Err(closed) = self.check_open() {
                return Ok(Err(closed.into()));
            }
            self.commit_backup(state, key, record.clone(), persisted, room).map(Ok)
        })
    }

    pub(super) async fn remove(
        self: &Arc<Self>,
        key: &str,
        provenance: CallerProvenance,
        is_backup: bool,
    ) -> anyhow::Result<Option<RecordValue>> {
        let operation = if is_backup { "remove_backup" } else { "remove" };
        self.check_mutable(operation)?;
        let key = SharedStr::from(key);
        if !self.persists(provenance) {
            return self.finish_remove(&key, false, None, is_backup);
        }
        let (store, ticket) = (Arc::clone(self), Arc::new(Ticket::default()));
        let started = Arc::clone(&ticket);
        let remove = async move {
            let mut hold = store.hold(&key).await;
            store.begin(&started, operation)?;
            let prior = store.prior(&key).await?;
            let (map, now) = (&*store.name, store.now());
            let remove = async {
                match is_backup {
                    true => store.data_store.remove_backup(map, &key, now).await,
                    false => store.data_store.remove(map, &key, now).await,
                }
            };
            store.tell(operation, &mut hold, remove).await?;
            store.finish_remove(&key, true, prior, is_backup)
        };
        Box::pin(self.run_in_time(operation, ticket, remove)).await
    }

    fn finish_remove(
        &self,
        key: &SharedStr,
        persisted: bool,
        prior: Option<Prior>,
        is_backup: bool,
    ) -> anyhow::Result<Option<RecordValue>> {
        let mut state = self.stripe(key).lock();
        self.check_open()?;
        Ok(self.commit_remove(&mut state, key, persisted, prior, is_backup))
    }

    /// Past this an operation runs to its end.
    pub(super) fn begin(&self, ticket: &Ticket, operation: &'static str) -> anyhow::Result<()> {
        if !ticket.start() {
            return Err(self.cut_off(operation).into());
        }
        Ok(self.check_open()?)
    }

    /// The live value of a key before a write, loaded if only the data store has it. The key's
    /// order lock is held, so what the data store says stays true.
    async fn prior(&self, key: &SharedStr) -> anyhow::Result<Option<Prior>> {
        let standing = self.settle(&mut self.stripe(key).lock(), key, self.now());
        match standing {
            // Noted though in memory now: it may be evicted before the write commits.
            Standing::Resident(record) => {
                let state = self.stripe(key).lock();
                let expiry = self.expiry_of(&state, key, &record.metadata);
                let expiry = expiry.unwrap_or(Expiry::NEVER);
                Ok(Some(Prior { value: record.value, expiry, was_resident: true }))
            }
            Standing::Parked(_) | Standing::Absent => Ok(None),
            Standing::Unknown => {
                let load = async { self.data_store.load_stored(&self.name, key).await };
                let Some(stored) = self.ask("load", load).await? else { return Ok(None) };
                let state = self.stripe(key).lock();
                let expiry = self.expiry_of_stored(&state, key, &stored, self.now());
                Ok(Some(Prior { value: stored.value, expiry, was_resident: false }))
            }
        }
    }
}
