//! What a configuration costs by the number of its maps: reading and checking it, and finding a map.
//!
//! `cargo bench -p trilayer-registry`. The cost of each map should be the same in every row, and that of
//! finding one too.

#![expect(clippy::unwrap_used, reason = "a bench may fail")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trilayer_core::{Context, Descriptor, HashMapStorage, Origin, SystemClock};
use trilayer_registry::{Config, ConfigLoader, RecordStoreFactory, Registry};

const ROUNDS: usize = 3;

fn main() {
    println!("{:>8} {:>14} {:>14} {:>14} {:>14}", "maps", "read, ms", "each, µs", "wrong, µs", "find, ns");
    for maps in [1_000, 5_000, 10_000, 20_000] {
        let (right, wrong) = (text(maps, "shards"), text(maps, "shrads"));
        let read = best(|| drop(black_box(load(&right).unwrap())));
        let refused = best(|| drop(black_box(load(&wrong).unwrap_err())));
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(maps);
        println!(
            "{maps:>8} {:>14.1} {:>14.2} {:>14.2} {:>14.1}",
            read.as_secs_f64() * 1e3,
            each(read),
            each(refused),
            find(&right, maps)
        );
    }
}

fn text(maps: u32, option: &str) -> String {
    let mut text = "[maps.\"other-*\"]\n[maps.\"*-last\"]\n".to_owned();
    for map in 0..maps {
        writeln!(text, "[maps.map-{map}]\npartitions = 4\nengine = {{ use = \"sized\", {option} = {map} }}")
            .unwrap();
    }
    text
}

fn load(text: &str) -> Result<Config, trilayer_registry::ConfigError> {
    ConfigLoader::new().text(text).registry(&registry()).load()
}

fn registry() -> Registry {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "read by serde")]
    struct Sized {
        shards: u64,
    }
    let mut registry = Registry::with_builtin();
    let sized = Descriptor::engine("sized", "", |_: &Context, _: Sized| Ok(Box::new(HashMapStorage::new())));
    registry.register(sized, Origin::Program("this bench".to_owned())).unwrap();
    registry
}

/// Nanoseconds to find the record store of a map, in an order that no cache foresees.
fn find(text: &str, maps: u32) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = load(text).unwrap();
    let opening = RecordStoreFactory::from_config(registry(), &config, Arc::new(SystemClock::new()));
    let factory = runtime.block_on(opening).unwrap();
    let names: Vec<String> =
        (0..1000_u32).map(|step| format!("map-{}", step.wrapping_mul(7_919) % maps)).collect();
    names.iter().for_each(|name| drop(factory.get_or_create(name, 0).unwrap()));
    let time =
        best(|| names.iter().for_each(|name| drop(black_box(factory.get_or_create(name, 0).unwrap()))));
    time.as_secs_f64() * 1e9 / 1000.0
}

fn best(mut work: impl FnMut()) -> Duration {
    let round = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}
