//! An observer that remembers.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use trilayer_core::{MutationObserver, Record, RecordValue};

/// What kind of event it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the observer's method of that name")]
pub enum EventKind {
    Put,
    Update,
    Remove,
    Evict,
    Expire,
    Load,
    ReplicationPut,
    Clear,
    Reset,
    Destroy,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Put,
        Self::Update,
        Self::Remove,
        Self::Evict,
        Self::Expire,
        Self::Load,
        Self::ReplicationPut,
        Self::Clear,
        Self::Reset,
        Self::Destroy,
    ];
}

/// One event, as an observer was told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The key; empty for events of the whole store.
    pub key: String,
    /// The record that came or left.
    pub record: Option<Record>,
    /// The former value, where the event tells it.
    pub old: Option<RecordValue>,
    /// Whether the record is a backup.
    pub is_backup: bool,
}

/// An observer that remembers everything it is told.
#[derive(Debug, Default)]
pub struct RecordingObserver(Mutex<Vec<Event>>);

impl RecordingObserver {
    /// An observer that was told nothing yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Every event so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().clone()
    }

    /// The kinds and keys of the events since the last call, which are forgotten.
    pub fn take(&self) -> Vec<(EventKind, String)> {
        std::mem::take(&mut *self.0.lock()).into_iter().map(|event| (event.kind, event.key)).collect()
    }

    /// How many events of a kind there were.
    #[must_use]
    pub fn count(&self, kind: EventKind) -> usize {
        self.0.lock().iter().filter(|event| event.kind == kind).count()
    }

    /// The map that replaying the events rebuilds: what should be in memory.
    #[must_use]
    pub fn replay(&self) -> BTreeMap<String, RecordValue> {
        let mut map = BTreeMap::new();
        for event in &*self.0.lock() {
            match (event.kind, &event.record) {
                (
                    EventKind::Put | EventKind::Update | EventKind::Load | EventKind::ReplicationPut,
                    Some(record),
                ) => {
                    map.insert(event.key.clone(), record.value.clone());
                }
                (EventKind::Clear | EventKind::Reset | EventKind::Destroy, _) => map.clear(),
                _ => drop(map.remove(&event.key)),
            }
        }
        map
    }

    fn note(
        &self,
        kind: EventKind,
        key: &str,
        record: Option<&Record>,
        old: Option<&RecordValue>,
        is_backup: bool,
    ) {
        let event =
            Event { kind, key: key.to_owned(), record: record.cloned(), old: old.cloned(), is_backup };
        self.0.lock().push(event);
    }
}

impl MutationObserver for RecordingObserver {
    fn on_put(&self, key: &str, record: &Record, old: Option<&RecordValue>, is_backup: bool) {
        self.note(EventKind::Put, key, Some(record), old, is_backup);
    }

    fn on_update(&self, key: &str, record: &Record, old: &RecordValue, _: &RecordValue, is_backup: bool) {
        self.note(EventKind::Update, key, Some(record), Some(old), is_backup);
    }

    fn on_remove(&self, key: &str, record: &Record, is_backup: bool) {
        self.note(EventKind::Remove, key, Some(record), None, is_backup);
    }

    fn on_evict(&self, key: &str, record: &Record, is_backup: bool) {
        self.note(EventKind::Evict, key, Some(record), None, is_backup);
    }

    fn on_load(&self, key: &str, record: &Record, is_backup: bool) {
        self.note(EventKind::Load, key, Some(record), None, is_backup);
    }

    fn on_replication_put(&self, key: &str, record: &Record, _: bool) {
        self.note(EventKind::ReplicationPut, key, Some(record), None, false);
    }

    fn on_clear(&self) {
        self.note(EventKind::Clear, "", None, None, false);
    }

    fn on_reset(&self) {
        self.note(EventKind::Reset, "", None, None, false);
    }

    fn on_destroy(&self, _: bool) {
        self.note(EventKind::Destroy, "", None, None, false);
    }

    fn on_expire(&self, key: &str, record: &Record, is_backup: bool) {
        self.note(EventKind::Expire, key, Some(record), None, is_backup);
    }
}
