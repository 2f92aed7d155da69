use std::sync::Arc;

use trilayer_core::{
    CallerProvenance, Clock, ExpiryPolicy, RecordStore as _, RecordValue, ScanRequest, Timestamp,
};
use trilayer_registry::{Config, Map, MapError, Maps};

use crate::support::{self, Hands, Made};

fn value(number: i64) -> RecordValue {
    RecordValue::Lww { value: number.into(), timestamp: Timestamp::default() }
}

async fn map(text: &str, made: &Arc<Made>, hands: &Arc<Hands>) -> Map {
    let clock = Arc::clone(hands) as Arc<dyn Clock>;
    let maps = Maps::builder().clock(clock).open(support::registry(made), Config::from_toml(text).unwrap());
    maps.await.unwrap().get("a").unwrap()
}

async fn walk(map: &Map, prefix: &str, limit: usize) -> Vec<(String, i64)> {
    let mut request = ScanRequest { prefix: prefix.to_owned(), after: None, limit };
    let mut found = Vec::new();
    loop {
        let page = map.scan(request.clone()).await.unwrap();
        assert!(page.items.len() <= limit);
        request.after = page.items.last().map(|item| item.key.clone());
        let more = page.more;
        let number = |item: &trilayer_registry::ScannedEntry| item.single().unwrap().as_int().unwrap();
        found.extend(page.items.iter().map(|item| (item.key.clone(), number(item))));
        if !more {
            return found;
        }
    }
}

const MEMORY: &str = "[maps.a]\ndata_store = \"memory\"\npartitions = 3";

#[tokio::test]
async fn everything_stored_is_shown_once_in_order_resident_or_not() {
    let (made, hands) = (Arc::new(Made::default()), Hands::at(1_000));
    let map = map(MEMORY, &made, &hands).await;
    let mut expected = Vec::new();
    for number in 0..60_i64 {
        let key = format!("k{number:02}");
        match number % 3 {
            0 => made.memory.keep("a", &key, &value(number), 0),
            1 => drop(map.put(&key, number).await.unwrap()),
            _ => {
                let dirty = (ExpiryPolicy::NONE, CallerProvenance::Backup);
                map.put_with(&key, value(number), dirty.0, dirty.1).await.unwrap();
            }
        }
        expected.push((key, number));
    }
    for limit in [1, 2, 7, 60, 1000] {
        assert_eq!(walk(&map, "", limit).await, expected, "pages of {limit}");
    }
    assert_eq!(walk(&map, "k1", 4).await, expected[10..20]);
    assert_eq!(walk(&map, "x", 4).await, []);
    assert_eq!(map.len_in_memory(), 40, "a scan loads nothing");
}

#[tokio::test]
async fn values_not_yet_persisted_hide_the_older_persisted_ones() {
    let (made, hands) = (Arc::new(Made::default()), Hands::at(1_000));
    let map = map(MEMORY, &made, &hands).await;
    for key in ["x", "y"] {
        map.put(key, 1).await.unwrap();
        map.put_with(key, value(2), ExpiryPolicy::NONE, CallerProvenance::Backup).await.unwrap();
    }
    map.store(map.partition_of("y")).unwrap().evict("y", false);
    let both = [("x".to_owned(), 2), ("y".to_owned(), 2)];
    assert_eq!(walk(&map, "", 10).await, both);
    let page = map.scan(ScanRequest::default()).await.unwrap();
    let resident: Vec<bool> = page.items.iter().map(|item| item.metadata.is_some()).collect();
    assert_eq!(resident, [true, false]);
}

#[tokio::test]
async fn removed_and_expired_keys_are_not_shown_though_the_data_store_has_them() {
    let (made, hands) = (Arc::new(Made::default()), Hands::at(1_000));
    let map = map(MEMORY, &made, &hands).await;
    made.memory.keep("a", "gone", &value(1), 1_005);
    made.memory.keep("a", "forgotten", &value(1), 0);
    map.remove_with("forgotten", CallerProvenance::Backup).await.unwrap();
    map.put_with("short", value(1), ExpiryPolicy::ttl(10), CallerProvenance::Client).await.unwrap();
    map.put_with("idle", value(1), ExpiryPolicy::max_idle(10), CallerProvenance::Client).await.unwrap();
    map.put("stays", 1).await.unwrap();
    let keys = |found: Vec<(String, i64)>| found.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(walk(&map, "", 1).await), ["gone", "idle", "short", "stays"]);
    hands.forward(11);
    for limit in [1, 10] {
        assert_eq!(keys(walk(&map, "", limit).await), ["stays"], "pages of {limit}");
    }
}

#[tokio::test]
async fn without_a_data_store_what_is_in_memory_is_everything() {
    let (made, hands) = (Arc::new(Made::default()), Hands::at(1_000));
    let map = map("[maps.a]", &made, &hands).await;
    for number in 0..20 {
        map.put(&format!("k{number:02}"), number).await.unwrap();
    }
    let found = walk(&map, "", 3).await;
    assert_eq!(found.len(), 20);
    assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[tokio::test]
async fn a_data_store_that_does_not_scan_is_an_error_that_says_so() {
    let (made, hands) = (Arc::new(Made::default()), Hands::at(1_000));
    let map = map("[maps.a]\ndata_store = \"blind\"", &made, &hands).await;
    let told = map.scan(ScanRequest::default()).await.unwrap_err();
    assert!(matches!(told, MapError::CannotScan { .. }));
    assert_eq!(told.to_string(), "map \"a\" cannot be scanned: its data store \"blind\" does not scan");
}
