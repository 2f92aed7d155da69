//! The laws of engines, from the testkit, and what only this engine promises.

use super::*;
use trilayer_core::DefaultRecordStore;
use trilayer_testkit::{engine_laws, record, record_store_laws};

engine_laws!(ascending, || OrderedEngine::new(Order::Ascending), [atomic_update, ordered]);
engine_laws!(descending, || OrderedEngine::new(Order::Descending), [atomic_update]);

// What a store promises holds over this engine, too.
record_store_laws!(store, |parts| {
    let builder = DefaultRecordStore::builder(parts.name.as_str(), parts.partition_id)
        .engine(Box::new(OrderedEngine::new(Order::Descending)))
        .observer(parts.composite());
    builder.data_store(parts.data_store).config(parts.config).clock(parts.clock).build()
});

fn filled(order: Order, keys: std::ops::Range<u32>) -> OrderedEngine {
    let engine = OrderedEngine::new(order);
    for key in keys {
        engine.put(&format!("{key:03}"), record("v", 1));
    }
    engine
}

#[test]
fn the_example_runs() {
    main().unwrap();
}

#[test]
fn a_walk_goes_its_way() {
    let mut expected: Vec<_> = (0..100).map(|key| format!("{key:03}")).collect();
    for order in [Order::Ascending, Order::Descending] {
        let engine = filled(order, 0..100);
        assert_eq!(engine.fetch_keys(&IterationCursor::start(), 100).items, expected);
        expected.reverse();
    }
}

#[test]
fn a_cursor_of_the_other_order_is_foreign() {
    let engine = filled(Order::Ascending, 0..10);
    let other = filled(Order::Descending, 0..10).fetch_keys(&IterationCursor::start(), 3).next_cursor;
    assert_eq!(engine.fetch_keys(&other, 5), FetchResult::end());
}

#[test]
fn an_unknown_option_is_refused() {
    let config = r#"maps.m.engine = { use = "ordered", ordre = "descending" }"#;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let opened =
        runtime.block_on(Maps::open(Registry::linked().unwrap(), Config::from_toml(config).unwrap()));
    let refused = match opened {
        Err(error) => format!("{:#}", anyhow::Error::from(error)),
        Ok(maps) => format!("{:#}", anyhow::Error::from(maps.get("m").unwrap().store(0).unwrap_err())),
    };
    assert!(refused.contains("ordre"), "{refused}");
}

/// What `trilayer docs` would show of it.
#[tokio::test]
async fn its_own_example_of_a_configuration_can_be_used() -> anyhow::Result<()> {
    let registry = Registry::linked()?;
    let example = registry.example(registry.get(trilayer::ComponentKind::Engine, "ordered")?);
    assert!(example.contains("order = \"ascending\""), "{example}");
    Maps::open(registry, Config::from_toml(&example)?).await?.close().await?;
    Ok(())
}
