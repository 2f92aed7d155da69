//! Scans give pages in byte order.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use trilayer_core::{MapDataStore, RecordValue, ScanRequest, Timestamp, Value};
use trilayer_datastore_redb::{RedbDataStore, RedbOptions};

const KEYS: [&str; 9] = ["", "Z", "a", "a\0", "a/1", "a/2", "b", "é", "𝄞"];

fn lww(value: impl Into<Value>) -> RecordValue {
    RecordValue::Lww { value: value.into(), timestamp: Timestamp::default() }
}

async fn filled(folder: &tempfile::TempDir) -> RedbDataStore {
    let store = RedbDataStore::open(&RedbOptions::at(folder.path().join("data.redb"))).unwrap();
    for key in KEYS.iter().rev() {
        store.add("m", key, &lww(*key), 9, 0).await.unwrap();
        store.add("other", &format!("{key}x"), &lww(0), 0, 0).await.unwrap();
    }
    store
}

fn request(prefix: &str, after: Option<&str>, limit: usize) -> ScanRequest {
    ScanRequest { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit }
}

async fn page(store: &RedbDataStore, request: ScanRequest) -> (Vec<String>, bool) {
    let page = store.scan("m", &request).await.unwrap();
    (page.items.into_iter().map(|(key, _)| key).collect(), page.more)
}

fn keys(keys: &[&str], more: bool) -> (Vec<String>, bool) {
    (keys.iter().map(|key| (*key).to_owned()).collect(), more)
}

#[tokio::test]
async fn a_scan_gives_every_key_of_its_map_in_byte_order_with_value_and_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder).await;
    assert!(store.is_scannable());
    let page = store.scan("m", &request("", None, 100)).await.unwrap();
    let expected: Vec<_> = KEYS.iter().map(|key| (*key, lww(*key), 9)).collect();
    let found: Vec<_> = page
        .items
        .iter()
        .map(|(key, stored)| (key.as_str(), stored.value.clone(), stored.expiration_time))
        .collect();
    assert_eq!((found, page.more), (expected, false));
}

#[tokio::test]
async fn pages_of_every_size_together_give_each_key_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder).await;
    for limit in 1..=KEYS.len() + 1 {
        let (mut all, mut after, mut more) = (Vec::new(), None, true);
        while more {
            let (found, follows) = page(&store, request("", after.as_deref(), limit)).await;
            assert!(found.len() <= limit);
            after = found.last().cloned();
            all.extend(found);
            assert!(all.len() <= KEYS.len(), "in pages of {limit}: {all:?}");
            more = follows;
        }
        assert_eq!(all, KEYS, "in pages of {limit}");
    }
}

#[tokio::test]
async fn only_keys_with_the_prefix_and_after_the_last_page_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder).await;
    assert_eq!(page(&store, request("a", None, 100)).await, keys(&["a", "a\0", "a/1", "a/2"], false));
    assert_eq!(page(&store, request("a", Some("a\0"), 1)).await, keys(&["a/1"], true));
    assert_eq!(page(&store, request("a", Some("a/1"), 1)).await, keys(&["a/2"], false));
    assert_eq!(page(&store, request("a", Some("A"), 1)).await, keys(&["a"], true));
    assert_eq!(page(&store, request("a", Some("b"), 9)).await, keys(&[], false));
    assert_eq!(page(&store, request("", Some(""), 1)).await, keys(&["Z"], true));
    assert_eq!(page(&store, request("c", None, 9)).await, keys(&[], false));
    assert_eq!(page(&store, request("", None, 0)).await, keys(&[], true));
    let nothing = store.scan("no such map", &request("", None, 9)).await.unwrap();
    assert!(nothing.items.is_empty() && !nothing.more);
}

#[tokio::test]
async fn a_page_of_large_values_ends_early_and_says_that_more_follow() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbDataStore::open(&RedbOptions::at(folder.path().join("data.redb"))).unwrap();
    for key in ["a", "b", "c", "d"] {
        store.add("m", key, &lww(vec![0_u8; 5 << 20]), 0, 0).await.unwrap();
    }
    assert_eq!(page(&store, request("", None, 100)).await, keys(&["a", "b"], true));
    assert_eq!(page(&store, request("", Some("b"), 100)).await, keys(&["c", "d"], false));
}
