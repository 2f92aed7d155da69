use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trilayer_core::{CallerProvenance, ExpiryPolicy, RecordValue, Timestamp, Value};
use trilayer_registry::{Config, MapError, Maps, MapsError};

use crate::support::{self, Hands, Made};

async fn open(text: &str, made: &Arc<Made>) -> Result<Maps, MapsError> {
    Maps::open(support::registry(made), Config::from_toml(text).unwrap()).await
}

#[tokio::test]
async fn what_is_put_is_got_replaced_and_removed() -> anyhow::Result<()> {
    let maps = open("[maps.users]", &Arc::default()).await?;
    maps.get("users")?.put("ada", "x").await?;
    let users = maps.get("users")?;
    assert_eq!(users.get("ada").await?, Some("x".into()));
    assert_eq!(users.put("ada", 2).await?, Some("x".into()));
    users.set("bob", true).await?;
    assert_eq!(users.remove("ada").await?, Some(Value::Int(2)));
    assert_eq!(users.get("ada").await?, None);
    assert!(users.contains_in_memory("bob")? && !users.contains_in_memory("ada")?);
    assert_eq!(users.len_in_memory(), 1);
    Ok(())
}

#[tokio::test]
async fn later_writes_carry_later_stamps_of_this_node() -> anyhow::Result<()> {
    let config = Config::from_toml("[maps.a]")?;
    let maps =
        Maps::builder().node_id("n7").clock(Hands::at(5)).open(support::registry(&Arc::default()), config);
    let map = maps.await?.get("a")?;
    map.put("k", 1).await?;
    let first = stamp(map.record("k", false).await?.unwrap().value);
    map.put("k", 2).await?;
    let second = stamp(map.record("k", false).await?.unwrap().value);
    assert!(first < second && first.node_id == "n7".into());
    Ok(())
}

fn stamp(value: RecordValue) -> Timestamp {
    match value {
        RecordValue::Lww { timestamp, .. } => timestamp,
        other => panic!("not a single value: {other:?}"),
    }
}

#[tokio::test]
async fn values_of_other_shapes_are_had_as_records() -> anyhow::Result<()> {
    let map = open("[maps.a]", &Arc::default()).await?.get("a")?;
    let tags = RecordValue::OrTombstones { tags: Default::default() };
    map.put_with("k", tags.clone(), ExpiryPolicy::NONE, CallerProvenance::Client).await?;
    assert_eq!(map.get("k").await?, None);
    assert_eq!(map.record("k", true).await?.unwrap().value, tags);
    assert_eq!(map.remove_with("k", CallerProvenance::Client).await?, Some(tags));
    Ok(())
}

#[tokio::test]
async fn many_keys_are_got_in_the_order_asked_each_once() -> anyhow::Result<()> {
    let made = Arc::new(Made::default());
    let maps = open("[maps.a]\ndata_store = \"memory\"", &made).await?;
    let map = maps.get("a")?;
    let keys: Vec<String> = (0..100).rev().map(|number| format!("k{number}")).collect();
    for key in &keys {
        map.put(key, key.as_str()).await?;
    }
    let again = open("[maps.a]\ndata_store = \"memory\"", &made).await?.get("a")?;
    let mut asked = keys.clone();
    asked.insert(50, "missing".to_owned());
    asked.push(keys[0].clone());
    let got = again.get_all(&asked).await?;
    assert_eq!(got.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), keys);
    assert!(got.iter().all(|(key, value)| value.as_str() == Some(key)));
    Ok(())
}

#[tokio::test]
async fn keys_and_values_beyond_their_limits_are_refused_before_anything_happens() -> anyhow::Result<()> {
    let map = open("[maps.a]\nmax_key_bytes = 4\nmax_value_bytes = 100", &Arc::default()).await?.get("a")?;
    let told = map.put("é-key", 1).await.unwrap_err();
    assert_eq!(told.to_string(), "map \"a\": the key has 6 bytes, 4 are allowed (max_key_bytes)");
    assert!(matches!(map.get("").await.unwrap_err(), MapError::EmptyKey { .. }));
    assert!(matches!(map.contains_in_memory("").unwrap_err(), MapError::EmptyKey { .. }));
    assert!(map.get_all(&["ok".to_owned(), "too long".to_owned()]).await.is_err());
    let told = map.set("k", "x".repeat(1000)).await.unwrap_err();
    assert!(matches!(told, MapError::ValueTooLarge { limit: 100, .. }), "{told}");
    assert!(told.to_string().contains("(max_value_bytes)"), "{told}");
    assert_eq!(map.usage().partitions, 0);
    map.put("four", "x").await?;
    Ok(())
}

