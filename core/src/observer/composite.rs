//! Many observers as one, each isolated from the others' faults.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::MutationObserver;
use crate::{Record, RecordValue, Value};

/// Calls its observers in the order they were added.
///
/// A panicking observer is caught, counted in [`panics`](Self::panics) and reported as a
/// `tracing` error; the others are called all the same.
#[derive(Default)]
pub struct CompositeMutationObserver {
    observers: Vec<Arc<dyn MutationObserver>>,
    panics: Arc<AtomicU64>,
}

impl CompositeMutationObserver {
    /// Observers in the order they are to be called.
    #[must_use]
    pub fn new(observers: Vec<Arc<dyn MutationObserver>>) -> Self {
        Self { observers, panics: Arc::default() }
    }

    /// Other observers in place of these, whose panics count with those so far.
    #[must_use]
    pub fn with_others(&self, observers: Vec<Arc<dyn MutationObserver>>) -> Self {
        Self { observers, panics: Arc::clone(&self.panics) }
    }

    /// Adds an observer after the others.
    pub fn add(&mut self, observer: Arc<dyn MutationObserver>) {
        self.observers.push(observer);
    }

    /// Whether there is nobody to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.observers.is_empty()
    }

    /// How many calls panicked so far.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    fn each(&self, event: &'static str, mut call: impl FnMut(&dyn MutationObserver)) {
        for (position, observer) in self.observers.iter().enumerate() {
            let outcome = catch_unwind(AssertUnwindSafe(|| call(observer.as_ref())));
            if let Err(payload) = outcome {
                self.panics.fetch_add(1, Ordering::Relaxed);
                tracing::error!(event, position, panic = panic_text(&*payload), "observer panicked");
                // The payload's own destructor may panic too.
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                if let Err(second) = dropped {
                    std::mem::forget(second);
                }
            }
        }
    }
}

/// The message of a panic, as far as it is text.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

impl MutationObserver for CompositeMutationObserver {
    fn on_put(&self, key: &str, record: &Record, old: Option<&RecordValue>, is_backup: bool) {
        self.each("put", |observer| observer.on_put(key, record, old, is_backup));
    }

    fn on_update(&self, key: &str, record: &Record, old: &RecordValue, new: &RecordValue, is_backup: bool) {
        self.each("update", |observer| observer.on_update(key, record, old, new, is_backup));
    }

    fn on_remove(&self, key: &str, record: &Record, is_backup: bool) {
        self.each("remove", |observer| observer.on_remove(key, record, is_backup));
    }

    fn on_evict(&self, key: &str, record: &Record, is_backup: bool) {
        self.each("evict", |observer| observer.on_evict(key, record, is_backup));
    }

    fn on_load(&self, key: &str, record: &Record, is_backup: bool) {
        self.each("load", |observer| observer.on_load(key, record, is_backup));
    }

    fn on_replication_put(&self, key: &str, record: &Record, populate_index: bool) {
        self.each("replication_put", |observer| observer.on_replication_put(key, record, populate_index));
    }

    fn on_clear(&self) {
        self.each("clear", |observer| observer.on_clear());
    }

    fn on_reset(&self) {
        self.each("reset", |observer| observer.on_reset());
    }

    fn on_destroy(&self, is_shutdown: bool) {
        self.each("destroy", |observer| observer.on_destroy(is_shutdown));
    }

    fn on_expire(&self, key: &str, record: &Record, is_backup: bool) {
        self.each("expire", |observer| observer.on_expire(key, record, is_backup));
    }

    fn report(&self) -> Value {
        let mut reports = Vec::new();
        self.each("report", |observer| reports.push(observer.report()));
        reports.into()
    }
}

impl fmt::Debug for CompositeMutationObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompositeMutationObserver")
            .field("observers", &self.observers.len())
            .field("panics", &self.panics())
            .finish()
    }
}
