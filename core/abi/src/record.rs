//! Records: a value and what is known about it.

use crate::{SharedSlice, SharedStr, Timestamp, Value};

/// What a store knows about a record besides its value.
///
/// Times are milliseconds since the Unix epoch. Not serialized: metadata belongs to the
/// store that keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[repr(C)]
pub struct RecordMetadata {
    /// When the record was made.
    pub creation_time: i64,
    /// When it was last read with touch, or written.
    pub last_access_time: i64,
    /// When it was last written.
    pub last_update_time: i64,
    /// When it was last written to the data store; 0 = never.
    pub last_stored_time: i64,
    /// Estimated heap bytes of key and value.
    pub cost: u64,
    /// 1 for a new record, one more with each update, saturating.
    pub version: u32,
    /// Reads with touch, saturating.
    pub hits: u32,
}

impl RecordMetadata {
    /// Metadata of a record made at `now` (ms since the epoch): version 1, no hits, never stored.
    #[must_use]
    pub fn new(now: i64, cost: u64) -> Self {
        Self {
            creation_time: now,
            last_access_time: now,
            last_update_time: now,
            last_stored_time: 0,
            cost,
            version: 1,
            hits: 0,
        }
    }

    /// Counts one read at `now`.
    pub fn on_access(&mut self, now: i64) {
        self.hits = self.hits.saturating_add(1);
        self.last_access_time = now;
    }

    /// Counts one write at `now`.
    pub fn on_update(&mut self, now: i64) {
        self.version = self.version.saturating_add(1);
        self.last_update_time = now;
    }

    /// Notes that the data store has the value as of `now`.
    pub fn on_store(&mut self, now: i64) {
        self.last_stored_time = now;
    }

    /// Whether the record was updated later than stored.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.last_update_time > self.last_stored_time
    }
}

/// The value of a record: one of the conflict-free shapes a sync server keeps.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[repr(C, u8)]
pub enum RecordValue {
    /// Last writer wins: one value and its stamp.
    Lww {
        /// The value.
        value: Value,
        /// When and where it was written.
        timestamp: Timestamp,
    },
    /// Observed-remove map: every concurrent entry.
    OrMap {
        /// The entries.
        records: SharedSlice<OrMapEntry>,
    },
    /// Tags removed from an observed-remove map.
    OrTombstones {
        /// The removed tags.
        tags: SharedSlice<SharedStr>,
    },
}

impl RecordValue {
    /// Estimated bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        match self {
            Self::Lww { value, timestamp } => value.heap_bytes() + timestamp.node_id.heap_bytes(),
            Self::OrMap { records } => {
                records.heap_bytes() + records.iter().map(OrMapEntry::heap_bytes).sum::<u64>()
            }
            Self::OrTombstones { tags } => {
                tags.heap_bytes() + tags.iter().map(SharedStr::heap_bytes).sum::<u64>()
            }
        }
    }
}

/// One entry of an observed-remove map.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[repr(C)]
pub struct OrMapEntry {
    /// The value.
    pub value: Value,
    /// Unique tag of the addition.
    pub tag: SharedStr,
    /// When and where it was added.
    pub timestamp: Timestamp,
}

impl OrMapEntry {
    fn heap_bytes(&self) -> u64 {
        self.value.heap_bytes() + self.tag.heap_bytes() + self.timestamp.node_id.heap_bytes()
    }
}

/// A value with its metadata.
#[derive(Debug, Clone, PartialEq)]
#[repr(C)]
pub struct Record {
    /// The value.
    pub value: RecordValue,
    /// What the store knows about it.
    pub metadata: RecordMetadata,
}