#[tokio::test]
async fn an_unknown_map_lists_those_configured_and_suggests_one() -> anyhow::Result<()> {
    let maps = open("[maps.users]\n[maps.\"session-*\"]", &Arc::default()).await?;
    let told = maps.get("user").unwrap_err().to_string();
    assert_eq!(
        told,
        r#"no map "user" is configured; configured: "session-*", "users"; did you mean "users"?"#
    );
    assert!(maps.get("session-*").is_err() && maps.get("").is_err());
    assert_eq!(maps.names().collect::<Vec<_>>(), ["session-*", "users"]);
    maps.get("session-1")?;
    assert_eq!(maps.used(), ["session-1"]);
    Ok(())
}

#[tokio::test]
async fn a_maps_handles_share_its_records() -> anyhow::Result<()> {
    let maps = open("[maps.\"s-*\"]", &Arc::default()).await?;
    let (first, second, other) = (maps.get("s-1")?, maps.clone().get("s-1")?, maps.get("s-2")?);
    first.put("k", 1).await?;
    assert_eq!(second.get("k").await?, Some(Value::Int(1)));
    assert_eq!(other.get("k").await?, None);
    let partition = first.partition_of("k");
    assert!(Arc::ptr_eq(&maps.factory().get_or_create("s-1", partition)?, &first.store(partition)?));
    Ok(())
}

#[tokio::test]
async fn observers_report_under_their_names() -> anyhow::Result<()> {
    let maps = open("[maps.a]\nobservers = [\"count\", \"count\"]", &Arc::default()).await?;
    let map = maps.get("a")?;
    for key in ["x", "y", "z"] {
        map.put(key, 1).await?;
    }
    let three = ("count".to_owned(), Value::Int(3));
    assert_eq!(map.observer_reports(), [three.clone(), three]);
    assert_eq!(map.usage().resident, 3);
    Ok(())
}

#[tokio::test]
async fn a_failing_data_store_is_told_with_map_and_operation() -> anyhow::Result<()> {
    let made = Arc::new(Made::default());
    let map = open("[maps.a]\ndata_store = \"memory\"", &made).await?.get("a")?;
    made.memory.fails.store(true, Ordering::SeqCst);
    let told = format!("{:#}", anyhow::Error::from(map.set("k", 1).await.unwrap_err()));
    assert!(told.starts_with("map \"a\": set failed: ") && told.ends_with("the disk is full"), "{told}");
    Ok(())
}

#[tokio::test]
async fn what_was_put_is_there_after_closing_and_opening_again() -> anyhow::Result<()> {
    let made = Arc::new(Made::default());
    let text = "[maps.a]\ndata_store = \"memory\"";
    let maps = open(text, &made).await?;
    let map = maps.get("a")?;
    map.put("k", 1).await?;
    let backup = RecordValue::Lww { value: 2.into(), timestamp: Timestamp::default() };
    map.put_with("unflushed", backup, ExpiryPolicy::NONE, CallerProvenance::Backup).await?;
    maps.close().await?;
    maps.close().await?;
    assert_eq!(made.memory.keys(), ["k", "unflushed"]);
    assert!(map.put("k", 3).await.is_err() && map.get("new partition").await.is_err());
    assert!(maps.get("a").is_err());
    assert_eq!(open(text, &made).await?.get("a")?.get("k").await?, Some(Value::Int(1)));
    Ok(())
}

#[tokio::test]
async fn a_close_that_cannot_flush_leaves_the_maps_usable() -> anyhow::Result<()> {
    let made = Arc::new(Made::default());
    let maps = open("[maps.a]\ndata_store = \"memory\"", &made).await?;
    maps.get("a")?.put("k", 1).await?;
    made.memory.fails.store(true, Ordering::SeqCst);
    let told = maps.close().await.unwrap_err().to_string();
    assert!(told.contains("could not be flushed:") && told.contains("the disk is full"), "{told}");
    made.memory.fails.store(false, Ordering::SeqCst);
    maps.get("a")?.put("k", 2).await?;
    maps.close().await?;
    Ok(())
}

