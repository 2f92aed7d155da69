//! The laws of observers, as the testkit has them, with a subscriber that formats every event.

use tracing_subscriber::EnvFilter;
use trilayer_observer_trace::{Level, TraceObserver, TraceOptions};
use trilayer_testkit::observer_laws;

fn trace() -> TraceObserver {
    // The first test of a process sets it.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("trace"))
            .with_writer(std::io::sink)
            .try_init(),
    );
    TraceObserver::new("map", TraceOptions { level: Level::Trace, keys: true })
}

observer_laws!(laws, trace);
observer_laws!(nobody_listens, || TraceObserver::new("map", TraceOptions::default()));
