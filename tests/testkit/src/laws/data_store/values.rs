//! Laws of what may be stored, and under which keys.

use proptest::prelude::*;
use trilayer_core::{OrMapEntry, RecordValue, Timestamp, Value};

use super::MakeStore;
use super::rig::Rig;
use crate::laws::Law;
use crate::laws::law::same;
use crate::lww;

/// "What `add` said `Ok` to, `load` finds", whatever its shape.
pub fn every_value_comes_back(make: &MakeStore<'_>) {
    let law = Law {
        name: "every_value_comes_back",
        says: "What `add` said `Ok` to, `load` finds",
        loss: "values come back as others, or cannot be read again",
    };
    let rig = Rig::new(law, make);
    law.for_all(96, &record_values(), |value| {
        rig.add("m", "k", &value);
        same("a value loaded", &rig.load("m", "k"), &Some(value))
    });
    for text in ["x".repeat(1 << 20), "\0".repeat(70_000)] {
        rig.add("m", "long", &lww(text.as_str()));
        rig.finds("with a long value", "m", "long", Some(lww(text.as_str())));
    }
}

fn record_values() -> impl Strategy<Value = RecordValue> {
    let entry = (values(), any::<String>(), timestamps()).prop_map(|(value, tag, timestamp)| OrMapEntry {
        value,
        tag: tag.as_str().into(),
        timestamp,
    });
    prop_oneof![
        4 => (values(), timestamps()).prop_map(|(value, timestamp)| RecordValue::Lww { value, timestamp }),
        1 => prop::collection::vec(entry, 0..4).prop_map(|entries| RecordValue::OrMap { records: entries.into() }),
        1 => prop::collection::vec(any::<String>(), 0..4).prop_map(|tags| {
            let tags: Vec<_> = tags.iter().map(|tag| tag.as_str().into()).collect();
            RecordValue::OrTombstones { tags: tags.into() }
        }),
    ]
}

fn timestamps() -> impl Strategy<Value = Timestamp> {
    (any::<u64>(), any::<u32>(), any::<String>()).prop_map(|(millis, counter, node)| Timestamp {
        millis,
        counter,
        node_id: node.as_str().into(),
    })
}

/// Values of every shape but for NaN, which is not even equal to itself.
fn values() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        prop::sample::select(vec![0, 1, -1, 127, 128, 255, 256, i64::MIN, i64::MAX]).prop_map(Value::Int),
        any::<f64>().prop_filter("not NaN", |number| !number.is_nan()).prop_map(Value::Float),
        prop::sample::select(vec![0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE])
            .prop_map(Value::Float),
    ];
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        numbers,
        any::<String>().prop_map(|text| text.as_str().into()),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::from),
    ];
    leaves.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|map| map.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()),
        ]
    })
}

/// "What `add` said `Ok` to, `load` finds": a key that a store cannot keep is an `Err`, never a
/// panic and never another key.
pub fn unusual_keys_are_kept_or_refused(make: &MakeStore<'_>) {
    let law = Law {
        name: "unusual_keys_are_kept_or_refused",
        says: "A key that cannot be kept is an `Err`, never a panic and never another key.",
        loss: "one key's data replaces another's, or a single strange key stops the store",
    };
    let rig = Rig::new(law, make);
    let long = "x".repeat(1 << 20);
    let mut keys: Vec<String> =
        ["", "\0", "\0\0", " ", "é", "e\u{301}", "𝄞", "مفتاح", "a/b", "../a", "a", "A", "%00"]
            .map(String::from)
            .to_vec();
    keys.extend([format!("{long}1"), format!("{long}2"), long]);
    let mut kept = Vec::new();
    for (number, key) in (0_i64..).zip(&keys) {
        let added = law.without_panic("add of an unusual key", || {
            rig.run(rig.store().add("m", key, &lww(number), 0, 0))
        });
        if added.is_ok() {
            kept.push((key, number));
        }
    }
    for (key, number) in kept {
        law.same("load of an unusual key that was added", rig.load("m", key), Some(lww(number)));
        rig.remove("m", key);
        law.same("load of an unusual key that was removed", rig.load("m", key), None);
    }
    rig.add("m", "usual", &lww(1));
    rig.finds("after unusual keys", "m", "usual", Some(lww(1)));
}
