//! What the examples' documents say of the files beside them.

use std::collections::BTreeSet;
use std::path::Path;

use trilayer::{Config, Maps, Registry, Value};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> std::io::Result<String> {
    std::fs::read_to_string(folder().join(file))
}

#[test]
fn the_index_lists_every_example() {
    let index = read("README.md").unwrap();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".rs") && name != "lib.rs" {
            assert!(index.contains(&format!("]({name})")), "{name} is missing from the index");
        }
    }
}

#[test]
fn the_places_are_unique_sorted_and_have_their_columns() {
    let text = read("data/places.jsonl").unwrap();
    let columns: BTreeSet<_> =
        ["country", "id", "latitude", "longitude", "name", "population", "timezone"].into();
    let mut last = 0;
    for line in text.lines() {
        let place: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert_eq!(place.keys().map(String::as_str).collect::<BTreeSet<_>>(), columns, "{line}");
        let id: u64 = place["id"].as_str().unwrap().parse().unwrap();
        assert!(id > last, "{id} after {last}");
        last = id;
    }
    assert_eq!(text.lines().count(), 6_204);
}

#[test]
fn the_configuration_of_places_reads_with_and_without_its_comments() {
    let text = read("places.toml").unwrap();
    let config = Config::from_toml(&text).unwrap();
    assert_eq!(config.serving("places").unwrap().1.data_store, "main".into());
    assert_eq!(config.serving("session-1"), None);

    let (before, pattern) = text.split_once("# [maps.\"session-*\"]").unwrap();
    let pattern: String =
        pattern.lines().map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let config = Config::from_toml(&format!("{before}[maps.\"session-*\"]{pattern}")).unwrap();
    assert_eq!(config.serving("session-1").unwrap().1.default_ttl_millis, 1_800_000);
}

#[tokio::test]
async fn the_places_are_there_after_a_restart() -> anyhow::Result<()> {
    let text = read("data/places.jsonl")?;
    let oslo: serde_json::Value =
        serde_json::from_str(text.lines().find(|line| line.contains("\"Oslo\"")).unwrap_or_default())?;
    let elsewhere = tempfile::tempdir()?;
    let config = Config::load(folder().join("places.toml"))?.with_base_dir(elsewhere.path());
    for round in 1..=2 {
        let maps = Maps::open(Registry::linked()?, config.clone()).await?;
        let places = maps.get("places")?;
        if round == 1 {
            places.put("3143244", oslo.clone()).await?;
        }
        assert_eq!(places.get("3143244").await?, Some(Value::from(oslo.clone())));
        let reports = places.observer_reports();
        let event = if round == 1 { "put" } else { "load" };
        assert_eq!(reports[0].1.get(event).and_then(Value::as_int), Some(1), "{reports:?}");
        maps.close().await?;
    }
    Ok(())
}
