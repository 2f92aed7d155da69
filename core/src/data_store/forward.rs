//! A data store behind a `Box` or an `Arc` is a data store. Every method is forwarded, provided
//! ones included: one left out would silently fall back to the trait's default.
//!
//! Futures are passed on as they are, in the form `async_trait` gives them, so that a call through
//! a pointer costs no second allocation.

use std::pin::Pin;
use std::sync::Arc;

use super::{MapDataStore, ScanPage, ScanRequest, StoredValue};
use crate::RecordValue;

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

macro_rules! forward {
    ($pointer:ident) => {
        impl<T: MapDataStore + ?Sized> MapDataStore for $pointer<T> {
            answer!(add<'a, 'b, 'c>(map: &'a str, key: &'b str, value: &'c RecordValue, expiration_time: i64, now: i64) -> ());
            answer!(add_backup<'a, 'b, 'c>(map: &'a str, key: &'b str, value: &'c RecordValue, expiration_time: i64, now: i64) -> ());
            answer!(remove<'a, 'b>(map: &'a str, key: &'b str, now: i64) -> ());
            answer!(remove_backup<'a, 'b>(map: &'a str, key: &'b str, now: i64) -> ());
            answer!(load<'a, 'b>(map: &'a str, key: &'b str) -> Option<RecordValue>);
            answer!(load_all<'a, 'b>(map: &'a str, keys: &'b [String]) -> Vec<(String, RecordValue)>);
            answer!(remove_all<'a, 'b>(map: &'a str, keys: &'b [String]) -> ());
            answer!(soft_flush<>() -> u64);
            answer!(hard_flush<>() -> ());
            answer!(flush_key<'a, 'b, 'c>(map: &'a str, key: &'b str, value: &'c RecordValue, is_backup: bool) -> ());
            answer!(load_stored<'a, 'b>(map: &'a str, key: &'b str) -> Option<StoredValue>);
            answer!(load_all_stored<'a, 'b>(map: &'a str, keys: &'b [String]) -> Vec<(String, StoredValue)>);
            answer!(flush_stored<'a, 'b, 'c>(map: &'a str, key: &'b str, stored: &'c StoredValue, is_backup: bool) -> ());
            answer!(health<>() -> ());
            answer!(close<>() -> ());
            answer!(scan<'a, 'b>(map: &'a str, request: &'b ScanRequest) -> ScanPage);

            fn is_loadable(&self, key: &str) -> bool {
                (**self).is_loadable(key)
            }

            fn pending_operation_count(&self) -> u64 {
                (**self).pending_operation_count()
            }

            fn reset(&self) {
                (**self).reset();
            }

            fn is_null(&self) -> bool {
                (**self).is_null()
            }

            fn keeps_deadlines(&self) -> bool {
                (**self).keeps_deadlines()
            }

            fn is_scannable(&self) -> bool {
                (**self).is_scannable()
            }
        }
    };
}

forward!(Box);
forward!(Arc);
