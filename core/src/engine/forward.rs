//! An engine behind a `Box` or an `Arc` is an engine. Every method is forwarded, provided ones
//! included: one left out would silently fall back to the trait's default.

use std::sync::Arc;

use super::{AtomicUpdate, FetchResult, IterationCursor, StorageEngine};
use crate::Record;

macro_rules! forward {
    ($pointer:ident) => {
        impl<T: StorageEngine + ?Sized> StorageEngine for $pointer<T> {
            fn put(&self, key: &str, record: Record) -> Option<Record> {
                (**self).put(key, record)
            }

            fn get(&self, key: &str) -> Option<Record> {
                (**self).get(key)
            }

            fn remove(&self, key: &str) -> Option<Record> {
                (**self).remove(key)
            }

            fn contains_key(&self, key: &str) -> bool {
                (**self).contains_key(key)
            }

            fn len(&self) -> usize {
                (**self).len()
            }

            fn is_empty(&self) -> bool {
                (**self).is_empty()
            }

            fn clear(&self) {
                (**self).clear();
            }

            fn destroy(&self) {
                (**self).destroy();
            }

            fn estimated_cost(&self) -> u64 {
                (**self).estimated_cost()
            }

            fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
                (**self).fetch_keys(cursor, size)
            }

            fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
                (**self).fetch_entries(cursor, size)
            }

            fn snapshot_iter(&self) -> Vec<(String, Record)> {
                (**self).snapshot_iter()
            }

            fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
                (**self).random_samples(count)
            }

            fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
                (**self).atomic_update()
            }
        }
    };
}

forward!(Box);
forward!(Arc);
