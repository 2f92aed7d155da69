//! What a configuration costs, counted in work and not in time.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use trilayer_core::{Context, Descriptor, HashMapStorage, Origin};
use trilayer_registry::{Config, ConfigLoader, Registry};

static SCHEMAS: AtomicUsize = AtomicUsize::new(0);
static READ: AtomicUsize = AtomicUsize::new(0);

/// Options that count how often they are described and read.
struct Counting;

impl<'de> Deserialize<'de> for Counting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ.fetch_add(1, Ordering::SeqCst);
        serde_json::Value::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Counting {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Counting".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        SCHEMAS.fetch_add(1, Ordering::SeqCst);
        json_schema!({ "type": "object", "properties": { "a": { "type": "integer" } } })
    }
}

fn registry() -> Registry {
    let mut registry = Registry::with_builtin();
    let counting =
        Descriptor::engine("counting", "", |_: &Context, _: Counting| Ok(Box::new(HashMapStorage::new())));
    registry.register(counting, Origin::Program("the tests".to_owned())).unwrap();
    registry
}

fn text(maps: usize) -> String {
    let mut text = String::new();
    for map in 0..maps {
        writeln!(text, "[maps.map-{map}]\nengine = {{ use = \"counting\", a = {map} }}").unwrap();
    }
    text
}

/// How often options were described and read.
fn counted(work: impl FnOnce()) -> (usize, usize) {
    let before = (SCHEMAS.load(Ordering::SeqCst), READ.load(Ordering::SeqCst));
    work();
    (SCHEMAS.load(Ordering::SeqCst) - before.0, READ.load(Ordering::SeqCst) - before.1)
}

#[test]
fn each_map_is_checked_once_and_each_component_described_as_often_for_many_as_for_few() {
    let registry = registry();
    let load =
        |maps| counted(|| drop(ConfigLoader::new().text(text(maps)).registry(&registry).load().unwrap()));
    let (few, many) = (load(10), load(10_000));
    assert_eq!((few.1, many.1), (10, 10_000));
    assert_eq!(few.0 - 10 * SCHEMA_PER_READ, many.0 - 10_000 * SCHEMA_PER_READ);
}

/// A descriptor looks at its schema once more whenever options are read.
const SCHEMA_PER_READ: usize = 1;

#[test]
fn ten_thousand_mistakes_are_all_told() {
    let text = text(10_000).replace("a = ", "b = ");
    let error = ConfigLoader::new().text(text).registry(&registry()).load().unwrap_err();
    assert_eq!(error.problems().len(), 10_000);
    assert_eq!(error.to_string().lines().count(), 10_001);
}

#[test]
fn ten_thousand_patterns_alike_are_checked() {
    let mut text = String::new();
    for map in 1..3_000 {
        writeln!(text, "[maps.\"a{}\"]", "?".repeat(map % 100) + &"b".repeat(map / 100)).unwrap();
    }
    let config = Config::from_toml(&text).unwrap();
    assert_eq!(config.serving("a?"), None);
    assert_eq!(config.serving("axx").map(|(entry, _)| entry), Some("a??"));
}
