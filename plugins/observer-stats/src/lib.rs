//! Observer `stats`: counts events.
//!
//! ```toml
//! [maps.places]
//! observers = ["stats"]
//! ```
//!
//! The counts come back through [`MutationObserver::report`], as a map from the event's name
//! to its count, or through [`StatsObserver::counts`].
//!
//! ```
//! use trilayer_core::MutationObserver;
//! use trilayer_observer_stats::StatsObserver;
//!
//! let stats = StatsObserver::new();
//! stats.on_clear();
//! assert_eq!(stats.counts().clear, 1);
//! assert_eq!(stats.report().get("clear").and_then(|count| count.as_int()), Some(1));
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use trilayer_core::{Context, Descriptor, MutationObserver, NoOptions, Record, RecordValue, Value, register};

/// Describes the component: observer `stats`, without options.
#[must_use]
pub fn component() -> Descriptor {
    Descriptor::observer("stats", "Counts events", |_: &Context, _: NoOptions| {
        Ok(Arc::new(StatsObserver::new()))
    })
}

register!(component().version(env!("CARGO_PKG_VERSION")));

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $event:ident,)+) => {
        /// How often each event happened, since the observer was made.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        #[non_exhaustive]
        pub struct EventCounts {
            $($(#[doc = $doc])+ pub $event: u64,)+
        }

        #[derive(Debug, Default)]
        struct Counters {
            $($event: AtomicU64,)+
        }

        impl Counters {
            fn read(&self) -> EventCounts {
                EventCounts { $($event: self.$event.load(Ordering::Relaxed),)+ }
            }
        }

        impl From<EventCounts> for Value {
            /// A map from the event's name to its count; counts above `i64::MAX` become that.
            fn from(counts: EventCounts) -> Self {
                [$((stringify!($event), i64::try_from(counts.$event).unwrap_or(i64::MAX)),)+].into_iter().collect()
            }
        }
    };
}

counters! {
    /// Keys inserted.
    put,
    /// Values replaced.
    update,
    /// Keys removed by somebody.
    remove,
    /// Keys that left memory and stay in the data store. Expired ones are not among them.
    evict,
    /// Keys removed because their time was up.
    expire,
    /// Keys that came into memory from the data store.
    load,
    /// Keys written by a replication stream.
    replication_put,
    /// Times that everything left memory.
    clear,
    /// Times that everything left memory for a fresh start.
    reset,
    /// Times that a store came to its end.
    destroy,
}

/// Counts events, of primaries and backups alike.
///
/// Counting is one relaxed atomic addition, from any thread. Counts are read one after
/// another while events go on, so those of one reading need not belong to one moment.
#[derive(Debug, Default)]
pub struct StatsObserver {
    counters: Counters,
}

impl StatsObserver {
    /// An observer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> EventCounts {
        self.counters.read()
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl MutationObserver for StatsObserver {
    fn on_put(&self, _: &str, _: &Record, _: Option<&RecordValue>, _: bool) {
        count(&self.counters.put);
    }

    fn on_update(&self, _: &str, _: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        count(&self.counters.update);
    }

    fn on_remove(&self, _: &str, _: &Record, _: bool) {
        count(&self.counters.remove);
    }

    fn on_evict(&self, _: &str, _: &Record, _: bool) {
        count(&self.counters.evict);
    }

    fn on_load(&self, _: &str, _: &Record, _: bool) {
        count(&self.counters.load);
    }

    fn on_replication_put(&self, _: &str, _: &Record, _: bool) {
        count(&self.counters.replication_put);
    }

    fn on_clear(&self) {
        count(&self.counters.clear);
    }

    fn on_reset(&self) {
        count(&self.counters.reset);
    }

    fn on_destroy(&self, _: bool) {
        count(&self.counters.destroy);
    }

    fn on_expire(&self, _: &str, _: &Record, _: bool) {
        count(&self.counters.expire);
    }

    fn report(&self) -> Value {
        self.counts().into()
    }
}
