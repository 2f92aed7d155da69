//! What a record store is, told plainly: one caller, one map of keys, no locks, nothing clever.

use std::collections::BTreeMap;

use trilayer_core::{ExpiryPolicy, ExpiryReason, StorageConfig};
use trilayer_testkit::{Call, EventKind};

use crate::ops::{Fault, KEYS};

/// What is under every key, in the store and in its data store.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) config: StorageConfig,
    /// Whether there is no real data store.
    pub(crate) null: bool,
    /// Whether the data store keeps deadlines.
    pub(crate) keeps: bool,
    pub(crate) keys: BTreeMap<&'static str, Key>,
    /// The next call of the data store fails like this.
    pub(crate) fault: Option<Fault>,
    /// What observers have been told since the last comparison.
    pub(crate) events: Vec<(EventKind, String)>,
}

/// What is known of one key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Key {
    pub(crate) place: Place,
    /// The limits the store keeps, of a resident record or of one that left memory.
    pub(crate) limits: Option<Limits>,
    /// What the data store has.
    pub(crate) disk: Option<Stored>,
    /// Whether a failed call has left the data store different from what was acknowledged.
    pub(crate) unsure: bool,
    /// Writes that failed and may have happened, since the data store was last known.
    pub(crate) doubts: Vec<(i64, Limits)>,
}

/// Where a key's value is.
#[derive(Debug, Clone, Default)]
pub(crate) enum Place {
    /// In the data store, if anywhere.
    #[default]
    Disk,
    /// Nowhere, though the data store may still have it.
    Gone,
    Memory(Item),
    /// Evicted before it was persisted.
    Parked(Item),
}

/// A record.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) value: i64,
    pub(crate) version: u32,
    pub(crate) hits: u32,
    pub(crate) created: i64,
    pub(crate) accessed: i64,
    /// If the data store does not have it: what clearing it away uncovers.
    pub(crate) dirty: Option<Hidden>,
}

/// What lies under a value that was not persisted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hidden {
    Gone,
    Stored(Option<Limits>),
}

/// What the data store has of a key; `deadline` 0 = none, or not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) value: i64,
    pub(crate) deadline: i64,
}

/// When a record expires: `None` = never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) ttl_deadline: Option<i64>,
    pub(crate) idle: Option<i64>,
    pub(crate) accessed: i64,
}

impl Limits {
    pub(crate) const NEVER: Self = Self { ttl_deadline: None, idle: None, accessed: 0 };

    pub(crate) fn deadline(self) -> Option<i64> {
        let idle = self.idle.map(|idle| self.accessed + idle);
        self.ttl_deadline.into_iter().chain(idle).min()
    }

    pub(crate) fn is_expired(self, now: i64) -> bool {
        self.deadline().is_some_and(|deadline| now > deadline)
    }

    fn reason(self, now: i64) -> ExpiryReason {
        if self.ttl_deadline.is_some_and(|deadline| now > deadline) {
            ExpiryReason::Ttl
        } else if self.is_expired(now) {
            ExpiryReason::MaxIdle
        } else {
            ExpiryReason::NotExpired
        }
    }
}

fn limit(millis: u64) -> Option<i64> {
    (millis != 0).then(|| i64::try_from(millis).ok()).flatten()
}

/// What a write or read came back with.
pub(crate) type Outcome<T> = Result<T, Failed>;

/// The data store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

impl Model {
    pub(crate) fn new(now: i64, config: StorageConfig, null: bool, keeps: bool) -> Self {
        let keys = KEYS.iter().map(|&key| (key, Key::default())).collect();
        Self { now, config, null, keeps, keys, fault: None, events: Vec::new() }
    }

    pub(crate) fn key(&mut self, key: &str) -> &mut Key {
        self.keys.get_mut(key).expect("one of the keys")
    }

    pub(crate) fn has_defaults(&self) -> bool {
        self.config.default_ttl_millis > 0 || self.config.default_max_idle_millis > 0
    }

    /// The limits of a record under a policy, counted from these times.
    pub(crate) fn limits(&self, policy: ExpiryPolicy, written: i64, accessed: i64) -> Limits {
        let (ttl, idle) = match policy {
            ExpiryPolicy::NONE => (self.config.default_ttl_millis, self.config.default_max_idle_millis),
            policy => (policy.ttl_millis, policy.max_idle_millis),
        };
        Limits { ttl_deadline: limit(ttl).map(|ttl| written + ttl), idle: limit(idle), accessed }
    }

