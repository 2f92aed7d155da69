//! The laws of data stores, over one that works and one that fails every other time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use trilayer_core::SystemClock;
use trilayer_datastore_retry::{RetryDataStore, RetryOptions};
use trilayer_testkit::{Plan, ScriptedDataStore, data_store_laws};

fn over(inner: Arc<ScriptedDataStore>, attempts: u32) -> Arc<RetryDataStore> {
    let scripted = RetryOptions::new("scripted");
    let options = RetryOptions { attempts, first_delay_millis: 0, max_delay_millis: 0, ..scripted };
    Arc::new(RetryDataStore::new(inner, options, Arc::new(SystemClock::new())))
}

async fn flaky() -> Arc<RetryDataStore> {
    let inner = ScriptedDataStore::keeping_deadlines();
    let calls = AtomicU64::new(0);
    inner.script(move |_| match calls.fetch_add(1, Ordering::SeqCst) % 4 {
        0 => Plan::Fail("not now"),
        2 => Plan::WorkThenFail("it happened, but who knows"),
        _ => Plan::Work,
    });
    // Many callers at once meet the failures of each other's turns.
    over(inner, 64)
}

data_store_laws!(
    sound,
    || async { over(ScriptedDataStore::keeping_deadlines(), 1) },
    [keeps_deadlines, scans]
);
data_store_laws!(unreliable, flaky, [keeps_deadlines, scans]);
