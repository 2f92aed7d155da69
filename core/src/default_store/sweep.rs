//! Expiry swept, rather than met by a read.

use super::inner::Inner;
use super::stripe::State;
use crate::{ExpiryReason, SharedStr};

impl Inner {
    pub(super) fn has_expired(&self, key: &str, now: i64) -> ExpiryReason {
        if self.is_observed_here() {
            return ExpiryReason::NotExpired;
        }
        let state = self.stripe(key).lock();
        let record = self.engine.get(key);
        let expiry = record.and_then(|record| self.expiry_of(&state, key, &record.metadata));
        expiry.map_or(ExpiryReason::NotExpired, |expiry| expiry.reason(now))
    }

    pub(super) fn evict_expired(&self, percentage: u32, now: i64, is_backup: bool) {
        if self.check_mutable("evict_expired").is_err() || self.reads_unguarded() {
            return;
        }
        let mut expired: Vec<(i64, SharedStr)> = Vec::new();
        for stripe in &self.stripes {
            expired.extend(self.due(&mut stripe.lock(), now));
        }
        expired.sort_unstable();
        let percentage = usize::try_from(percentage.min(100)).unwrap_or(100);
        let count = expired.len().saturating_mul(percentage).div_ceil(100);
        for (_, key) in &expired[..count] {
            let mut state = self.stripe(key).lock();
            // Written or read since it was found, it lives on.
            if state.expiry.get(key).is_some_and(|expiry| expiry.is_expired(now)) {
                self.expire(&mut state, key, is_backup);
            }
        }
    }

    /// The resident keys of a stripe that are due. Keys the store only remembers are noted as
    /// gone at once.
    fn due(&self, state: &mut State, now: i64) -> Vec<(i64, SharedStr)> {
        let (resident, remembered): (Vec<_>, Vec<_>) =
            state.expiry.due(now).into_iter().partition(|(_, key)| self.engine.contains_key(key));
        for (_, key) in remembered {
            let is_backup = state.unsaved.get(&key).is_some_and(|unsaved| unsaved.is_backup);
            self.forget(state, &key, is_backup);
        }
        resident
    }
}
