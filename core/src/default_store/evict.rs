//! Eviction: on demand, and to keep the store within its bound.

use std::sync::atomic::Ordering;

use super::commit::{NoRoom, Standing};
use super::inner::Inner;
use super::stripe::{State, Stripe};
use crate::{IterationCursor, Record, RecordValue, SharedStr};

/// Records looked at for one eviction. Fifteen samples come within a few percent of exact
/// LRU (Redis, "Key eviction").
const SAMPLES: usize = 15;

/// Rounds of samples without a record that may be evicted before the bound gives way.
const ROUNDS: usize = 8;

/// Room for one record under the store's bound. Given back when dropped, by which time the
/// record is in the engine or not coming.
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
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Self::Reserved(store) = self {
            store.reserved.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Inner {
    /// Runs a commit under a stripe's lock, again with room reserved if it finds it needs some.
    /// Room is made without that lock, since it takes other stripes'.
    pub(super) fn with_room<T>(
        &self,
        stripe: &Stripe,
        mut commit: impl FnMut(&mut State, &Room<'_>) -> Result<T, NoRoom>,
    ) -> T {
        let mut room = if self.config.max_entry_count > 0 { Room::Unreserved } else { Room::Unbounded };
        loop {
            let mut state = stripe.lock();
            let outcome = commit(&mut state, &room);
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
        let bound = usize::try_from(self.config.max_entry_count).unwrap_or(usize::MAX);
        for _ in 0..ROUNDS {
            // Counting first and looking second: whoever inserted and gave its room back
            // before the count is in the engine's length by now.
            let others = self.reserved.fetch_add(1, Ordering::AcqRel);
            if self.engine.len().saturating_add(others) < bound {
                return Room::Reserved(self);
            }
            self.reserved.fetch_sub(1, Ordering::AcqRel);
            self.evict_one();
        }
        tracing::warn!(
            map = &*self.name,
            partition = self.partition_id,
            bound,
            "over the bound: no sampled record may be evicted before it is persisted"
        );
        self.reserved.fetch_add(1, Ordering::AcqRel);
        Room::Reserved(self)
    }

    /// Evicts the best of a few sampled records: an expired one, else the longest unused.
    fn evict_one(&self) {
        let now = self.now();
        let mut best: Option<(bool, i64, String)> = None;
        for (key, record) in self.engine.random_samples(SAMPLES) {
            let expired = self.has_expired_now(&key, &record, now);
            if !expired && !self.may_evict(&record) {
                continue;
            }
            let candidate = (!expired, record.metadata.last_access_time, key);
            if best.as_ref().is_none_or(|best| candidate < *best) {
                best = Some(candidate);
            }
        }
        let Some((_, _, key)) = best else { return };
        let key = SharedStr::from(key);
        let mut state = self.stripe(&key).lock();
        if let Standing::Resident(record) = self.settle(&mut state, &key, self.now())
            && self.may_evict(&record)
        {
            self.commit_evict(&mut state, &key, false);
        }
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
