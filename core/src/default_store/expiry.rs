//! Deadlines: when each record with one expires, and which are due.
//!
//! Kept beside the engine because a deadline outlives its record's stay in memory. The
//! order by deadline is lazy: a touch moves the true deadline only, and the order catches
//! up when the old one comes due, so that a touch costs no tree operation and a sweep costs
//! in proportion to what is due.

use std::collections::BTreeSet;

use std::collections::HashMap;

use crate::{ExpiryPolicy, ExpiryReason, RecordMetadata, SharedStr, StorageConfig};

/// The instant no clock reaches: never.
const NEVER: i64 = i64::MAX;

/// When one record expires. Live while `now` is at most the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry {
    /// Last instant by time to live.
    ttl_deadline: i64,
    /// Longest time between accesses, in ms.
    max_idle: i64,
    last_access: i64,
}

impl Expiry {
    /// Of a record that stays.
    pub(super) const NEVER: Self = Self { ttl_deadline: NEVER, max_idle: NEVER, last_access: 0 };

    /// Of a record written at `written` and read at `accessed`, under the store's defaults
    /// where the policy has nothing of its own.
    pub(super) fn new(policy: ExpiryPolicy, config: &StorageConfig, written: i64, accessed: i64) -> Self {
        let policy = if policy == ExpiryPolicy::NONE { defaults(config) } else { policy };
        Self {
            ttl_deadline: after(written, limit(policy.ttl_millis)),
            max_idle: limit(policy.max_idle_millis),
            last_access: accessed,
        }
    }

    /// Of a record whose own times are all that is known.
    pub(super) fn of_metadata(metadata: &RecordMetadata, config: &StorageConfig) -> Self {
        let written = metadata.last_update_time.max(metadata.creation_time);
        Self::new(ExpiryPolicy::NONE, config, written, metadata.last_access_time)
    }

    /// With the absolute deadline a data store kept; 0 = none.
    pub(super) fn with_expiration_time(self, expiration_time: i64) -> Self {
        let ttl_deadline = if expiration_time == 0 { NEVER } else { expiration_time };
        Self { ttl_deadline, ..self }
    }

    /// What to tell a data store: the absolute deadline by time to live, 0 = none.
    pub(super) fn expiration_time(self) -> i64 {
        if self.ttl_deadline == NEVER { 0 } else { self.ttl_deadline }
    }

    pub(super) fn deadline(self) -> i64 {
        self.ttl_deadline.min(after(self.last_access, self.max_idle))
    }

    pub(super) fn has_idle_limit(self) -> bool {
        self.max_idle != NEVER
    }

    pub(super) fn reason(self, now: i64) -> ExpiryReason {
        if now > self.ttl_deadline {
            ExpiryReason::Ttl
        } else if now > self.deadline() {
            ExpiryReason::MaxIdle
        } else {
            ExpiryReason::NotExpired
        }
    }

    pub(super) fn is_expired(self, now: i64) -> bool {
        now > self.deadline()
    }
}

fn defaults(config: &StorageConfig) -> ExpiryPolicy {
    ExpiryPolicy { ttl_millis: config.default_ttl_millis, max_idle_millis: config.default_max_idle_millis }
}

fn limit(millis: u64) -> i64 {
    match millis {
        0 => NEVER,
        millis => i64::try_from(millis).unwrap_or(NEVER),
    }
}

fn after(base: i64, limit: i64) -> i64 {
    if limit == NEVER { NEVER } else { base.saturating_add(limit) }
}

/// The deadlines of one stripe's keys, resident or not.
#[derive(Debug, Default)]
pub(super) struct ExpiryTable {
    by_key: HashMap<SharedStr, Filed, crate::sync::RandomState>,
    by_deadline: BTreeSet<(i64, SharedStr)>,
}

/// An expiry and the deadline it is filed under, which is never later than the true one.
#[derive(Debug)]
struct Filed {
    expiry: Expiry,
    under: i64,
}