    /// Limits are worth keeping if they are any, or if the defaults would apply without.
    pub(crate) fn keep(&mut self, key: &str, limits: Limits) {
        let worth = limits.deadline().is_some() || self.has_defaults();
        self.key(key).limits = worth.then_some(limits);
    }

    /// Whether a data store gives these limits back with the value.
    pub(crate) fn comes_back(&self, limits: Limits) -> bool {
        let idle = limits.idle.is_some() || self.config.default_max_idle_millis > 0;
        self.null || (self.keeps && !idle)
    }

    /// What the data store is told of a deadline, as far as it keeps it.
    pub(crate) fn stored(&self, value: i64, limits: Option<Limits>) -> Stored {
        let deadline = limits.and_then(|limits| limits.ttl_deadline).filter(|_| self.keeps);
        Stored { value, deadline: deadline.unwrap_or(0) }
    }

    /// A call of the data store that may be the one to fail.
    pub(crate) fn call(&mut self, effect: impl FnOnce(&mut Self)) -> Outcome<()> {
        match self.fault.take() {
            None => effect(self),
            Some(Fault::Before) => return Err(Failed),
            Some(Fault::After) => {
                effect(self);
                return Err(Failed);
            }
        }
        Ok(())
    }

    /// Nobody shall see the key from now on.
    pub(crate) fn forget(&mut self, key: &str) {
        let place = if self.null { Place::Disk } else { Place::Gone };
        let key = self.key(key);
        key.place = place;
        key.limits = None;
    }

    /// Expires a key if its time is up.
    pub(crate) fn settle(&mut self, key: &str) {
        let now = self.now;
        if self.key(key).limits.is_some_and(|limits| limits.is_expired(now)) {
            self.expire(key);
        }
    }

    /// Removes a key whose time is up; told if it was in memory.
    pub(crate) fn expire(&mut self, key: &str) {
        if self.resident(key).is_some() {
            self.tell(EventKind::Expire, key);
        }
        self.forget(key);
    }

    pub(crate) fn tell(&mut self, kind: EventKind, key: &str) {
        self.events.push((kind, key.to_owned()));
    }

    /// What a value hides that is written over the key and not persisted.
    pub(crate) fn beneath(&mut self, key: &str) -> Hidden {
        let key = self.key(key);
        match &key.place {
            Place::Gone => Hidden::Gone,
            Place::Memory(Item { dirty: Some(hidden), .. })
            | Place::Parked(Item { dirty: Some(hidden), .. }) => *hidden,
            _ => Hidden::Stored(key.limits),
        }
    }

    pub(crate) fn advance(&mut self, millis: u32) {
        self.now += i64::from(millis);
    }

    pub(crate) fn resident(&self, key: &str) -> Option<&Item> {
        match &self.keys[key].place {
            Place::Memory(item) => Some(item),
            _ => None,
        }
    }

    pub(crate) fn is_live_resident(&self, key: &str) -> bool {
        let expired = self.keys[key].limits.is_some_and(|limits| limits.is_expired(self.now));
        self.resident(key).is_some() && !expired
    }

    pub(crate) fn has_expired(&self, key: &str) -> ExpiryReason {
        match (self.resident(key), self.keys[key].limits) {
            (Some(_), Some(limits)) => limits.reason(self.now),
            _ => ExpiryReason::NotExpired,
        }
    }

    /// Remembers the limits of a write that failed and may have happened, if nobody else would.
    pub(crate) fn doubt(&mut self, key: &str, value: i64, limits: Limits) {
        if !self.comes_back(limits) {
            let doubts = &mut self.key(key).doubts;
            doubts.push((value, limits));
            // No more than the last eight.
            let excess = doubts.len().saturating_sub(8);
            doubts.drain(..excess);
        }
    }

    /// Whether a call of the data store that failed was about the key.
    pub(crate) fn failed_for(failed: Option<&Call>, key: &str) -> bool {
        failed.is_some_and(|call| call.keys.iter().any(|named| named == key))
    }
}
