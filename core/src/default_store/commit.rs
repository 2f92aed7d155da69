//! Changes of one key, under its stripe's lock: memory, expiry and observers together.

use super::evict::Room;
use super::expiry::Expiry;
use super::inner::{Inner, Prior, cost, new_record};
use super::stripe::{Change, State, Unsaved};
use crate::{Record, RecordMetadata, RecordValue, SharedStr, StoredValue};

/// Where a key stands once everything expired is out of the way.
pub(super) enum Standing {
    /// In memory.
    Resident(Record),
    /// Evicted before it was persisted.
    Parked(Record),
    /// Nowhere.
    Absent,
    /// Not in memory; the data store may have it.
    Unknown,
}

impl Standing {
    fn is_resident(&self) -> bool {
        matches!(self, Self::Resident(_))
    }
}

/// A write about to be committed.
pub(super) struct Write {
    pub(super) value: RecordValue,
    /// By the limits in force when the write was made.
    pub(super) until: Expiry,
    /// When the write was made; its deadlines count from here.
    pub(super) now: i64,
    pub(super) persisted: bool,
    pub(super) prior: Option<Prior>,
}

/// A commit found no room reserved for the record it has to insert.
pub(super) struct NoRoom;

impl Inner {
    /// Expires what is due of a key and says where it stands.
    pub(super) fn settle(&self, state: &mut State, key: &SharedStr, now: i64) -> Standing {
        if let Some(record) = self.engine.get(key) {
            if !self.is_expired(state, key, &record.metadata, now) {
                return Standing::Resident(record);
            }
            self.expire(state, key, false);
            return Standing::Absent;
        }
        let expired = state.expiry.get(key).is_some_and(|expiry| expiry.is_expired(now));
        if expired {
            let is_backup = state.unsaved.get(key).is_some_and(|unsaved| unsaved.is_backup);
            self.forget(state, key, is_backup);
            return Standing::Absent;
        }
        match state.unsaved.get(key).map(|unsaved| &unsaved.change) {
            Some(Change::Parked(record, _)) => Standing::Parked(record.clone()),
            Some(Change::Gone) => Standing::Absent,
            None if self.is_null() || !self.data_store.is_loadable(key) => Standing::Absent,
            None => Standing::Unknown,
        }
    }

    /// Removes a resident key whose time is up.
    pub(super) fn expire(&self, state: &mut State, key: &SharedStr, is_backup: bool) {
        let Some(record) = self.take_out(key) else { return };
        let is_backup = state.leave(key) || is_backup;
        self.forget(state, key, is_backup);
        self.notify(state, |observer| observer.on_expire(key, &record, is_backup));
    }

    /// Notes that a key is gone though the data store may still have it.
    pub(super) fn forget(&self, state: &mut State, key: &SharedStr, is_backup: bool) {
        self.drop_expiry(state, key);
        if !self.is_null() {
            state.unsaved.insert(key.clone(), Unsaved { change: Change::Gone, is_backup });
        }
    }

    /// What a write replaces: the live record, wherever it is.
    fn predecessor(
        &self,
        state: &State,
        standing: Standing,
        key: &str,
        prior: Option<Prior>,
    ) -> Option<Record> {
        match standing {
            Standing::Resident(record) | Standing::Parked(record) => Some(record),
            Standing::Absent => None,
            Standing::Unknown => {
                let (prior, now) = (prior?, self.now());
                // Reads may have prolonged it before it was evicted.
                let kept = state.expiry.get(key).filter(|_| prior.was_resident);
                let is_live = !kept.unwrap_or(prior.expiry).is_expired(now);
                is_live.then(|| new_record(key, prior.value, now))
            }
        }
    }

