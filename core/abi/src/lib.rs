//! The data that crosses a plugin boundary: record types whose layout is fixed.
//!
//! Everything here is `#[repr(C)]` (or a `#[repr(u8)]` enum, whose layout Rust also
//! defines) down to its shared leaves, so that a host and a plugin built by different
//! compilers read the same record in place. Strings, bytes and lists live in shared,
//! immutable blocks that carry the function that frees them: whoever allocated a block
//! frees it, whichever side drops the last reference.
//!
//! Cloning any type of this crate is cheap: a copy of a few words and at most one
//! reference count per shared leaf, never a deep copy.
//!
//! This crate knows nothing of stores, traits or configuration; `trilayer-core` does,
//! and re-exports everything here.

mod record;
mod shared;
mod timestamp;
mod value;

pub use record::{OrMapEntry, Record, RecordMetadata, RecordValue};
pub use shared::{SharedBytes, SharedSlice, SharedStr};
pub use timestamp::{NodeId, Timestamp};
pub use value::{MapEntry, SharedMap, Value};
