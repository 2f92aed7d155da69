//! What observer `stats` promises.

use serde_json::json;
use trilayer_core::{
    ComponentKind, Context, Linked, MutationObserver, Record, RecordMetadata, RecordValue, Timestamp, Value,
};
use trilayer_observer_stats::{StatsObserver, component};

const EVENTS: [&str; 10] =
    ["put", "update", "remove", "evict", "expire", "load", "replication_put", "clear", "reset", "destroy"];

fn record() -> Record {
    let value = RecordValue::Lww { value: Value::Null, timestamp: Timestamp::default() };
    Record { value, metadata: RecordMetadata::new(0, 0) }
}

fn happen(event: &str, observer: &dyn MutationObserver) {
    let record = record();
    match event {
        "put" => observer.on_put("k", &record, None, false),
        "update" => observer.on_update("k", &record, &record.value, &record.value, false),
        "remove" => observer.on_remove("k", &record, false),
        "evict" => observer.on_evict("k", &record, false),
        "expire" => observer.on_expire("k", &record, false),
        "load" => observer.on_load("k", &record, false),
        "replication_put" => observer.on_replication_put("k", &record, false),
        "clear" => observer.on_clear(),
        "reset" => observer.on_reset(),
        "destroy" => observer.on_destroy(false),
        other => panic!("no event {other}"),
    }
}

#[test]
fn each_event_is_counted_as_itself_and_as_nothing_else() {
    let stats = StatsObserver::new();
    for (times, event) in EVENTS.iter().enumerate() {
        (0..=times).for_each(|_| happen(event, &stats));
    }
    let expected: serde_json::Map<_, _> =
        EVENTS.iter().zip(1..).map(|(event, times)| ((*event).to_owned(), json!(times))).collect();
    assert_eq!(serde_json::to_value(stats.counts()).unwrap(), json!(expected));
    assert_eq!(serde_json::Value::from(&stats.report()), json!(expected));
}

#[test]
fn an_expired_key_is_not_counted_as_evicted() {
    let stats = StatsObserver::new();
    happen("expire", &stats);
    assert_eq!((stats.counts().expire, stats.counts().evict), (1, 0));
}

#[test]
fn no_event_is_lost_when_many_threads_count() {
    let stats = StatsObserver::new();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| (0..10_000).for_each(|_| happen("put", &stats)));
        }
    });
    assert_eq!(stats.counts().put, 40_000);
}

#[test]
fn the_component_is_registered_under_its_name_and_makes_an_observer() {
    let linked: Vec<_> = Linked::all().collect();
    let (found, _) = linked.iter().find(|(found, _)| found.name() == "stats").expect("registered");
    assert_eq!((found.kind(), found.plugin_version()), (ComponentKind::Observer, env!("CARGO_PKG_VERSION")));
    let observer = component().create_observer(&Context::new(), json!({})).unwrap();
    happen("clear", observer.as_ref());
    assert_eq!(observer.report().get("clear"), Some(&Value::Int(1)));
    component().create_observer(&Context::new(), json!({ "level": "debug" })).err().expect("no options");
}
