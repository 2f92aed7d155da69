//! The layers of a record store, and the store that joins them.
//!
//! A record store keeps records in memory, persists them, and tells others of every
//! change. trilayer splits that into three layers and a bystander, each a trait:
//!
//! | layer | trait | does | default |
//! |---|---|---|---|
//! | 1 | [`StorageEngine`] | keeps records in memory, synchronously | [`HashMapStorage`] |
//! | 2 | [`RecordStore`] | orchestrates: read-through, write-through, expiry, eviction | [`DefaultRecordStore`] |
//! | 3 | [`MapDataStore`] | persists values, asynchronously | [`NullDataStore`] |
//! | – | [`MutationObserver`] | is told of every committed change, in order | none |
//!
//! - **You use a store**: look at `trilayer`, the facade crate, whose maps are built from a
//!   configuration; [`DefaultRecordStore`] is what they are made of and documents what it promises.
//! - **You write a plugin**: implement one of the traits, then [`register!`] a [`Descriptor`].
//! - **You operate one**: every failure an operator would ask about is a `tracing` event
//!   with the map, partition and key as fields.
//!
//! This crate depends on no database, network or command-line crate.

mod clock;
mod component;
mod data_store;
mod default_store;
mod engine;
mod error;
mod observer;
mod record_store;
mod sync;

pub use clock::{Clock, HybridClock, Sleep, SystemClock};
pub use component::{
    ByteSize, ComponentError, ComponentKind, Context, DataStoreFuture, Descriptor, Linked, Millis, NoOptions,
    Opener, OptionProperty, Options, Origin, QuantityError, Reload, Scope, Secret, SecretError, SecretText,
    Unit, UnknownScope, builtin, byte_size, millis,
};
pub use data_store::{MapDataStore, NullDataStore, ScanPage, ScanRequest, StoredValue};
pub use default_store::{DefaultRecordStore, DefaultRecordStoreBuilder, Standstill, StoreUsage};
pub use engine::{AtomicUpdate, FetchResult, HashMapStorage, IterationCursor, StorageEngine};
pub use error::{SharedError, StoreError};
pub use observer::{CompositeMutationObserver, MutationObserver};
pub use record_store::{CallerProvenance, ExpiryPolicy, ExpiryReason, RecordStore, StorageConfig};
pub use trilayer_abi::{
    MapEntry, NodeId, OrMapEntry, Record, RecordMetadata, RecordValue, SharedBytes, SharedMap, SharedSlice,
    SharedStr, Timestamp, Value,
};

#[doc(hidden)]
pub mod macros {
    pub use inventory;
}
