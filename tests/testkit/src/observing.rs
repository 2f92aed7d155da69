//! An observer of writes alone.

use trilayer_core::{MutationObserver, Record, RecordValue};

/// Runs a closure with the key of every put and update, and ignores the rest.
pub(crate) struct OnWrite<F>(pub(crate) F);

impl<F: Fn(&str) + Send + Sync> MutationObserver for OnWrite<F> {
    fn on_put(&self, key: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        (self.0)(key);
    }

    fn on_update(&self, key: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        (self.0)(key);
    }

    fn on_remove(&self, _: &str, _: &Record, _: bool) {}

    fn on_evict(&self, _: &str, _: &Record, _: bool) {}

    fn on_load(&self, _: &str, _: &Record, _: bool) {}

    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {}

    fn on_clear(&self) {}

    fn on_reset(&self) {}

    fn on_destroy(&self, _: bool) {}
}
