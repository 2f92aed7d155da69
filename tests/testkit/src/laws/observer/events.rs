//! Events, usual and unusual.

use proptest::prelude::*;
use trilayer_core::{MutationObserver, OrMapEntry, Record, RecordMetadata, RecordValue, Timestamp, Value};

use crate::{EventKind, lww};

/// An event about to be told.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) kind: EventKind,
    pub(super) key: String,
    pub(super) record: Record,
    pub(super) old: RecordValue,
    pub(super) flag: bool,
}

impl Happening {
    /// A usual one.
    pub(super) fn of(kind: EventKind, key: &str, value: RecordValue) -> Self {
        let record = Record { value: value.clone(), metadata: RecordMetadata::new(1, 100) };
        Self { kind, key: key.to_owned(), record, old: value, flag: false }
    }

    pub(super) fn tell(&self, observer: &dyn MutationObserver) {
        let Self { kind, key, record, old, flag } = self;
        match kind {
            EventKind::Put => observer.on_put(key, record, flag.then_some(old), *flag),
            EventKind::Update => observer.on_update(key, record, old, &record.value, *flag),
            EventKind::Remove => observer.on_remove(key, record, *flag),
            EventKind::Evict => observer.on_evict(key, record, *flag),
            EventKind::Expire => observer.on_expire(key, record, *flag),
            EventKind::Load => observer.on_load(key, record, *flag),
            EventKind::ReplicationPut => observer.on_replication_put(key, record, *flag),
            EventKind::Clear => observer.on_clear(),
            EventKind::Reset => observer.on_reset(),
            EventKind::Destroy => observer.on_destroy(*flag),
        }
    }
}

/// Events of any kind, key and record.
pub(super) fn any_events() -> impl Strategy<Value = Vec<Happening>> {
    let kind = prop::sample::select(&EventKind::ALL[..]);
    let event = (kind, keys(), (values(), metadata()), values(), any::<bool>()).prop_map(
        |(kind, key, (value, metadata), old, flag)| Happening {
            kind,
            key,
            record: Record { value, metadata },
            old,
            flag,
        },
    );
    prop::collection::vec(event, 1..30)
}

fn keys() -> impl Strategy<Value = String> {
    let long = ["x".repeat(100_000), "é".repeat(300), format!("x{}", "𝄞".repeat(100))];
    let named = ["", "\0", " ", "a", "a/b", "é", "e\u{301}", "𝄞", "مفتاح", "{}", "%s\n"].map(String::from);
    let named: Vec<String> = named.into_iter().chain(long).collect();
    prop_oneof![3 => prop::sample::select(named), 1 => any::<String>()]
}

fn metadata() -> impl Strategy<Value = RecordMetadata> {
    let time = || prop::sample::select(vec![i64::MIN, -1, 0, 1, 1_700_000_000_000, i64::MAX]);
    let number = || prop::sample::select(vec![0, 1, u32::MAX]);
    let cost = prop::sample::select(vec![0, 1, u64::MAX]);
    (time(), time(), time(), time(), number(), number(), cost).prop_map(
        |(created, accessed, updated, stored, version, hits, cost)| {
            let mut metadata = RecordMetadata::new(created, cost);
            (metadata.last_access_time, metadata.last_update_time) = (accessed, updated);
            (metadata.last_stored_time, metadata.version, metadata.hits) = (stored, version, hits);
            metadata
        },
    )
}

fn values() -> impl Strategy<Value = RecordValue> {
    let entry = OrMapEntry { value: Value::Null, tag: "".into(), timestamp: Timestamp::default() };
    let nested = (0..40).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    prop::sample::select(vec![
        lww(Value::Null),
        lww(i64::MIN),
        lww(f64::NAN),
        lww("x".repeat(10_000).as_str()),
        lww(nested),
        RecordValue::OrMap { records: vec![entry; 3].into() },
        RecordValue::OrTombstones { tags: vec!["".into(), "é".into()].into() },
    ])
}
