//! An observer that is told otherwise than it should be.

use std::sync::Arc;

use trilayer_core::{MutationObserver, Record, RecordValue};

use crate::faulty::Fault;

pub(crate) struct Retold {
    pub(crate) inner: Arc<dyn MutationObserver>,
    pub(crate) fault: Fault,
}

impl MutationObserver for Retold {
    fn on_put(&self, key: &str, record: &Record, old: Option<&RecordValue>, is_backup: bool) {
        self.inner.on_put(key, record, old, is_backup);
    }

    fn on_update(&self, key: &str, record: &Record, old: &RecordValue, new: &RecordValue, is_backup: bool) {
        let old = if self.fault == Fault::UpdatesTellTheNewAsOld { new } else { old };
        self.inner.on_update(key, record, old, new, is_backup);
    }

    fn on_remove(&self, key: &str, record: &Record, is_backup: bool) {
        self.inner.on_remove(key, record, is_backup);
    }

    fn on_evict(&self, key: &str, record: &Record, is_backup: bool) {
        self.inner.on_evict(key, record, is_backup);
    }

    fn on_load(&self, key: &str, record: &Record, is_backup: bool) {
        self.inner.on_load(key, record, is_backup);
    }

    fn on_replication_put(&self, key: &str, record: &Record, populate_index: bool) {
        self.inner.on_replication_put(key, record, populate_index);
    }

    fn on_clear(&self) {
        self.inner.on_clear();
    }

    fn on_reset(&self) {
        self.inner.on_reset();
    }

    fn on_destroy(&self, is_shutdown: bool) {
        self.inner.on_destroy(is_shutdown);
    }

    fn on_expire(&self, key: &str, record: &Record, is_backup: bool) {
        match self.fault {
            Fault::ExpiriesAreEvictions => self.inner.on_evict(key, record, is_backup),
            _ => self.inner.on_expire(key, record, is_backup),
        }
    }
}
