//! What observer `trace` promises.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use trilayer_core::{
    ComponentKind, Context, Linked, MutationObserver, Record, RecordMetadata, RecordValue, Timestamp,
};
use trilayer_observer_trace::{Level, TARGET, TraceObserver, TraceOptions, component};

type Fields = BTreeMap<&'static str, String>;

/// Keeps each event's level, target and fields.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<(String, String, Fields)>>>);

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl<S: tracing::Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &tracing::Event<'_>, _: LayerContext<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Collect(&mut fields));
        let about = event.metadata();
        self.0.lock().unwrap().push((about.level().to_string(), about.target().to_owned(), fields));
    }
}

fn record() -> Record {
    let value = RecordValue::Lww { value: "secret".into(), timestamp: Timestamp::default() };
    Record { value, metadata: RecordMetadata { version: 3, ..RecordMetadata::new(0, 77) } }
}

fn captured(act: impl FnOnce()) -> Vec<(String, String, Fields)> {
    let capture = Capture::default();
    let subscriber = tracing_subscriber::registry().with(capture.clone());
    tracing::subscriber::with_default(subscriber, act);
    capture.0.lock().unwrap().clone()
}

fn fields(expected: &[(&'static str, &str)]) -> Fields {
    expected.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn everything(observer: &dyn MutationObserver, key: &str) {
    let record = record();
    observer.on_put(key, &record, Some(&record.value), true);
    observer.on_update(key, &record, &record.value, &record.value, true);
    observer.on_remove(key, &record, true);
    observer.on_evict(key, &record, true);
    observer.on_expire(key, &record, true);
    observer.on_load(key, &record, true);
    observer.on_replication_put(key, &record, true);
    observer.on_clear();
    observer.on_reset();
    observer.on_destroy(true);
}

#[test]
fn each_event_is_reported_under_its_name_with_its_fields() {
    let observer = TraceObserver::new("places", TraceOptions::default());
    let events = captured(|| everything(&observer, "oslo"));
    let of_key = |event| {
        let (map, key, version) = (("map", "places"), ("key", "oslo"), ("version", "3"));
        fields(&[map, ("event", event), key, ("is_backup", "true"), version, ("cost", "77")])
    };
    let mut expected: Vec<Fields> =
        ["put", "update", "remove", "evict", "expire", "load", "replication_put"].map(of_key).to_vec();
    expected[6].remove("is_backup");
    expected.push(fields(&[("map", "places"), ("event", "clear")]));
    expected.push(fields(&[("map", "places"), ("event", "reset")]));
    expected.push(fields(&[("map", "places"), ("event", "destroy"), ("is_shutdown", "true")]));
    let reported: Vec<_> = events.iter().map(|(_, _, fields)| fields.clone()).collect();
    assert_eq!(reported, expected);
    assert!(events.iter().all(|(level, target, _)| level == "DEBUG" && target == TARGET));
}

#[test]
fn no_value_is_ever_reported() {
    let observer = TraceObserver::new("places", TraceOptions::default());
    let events = captured(|| everything(&observer, "oslo"));
    assert!(!format!("{events:?}").contains("secret"));
}

#[test]
fn no_key_is_reported_when_keys_are_off() {
    let observer = TraceObserver::new("places", TraceOptions { keys: false, ..TraceOptions::default() });
    let events = captured(|| everything(&observer, "oslo"));
    assert_eq!(events.len(), 10);
    assert!(!format!("{events:?}").contains("oslo"));
}

#[test]
fn a_long_key_is_cut_at_256_bytes_or_before_the_character_that_crosses_them() {
    let observer = TraceObserver::new("places", TraceOptions::default());
    let reported = |key: &str| captured(|| observer.on_evict(key, &record(), false))[0].2["key"].clone();
    assert_eq!(reported(&"a".repeat(256)), "a".repeat(256));
    assert_eq!(reported(&"a".repeat(257)), "a".repeat(256));
    assert_eq!(reported(&format!("{}é", "a".repeat(255))), "a".repeat(255));
    assert_eq!(reported(&"𝄞".repeat(100)), "𝄞".repeat(64));
}

#[test]
fn the_level_is_the_one_configured() {
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
    for (level, name) in levels.into_iter().zip(["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]) {
        let options = json!({ "level": name.to_lowercase() });
        let observer = component().create_observer(&Context::new().for_map("m"), options).unwrap();
        assert_eq!(captured(|| observer.on_clear())[0].0, name);
        let direct = TraceObserver::new("m", TraceOptions { level, keys: true });
        assert_eq!(captured(|| direct.on_clear())[0].0, name);
    }
}

#[test]
fn a_wrong_level_or_option_is_refused() {
    let refusal = |options| component().create_observer(&Context::new(), options).err().unwrap().to_string();
    let message = refusal(json!({ "level": "loud" }));
    assert!(message.contains("unknown variant `loud`, expected one of `error`, `warn`, `info`"), "{message}");
    let message = refusal(json!({ "key": false }));
    assert_eq!(message, r#"observer "trace" has no option "key"; it has keys, level, scope"#);
}

#[test]
fn the_example_configuration_is_what_the_options_say() {
    let options: TraceOptions = serde_json::from_value(json!({ "level": "debug", "keys": true })).unwrap();
    assert_eq!(options, TraceOptions::default());
    assert_eq!(serde_json::to_value(options).unwrap(), json!({ "level": "debug", "keys": true }));
}

#[test]
fn the_component_is_registered_under_its_name() {
    let linked: Vec<_> = Linked::all().collect();
    let (found, _) = linked.iter().find(|(found, _)| found.name() == "trace").expect("registered");
    assert_eq!((found.kind(), found.plugin_version()), (ComponentKind::Observer, env!("CARGO_PKG_VERSION")));
}
