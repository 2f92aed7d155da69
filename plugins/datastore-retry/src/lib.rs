//! Data store `retry`: asks another data store again when it fails.
//!
//! ```toml
//! [data_stores.main]
//! use = "redb"
//! path = "data/main.redb"
//!
//! [maps.places]
//! data_store = { use = "retry", inner = "main", attempts = 5 }
//! ```
//!
//! # What is tried again
//!
//! Everything that means the same when it happens twice, which are all operations of a data store:
//! to load, to scan, to flush, to remove, and to store one value under one key. A record store writes
//! one value of a key at a time, and a write is tried again within that one call, so that no
//! later write of the key comes in between. It also means that a key waits as long as its write is
//! tried: keep `attempts` × `max_delay_millis` below the map's `data_store_timeout_millis`.
//!
//! Closing, health and what cannot fail are passed on as they are. A panic is no error: it is not
//! tried again. What is said last is what the caller gets.

mod options;
mod store;

pub use options::RetryOptions;
pub use store::RetryDataStore;

use std::sync::Arc;

use trilayer_core::{Context, Descriptor, register};

register! { descriptor() }

/// The description of data store `retry`.
#[must_use]
pub fn descriptor() -> Descriptor {
    let open = |context: Context, options: RetryOptions| async move {
        anyhow::ensure!(options.attempts > 0, "attempts must be at least 1: the first is one of them");
        let inner = context.opener()?.data_store(&context, &options.inner).await?;
        Ok(Arc::new(RetryDataStore::new(inner, options, Arc::clone(context.clock()))) as _)
    };
    Descriptor::data_store("retry", "Asks another data store again when it fails", open)
        .version(env!("CARGO_PKG_VERSION"))
}