    /// Commits a put; returns the live value it replaced.
    pub(super) fn commit_put(
        &self,
        state: &mut State,
        key: &SharedStr,
        write: &mut Write,
        room: &mut Room<'_>,
    ) -> Result<Option<RecordValue>, NoRoom> {
        let now = if write.persisted { self.now() } else { write.now };
        if write.persisted {
            state.doubts.settle(key);
        }
        let standing = self.settle(state, key, now);
        let resident = standing.is_resident();
        if !resident && !room.is_reserved() {
            return Err(NoRoom);
        }
        let old = self.predecessor(state, standing, key, write.prior.take());
        let mut metadata = RecordMetadata::new(write.now, cost(key, &write.value));
        if let Some(old) = &old {
            follow(&mut metadata, &old.metadata);
        }
        mark_stored(&mut metadata, write.persisted);
        let record = Record { value: write.value.clone(), metadata };
        let before = self.install(state, key, &record, write.until, room);
        self.keep_late_hits(key, before.as_ref(), &record);
        self.notify(state, |observer| match &old {
            Some(old) if resident => {
                observer.on_update(key, &record, &old.value, &record.value, false);
            }
            old => observer.on_put(key, &record, old.as_ref().map(|old| &old.value), false),
        });
        Ok(old.map(|old| old.value))
    }

    /// Commits a backup: the record as it is, except for what this store knows better.
    pub(super) fn commit_backup(
        &self,
        state: &mut State,
        key: &SharedStr,
        mut record: Record,
        persisted: bool,
        room: &mut Room<'_>,
    ) -> Result<(), NoRoom> {
        if persisted {
            state.doubts.settle(key);
        }
        let standing = self.settle(state, key, self.now());
        if !standing.is_resident() && !room.is_reserved() {
            return Err(NoRoom);
        }
        let old = self.predecessor(state, standing, key, None);
        record.metadata.cost = cost(key, &record.value);
        mark_stored(&mut record.metadata, persisted);
        let expiry = Expiry::of_metadata(&record.metadata, &self.settings.get());
        self.install(state, key, &record, expiry, room);
        state.backups.insert(key.clone());
        self.notify(state, |observer| {
            observer.on_put(key, &record, old.as_ref().map(|old| &old.value), true);
        });
        Ok(())
    }

    /// Puts a record into memory in place of whatever was known of the key.
    ///
    /// A read that finds no deadline kept takes no lock: so a deadline is kept before its record can be
    /// read, and the last one dropped after.
    fn install(
        &self,
        state: &mut State,
        key: &SharedStr,
        record: &Record,
        expiry: Expiry,
        room: &mut Room<'_>,
    ) -> Option<Record> {
        let is_dirty = record.metadata.is_dirty() && !self.is_null();
        let beneath = is_dirty.then(|| state.beneath(key));
        state.unsaved.remove(key);
        state.leave(key);
        state.dirty.extend(beneath.map(|beneath| (key.clone(), beneath)));
        let guards = expiry.deadline() < i64::MAX;
        if guards {
            self.keep_expiry(state, key, expiry);
        }
        let before = self.engine.put(key, record.clone());
        if !guards {
            self.keep_expiry(state, key, expiry);
        }
        if before.is_none() {
            room.fill(self);
        }
        before
    }

    /// Takes a record out of memory.
    fn take_out(&self, key: &str) -> Option<Record> {
        let record = self.engine.remove(key)?;
        self.vacate(1);
        Some(record)
    }

    /// An engine that counts hits without this store's lock may have counted some since the
    /// predecessor was read.
    fn keep_late_hits(&self, key: &str, before: Option<&Record>, record: &Record) {
        let late = before.map_or(0, |before| before.metadata.hits.saturating_sub(record.metadata.hits));
        if let Some(engine) = self.engine.atomic_update().filter(|_| late > 0) {
            engine.update_metadata(key, &mut |metadata| metadata.hits = metadata.hits.saturating_add(late));
        }
    }

    /// Commits a removal; returns the live value removed.
    pub(super) fn commit_remove(
        &self,
        state: &mut State,
        key: &SharedStr,
        persisted: bool,
        prior: Option<Prior>,
        is_backup: bool,
    ) -> Option<RecordValue> {
        let standing = self.settle(state, key, self.now());
        if standing.is_resident() {
            self.take_out(key);
            state.leave(key);
        }
        let old = self.predecessor(state, standing, key, prior);
        if persisted {
            self.drop_expiry(state, key);
            state.unsaved.remove(key);
            state.doubts.settle(key);
        } else {
            self.forget(state, key, is_backup);
        }
        let old = old?;
        self.notify(state, |observer| observer.on_remove(key, &old, is_backup));
        Some(old.value)
    }

