//! A cell of the grid: a key in some state, callers with any operations, and what must hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::future::{block_on, spawn, yield_now};
use shuttle::rand::Rng as _;
use trilayer_core::CallerProvenance::{Client, Replication};
use trilayer_core::{
    CompositeMutationObserver, DefaultRecordStore, ExpiryPolicy, HashMapStorage, RecordStore, StorageConfig,
};
use trilayer_testkit::{ManualClock, RecordingObserver, ScriptedDataStore, lww, record};

use crate::check::{Done, Effect, is_linearizable};
use crate::scene::number;
use crate::slow_store::SlowStore;

/// What a caller does to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Get,
    Touch,
    GetAll,
    Put,
    Set,
    Remove,
    PutDirty,
    RemoveDirty,
    PutBackup,
    RemoveBackup,
    Evict,
    EvictAll,
    InsertOther,
    SoftFlush,
    HardFlush,
    Clear,
    Destroy,
}

pub(crate) const ALL: [Op; 17] = [
    Op::Get,
    Op::Touch,
    Op::GetAll,
    Op::Put,
    Op::Set,
    Op::Remove,
    Op::PutDirty,
    Op::RemoveDirty,
    Op::PutBackup,
    Op::RemoveBackup,
    Op::Evict,
    Op::EvictAll,
    Op::InsertOther,
    Op::SoftFlush,
    Op::HardFlush,
    Op::Clear,
    Op::Destroy,
];

/// Where the key is when the callers come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Absent,
    Clean,
    Evicted,
    Dirty,
    Parked,
    RemovedDirty,
}

pub(crate) const STARTS: [Start; 6] =
    [Start::Absent, Start::Clean, Start::Evicted, Start::Dirty, Start::Parked, Start::RemovedDirty];

struct Cell {
    store: DefaultRecordStore,
    data: Arc<ScriptedDataStore>,
    events: Arc<RecordingObserver>,
    time: AtomicUsize,
}

impl Cell {
    fn new(bound: u64) -> Arc<Self> {
        let (data, events) = (ScriptedDataStore::new(), RecordingObserver::new());
        let store = DefaultRecordStore::builder("map", 0)
            .engine(Box::new(HashMapStorage::with_shards(1)))
            .data_store(Arc::new(SlowStore(Arc::clone(&data))))
            .observer(Arc::new(CompositeMutationObserver::new(vec![Arc::clone(&events) as _])))
            .clock(ManualClock::at(1_000_000))
            .config(StorageConfig { max_entry_count: bound, ..StorageConfig::default() })
            .stripes(2)
            .build();
        Arc::new(Self { store, data, events, time: AtomicUsize::new(0) })
    }

    /// Brings the key to where it is to start; returns its value there.
    async fn prepare(&self, start: Start) -> Option<i64> {
        let put = async |value: i64, provenance| {
            self.store.put("k", lww(value), ExpiryPolicy::NONE, provenance).await.expect("put");
        };
        if matches!(start, Start::Absent) {
            return None;
        }
        put(1, Client).await;
        match start {
            Start::Absent | Start::Clean => {}
            Start::Evicted => drop(self.store.evict("k", false)),
            Start::Dirty => put(2, Replication).await,
            Start::Parked => {
                put(2, Replication).await;
                self.store.evict("k", false);
            }
            Start::RemovedDirty => {
                self.store.remove("k", Replication).await.expect("remove");
                return None;
            }
        }
        Some(if matches!(start, Start::Dirty | Start::Parked) { 2 } else { 1 })
    }

