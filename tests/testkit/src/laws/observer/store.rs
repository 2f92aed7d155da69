//! A real store, whose events the observer under test is told.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use proptest::prelude::*;
use trilayer_core::{
    CallerProvenance, CompositeMutationObserver, DefaultRecordStore, ExpiryPolicy, MapDataStore,
    NullDataStore, Record, RecordMetadata, RecordStore, StorageConfig,
};

use super::{Memory, ObserverUnderTest};
use crate::{ManualClock, RecordingObserver, ScriptedDataStore};

const START: i64 = 1_000_000;

/// A store over a data store, or, unbounded, over none.
pub(super) struct World {
    pub(super) store: DefaultRecordStore,
    pub(super) recorder: Arc<RecordingObserver>,
    clock: Arc<ManualClock>,
    subject: ObserverUnderTest,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Put(u8, u32, CallerProvenance),
    PutFor(u8, u32, u32),
    Remove(u8, CallerProvenance),
    Get(u8),
    GetAll,
    PutBackup(u8, u32),
    RemoveBackup(u8),
    Evict(u8),
    EvictAll,
    Wait(u32),
    Sweep,
    Flush,
    Clear,
    Reset,
}

/// Steps, and the bound of the store they are taken in; 0 = none, and no data store.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    pub(super) bound: u64,
    steps: Vec<Step>,
}

pub(super) fn steps() -> impl Strategy<Value = Steps> {
    use CallerProvenance::{Backup, Client, CrdtMerge, Replication};
    let key = || 0_u8..6;
    let caller = || prop::sample::select(vec![Client, CrdtMerge, Replication, Backup]);
    let step = prop_oneof![
        8 => (key(), 0_u32..1000, caller()).prop_map(|(key, number, caller)| Step::Put(key, number, caller)),
        3 => (key(), 0_u32..1000, 1_u32..40).prop_map(|(key, number, ttl)| Step::PutFor(key, number, ttl)),
        3 => (key(), caller()).prop_map(|(key, caller)| Step::Remove(key, caller)),
        4 => key().prop_map(Step::Get),
        2 => Just(Step::GetAll),
        2 => (key(), 0_u32..1000).prop_map(|(key, number)| Step::PutBackup(key, number)),
        1 => key().prop_map(Step::RemoveBackup),
        3 => key().prop_map(Step::Evict),
        1 => Just(Step::EvictAll),
        3 => (1_u32..30).prop_map(Step::Wait),
        1 => Just(Step::Sweep),
        1 => Just(Step::Flush),
        1 => Just(Step::Clear),
        1 => Just(Step::Reset),
    ];
    (prop::sample::select(vec![0_u64, 2, 3, 100]), prop::collection::vec(step, 1..60))
        .prop_map(|(bound, steps)| Steps { bound, steps })
}

impl Steps {
    pub(super) fn taken_in(&self, world: &World) {
        self.steps.iter().for_each(|step| world.take(*step));
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Step> + '_ {
        self.steps.iter().copied()
    }
}

impl World {
    pub(super) fn over(subject: &ObserverUnderTest, bound: u64) -> Self {
        let data_store: Arc<dyn MapDataStore> =
            if bound == 0 { Arc::new(NullDataStore) } else { ScriptedDataStore::new() };
        let (recorder, clock) = (RecordingObserver::new(), ManualClock::at(START));
        let observers = vec![Arc::clone(&subject.observer), Arc::clone(&recorder) as _];
        let store = DefaultRecordStore::builder("map", 0)
            .data_store(data_store)
            .observer(Arc::new(CompositeMutationObserver::new(observers)))
            .config(StorageConfig { max_entry_count: bound, ..StorageConfig::default() })
            .clock(Arc::clone(&clock) as _)
            .build();
        Self { store, recorder, clock, subject: subject.clone() }
    }

    pub(super) fn memory(&self) -> Memory {
        let all = self.store.storage().snapshot_iter();
        all.into_iter().map(|(key, record)| (key, record.value)).collect()
    }

    pub(super) fn take(&self, step: Step) {
        let (store, client, none) = (&self.store, CallerProvenance::Client, ExpiryPolicy::NONE);
        let value = |number| (self.subject.values)(number);
        match step {
            Step::Put(key, number, caller) => done(store.put(&name(key), value(number), none, caller)),
            Step::PutFor(key, number, ttl) => {
                done(store.put(&name(key), value(number), ExpiryPolicy::ttl(ttl.into()), client));
            }
            Step::Remove(key, caller) => done(store.remove(&name(key), caller)),
            Step::Get(key) => done(store.get(&name(key), true)),
            Step::GetAll => done(store.get_all(&(0..6).map(name).collect::<Vec<_>>())),
            Step::PutBackup(key, number) => {
                let record = Record { value: value(number), metadata: RecordMetadata::new(START, 0) };
                done(store.put_backup(&name(key), record, CallerProvenance::Backup));
            }
            Step::RemoveBackup(key) => done(store.remove_backup(&name(key), CallerProvenance::Backup)),
            Step::Evict(key) => drop(store.evict(&name(key), false)),
            Step::EvictAll => drop(store.evict_all(false)),
            Step::Wait(millis) => self.clock.advance(millis),
            Step::Sweep => store.evict_expired(100, trilayer_core::Clock::now_millis(&*self.clock), false),
            Step::Flush => done(store.soft_flush()),
            Step::Clear => drop(store.clear(false)),
            Step::Reset => store.reset(),
        }
    }
}

pub(super) fn name(key: u8) -> String {
    format!("key {key}")
}

/// Runs an operation to its end.
fn done<T>(operation: impl Future<Output = anyhow::Result<T>>) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut operation = std::pin::pin!(operation);
    loop {
        match operation.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(Ok(_)) => return,
            Poll::Ready(Err(error)) => panic!("the store that the law is checked with failed: {error:#}"),
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
