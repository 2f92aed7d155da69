//! Observer `trace`: reports each event to `tracing`.
//!
//! ```toml
//! [maps.places]
//! observers = [{ use = "trace", level = "debug", keys = true }]
//! ```
//!
//! Each event is a `tracing` event with target [`TARGET`] and the fields
//!
//! | field | of | is |
//! |---|---|---|
//! | `map` | all | the map's name; empty if the observer is of no map |
//! | `event` | all | `put`, `update`, `remove`, `evict`, `expire`, `load`, `replication_put`, `clear`, `reset` or `destroy` |
//! | `key` | events of a key | its first 256 bytes, unless `keys = false` |
//! | `is_backup` | events of a key, but `replication_put` | whether the record is a backup |
//! | `version`, `cost` | events of a key | of the record; the cost in bytes |
//! | `is_shutdown` | `destroy` | whether the whole host ends |
//!
//! Values are never reported: they may be secret or large. Where keys are secret, say
//! `keys = false`.
//!
//! ```
//! use trilayer_core::MutationObserver;
//! use trilayer_observer_trace::{TraceObserver, TraceOptions};
//!
//! let observer = TraceObserver::new("places", TraceOptions::default());
//! observer.on_clear();
//! ```

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Level as Severity;
use trilayer_core::{Context, Descriptor, MutationObserver, Record, RecordValue, register};

/// The target of all events, for filters.
pub const TARGET: &str = "trilayer::events";

/// Longest key that is reported whole, in bytes.
const MAX_KEY_BYTES: usize = 256;

/// Describes the component: observer `trace`, with [`TraceOptions`].
#[must_use]
pub fn component() -> Descriptor {
    Descriptor::observer("trace", "Reports each event to tracing", |context: &Context, options| {
        Ok(Arc::new(TraceObserver::new(context.map().unwrap_or_default(), options)))
    })
}

register!(component().version(env!("CARGO_PKG_VERSION")));

/// How severe events are to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// An error.
    Error,
    /// A warning.
    Warn,
    /// Of interest to everybody.
    Info,
    /// Of interest when looking for a cause.
    #[default]
    Debug,
    /// Of interest when nothing else helps.
    Trace,
}

/// Options of observer `trace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TraceOptions {
    /// The level of the events.
    pub level: Level,
    /// Whether to report keys, their first 256 bytes each.
    pub keys: bool,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { level: Level::default(), keys: true }
    }
}

/// Reports each event to `tracing`, where the thread that changed the store is.
///
/// Called under the key's lock, so it is as quick as the program's subscriber; with no
/// subscriber that wants the level, an event costs a few nanoseconds.
#[derive(Debug, Clone)]
pub struct TraceObserver {
    map: Box<str>,
    options: TraceOptions,
}

/// An event with fields at a level that is known only when running: `tracing` wants a
/// constant, so there is one place in the program for each level.
macro_rules! emit {
    ($level:expr, $($fields:tt)+) => {
        match $level {
            Level::Error => tracing::event!(target: TARGET, Severity::ERROR, $($fields)+),
            Level::Warn => tracing::event!(target: TARGET, Severity::WARN, $($fields)+),
            Level::Info => tracing::event!(target: TARGET, Severity::INFO, $($fields)+),
            Level::Debug => tracing::event!(target: TARGET, Severity::DEBUG, $($fields)+),
            Level::Trace => tracing::event!(target: TARGET, Severity::TRACE, $($fields)+),
        }
    };
}

impl TraceObserver {
    /// An observer of the map of that name.
    #[must_use]
    pub fn new(map: &str, options: TraceOptions) -> Self {
        Self { map: map.into(), options }
    }

    fn of_key(&self, event: &'static str, key: &str, record: &Record, is_backup: Option<bool>) {
        let key = self.options.keys.then(|| shortened(key));
        let (version, cost) = (record.metadata.version, record.metadata.cost);
        emit!(self.options.level, map = &*self.map, event, key, is_backup, version, cost);
    }

    fn of_all(&self, event: &'static str, is_shutdown: Option<bool>) {
        emit!(self.options.level, map = &*self.map, event, is_shutdown);
    }
}

/// At most the first 256 bytes of a key, no character cut in two.
fn shortened(key: &str) -> &str {
    let fits = |end: &usize| key.is_char_boundary(*end);
    let end = (0..=MAX_KEY_BYTES.min(key.len())).rev().find(fits);
    &key[..end.unwrap_or(0)]
}

impl MutationObserver for TraceObserver {
    fn on_put(&self, key: &str, record: &Record, _: Option<&RecordValue>, is_backup: bool) {
        self.of_key("put", key, record, Some(is_backup));
    }

    fn on_update(&self, key: &str, record: &Record, _: &RecordValue, _: &RecordValue, is_backup: bool) {
        self.of_key("update", key, record, Some(is_backup));
    }

    fn on_remove(&self, key: &str, record: &Record, is_backup: bool) {
        self.of_key("remove", key, record, Some(is_backup));
    }

    fn on_evict(&self, key: &str, record: &Record, is_backup: bool) {
        self.of_key("evict", key, record, Some(is_backup));
    }

    fn on_load(&self, key: &str, record: &Record, is_backup: bool) {
        self.of_key("load", key, record, Some(is_backup));
    }

    fn on_replication_put(&self, key: &str, record: &Record, _: bool) {
        self.of_key("replication_put", key, record, None);
    }

    fn on_clear(&self) {
        self.of_all("clear", None);
    }

    fn on_reset(&self) {
        self.of_all("reset", None);
    }

    fn on_destroy(&self, is_shutdown: bool) {
        self.of_all("destroy", Some(is_shutdown));
    }

    fn on_expire(&self, key: &str, record: &Record, is_backup: bool) {
        self.of_key("expire", key, record, Some(is_backup));
    }
}