    /// Does an operation and tells what it did to the key, if that can be told.
    async fn perform(&self, op: Op, value: i64) -> anyhow::Result<Option<Effect>> {
        let (store, none) = (&self.store, ExpiryPolicy::NONE);
        Ok(match op {
            Op::Get | Op::Touch => {
                let found = store.get("k", op == Op::Touch).await?;
                Some(Effect::Read(found.map(|record| number(&record.value))))
            }
            Op::GetAll => {
                let found = store.get_all(&["other".to_owned(), "k".to_owned()]).await?;
                let mine = found.iter().find(|(key, _)| key == "k");
                Some(Effect::Read(mine.map(|(_, record)| number(&record.value))))
            }
            Op::Put => {
                let old = store.put("k", lww(value), none, Client).await?;
                Some(Effect::Write(Some(value), Some(old.as_ref().map(number))))
            }
            Op::Set => {
                store.set("k", lww(value), none, Client).await?;
                Some(Effect::Write(Some(value), None))
            }
            Op::Remove => {
                let old = store.remove("k", Client).await?;
                Some(Effect::Write(None, Some(old.as_ref().map(number))))
            }
            Op::PutDirty => {
                store.put("k", lww(value), none, Replication).await?;
                Some(Effect::Write(Some(value), None))
            }
            Op::RemoveDirty => {
                store.remove("k", Replication).await?;
                Some(Effect::Write(None, None))
            }
            Op::PutBackup => {
                store.put_backup("k", record(value, 5), Client).await?;
                Some(Effect::Write(Some(value), None))
            }
            Op::RemoveBackup => {
                store.remove_backup("k", Client).await?;
                Some(Effect::Write(None, None))
            }
            Op::InsertOther => {
                store.set("other", lww(value), none, Client).await?;
                None
            }
            Op::SoftFlush => store.soft_flush().await.map(|_| None)?,
            Op::HardFlush => store.hard_flush().await.map(|()| None)?,
            Op::Evict => store.evict("k", false).and(None),
            Op::EvictAll => {
                store.evict_all(false);
                None
            }
            Op::Clear => {
                store.clear(false);
                None
            }
            Op::Destroy => {
                store.destroy();
                None
            }
        })
    }

    async fn call(&self, op: Op, value: i64) -> Option<Done> {
        // Callers who all begin at once meet at the same few places; these delays move them
        // along each other.
        for _ in 0..shuttle::rand::thread_rng().gen_range(0..16) {
            yield_now().await;
        }
        let called = self.time.fetch_add(1, Ordering::SeqCst);
        let effect = self.perform(op, value).await;
        let returned = self.time.fetch_add(1, Ordering::SeqCst);
        match effect {
            Ok(effect) => effect.map(|effect| Done { called, returned, effect, unsure: false }),
            Err(error) => {
                assert!(self.store.is_closed(), "{op:?}: {error:#}");
                None
            }
        }
    }

    fn check_memory(&self, bound: u64) {
        let resident = self.store.storage().snapshot_iter();
        let resident = resident.into_iter().map(|(key, record)| (key, record.value)).collect();
        assert_eq!(self.events.replay(), resident, "replaying the events rebuilds memory");
        assert!(
            bound == 0 || self.store.size() as u64 <= bound.max(self.store.usage().dirty),
            "the bound holds"
        );
    }

    /// What the key is once everything is at rest, as every reader and the data store see it.
    async fn settled(&self) -> Option<i64> {
        for (key, record) in self.store.storage().snapshot_iter() {
            if !record.metadata.is_dirty() {
                assert_eq!(
                    Some(record.value),
                    self.data.value("map", &key),
                    "a clean record is what is stored"
                );
            }
        }
        self.store.hard_flush().await.expect("flush");
        let read = self.store.get("k", false).await.expect("get").map(|record| number(&record.value));
        let stored = self.data.value("map", "k").as_ref().map(number);
        assert_eq!(read, stored, "after a flush memory and data store agree");
        let usage = self.store.usage();
        assert_eq!((usage.dirty, usage.parked), (0, 0), "a flush leaves nothing to be told");
        read
    }
}

/// Runs the callers at once, in whatever order the scheduler picks, and checks what must hold.
pub(crate) fn play(start: Start, callers: &[Vec<Op>], bound: u64) {
    block_on(async {
        let cell = Cell::new(bound);
        let before = cell.prepare(start).await;
        let tasks: Vec<_> = callers
            .iter()
            .enumerate()
            .map(|(caller, ops)| {
                let (cell, ops) = (Arc::clone(&cell), ops.clone());
                spawn(async move {
                    let mut done = Vec::new();
                    for (at, op) in ops.into_iter().enumerate() {
                        let value = 10 * (caller as i64 + 1) + at as i64;
                        done.extend(cell.call(op, value).await);
                    }
                    done
                })
            })
            .collect();
        let mut history = Vec::new();
        for task in tasks {
            history.extend(task.await.expect("no panic"));
        }
        // An insert beside a record that may not leave makes the bound give way.
        let dirty = matches!(start, Start::Dirty | Start::Parked)
            || callers.iter().flatten().any(|op| *op == Op::PutDirty);
        cell.check_memory(if dirty { 0 } else { bound });
        if cell.store.is_closed() {
            return;
        }
        let cleared = callers.iter().flatten().any(|op| *op == Op::Clear);
        let last = cell.settled().await;
        if !cleared {
            let end = cell.time.load(Ordering::SeqCst);
            history.push(Done { called: end, returned: end + 1, effect: Effect::Read(last), unsure: false });
            assert!(
                is_linearizable(before, &history),
                "from {start:?} = {before:?}, {callers:?}: {history:?}"
            );
        }
    });
}