    /// Commits what a load found, unless something newer is known; returns what the key is now.
    pub(super) fn commit_load(
        &self,
        state: &mut State,
        key: &SharedStr,
        stored: &StoredValue,
        room: &mut Room<'_>,
    ) -> Result<Option<Record>, NoRoom> {
        let now = self.now();
        match self.settle(state, key, now) {
            Standing::Resident(record) => return Ok(Some(record)),
            Standing::Parked(record) => return self.unpark(state, key, record, room).map(Some),
            Standing::Absent => return Ok(None),
            Standing::Unknown => {}
        }
        let expiry = self.expiry_of_stored(state, key, stored, now);
        if expiry.is_expired(now) {
            self.forget(state, key, false);
            return Ok(None);
        }
        if !room.is_reserved() {
            return Err(NoRoom);
        }
        let mut record = new_record(key, stored.value.clone(), now);
        mark_stored(&mut record.metadata, true);
        self.install(state, key, &record, expiry, room);
        self.notify(state, |observer| observer.on_load(key, &record, false));
        Ok(Some(record))
    }

    /// Brings a parked record back into memory.
    pub(super) fn unpark(
        &self,
        state: &mut State,
        key: &SharedStr,
        record: Record,
        room: &mut Room<'_>,
    ) -> Result<Record, NoRoom> {
        if !room.is_reserved() {
            return Err(NoRoom);
        }
        let is_backup = state.unsaved.get(key).is_some_and(|unsaved| unsaved.is_backup);
        let expiry = state.expiry.get(key).unwrap_or(Expiry::NEVER);
        self.install(state, key, &record, expiry, room);
        if is_backup {
            state.backups.insert(key.clone());
        }
        self.notify(state, |observer| observer.on_load(key, &record, is_backup));
        Ok(record)
    }

    /// Commits an eviction; returns the live record that left memory.
    pub(super) fn commit_evict(&self, state: &mut State, key: &SharedStr, is_backup: bool) -> Option<Record> {
        let Standing::Resident(record) = self.settle(state, key, self.now()) else { return None };
        self.take_out(key);
        self.remember(state, key, &record, is_backup);
        let is_backup = state.leave(key) || is_backup;
        self.notify(state, |observer| observer.on_evict(key, &record, is_backup));
        Some(record)
    }

    /// Keeps of a record on its way out what the data store cannot give back.
    fn remember(&self, state: &mut State, key: &SharedStr, record: &Record, is_backup: bool) {
        if record.metadata.is_dirty() && !self.is_null() {
            tracing::warn!(
                map = &*self.name,
                partition = self.partition_id,
                key = key.as_str(),
                "evicted before it was persisted; kept aside until the next flush"
            );
            let change = Change::Parked(record.clone(), state.beneath(key));
            let is_backup = is_backup || state.backups.contains(key);
            state.unsaved.insert(key.clone(), Unsaved { change, is_backup });
        } else if state.expiry.get(key).is_some_and(|expiry| self.comes_back(expiry)) {
            self.drop_expiry(state, key);
        }
    }

    /// Whether a persisted record would come back with this expiry by itself, or not come back.
    pub(super) fn comes_back(&self, expiry: Expiry) -> bool {
        let restored = self.data_store.keeps_deadlines()
            && !expiry.has_idle_limit()
            && self.settings.get().default_max_idle_millis == 0;
        self.is_null() || restored
    }
}

/// Makes metadata of a write follow its predecessor's: next version, hits kept.
fn follow(metadata: &mut RecordMetadata, old: &RecordMetadata) {
    let now = metadata.last_update_time.max(old.last_update_time);
    metadata.version = old.version;
    metadata.hits = old.hits;
    metadata.creation_time = old.creation_time;
    metadata.last_access_time = now.max(old.last_access_time);
    metadata.last_stored_time = old.last_stored_time;
    metadata.on_update(now);
}

/// Makes a record clean if it is persisted, and dirty, whatever the clock's grain, if not.
fn mark_stored(metadata: &mut RecordMetadata, persisted: bool) {
    // There has to be a time before it.
    metadata.last_update_time = metadata.last_update_time.max(i64::MIN + 1);
    let updated = metadata.last_update_time;
    if persisted {
        metadata.on_store(updated);
    } else if !metadata.is_dirty() {
        metadata.on_store(updated.saturating_sub(1));
    }
}
