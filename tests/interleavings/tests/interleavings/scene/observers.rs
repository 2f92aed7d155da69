//! Observers that misbehave, and one that compares.

use std::panic::resume_unwind;
use std::sync::{OnceLock, Weak};

use shuttle::sync::Mutex;
use trilayer_core::{DefaultRecordStore, MutationObserver, Record, RecordValue};

/// What an observer does when it is told that a record came or left.
trait OnAny: Send + Sync {
    fn told(&self, key: &str, record: &Record, came: bool);
}

macro_rules! told_of_any {
    ($observer:ty) => {
        impl MutationObserver for $observer {
            fn on_put(&self, key: &str, record: &Record, _: Option<&RecordValue>, _: bool) {
                self.told(key, record, true);
            }

            fn on_update(&self, key: &str, record: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
                self.told(key, record, true);
            }

            fn on_remove(&self, key: &str, record: &Record, _: bool) {
                self.told(key, record, false);
            }

            fn on_evict(&self, key: &str, record: &Record, _: bool) {
                self.told(key, record, false);
            }

            fn on_load(&self, key: &str, record: &Record, _: bool) {
                self.told(key, record, true);
            }

            fn on_replication_put(&self, key: &str, record: &Record, _: bool) {
                self.told(key, record, true);
            }

            fn on_clear(&self) {}

            fn on_reset(&self) {}

            fn on_destroy(&self, _: bool) {}
        }
    };
}

/// Panics at every event of a key; without the panic hook, which would print each.
pub(crate) struct Panics;

impl OnAny for Panics {
    fn told(&self, key: &str, _: &Record, _: bool) {
        resume_unwind(Box::new(format!("told of {key}")));
    }
}

told_of_any!(Panics);

type Call = Box<dyn Fn(&DefaultRecordStore, &str, Option<&Record>) + Send + Sync>;

/// Calls a store at every event of a key, once it knows it, with the record if it came.
pub(crate) struct CallsBack {
    store: OnceLock<Weak<DefaultRecordStore>>,
    call: Call,
}

impl CallsBack {
    pub(crate) fn new(
        call: impl Fn(&DefaultRecordStore, &str, Option<&Record>) + Send + Sync + 'static,
    ) -> Self {
        Self { store: OnceLock::new(), call: Box::new(call) }
    }

    pub(crate) fn knows(&self, store: Weak<DefaultRecordStore>) {
        self.store.set(store).expect("one store");
    }
}

impl OnAny for CallsBack {
    fn told(&self, key: &str, record: &Record, came: bool) {
        if let Some(store) = self.store.get().and_then(Weak::upgrade) {
            (self.call)(&store, key, came.then_some(record));
        }
    }
}

told_of_any!(CallsBack);

/// Notes the values it is told of, behind a lock at which others may go on.
#[derive(Default)]
pub(crate) struct Copies(Mutex<Vec<(String, RecordValue)>>);

impl Copies {
    pub(crate) fn of(&self, key: &str) -> Vec<RecordValue> {
        let told = self.0.lock().expect("nobody panics with it");
        told.iter().filter(|(of, _)| of == key).map(|(_, value)| value.clone()).collect()
    }
}

impl OnAny for Copies {
    fn told(&self, key: &str, record: &Record, _: bool) {
        self.0.lock().expect("nobody panics with it").push((key.to_owned(), record.value.clone()));
    }
}

told_of_any!(Copies);
