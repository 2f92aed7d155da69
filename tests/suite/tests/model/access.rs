//! The model's reads and writes.

use trilayer_core::{ExpiryPolicy, Record, RecordValue, Value};
use trilayer_testkit::EventKind;

use crate::model::{Failed, Item, Key, Limits, Model, Outcome, Place, Stored};
use crate::ops::Fault;

impl Model {
    pub(crate) fn get(&mut self, key: &str, touch: bool) -> Outcome<Option<Item>> {
        self.settle(key);
        if let Some(found) = self.lookup(key, touch) {
            return Ok(found);
        }
        self.call(|_| ())?;
        self.load(key);
        Ok(self.lookup(key, touch).flatten())
    }

    /// The answer of memory; `None` if the data store has to be asked.
    fn lookup(&mut self, key: &str, touch: bool) -> Option<Option<Item>> {
        let (now, null) = (self.now, self.null);
        self.unpark(key);
        let key = self.key(key);
        match &mut key.place {
            Place::Gone => Some(None),
            Place::Disk => null.then_some(None),
            Place::Parked(_) => unreachable!("brought back above"),
            Place::Memory(item) => {
                if touch {
                    item.hits += 1;
                    item.accessed = now;
                    if let Some(limits) = &mut key.limits {
                        limits.accessed = now;
                    }
                }
                Some(Some(item.clone()))
            }
        }
    }

    fn unpark(&mut self, key: &str) {
        if let Place::Parked(item) = &self.keys[key].place {
            self.key(key).place = Place::Memory(item.clone());
            self.tell(EventKind::Load, key);
        }
    }

    /// The limits of what the data store has: those of a write in doubt, those remembered here, else those it kept.
    fn limits_of(&self, key: &str, stored: Stored) -> Limits {
        let mut defaults = self.limits(ExpiryPolicy::NONE, self.now, self.now);
        if self.keeps {
            defaults.ttl_deadline = (stored.deadline != 0).then_some(stored.deadline);
        }
        let key = &self.keys[key];
        let doubted = key.doubts.iter().rev().find(|(value, _)| *value == stored.value);
        doubted.map(|(_, limits)| *limits).or(key.limits).unwrap_or(defaults)
    }

    fn load(&mut self, key: &str) {
        let Some(stored) = self.key(key).disk else { return };
        let limits = self.limits_of(key, stored);
        if limits.is_expired(self.now) {
            return self.forget(key);
        }
        let (value, now) = (stored.value, self.now);
        self.key(key).place =
            Place::Memory(Item { value, version: 1, hits: 0, created: now, accessed: now, dirty: None });
        self.keep(key, limits);
        self.tell(EventKind::Load, key);
    }

