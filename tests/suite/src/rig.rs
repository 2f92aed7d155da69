//! A store with a scripted data store, a recorder and a clock that stands still.

#![expect(clippy::missing_panics_doc, reason = "a panic here is a failed test")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trilayer_core::{
    CallerProvenance, CompositeMutationObserver, DefaultRecordStore, ExpiryPolicy, HashMapStorage,
    MapDataStore, MutationObserver, NullDataStore, RecordStore, RecordValue, StorageConfig, Value,
};
use trilayer_testkit::{ManualClock, RecordingObserver, ScriptedDataStore, lww};

use crate::plain_engine::PlainEngine;

/// When the clocks of these tests begin.
pub const START: i64 = 1_000_000;

#[doc(no_inline)]
pub use trilayer_core::CallerProvenance::{Backup, Client, CrdtMerge, Load, Replication};
#[doc(no_inline)]
pub use trilayer_core::ExpiryPolicy as Expiry;

/// A store and what surrounds it.
#[derive(Debug)]
pub struct Rig {
    /// The store.
    pub store: Arc<DefaultRecordStore>,
    /// Its data store, unless it has none or a real one.
    pub data: Arc<ScriptedDataStore>,
    /// What its observers were told.
    pub events: Arc<RecordingObserver>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
}

/// What to build a rig from.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "observers and data stores have none")]
pub struct Parts {
    /// Default expiry and bound.
    pub config: StorageConfig,
    /// Whether the store only has memory.
    pub null: bool,
    /// Whether the data store keeps deadlines.
    pub keeps_deadlines: bool,
    /// An engine with nothing beyond the fixed interface.
    pub plain: bool,
    /// How many stripes, if not as many as usual.
    pub stripes: Option<usize>,
    /// With one shard the engine's length is exact while others write.
    pub one_shard: bool,
    /// Observers before the recorder.
    pub observers: Vec<Arc<dyn MutationObserver>>,
    /// A data store that is no test double.
    pub real: Option<Arc<dyn MapDataStore>>,
    /// How long the store waits for its data store, if not as long as usual.
    pub timeout_millis: Option<u64>,
    /// The data store of another rig, as after a restart.
    pub data: Option<Arc<ScriptedDataStore>>,
}

/// A store over a real data store that forgets deadlines.
pub fn rig() -> Rig {
    Parts::default().build()
}

/// A store that only has memory.
pub fn in_memory() -> Rig {
    Parts { null: true, ..Parts::default() }.build()
}

/// A bound and nothing else.
pub fn bounded(max_entry_count: u64) -> StorageConfig {
    StorageConfig { max_entry_count, ..StorageConfig::default() }
}

impl Parts {
    /// The rig.
    pub fn build(self) -> Rig {
        let data = self.data.unwrap_or_else(|| match self.keeps_deadlines {
            true => ScriptedDataStore::keeping_deadlines(),
            false => ScriptedDataStore::new(),
        });
        let (events, clock) = (RecordingObserver::new(), ManualClock::at(START));
        let mut observer = CompositeMutationObserver::new(self.observers);
        observer.add(Arc::clone(&events) as _);
        let data_store: Arc<dyn MapDataStore> = match self.real {
            Some(real) => real,
            None if self.null => Arc::new(NullDataStore),
            None => Arc::clone(&data) as _,
        };
        let mut builder = DefaultRecordStore::builder("map", 0)
            .data_store(data_store)
            .observer(Arc::new(observer))
            .config(self.config)
            .clock(Arc::clone(&clock) as _);
        if let Some(stripes) = self.stripes {
            builder = builder.stripes(stripes);
        }
        if let Some(millis) = self.timeout_millis {
            builder = builder.data_store_timeout_millis(millis);
        }
        if self.one_shard {
            builder = builder.engine(Box::new(HashMapStorage::with_shards(1)));
        }
        if self.plain {
            builder = builder.engine(Box::new(PlainEngine::default()));
        }
        Rig { store: Arc::new(builder.build()), data, events, clock }
    }
}

impl Rig {
    /// Puts as a client; returns the old value.
    pub async fn put(&self, key: &str, value: impl Into<Value>) -> Option<RecordValue> {
        self.put_as(key, value, Client).await
    }

    /// Puts; returns the old value.
    pub async fn put_as(
        &self,
        key: &str,
        value: impl Into<Value>,
        provenance: CallerProvenance,
    ) -> Option<RecordValue> {
        self.store.put(key, lww(value), ExpiryPolicy::NONE, provenance).await.expect("put")
    }

    /// Puts as a client, to expire.
    pub async fn put_for(&self, key: &str, value: impl Into<Value>, expiry: ExpiryPolicy) {
        self.store.put(key, lww(value), expiry, Client).await.expect("put");
    }

    /// The live value.
    pub async fn get(&self, key: &str) -> Option<RecordValue> {
        self.store.get(key, false).await.expect("get").map(|record| record.value)
    }

    /// Removes as a client; returns the old value.
    pub async fn remove(&self, key: &str) -> Option<RecordValue> {
        self.store.remove(key, Client).await.expect("remove")
    }

    /// The value in memory, whether or not it is live.
    pub fn resident(&self, key: &str) -> Option<RecordValue> {
        self.store.storage().get(key).map(|record| record.value)
    }

    /// The value in the data store.
    pub fn stored(&self, key: &str) -> Option<RecordValue> {
        self.data.value("map", key)
    }

    /// A task of its own.
    pub fn spawn<T, F>(&self, run: impl FnOnce(Arc<DefaultRecordStore>) -> F) -> tokio::task::JoinHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        tokio::spawn(run(Arc::clone(&self.store)))
    }
}

/// Polls a future once, as a caller does who then forgets about it.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every other task run until all of them wait.
pub async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
