//! A store with a scripted data store, a recorder and a clock that stands still.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trilayer_core::{
    CallerProvenance, CompositeMutationObserver, DefaultRecordStore, ExpiryPolicy, MapDataStore,
    MutationObserver, NullDataStore, RecordStore, RecordValue, StorageConfig, Value,
};
use trilayer_testkit::{ManualClock, RecordingObserver, ScriptedDataStore, lww};

use crate::plain_engine::PlainEngine;

/// When the clocks of these tests begin.
pub(crate) const START: i64 = 1_000_000;

pub(crate) use trilayer_core::CallerProvenance::{Backup, Client, CrdtMerge, Load, Replication};
pub(crate) use trilayer_core::ExpiryPolicy as Expiry;

pub(crate) struct Rig {
    pub(crate) store: Arc<DefaultRecordStore>,
    pub(crate) data: Arc<ScriptedDataStore>,
    pub(crate) events: Arc<RecordingObserver>,
    pub(crate) clock: Arc<ManualClock>,
}

#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) config: StorageConfig,
    pub(crate) null: bool,
    pub(crate) keeps_deadlines: bool,
    /// An engine with nothing beyond the fixed interface.
    pub(crate) plain: bool,
    pub(crate) stripes: Option<usize>,
    pub(crate) observers: Vec<Arc<dyn MutationObserver>>,
    /// A data store that is no test double.
    pub(crate) real: Option<Arc<dyn MapDataStore>>,
    /// The data store of another rig, as after a restart.
    pub(crate) data: Option<Arc<ScriptedDataStore>>,
}

/// A store over a real data store that forgets deadlines.
pub(crate) fn rig() -> Rig {
    Parts::default().build()
}

/// A store that only has memory.
pub(crate) fn in_memory() -> Rig {
    Parts { null: true, ..Parts::default() }.build()
}

pub(crate) fn bounded(max_entry_count: u64) -> StorageConfig {
    StorageConfig { max_entry_count, ..StorageConfig::default() }
}

impl Parts {
    pub(crate) fn build(self) -> Rig {
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
        if self.plain {
            builder = builder.engine(Box::new(PlainEngine::default()));
        }
        Rig { store: Arc::new(builder.build()), data, events, clock }
    }
}

impl Rig {
    pub(crate) async fn put(&self, key: &str, value: impl Into<Value>) -> Option<RecordValue> {
        self.put_as(key, value, Client).await
    }

    pub(crate) async fn put_as(
        &self,
        key: &str,
        value: impl Into<Value>,
        provenance: CallerProvenance,
    ) -> Option<RecordValue> {
        self.store.put(key, lww(value), ExpiryPolicy::NONE, provenance).await.expect("put")
    }

    pub(crate) async fn put_for(&self, key: &str, value: impl Into<Value>, expiry: ExpiryPolicy) {
        self.store.put(key, lww(value), expiry, Client).await.expect("put");
    }

    pub(crate) async fn get(&self, key: &str) -> Option<RecordValue> {
        self.store.get(key, false).await.expect("get").map(|record| record.value)
    }

    pub(crate) async fn remove(&self, key: &str) -> Option<RecordValue> {
        self.store.remove(key, Client).await.expect("remove")
    }

    pub(crate) fn resident(&self, key: &str) -> Option<RecordValue> {
        self.store.storage().get(key).map(|record| record.value)
    }

    pub(crate) fn stored(&self, key: &str) -> Option<RecordValue> {
        self.data.value("map", key)
    }

    /// A task of its own.
    pub(crate) fn spawn<T, F>(
        &self,
        run: impl FnOnce(Arc<DefaultRecordStore>) -> F,
    ) -> tokio::task::JoinHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        tokio::spawn(run(Arc::clone(&self.store)))
    }
}

/// Polls a future once, as a caller does who then forgets about it.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every other task run until all of them wait.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