#[tokio::test]
async fn maintenance_sweeps_what_expired_and_ends_with_its_handle() -> anyhow::Result<()> {
    tokio::time::pause();
    let hands = Hands::at(1_000);
    let config = Config::from_toml("[maps.a]\ndefault_ttl_millis = 10")?;
    let clock = Arc::clone(&hands) as Arc<dyn trilayer_core::Clock>;
    let maps = Maps::builder().clock(clock).open(support::registry(&Arc::default()), config).await?;
    let map = maps.get("a")?;
    map.put("k", 1).await?;
    let handle = maps.spawn_maintenance(Duration::from_secs(1));
    hands.forward(11);
    assert_eq!(map.usage().resident, 1);
    tokio::time::advance(Duration::from_millis(2_500)).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(map.usage().resident, 0);
    drop(handle);
    map.put("k", 1).await?;
    hands.forward(11);
    for _ in 0..10 {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(map.usage().resident, 1, "nobody sweeps any more");
    Ok(())
}

#[tokio::test]
async fn eager_maps_are_filled_before_they_are_handed_out() -> anyhow::Result<()> {
    let made = Arc::new(Made::default());
    let map = open("[maps.a]\ndata_store = \"memory\"", &made).await?.get("a")?;
    for number in 0..3_000 {
        map.set(&format!("k{number}"), number).await?;
    }
    let text = "[maps.a]\ndata_store = \"memory\"\nload = \"eager\"\npartitions = 4";
    assert_eq!(open(text, &made).await?.get("a")?.len_in_memory(), 3_000);
    let bounded = format!("{text}\nmax_entry_count = 400");
    assert_eq!(open(&bounded, &made).await?.get("a")?.len_in_memory(), 400);
    Ok(())
}

#[tokio::test]
async fn an_eager_map_whose_data_store_does_not_scan_is_refused_at_open() {
    let told = open("[maps.a]\ndata_store = \"blind\"\nload = \"eager\"", &Arc::default()).await.unwrap_err();
    assert!(told.to_string().contains("\"blind\" does not scan: use load = \"lazy\""), "{told}");
}

#[tokio::test]
async fn clearing_through_empties_memory_and_the_data_store_of_this_map_only() -> anyhow::Result<()> {
    let made = Arc::new(Made::default());
    let text = "[data_stores]\nm = \"memory\"\n[maps.a]\ndata_store = \"m\"\n[maps.b]\ndata_store = \"m\"";
    let maps = open(text, &made).await?;
    for number in 0..50 {
        maps.get("a")?.set(&format!("k{number}"), 1).await?;
    }
    maps.get("b")?.set("other", 1).await?;
    let again = open(text, &made).await?;
    again.get("a")?.get("k1").await?;
    assert_eq!(again.get("a")?.clear_through().await?, 50);
    assert_eq!(made.memory.keys(), ["other"]);
    assert_eq!(again.get("a")?.get("k1").await?, None);
    Ok(())
}

#[tokio::test]
async fn a_map_waits_for_its_data_store_as_long_as_its_configuration_says() -> anyhow::Result<()> {
    let made = Arc::<Made>::default();
    let text = "[maps.a]\ndata_store = \"memory\"\ndata_store_timeout_millis = 5\npartitions = 1";
    let maps = open(text, &made).await?;
    let map = maps.get("a")?;
    made.memory.hangs.store(true, Ordering::SeqCst);
    let error = map.put("k", 1).await.unwrap_err();
    let told = format!("{:#}", anyhow::Error::from(error));
    assert!(told.contains("put of map \"a\" was not answered by its data store within 5 ms"), "{told}");
    made.memory.hangs.store(false, Ordering::SeqCst);
    while map.usage().overdue == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(map.put("other", 2).await?, None, "another key goes on");
    assert_eq!((map.usage().timeouts, map.usage().overdue), (1, 1));
    Ok(())
}
