//! What users of the record types rely on: cheap sizes, plain data, exact round trips.

use proptest::prelude::*;
use trilayer_abi::{OrMapEntry, Record, RecordMetadata, RecordValue, SharedMap, Timestamp, Value};

/// A layout that moves is a plugin that reads garbage: these figures are the boundary.
#[test]
fn record_layout_is_what_plugins_were_built_against() {
    assert_eq!((size_of::<Value>(), align_of::<Value>()), (16, 8));
    assert_eq!((size_of::<Timestamp>(), align_of::<Timestamp>()), (40, 8));
    assert_eq!((size_of::<RecordMetadata>(), align_of::<RecordMetadata>()), (48, 8));
    assert_eq!((size_of::<RecordValue>(), align_of::<RecordValue>()), (64, 8));
    assert_eq!((size_of::<Record>(), align_of::<Record>()), (112, 8));
    assert_eq!(std::mem::offset_of!(Record, metadata), 64);
    assert_eq!(std::mem::offset_of!(Timestamp, node_id), 16);
}

#[test]
fn metadata_counts_saturate_and_dirty_means_updated_after_stored() {
    let mut metadata = RecordMetadata::new(100, 7);
    assert_eq!((metadata.version, metadata.hits, metadata.last_stored_time, metadata.cost), (1, 0, 0, 7));
    assert!(metadata.is_dirty());
    metadata.on_store(100);
    assert!(!metadata.is_dirty());
    metadata.on_update(101);
    assert!(metadata.is_dirty() && metadata.version == 2);
    metadata.version = u32::MAX;
    metadata.hits = u32::MAX;
    metadata.on_update(102);
    metadata.on_access(103);
    assert_eq!((metadata.version, metadata.hits, metadata.last_access_time), (u32::MAX, u32::MAX, 103));
}

#[test]
fn cloning_a_value_shares_its_memory() {
    let Value::String(text) = Value::from("shared") else { panic!("a string") };
    assert_eq!(text.as_ptr(), text.clone().as_ptr());
    let map: SharedMap = [("a", Value::from(vec![Value::Int(1)]))].into_iter().collect();
    let copy = map.clone();
    let (Some(Value::Array(one)), Some(Value::Array(two))) = (map.get("a"), copy.get("a")) else {
        panic!("both hold the list")
    };
    assert!(one.ptr_eq(two));
}

#[test]
fn a_map_is_ordered_by_name_and_the_last_of_a_name_stays() {
    let map = Value::from_iter([("b", 1), ("a", 2), ("b", 3)]);
    assert_eq!(serde_json::to_string(&map).expect("plain data"), r#"{"a":2,"b":3}"#);
}

#[test]
fn record_values_are_camel_case_plain_data() {
    let timestamp = Timestamp { millis: 5, counter: 1, node_id: "n".into() };
    let value = RecordValue::Lww { value: "x".into(), timestamp: timestamp.clone() };
    let json = r#"{"lww":{"value":"x","timestamp":{"millis":5,"counter":1,"nodeId":"n"}}}"#;
    assert_eq!(serde_json::to_string(&value).expect("plain data"), json);
    assert_eq!(serde_json::from_str::<RecordValue>(json).expect("reads back"), value);

    let entry = OrMapEntry { value: Value::Null, tag: "t".into(), timestamp };
    let map = RecordValue::OrMap { records: vec![entry].into() };
    let tags = RecordValue::OrTombstones { tags: vec!["t".into()].into() };
    for value in [map, tags] {
        let json = serde_json::to_string(&value).expect("plain data");
        assert_eq!(serde_json::from_str::<RecordValue>(&json).expect("reads back"), value, "{json}");
    }
}

#[test]
fn a_number_no_i64_holds_becomes_the_nearest_float() {
    let big: Value = serde_json::from_str("18446744073709551615").expect("a number");
    assert_eq!(big, Value::Float(18_446_744_073_709_551_615.0));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        ".*".prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".*", inner, 0..6).prop_map(Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn values_survive_messagepack(value in any_value()) {
        let bytes = rmp_serde::to_vec_named(&value).expect("plain data");
        prop_assert_eq!(rmp_serde::from_slice::<Value>(&bytes).expect("reads back"), value);
    }
}

#[cfg(feature = "json")]
proptest! {
    #[test]
    fn conversion_to_json_and_serialization_as_json_agree(value in any_value()) {
        let converted = serde_json::Value::from(&value);
        let serialized = serde_json::to_value(&value).expect("plain data");
        prop_assert_eq!(&converted, &serialized);
        prop_assert_eq!(Value::from(converted.clone()), serde_json::from_value::<Value>(serialized).expect("reads back"));
    }
}