impl ExpiryTable {
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn get(&self, key: &str) -> Option<Expiry> {
        self.by_key.get(key).map(|filed| filed.expiry)
    }

    /// Returns whether the key is new to the table.
    pub(super) fn set(&mut self, key: &SharedStr, expiry: Expiry) -> bool {
        let under = expiry.deadline();
        let old = self.by_key.insert(key.clone(), Filed { expiry, under });
        match &old {
            Some(old) if old.under == under => return false,
            Some(old) if old.under != NEVER => {
                self.by_deadline.remove(&(old.under, key.clone()));
            }
            _ => {}
        }
        if under != NEVER {
            self.by_deadline.insert((under, key.clone()));
        }
        old.is_none()
    }

    /// Returns whether the key was in the table.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let Some((key, old)) = self.by_key.remove_entry(key) else { return false };
        if old.under != NEVER {
            self.by_deadline.remove(&(old.under, key));
        }
        true
    }

    /// Notes an access.
    pub(super) fn touch(&mut self, key: &str, now: i64) {
        if let Some(filed) = self.by_key.get_mut(key) {
            filed.expiry.last_access = filed.expiry.last_access.max(now);
        }
    }

    /// The keys expired at `now`, with their deadlines.
    pub(super) fn due(&mut self, now: i64) -> Vec<(i64, SharedStr)> {
        let filed: Vec<_> = self.by_deadline.iter().take_while(|(under, _)| *under < now).cloned().collect();
        filed.into_iter().filter_map(|(under, key)| self.refile(under, key, now)).collect()
    }

    /// Files a key under its true deadline; returns it if that is past.
    fn refile(&mut self, under: i64, key: SharedStr, now: i64) -> Option<(i64, SharedStr)> {
        let filed = self.by_key.get_mut(&key)?;
        let deadline = filed.expiry.deadline();
        if deadline != under {
            filed.under = deadline;
            self.by_deadline.remove(&(under, key.clone()));
            if deadline != NEVER {
                self.by_deadline.insert((deadline, key.clone()));
            }
        }
        (deadline < now).then_some((deadline, key))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &SharedStr> {
        self.by_key.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: StorageConfig =
        StorageConfig { default_ttl_millis: 0, default_max_idle_millis: 0, max_entry_count: 0 };

    #[test]
    fn a_record_lives_through_its_last_millisecond() {
        let expiry = Expiry::new(ExpiryPolicy::ttl(10), &CONFIG, 100, 100);
        assert_eq!((expiry.reason(110), expiry.reason(111)), (ExpiryReason::NotExpired, ExpiryReason::Ttl));
    }

    #[test]
    fn endless_and_overflowing_limits_never_expire() {
        for millis in [u64::MAX, u64::MAX - 1, i64::MAX as u64] {
            let expiry = Expiry::new(ExpiryPolicy::ttl(millis), &CONFIG, i64::MAX - 5, 0);
            assert!(!expiry.is_expired(i64::MAX - 1), "{millis}");
            assert_eq!(expiry.expiration_time(), 0);
        }
    }

    #[test]
    fn a_touched_key_comes_due_at_its_new_deadline_only() {
        let mut table = ExpiryTable::default();
        let key = SharedStr::from("k");
        table.set(&key, Expiry::new(ExpiryPolicy::max_idle(10), &CONFIG, 0, 0));
        table.touch("k", 8);
        assert_eq!(table.due(15), []);
        assert_eq!(table.due(19), [(18, key)]);
    }

    #[test]
    fn keys_come_due_soonest_first() {
        let mut table = ExpiryTable::default();
        for (name, ttl) in [("late", 30), ("soon", 10), ("later", 90)] {
            table.set(&name.into(), Expiry::new(ExpiryPolicy::ttl(ttl), &CONFIG, 0, 0));
        }
        assert_eq!(table.due(31), [(10, "soon".into()), (30, "late".into())]);
        table.remove("soon");
        assert_eq!(table.due(31), [(30, "late".into())]);
    }
}
