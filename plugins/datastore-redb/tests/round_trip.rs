//! What is stored comes back, in every shape, after reopening, per map.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::path::Path;

use trilayer_core::{
    ComponentKind, Context, Linked, MapDataStore, OrMapEntry, RecordValue, StoredValue, Timestamp, Value,
};
use trilayer_datastore_redb::{RedbDataStore, RedbError, RedbOptions, component};

fn open(folder: &Path) -> RedbDataStore {
    RedbDataStore::open(&RedbOptions::at(folder.join("data.redb"))).unwrap()
}

fn stamp() -> Timestamp {
    Timestamp { millis: u64::MAX, counter: u32::MAX, node_id: "a-node-with-a-name-that-is-long".into() }
}

fn lww(value: impl Into<Value>) -> RecordValue {
    RecordValue::Lww { value: value.into(), timestamp: stamp() }
}

fn shapes() -> Vec<RecordValue> {
    let nested = Value::from_iter([("list", vec![Value::Int(1), "two".into()].into()), ("ö", Value::Null)]);
    let values = [
        Value::Null,
        true.into(),
        i64::MIN.into(),
        i64::MAX.into(),
        0.1.into(),
        f64::NEG_INFINITY.into(),
        "".into(),
        "text 𝄞".into(),
        vec![0_u8, 255].into(),
        Vec::<Value>::new().into(),
        nested,
    ];
    let mut shapes: Vec<_> = values.iter().cloned().map(lww).collect();
    let entry = |value: &Value| OrMapEntry { value: value.clone(), tag: "tag".into(), timestamp: stamp() };
    shapes.push(RecordValue::OrMap { records: values.iter().map(entry).collect::<Vec<_>>().into() });
    shapes.push(RecordValue::OrMap { records: Vec::new().into() });
    shapes.push(RecordValue::OrTombstones { tags: vec!["a".into(), "b".into()].into() });
    shapes
}

#[tokio::test]
async fn every_shape_of_value_comes_back_as_it_was_also_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for (number, shape) in shapes().iter().enumerate() {
        store.add("m", &number.to_string(), shape, 0, 0).await.unwrap();
    }
    let stores = [open_again(folder.path()), store];
    for reopened in &stores {
        for (number, shape) in shapes().into_iter().enumerate() {
            assert_eq!(reopened.load("m", &number.to_string()).await.unwrap(), Some(shape));
        }
    }
}

/// Copies the file and opens the copy: as a crash at this moment would leave it.
fn open_again(folder: &Path) -> RedbDataStore {
    let copy = folder.join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(folder.join("data.redb"), copy.join("data.redb")).unwrap();
    open(&copy)
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_file_although_the_store_was_never_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.add("m", "k", &lww(1), 0, 0).await.unwrap();
    store.remove("m", "k", 0).await.unwrap();
    store.add("m", "l", &lww(2), 0, 0).await.unwrap();
    let crashed = open_again(folder.path());
    assert_eq!(crashed.load("m", "k").await.unwrap(), None);
    assert_eq!(crashed.load("m", "l").await.unwrap(), Some(lww(2)));
}

#[tokio::test]
async fn deadlines_survive_reopening_and_expired_values_are_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert!(store.keeps_deadlines());
    store.add("m", "long-expired", &lww(1), 5, 1_000).await.unwrap();
    store.add("m", "never", &lww(2), 0, 0).await.unwrap();
    let flushed = StoredValue { value: lww(3), expiration_time: i64::MAX };
    store.flush_stored("m", "flushed", &flushed, false).await.unwrap();
    drop(store);
    let store = open(folder.path());
    let loaded = store.load_stored("m", "long-expired").await.unwrap();
    assert_eq!(loaded, Some(StoredValue { value: lww(1), expiration_time: 5 }));
    assert_eq!(store.load("m", "long-expired").await.unwrap(), Some(lww(1)));
    let keys = ["never", "flushed"].map(str::to_owned);
    let loaded = store.load_all_stored("m", &keys).await.unwrap();
    let never = StoredValue { value: lww(2), expiration_time: 0 };
    assert_eq!(loaded, [("never".to_owned(), never), ("flushed".to_owned(), flushed)]);
}

#[tokio::test]
async fn a_put_replaces_the_deadline_and_a_flushed_key_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.add("m", "k", &lww(1), 5, 0).await.unwrap();
    store.flush_key("m", "k", &lww(2), false).await.unwrap();
    let kept = store.load_stored("m", "k").await.unwrap();
    assert_eq!(kept, Some(StoredValue { value: lww(2), expiration_time: 5 }));
    store.add("m", "k", &lww(3), 0, 0).await.unwrap();
    store.flush_key("m", "new", &lww(4), true).await.unwrap();
    for (key, value) in [("k", lww(3)), ("new", lww(4))] {
        let stored = store.load_stored("m", key).await.unwrap();
        assert_eq!(stored, Some(StoredValue { value, expiration_time: 0 }));
    }
}

