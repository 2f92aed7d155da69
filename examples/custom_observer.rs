//! An observer of your own: population by country, kept up to date with every change of a map.
//!
//! A plugin is three things: a type that is told of changes, options that serde reads, and one
//! `register!` that gives it a name. From then on a configuration can ask for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use trilayer::{Config, Map, Maps, Registry};
use trilayer_core::{Context, Descriptor, MutationObserver, Record, RecordValue, Value, register};

/// Options of observer `sum-by`. Unknown ones are refused without our doing.
#[derive(Debug, Deserialize, JsonSchema)]
struct SumByOptions {
    /// The field whose text records are grouped by.
    #[schemars(example = &"country")]
    group: String,
    /// The field whose whole numbers are added up.
    #[schemars(example = &"population")]
    amount: String,
}

register! {
    Descriptor::observer("sum-by", "Sums a field by another", |_: &Context, options: SumByOptions| {
        Ok(Arc::new(SumBy { options, index: Mutex::default() }))
    })
    .version(env!("CARGO_PKG_VERSION"))
}

struct SumBy {
    options: SumByOptions,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    sums: BTreeMap<String, i64>,
    /// What each key counts for, so that any event can take it back.
    counted: HashMap<String, (String, i64)>,
}

impl Index {
    fn set(&mut self, key: &str, counts: Option<(String, i64)>) {
        if let Some((group, amount)) = self.counted.remove(key) {
            self.add(group, -amount);
        }
        if let Some((group, amount)) = counts {
            self.add(group.clone(), amount);
            self.counted.insert(key.to_owned(), (group, amount));
        }
    }

    fn add(&mut self, group: String, amount: i64) {
        let sum = self.sums.entry(group).or_default();
        *sum = sum.saturating_add(amount);
    }
}

impl SumBy {
    /// The last event of a key tells what memory has of it: all an index needs.
    fn now_is(&self, key: &str, record: &Record) {
        self.index.lock().set(key, self.read(&record.value));
    }

    fn now_is_gone(&self, key: &str) {
        self.index.lock().set(key, None);
    }

    fn now_is_empty(&self) {
        *self.index.lock() = Index::default();
    }

    fn read(&self, value: &RecordValue) -> Option<(String, i64)> {
        let RecordValue::Lww { value, .. } = value else { return None };
        let (group, amount) = (value.get(&self.options.group)?, value.get(&self.options.amount)?);
        Some((group.as_str()?.to_owned(), amount.as_int()?))
    }
}

/// Called under the key's lock: quick, no I/O, no call back into the store.
impl MutationObserver for SumBy {
    fn on_put(&self, key: &str, record: &Record, _old: Option<&RecordValue>, _is_backup: bool) {
        self.now_is(key, record);
    }

    fn on_update(&self, key: &str, record: &Record, _: &RecordValue, _: &RecordValue, _is_backup: bool) {
        self.now_is(key, record);
    }

    fn on_remove(&self, key: &str, _record: &Record, _is_backup: bool) {
        self.now_is_gone(key);
    }

    fn on_evict(&self, key: &str, _record: &Record, _is_backup: bool) {
        self.now_is_gone(key);
    }

    fn on_load(&self, key: &str, record: &Record, _is_backup: bool) {
        self.now_is(key, record);
    }

    fn on_replication_put(&self, key: &str, record: &Record, _populate_index: bool) {
        self.now_is(key, record);
    }

    fn on_clear(&self) {
        self.now_is_empty();
    }

    fn on_reset(&self) {
        self.now_is_empty();
    }

    fn on_destroy(&self, _is_shutdown: bool) {
        self.now_is_empty();
    }

    /// What an operator, or the program itself, may ask for.
    fn report(&self) -> Value {
        let index = self.index.lock();
        index.sums.iter().filter(|(_, sum)| **sum != 0).map(|(group, sum)| (group.as_str(), *sum)).collect()
    }
}

/// One partition, because one observer serves all partitions of a map, and clearing a
/// partition does not say which.
const CONFIG: &str = r#"
    [maps.places]
    observers = [{ use = "sum-by", group = "country", amount = "population" }]
    partitions = 1
"#;

const PLACES: &str = include_str!("data/places.jsonl");

async fn load(places: &Map) -> anyhow::Result<()> {
    for line in PLACES.lines() {
        let place: serde_json::Value = serde_json::from_str(line)?;
        let id = place["id"].as_str().unwrap_or_default().to_owned();
        places.put(&id, place).await?;
    }
    Ok(())
}

fn population(places: &Map, country: &str) -> Option<i64> {
    let reports = places.observer_reports();
    let (_, sums) = reports.iter().find(|(name, _)| name == "sum-by")?;
    sums.get(country)?.as_int()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let maps = Maps::open(Registry::linked()?, Config::from_toml(CONFIG)?).await?;
    let places = maps.get("places")?;
    load(&places).await?;
    println!("people in the cities of Norway: {:?}", population(&places, "NO"));
    assert_eq!(population(&places, "NO"), Some(1_968_041));

    places.remove("3143244").await?;
    println!("without Oslo: {:?}", population(&places, "NO"));
    assert_eq!(population(&places, "NO"), Some(885_466));
    maps.close().await?;
    Ok(())
}

#[cfg(test)]
#[path = "custom_observer/tests.rs"]
mod tests;
