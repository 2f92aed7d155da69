//! An observer behind a `Box` or an `Arc` is an observer. Every method is forwarded, provided ones
//! included: one left out would silently fall back to the trait's default.

use std::sync::Arc;

use super::MutationObserver;
use crate::{Record, RecordValue, Value};

macro_rules! forward {
    ($pointer:ident) => {
        impl<T: MutationObserver + ?Sized> MutationObserver for $pointer<T> {
            fn on_put(&self, key: &str, record: &Record, old: Option<&RecordValue>, is_backup: bool) {
                (**self).on_put(key, record, old, is_backup);
            }

            fn on_update(
                &self,
                key: &str,
                record: &Record,
                old: &RecordValue,
                new: &RecordValue,
                is_backup: bool,
            ) {
                (**self).on_update(key, record, old, new, is_backup);
            }

            fn on_remove(&self, key: &str, record: &Record, is_backup: bool) {
                (**self).on_remove(key, record, is_backup);
            }

            fn on_evict(&self, key: &str, record: &Record, is_backup: bool) {
                (**self).on_evict(key, record, is_backup);
            }

            fn on_load(&self, key: &str, record: &Record, is_backup: bool) {
                (**self).on_load(key, record, is_backup);
            }

            fn on_replication_put(&self, key: &str, record: &Record, populate_index: bool) {
                (**self).on_replication_put(key, record, populate_index);
            }

            fn on_clear(&self) {
                (**self).on_clear();
            }

            fn on_reset(&self) {
                (**self).on_reset();
            }

            fn on_destroy(&self, is_shutdown: bool) {
                (**self).on_destroy(is_shutdown);
            }

            fn on_expire(&self, key: &str, record: &Record, is_backup: bool) {
                (**self).on_expire(key, record, is_backup);
            }

            fn report(&self) -> Value {
                (**self).report()
            }
        }
    };
}

forward!(Box);
forward!(Arc);
