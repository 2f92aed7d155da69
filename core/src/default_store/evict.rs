//! Eviction: on demand, and to keep the store within its bound.

use super::commit::{NoRoom, Standing};
use super::inner::Inner;
use super::stripe::{State, Stripe};
use crate::sync::{Ordering, yield_now};
use crate::{IterationCursor, Record, RecordValue, SharedStr};

/// Records looked at for one eviction. Fifteen samples come within a few percent of exact
/// LRU (Redis, "Key eviction").
const SAMPLES: usize = 15;

/// Rounds of samples without a record that may be evicted before the bound gives way.
const ROUNDS: usize = 8;

/// Looks at an engine that samples nothing before the bound gives way.
const WAITS: usize = 10_000;

/// What was sampled to make room.
pub(super) enum Sampled {
    /// A record that was evicted, by this caller or another that was first.
    Evictable,
    /// Only records the data store does not have yet.
    Dirty,
    /// No record at all.
    Nothing,
}

/// Room for one record under the store's bound; given back when dropped, unless it was filled.
pub(super) enum Room<'a> {
    /// The store has no bound.
    Unbounded,
    /// Nothing reserved: enough to replace a resident record.
    Unreserved,
    /// Room for one more.
    Reserved(&'a Inner),
}

impl Room<'_> {
    pub(super) fn is_reserved(&self) -> bool {
        !matches!(self, Self::Unreserved)
    }

    /// A record has taken the room: from now on it counts as long as the record stays.
    pub(super) fn fill(&mut self, store: &Inner) {
        match self {
            Self::Unbounded if !store.is_counted() => {}
            // A replacement turned out to be an insert, since the engine lost the record.
            Self::Unbounded | Self::Unreserved => drop(store.occupied.fetch_add(1, Ordering::AcqRel)),
            Self::Reserved(_) => std::mem::forget(std::mem::replace(self, Self::Unreserved)),
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Self::Reserved(store) = self {
            store.vacate(1);
        }
    }
}

impl Inner {
    pub(super) fn is_bounded(&self) -> bool {
        self.settings.max_entry_count() > 0
    }

    /// Counts records that left memory, or room that was not needed.
    pub(super) fn vacate(&self, count: usize) {
        if self.is_counted() {
            self.occupied.fetch_sub(count, Ordering::AcqRel);
        }
    }

    /// Runs a commit under a stripe's lock, again with room reserved if it finds it needs some.
    /// Room is made without that lock, since it takes other stripes'.
    pub(super) fn with_room<T>(
        &self,
        stripe: &Stripe,
        mut commit: impl FnMut(&mut State, &mut Room<'_>) -> Result<T, NoRoom>,
    ) -> T {
        let mut room = Room::Unreserved;
        loop {
            let mut state = stripe.lock();
            // Told under the lock, so that no bound comes between this and the commit.
            if !self.is_bounded() && !room.is_reserved() {
                room = Room::Unbounded;
            }
            let outcome = commit(&mut state, &mut room);
            drop(state);
            match outcome {
                Ok(outcome) => return outcome,
                Err(NoRoom) => room = self.reserve(),
            }
        }
    }

    /// Reserves room for one record, evicting others while the store is full. If nothing can
    /// be evicted the bound gives way: an acknowledged value counts for more.
    fn reserve(&self) -> Room<'_> {
        let (mut fruitless, mut waits) = (0, 0);
        while fruitless < ROUNDS && waits < WAITS {
            if let Some(room) = self.try_reserve() {
                return room;
            }
            match self.evict_one() {
                Sampled::Evictable => {}
                Sampled::Dirty => fruitless += 1,
                // All room is with inserts about to happen; they hold it across no await.
                Sampled::Nothing => {
                    waits += 1;
                    yield_now();
                }
            }
        }
        tracing::warn!(
            map = &*self.name,
            partition = self.partition_id,
            bound = self.settings.max_entry_count(),
            "over the bound: no sampled record may be evicted before it is persisted"
        );
        self.occupied.fetch_add(1, Ordering::AcqRel);
        Room::Reserved(self)
    }

    /// Room for one record, if there is some without evicting another.
    pub(super) fn try_reserve(&self) -> Option<Room<'_>> {
        if !self.is_bounded() {
            return Some(Room::Unbounded);
        }
        let bound = usize::try_from(self.settings.max_entry_count()).unwrap_or(usize::MAX);
        let one_more = |occupied: usize| (occupied < bound).then_some(occupied + 1);
        self.occupied.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Room::Reserved(self))
    }

    /// Evicts the best of a few sampled records: an expired one, else the longest unused.
    pub(super) fn evict_one(&self) -> Sampled {
        let now = self.now();
        let mut best: Option<(bool, i64, String)> = None;
        let samples = self.engine.random_samples(SAMPLES);
        if samples.is_empty() {
            return Sampled::Nothing;
        }
        for (key, record) in samples {
            let expired = self.has_expired_now(&key, &record, now);
            if !expired && !self.may_evict(&record) {
                continue;
            }
            let candidate = (!expired, record.metadata.last_access_time, key);
            if best.as_ref().is_none_or(|best| candidate < *best) {
                best = Some(candidate);
            }
        }
        let Some((_, _, key)) = best else { return Sampled::Dirty };
        let key = SharedStr::from(key);
        let mut state = self.stripe(&key).lock();
        if let Standing::Resident(record) = self.settle(&mut state, &key, self.now())
            && self.may_evict(&record)
        {
            self.commit_evict(&mut state, &key, false);
        }
        Sampled::Evictable
    }

    /// With a real data store, a record it does not have yet stays.
    fn may_evict(&self, record: &Record) -> bool {
        self.is_null() || !record.metadata.is_dirty()
    }

    fn has_expired_now(&self, key: &str, record: &Record, now: i64) -> bool {
        !self.reads_unguarded() && self.is_expired(&self.stripe(key).lock(), key, &record.metadata, now)
    }

    pub(super) fn evict(&self, key: &str, is_backup: bool) -> Option<RecordValue> {
        self.check_mutable("evict").ok()?;
        let key = SharedStr::from(key);
        let mut state = self.stripe(&key).lock();
        self.commit_evict(&mut state, &key, is_backup).map(|record| record.value)
    }

    pub(super) fn evict_all(&self, is_backup: bool) -> u32 {
        let mut evicted: u32 = 0;
        self.for_each_page(|keys| {
            for key in keys {
                evicted = evicted.saturating_add(self.evict(&key, is_backup).is_some().into());
            }
        });
        evicted
    }

    /// Calls `each` with the keys in memory, a page at a time.
    pub(super) fn for_each_page(&self, mut each: impl FnMut(Vec<String>)) {
        let mut cursor = IterationCursor::start();
        while !cursor.finished {
            let page = self.engine.fetch_keys(&cursor, 256);
            cursor = page.next_cursor;
            each(page.items);
        }
    }
}