    pub(crate) fn get_all(&mut self, keys: &[&'static str]) -> Outcome<Vec<(String, Item)>> {
        let mut wanted: Vec<&'static str> = Vec::new();
        for key in keys {
            if !wanted.contains(key) {
                wanted.push(key);
            }
        }
        let mut missed = Vec::new();
        for key in &wanted {
            self.settle(key);
            if self.lookup(key, false).is_none() {
                missed.push(*key);
            }
        }
        if !missed.is_empty() {
            self.call(|_| ())?;
            missed.iter().for_each(|key| self.load(key));
        }
        let found = wanted.iter().filter_map(|key| Some(((*key).to_owned(), self.resident(key)?.clone())));
        Ok(found.collect())
    }

    /// The record a persisted write is about to replace, loaded if need be.
    fn prior(&mut self, key: &str) -> Outcome<Option<Item>> {
        self.settle(key);
        let now = self.now;
        match &self.keys[key].place {
            Place::Memory(item) | Place::Parked(item) => Ok(Some(item.clone())),
            Place::Gone => Ok(None),
            Place::Disk => {
                self.call(|_| ())?;
                let Some(stored) = self.keys[key].disk else { return Ok(None) };
                let live = !self.limits_of(key, stored).is_expired(now);
                let value = stored.value;
                Ok(live.then_some(Item {
                    value,
                    version: 1,
                    hits: 0,
                    created: now,
                    accessed: now,
                    dirty: None,
                }))
            }
        }
    }

    /// The record in the store, evicted ones that are not persisted included.
    fn known(&mut self, key: &str) -> Option<Item> {
        self.settle(key);
        match &self.key(key).place {
            Place::Memory(item) | Place::Parked(item) => Some(item.clone()),
            Place::Disk | Place::Gone => None,
        }
    }

    /// A put, or a set if the old value is not wanted.
    pub(crate) fn put(
        &mut self,
        key: &str,
        value: i64,
        policy: ExpiryPolicy,
        persists: bool,
        wants_old: bool,
    ) -> Outcome<Option<i64>> {
        let limits = self.limits(policy, self.now, self.now);
        let persisted = persists && !self.null;
        let mut old = None;
        if persisted {
            if wants_old {
                old = self.prior(key)?;
            }
            self.write(key, value, limits)?;
        }
        let old = self.known(key).or(old);
        let (version, hits, created) =
            old.as_ref().map_or((1, 0, self.now), |old| (old.version + 1, old.hits, old.created));
        let accessed = old.as_ref().map_or(self.now, |old| old.accessed.max(self.now));
        let item = Item { value, version, hits, created, accessed, dirty: None };
        let kind = if self.resident(key).is_some() { EventKind::Update } else { EventKind::Put };
        self.tell(kind, key);
        self.install(key, item, limits, persisted);
        Ok(old.map(|old| old.value))
    }

    fn write(&mut self, key: &str, value: i64, limits: Limits) -> Outcome<()> {
        if self.fault == Some(Fault::After) {
            self.key(key).unsure = true;
        }
        let written = self.call(|model| model.key(key).disk = Some(model.stored(value, Some(limits))));
        if written.is_err() {
            self.doubt(key, value, limits);
        }
        written
    }

    fn install(&mut self, key: &str, mut item: Item, limits: Limits, persisted: bool) {
        item.dirty = (!persisted).then(|| self.beneath(key));
        self.key(key).unsure &= !persisted;
        if persisted {
            self.key(key).doubts.clear();
        }
        self.key(key).place = Place::Memory(item);
        self.keep(key, limits);
    }

    pub(crate) fn put_backup(&mut self, key: &str, record: &Record, persists: bool) -> Outcome<()> {
        let (metadata, value) = (&record.metadata, number(&record.value));
        let limits = self.limits(ExpiryPolicy::NONE, metadata.last_update_time, metadata.last_access_time);
        let persisted = persists && !self.null;
        if persisted {
            self.write(key, value, limits)?;
        }
        self.settle(key);
        let item = Item {
            value,
            version: metadata.version,
            hits: metadata.hits,
            created: metadata.creation_time,
            accessed: metadata.last_access_time,
            dirty: None,
        };
        self.tell(EventKind::Put, key);
        self.install(key, item, limits, persisted);
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &str, persists: bool) -> Outcome<Option<i64>> {
        if !persists || self.null {
            let old = self.known(key);
            self.forget(key);
            self.tell_removed(key, old.as_ref());
            return Ok(old.map(|old| old.value));
        }
        let old = self.prior(key)?;
        let unsure = self.fault == Some(Fault::After);
        let removed = self.call(|model| model.key(key).disk = None);
        self.key(key).unsure |= unsure;
        removed.map_err(|_| Failed)?;
        *self.key(key) = Key::default();
        self.tell_removed(key, old.as_ref());
        Ok(old.map(|old| old.value))
    }

    fn tell_removed(&mut self, key: &str, old: Option<&Item>) {
        if old.is_some() {
            self.tell(EventKind::Remove, key);
        }
    }

    /// Whether the key is nowhere, whatever the data store has.
    pub(crate) fn is_forgotten(&mut self, key: &str) -> bool {
        self.settle(key);
        match self.keys[key].place {
            Place::Gone => true,
            Place::Disk => self.null,
            Place::Memory(_) | Place::Parked(_) => false,
        }
    }
}

/// The number in a value.
pub(crate) fn number(value: &RecordValue) -> i64 {
    match value {
        RecordValue::Lww { value: Value::Int(number), .. } => *number,
        other => panic!("never put: {other:?}"),
    }
}
