#![doc = include_str!("../README.md")]

mod clock;
pub mod evidence;
mod gate;
mod held;
pub mod laws;
mod observing;
mod recorder;
mod scripted;

pub use clock::ManualClock;
pub use gate::Gate;
pub use held::HeldCalls;
pub use recorder::{Event, EventKind, RecordingObserver};
pub use scripted::{Call, Plan, ScriptedDataStore};

use trilayer_core::{Record, RecordMetadata, RecordValue, Timestamp, Value};

/// A last-writer-wins value, stamped 0.
pub fn lww(value: impl Into<Value>) -> RecordValue {
    RecordValue::Lww { value: value.into(), timestamp: Timestamp::default() }
}

/// A record of a last-writer-wins value, made at `now`.
pub fn record(value: impl Into<Value>, now: i64) -> Record {
    Record { value: lww(value), metadata: RecordMetadata::new(now, 0) }
}

#[doc(hidden)]
pub mod __private {
    pub use trilayer_core::{RecordStore, StorageEngine};
}
