//! The model's evictions, flushes and clears.

use trilayer_testkit::{Call, EventKind};

use crate::model::{Failed, Hidden, Key, Limits, Model, Outcome, Place};
use crate::ops::{Fault, KEYS};

impl Model {
    pub(crate) fn evict(&mut self, key: &str) -> Option<i64> {
        self.settle(key);
        let item = self.resident(key)?.clone();
        let (value, name) = (item.value, key.to_owned());
        let remembered = self.keys[key].limits.filter(|limits| !self.comes_back(*limits));
        let parked = item.dirty.is_some() && !self.null;
        let key = self.key(key);
        if parked {
            key.place = Place::Parked(item);
        } else {
            key.place = Place::Disk;
            key.limits = remembered;
        }
        self.tell(EventKind::Evict, &name);
        Some(value)
    }

    pub(crate) fn evict_all(&mut self) -> u32 {
        let resident: Vec<&str> = KEYS.into_iter().filter(|key| self.resident(key).is_some()).collect();
        let evicted = resident.into_iter().filter(|key| self.evict(key).is_some()).count();
        u32::try_from(evicted).expect("few")
    }

    /// Sweeps what is expired `ahead` ms from now.
    pub(crate) fn evict_expired(&mut self, percentage: usize, ahead: i64) {
        let now = self.now + ahead;
        let mut due = Vec::new();
        for key in KEYS {
            let deadline =
                self.keys[key].limits.and_then(Limits::deadline).filter(|deadline| now > *deadline);
            let Some(deadline) = deadline else { continue };
            match self.resident(key) {
                Some(_) => due.push((deadline, key)),
                // Of those that are not in memory there is nothing to keep.
                None => self.forget(key),
            }
        }
        due.sort_unstable();
        due.truncate((due.len() * percentage.min(100)).div_ceil(100));
        due.into_iter().for_each(|(_, key)| self.expire(key));
    }

    /// A flush of which this call failed, if one did.
    pub(crate) fn flush(&mut self, residents: bool, failed: Option<&Call>) -> Outcome<()> {
        for key in KEYS {
            if !self.null {
                self.flush_key(key, residents, failed);
            }
        }
        // Every flush calls the data store at least once.
        match self.fault.take().filter(|_| !self.null) {
            Some(_) => Err(Failed),
            None => Ok(()),
        }
    }

    fn flush_key(&mut self, key: &str, residents: bool, failed: Option<&Call>) {
        let is_due = match &self.key(key).place {
            Place::Parked(_) | Place::Gone => true,
            Place::Memory(item) => residents && item.dirty.is_some(),
            Place::Disk => false,
        };
        if !is_due {
            return;
        }
        self.settle(key);
        let fault = self.fault.filter(|_| Self::failed_for(failed, key));
        let limits = self.keys[key].limits;
        let told = match &self.keys[key].place {
            Place::Memory(item) | Place::Parked(item) => Some(self.stored(item.value, limits)),
            _ => None,
        };
        if let (Some(_), Some(told)) = (fault, told) {
            self.doubt(key, told.value, limits.unwrap_or(Limits::NEVER));
        }
        let key = self.key(key);
        if fault != Some(Fault::Before) {
            key.disk = told;
        }
        key.unsure = fault == Some(Fault::After);
        if fault.is_some() {
            return;
        }
        key.doubts.clear();
        match &mut key.place {
            Place::Memory(item) => item.dirty = None,
            place => *place = Place::Disk,
        }
    }

    pub(crate) fn clear(&mut self) -> u32 {
        let count = KEYS.iter().filter(|key| self.resident(key).is_some()).count();
        for key in KEYS {
            self.uncover(key);
            let remembered = self.keys[key].limits.filter(|limits| !self.comes_back(*limits));
            self.key(key).limits = remembered;
        }
        self.tell(EventKind::Clear, "");
        u32::try_from(count).expect("few")
    }

    /// Drops what is in memory of a key; what it hid is seen again.
    fn uncover(&mut self, key: &str) {
        let null = self.null;
        let hidden = match &self.keys[key].place {
            Place::Memory(item) | Place::Parked(item) => item.dirty,
            Place::Gone | Place::Disk => return,
        };
        match hidden {
            Some(Hidden::Gone) => self.forget(key),
            Some(Hidden::Stored(limits)) if !null => {
                self.key(key).limits = limits;
                self.key(key).place = Place::Disk;
            }
            _ => self.key(key).place = Place::Disk,
        }
    }

    pub(crate) fn clear_through(&mut self) -> Outcome<u64> {
        if !self.null {
            self.call(|_| ())?;
        }
        let count = KEYS.iter().filter(|key| self.keys[**key].disk.is_some()).count();
        for key in KEYS {
            let gone = matches!(self.key(key).place, Place::Gone);
            *self.key(key) = Key::default();
            if gone {
                self.forget(key);
            }
        }
        self.tell(EventKind::Clear, "");
        Ok(count as u64)
    }
}
