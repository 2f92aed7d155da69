//! Records as JSON.

use serde::Serialize;
use trilayer::{RecordMetadata, RecordValue, ScannedEntry, Value};

/// One record as a line of JSON.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    key: &'a str,
    value: Shown<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

/// A value: a single one as it is, any other shape whole.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Shown<'a> {
    Single(&'a Value),
    Whole(&'a RecordValue),
}

/// What is known of a record besides its value. Times are in ms since the epoch.
#[derive(Serialize)]
pub(crate) struct Metadata {
    resident: bool,
    /// 0 = never, or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<i64>,
    #[serde(flatten)]
    known: Option<Known>,
}

/// What is known only of records in memory.
#[derive(Serialize)]
struct Known {
    version: u32,
    hits: u32,
    cost: u64,
    creation_time: i64,
    last_access_time: i64,
    last_update_time: i64,
    last_stored_time: i64,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(key: &'a str, value: &'a RecordValue) -> Self {
        Self { key, value: value.into(), metadata: None }
    }

    /// With the metadata of a record in memory.
    pub(crate) fn with_metadata(mut self, metadata: &RecordMetadata) -> Self {
        self.metadata =
            Some(Metadata { resident: true, expiration_time: None, known: Some(metadata.into()) });
        self
    }

    /// An entry of a scan, with what the scan knows of it if that is wanted.
    pub(crate) fn scanned(entry: &'a ScannedEntry, with_metadata: bool) -> Self {
        let metadata = with_metadata.then(|| Metadata {
            resident: entry.metadata.is_some(),
            expiration_time: Some(entry.expiration_time),
            known: entry.metadata.as_ref().map(Known::from),
        });
        Self { key: &entry.key, value: (&entry.value).into(), metadata }
    }
}

impl<'a> From<&'a RecordValue> for Shown<'a> {
    fn from(value: &'a RecordValue) -> Self {
        match value {
            RecordValue::Lww { value, .. } => Self::Single(value),
            other => Self::Whole(other),
        }
    }
}

impl From<&RecordMetadata> for Known {
    fn from(metadata: &RecordMetadata) -> Self {
        Self {
            version: metadata.version,
            hits: metadata.hits,
            cost: metadata.cost,
            creation_time: metadata.creation_time,
            last_access_time: metadata.last_access_time,
            last_update_time: metadata.last_update_time,
            last_stored_time: metadata.last_stored_time,
        }
    }
}
