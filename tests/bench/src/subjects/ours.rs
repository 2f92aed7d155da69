//! trilayer: the engine alone, and the record store over it.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use trilayer_core::{
    AtomicUpdate as _, CallerProvenance, DefaultRecordStore, ExpiryPolicy, HashMapStorage, Record,
    RecordMetadata, RecordStore, RecordValue, StorageEngine as _, Timestamp,
};

use super::Subject;

/// The engine has no clock of its own.
const NOW: i64 = 1_700_000_000_000;

pub(super) struct Engine(HashMapStorage);

impl Engine {
    pub(super) fn new() -> Self {
        Self(HashMapStorage::new())
    }
}

impl Subject for Engine {
    fn name(&self) -> &'static str {
        "trilayer engine"
    }

    fn stores(&self) -> &'static str {
        "`HashMapStorage`, called directly: a `Record` (value, stamp, metadata) by key"
    }

    fn get(&self, key: &str) -> bool {
        black_box(self.0.get(key)).is_some()
    }

    fn touch(&self, key: &str) -> bool {
        black_box(self.0.update_metadata(key, &mut |metadata| metadata.on_access(NOW))).is_some()
    }

    fn put(&self, key: &str, payload: &str) {
        let value = value(payload);
        let metadata = RecordMetadata::new(NOW, value.heap_bytes());
        black_box(self.0.put(key, Record { value, metadata }));
    }

    fn remove(&self, key: &str) -> bool {
        black_box(self.0.remove(key)).is_some()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

pub(super) struct Store(Box<dyn RecordStore>);

impl Store {
    pub(super) fn new() -> Self {
        Self(Box::new(DefaultRecordStore::builder("bench", 0).build()))
    }

    fn read(&self, key: &str, touch: bool) -> bool {
        matches!(black_box(at_once(self.0.get(key, touch))), Some(Ok(Some(_))))
    }
}

impl Subject for Store {
    fn name(&self) -> &'static str {
        "trilayer store"
    }

    fn stores(&self) -> &'static str {
        "`DefaultRecordStore` over `HashMapStorage` and the null data store, called through `dyn RecordStore`; \
         times include its clock and its futures"
    }

    fn get(&self, key: &str) -> bool {
        self.read(key, false)
    }

    fn touch(&self, key: &str) -> bool {
        self.read(key, true)
    }

    fn put(&self, key: &str, payload: &str) {
        let put = self.0.put(key, value(payload), ExpiryPolicy::NONE, CallerProvenance::Client);
        black_box(at_once(put));
    }

    fn remove(&self, key: &str) -> bool {
        matches!(black_box(at_once(self.0.remove(key, CallerProvenance::Client))), Some(Ok(Some(_))))
    }

    fn len(&self) -> usize {
        self.0.size()
    }
}

fn value(payload: &str) -> RecordValue {
    RecordValue::Lww { value: payload.into(), timestamp: Timestamp::default() }
}

/// The outcome of a future that is ready when first polled, as everything is with the null
/// data store.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}
