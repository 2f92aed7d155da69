//! The laws of an engine that its types do not enforce already.

use super::*;
use trilayer_core::{RecordValue, Timestamp};

fn record(cost: u64) -> Record {
    let value = RecordValue::Lww { value: "v".into(), timestamp: Timestamp::default() };
    Record { value, metadata: RecordMetadata::new(1, cost) }
}

fn filled(order: Order, keys: std::ops::Range<u32>) -> OrderedEngine {
    let engine = OrderedEngine::new(order);
    for key in keys {
        engine.put(&format!("{key:03}"), record(2));
    }
    engine
}

#[test]
fn the_example_runs() {
    main().unwrap();
}

#[test]
fn a_walk_goes_its_way_and_skips_no_key_that_stays() {
    for order in [Order::Ascending, Order::Descending] {
        let engine = filled(order, 0..100);
        let (mut cursor, mut seen) = (IterationCursor::start(), Vec::new());
        while !cursor.finished {
            let page = engine.fetch_keys(&cursor, 7);
            for key in &page.items {
                // The key the cursor stands at is gone too.
                engine.remove(key);
            }
            seen.extend(page.items);
            cursor = page.next_cursor;
        }
        let mut expected: Vec<_> = (0..100).map(|key| format!("{key:03}")).collect();
        if order == Order::Descending {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_foreign_or_finished_cursor_yields_nothing_and_an_empty_page_loses_nothing() {
    let engine = filled(Order::Ascending, 0..10);
    let other = filled(Order::Descending, 0..10).fetch_keys(&IterationCursor::start(), 3).next_cursor;
    let broken = IterationCursor { state: vec![0xff; 9], finished: false };
    for cursor in [other, broken, IterationCursor::end()] {
        assert_eq!(engine.fetch_keys(&cursor, 5), FetchResult::end());
    }
    let empty = engine.fetch_keys(&IterationCursor::start(), 0);
    assert!(empty.items.is_empty() && !empty.next_cursor.finished);
    assert_eq!(engine.fetch_keys(&empty.next_cursor, 99).items.len(), 10);
}

#[test]
fn samples_are_distinct_and_reach_every_key() {
    let engine = filled(Order::Ascending, 0..20);
    engine.remove("003");
    let mut reached = HashSet::new();
    for count in [0, 1, 5, 19, 20, usize::MAX].into_iter().cycle().take(600) {
        let samples: HashSet<_> = engine.random_samples(count).into_iter().map(|(key, _)| key).collect();
        assert_eq!(samples.len(), count.min(19));
        reached.extend(samples);
    }
    assert_eq!(reached.len(), 19);
    assert!(OrderedEngine::new(Order::Ascending).random_samples(3).is_empty());
}

#[test]
fn the_cost_is_the_sum_of_what_is_there() {
    let engine = filled(Order::Ascending, 0..10);
    engine.put("003", record(30));
    engine.remove("004");
    engine.update_metadata("005", &mut |metadata| metadata.cost = 5);
    assert_eq!((engine.len(), engine.estimated_cost()), (9, 7 * 2 + 30 + 5));
    engine.clear();
    assert_eq!((engine.len(), engine.estimated_cost(), engine.is_empty()), (0, 0, true));
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
