//! The settings of one map.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trilayer_core::{ByteSize, Millis, StorageConfig, byte_size, millis};

use super::ComponentSpec;

/// The settings of one map, or of every map a pattern names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MapConfig {
    /// Keeps the records in memory. Default `hashmap`.
    #[schemars(extend("x-component" = "engine"))]
    pub engine: ComponentSpec,
    /// Persists them: the name of an instance of `[data_stores]`, else of a component,
    /// which is then opened for this entry alone. Default `null`.
    #[schemars(extend("x-component" = "data-store"))]
    pub data_store: ComponentSpec,
    /// Are told of every change, in this order. Default none.
    #[schemars(extend("x-component" = "observer", "x-reload" = "live"))]
    pub observers: Vec<ComponentSpec>,
    /// Time to live of records that ask for none of their own, in ms; 0 = no limit.
    #[serde(with = "millis")]
    #[schemars(with = "Millis", extend("x-reload" = "live"))]
    pub default_ttl_millis: u64,
    /// Longest time between accesses of such records, in ms; 0 = no limit.
    #[serde(with = "millis")]
    #[schemars(with = "Millis", extend("x-reload" = "live"))]
    pub default_max_idle_millis: u64,
    /// Records in memory before eviction, in the whole map; 0 = unlimited. Spread evenly over the
    /// partitions, each of which evicts for itself: at least as many as `partitions`, and the
    /// fewer partitions, the nearer a full map comes to it.
    #[schemars(extend("x-reload" = "live"))]
    pub max_entry_count: u64,
    /// Parts the keys are spread over, 1 to 65,536. Default 271. Not to be changed while a
    /// data store that keeps partitions apart holds data.
    #[schemars(range(min = 1, max = 65_536))]
    pub partitions: u32,
    /// How long to wait for the data store before an operation is an error, in ms; 0 = without end. A write
    /// that was told it goes on, and its key waits for it. Default 30,000.
    #[serde(with = "millis")]
    #[schemars(with = "Millis", extend("x-reload" = "live"))]
    pub data_store_timeout_millis: u64,
    /// Whether records come into memory when the map is opened. Default lazy.
    pub load: Load,
    /// Longest key, in bytes of UTF-8, at least 1. Default 65,535.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSize", range(min = 1))]
    pub max_key_bytes: u64,
    /// Largest value, in estimated bytes on the heap. Default 16 MiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSize")]
    pub max_value_bytes: u64,
}

/// When a map's records come into memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// Each when it is first asked for.
    #[default]
    Lazy,
    /// All of them when the maps are opened, as far as `max_entry_count` allows. The data
    /// store must be one that scans, and the map be named exactly, not by a pattern.
    Eager,
}

impl MapConfig {
    /// The most partitions a map can have.
    pub const MAX_PARTITIONS: u32 = 65_536;

    /// The names of the settings, for those who mistype one.
    pub(crate) const KEYS: [&'static str; 11] = [
        "data_store",
        "data_store_timeout_millis",
        "default_max_idle_millis",
        "default_ttl_millis",
        "engine",
        "load",
        "max_entry_count",
        "max_key_bytes",
        "max_value_bytes",
        "observers",
        "partitions",
    ];

    /// What concerns each record store: of the bound, a partition's share.
    #[must_use]
    pub fn storage(&self) -> StorageConfig {
        StorageConfig {
            default_ttl_millis: self.default_ttl_millis,
            default_max_idle_millis: self.default_max_idle_millis,
            max_entry_count: self.max_entry_count / u64::from(self.partitions.max(1)),
        }
    }
}

impl Default for MapConfig {
    fn default() -> Self {
        Self {
            engine: "hashmap".into(),
            data_store: "null".into(),
            observers: Vec::new(),
            default_ttl_millis: 0,
            default_max_idle_millis: 0,
            max_entry_count: 0,
            partitions: 271,
            data_store_timeout_millis: 30_000,
            load: Load::Lazy,
            max_key_bytes: 65_535,
            max_value_bytes: 16 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_listed_are_the_settings_there_are() {
        let map = serde_json::to_value(MapConfig::default()).expect("plain data");
        let mut fields: Vec<&String> = map.as_object().expect("a table").keys().collect();
        fields.sort();
        assert_eq!(fields, MapConfig::KEYS.each_ref().map(|key| key));
    }
}
