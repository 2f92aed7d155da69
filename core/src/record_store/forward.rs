//! A record store behind a `Box` is a record store. Every method is forwarded.
//!
//! Futures are passed on as they are, in the form `async_trait` gives them, so that a call through
//! a `Box` costs no second allocation.

use std::pin::Pin;

use super::{CallerProvenance, ExpiryPolicy, ExpiryReason, RecordStore};
use crate::{FetchResult, IterationCursor, MapDataStore, Record, RecordValue, StorageEngine};

type Answer<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// An asynchronous method; the lifetimes are those of its references, in order.
macro_rules! answer {
    ($name:ident<$($lifetime:lifetime),*>($($argument:ident: $kind:ty),*) -> $output:ty) => {
        fn $name<'this, $($lifetime,)* 'answer>(&'this self, $($argument: $kind),*) -> Answer<'answer, $output>
        where
            'this: 'answer,
            $($lifetime: 'answer,)*
            Self: 'answer,
        {
            (**self).$name($($argument),*)
        }
    };
}

impl<T: RecordStore + ?Sized> RecordStore for Box<T> {
    answer!(get<'a>(key: &'a str, touch: bool) -> Option<Record>);
    answer!(put<'a>(key: &'a str, value: RecordValue, expiry: ExpiryPolicy, provenance: CallerProvenance) -> Option<RecordValue>);
    answer!(remove<'a>(key: &'a str, provenance: CallerProvenance) -> Option<RecordValue>);
    answer!(put_backup<'a>(key: &'a str, record: Record, provenance: CallerProvenance) -> ());
    answer!(remove_backup<'a>(key: &'a str, provenance: CallerProvenance) -> ());
    answer!(get_all<'a>(keys: &'a [String]) -> Vec<(String, Record)>);
    answer!(soft_flush<>() -> u64);

    fn name(&self) -> &str {
        (**self).name()
    }

    fn partition_id(&self) -> u32 {
        (**self).partition_id()
    }

    fn exists_in_memory(&self, key: &str) -> bool {
        (**self).exists_in_memory(key)
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        (**self).fetch_keys(cursor, size)
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        (**self).fetch_entries(cursor, size)
    }

    fn for_each_boxed(&self, consumer: &mut dyn FnMut(&str, &Record), is_backup: bool) {
        (**self).for_each_boxed(consumer, is_backup);
    }

    fn size(&self) -> usize {
        (**self).size()
    }

    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }

    fn owned_entry_cost(&self) -> u64 {
        (**self).owned_entry_cost()
    }

    fn has_expired(&self, key: &str, now: i64, is_backup: bool) -> ExpiryReason {
        (**self).has_expired(key, now, is_backup)
    }

    fn evict_expired(&self, percentage: u32, now: i64, is_backup: bool) {
        (**self).evict_expired(percentage, now, is_backup);
    }

    fn is_expirable(&self) -> bool {
        (**self).is_expirable()
    }

    fn evict(&self, key: &str, is_backup: bool) -> Option<RecordValue> {
        (**self).evict(key, is_backup)
    }

    fn evict_all(&self, is_backup: bool) -> u32 {
        (**self).evict_all(is_backup)
    }

    fn should_evict(&self) -> bool {
        (**self).should_evict()
    }

    fn init(&mut self) {
        (**self).init();
    }

    fn clear(&self, is_backup: bool) -> u32 {
        (**self).clear(is_backup)
    }

    fn reset(&self) {
        (**self).reset();
    }

    fn destroy(&self) {
        (**self).destroy();
    }

    fn storage(&self) -> &dyn StorageEngine {
        (**self).storage()
    }

    fn map_data_store(&self) -> &dyn MapDataStore {
        (**self).map_data_store()
    }
}