#[tokio::test]
async fn maps_do_not_see_each_other_whatever_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let names =
        ["", "m", "M", "map:m", "trilayer", "Straße 𝄞", "a\0b", "a/../b", "\u{feff}", &"n".repeat(5_000)];
    for name in names {
        store.add(name, "k", &lww(name), 0, 0).await.unwrap();
    }
    drop(store);
    let store = open(folder.path());
    for name in names {
        assert_eq!(store.load(name, "k").await.unwrap(), Some(lww(name)));
    }
    store.remove("m", "k", 0).await.unwrap();
    assert_eq!(store.load("m", "k").await.unwrap(), None);
    assert_eq!(store.load("M", "k").await.unwrap(), Some(lww("M")));
    assert_eq!(store.load("no such map", "k").await.unwrap(), None);
}

#[tokio::test]
async fn backups_and_primaries_share_a_map() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.add_backup("m", "k", &lww(1), 0, 0).await.unwrap();
    assert_eq!(store.load("m", "k").await.unwrap(), Some(lww(1)));
    store.add("m", "k", &lww(2), 0, 0).await.unwrap();
    store.remove_backup("m", "k", 0).await.unwrap();
    assert_eq!(store.load("m", "k").await.unwrap(), None);
}

#[tokio::test]
async fn load_all_finds_each_key_once_and_remove_all_is_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for key in ["a", "b", "c"] {
        store.add("m", key, &lww(key), 0, 0).await.unwrap();
    }
    let keys = ["b", "a", "missing", "b"].map(str::to_owned);
    let loaded = store.load_all("m", &keys).await.unwrap();
    assert_eq!(loaded, [("b".to_owned(), lww("b")), ("a".to_owned(), lww("a"))]);
    let before = store.commits();
    store.remove_all("m", &keys).await.unwrap();
    assert_eq!(store.commits(), before + 1);
    assert_eq!(store.load_all("m", &["a", "b", "c"].map(str::to_owned)).await.unwrap().len(), 1);
    store.remove_all("m", &[]).await.unwrap();
    store.remove("no such map", "k", 0).await.unwrap();
}

#[tokio::test]
async fn the_empty_key_a_key_of_1_mib_and_a_value_of_64_mib_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let long = "k".repeat(1 << 20);
    let large = lww(vec![7_u8; 64 << 20]);
    store.add("m", "", &lww(1), 0, 0).await.unwrap();
    store.add("m", &long, &lww(2), 0, 0).await.unwrap();
    store.add("m", "large", &large, 0, 0).await.unwrap();
    assert_eq!(store.load("m", "").await.unwrap(), Some(lww(1)));
    assert_eq!(store.load("m", &long).await.unwrap(), Some(lww(2)));
    assert!(store.load("m", "large").await.unwrap() == Some(large));
}

#[tokio::test]
async fn a_value_nested_too_deeply_is_refused_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let deep = lww((0..300).fold(Value::Null, |inner, _| vec![inner].into()));
    let error = store.add("m", "k", &deep, 0, 0).await.unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(RedbError::Unstorable { .. })));
    assert_eq!(
        error.to_string(),
        r#"the value of key "k" of map "m" cannot be stored: its lists and maps are nested deeper than 256"#
    );
    assert_eq!(store.load("m", "k").await.unwrap(), None);
}

#[test]
fn it_works_without_a_tokio_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut work = std::pin::pin!(async {
        store.add("m", "k", &lww(1), 0, 0).await.unwrap();
        assert_eq!(store.load("m", "k").await.unwrap(), Some(lww(1)));
    });
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    while work.as_mut().poll(&mut context).is_pending() {
        std::thread::park();
    }
}

struct Unpark(std::thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

#[tokio::test]
async fn the_component_opens_its_file_relative_to_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let linked: Vec<_> = Linked::all().collect();
    let (found, _) = linked.iter().find(|(found, _)| found.name() == "redb").expect("registered");
    assert_eq!((found.kind(), found.plugin_version()), (ComponentKind::DataStore, env!("CARGO_PKG_VERSION")));
    let options = serde_json::json!({ "path": "new/folders/data.redb", "cache_size_bytes": 1_000_000 });
    let context = Context::new().with_base_dir(folder.path());
    let store = component().open_data_store(context, options).await.unwrap();
    store.add("m", "k", &lww(1), 0, 0).await.unwrap();
    assert!(folder.path().join("new/folders/data.redb").is_file());
}

#[tokio::test]
async fn an_unknown_or_missing_option_is_refused() {
    let refusal = async |options| {
        let opened = component().open_data_store(Context::new(), options).await;
        opened.err().expect("refused").to_string()
    };
    assert!(refusal(serde_json::json!({})).await.contains("missing field `path`"));
    let message = refusal(serde_json::json!({ "path": "p", "sync": false })).await;
    let expected = "unknown field `sync`, expected one of `path`, `cache_size_bytes`, `verify_on_open`";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn the_example_configuration_round_trips() {
    let example = serde_json::json!({ "path": "data.redb", "cache_size_bytes": 1, "verify_on_open": true });
    let options: RedbOptions = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(options).unwrap(), example);
}
