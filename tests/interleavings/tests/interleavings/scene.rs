//! What the named scenarios are told in: a store in some setup, callers who do things at once, and
//! what must hold once all is at rest.

mod events;
mod observers;
mod plain_engine;
mod rest;
mod setup;

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use shuttle::future::{JoinHandle, spawn, yield_now};
use shuttle::rand::Rng as _;
use trilayer_core::CallerProvenance::{Client, Replication};
use trilayer_core::{
    CallerProvenance, DefaultRecordStore, ExpiryPolicy, Record, RecordStore, RecordValue, Value,
};
use trilayer_testkit::{Gate, ManualClock, Plan, RecordingObserver, ScriptedDataStore, lww};

pub(crate) use self::observers::{CallsBack, Copies, Panics};
pub(crate) use self::setup::{Engine, Setup};
use crate::check::{Done, Effect};

/// A store under test, and what was done to it. Clones are the same.
#[derive(Clone)]
pub(crate) struct Scene(Arc<World>);

pub(crate) struct World {
    pub(crate) store: Arc<DefaultRecordStore>,
    pub(crate) data: Arc<ScriptedDataStore>,
    pub(crate) events: Arc<RecordingObserver>,
    pub(crate) clock: Arc<ManualClock>,
    setup: Setup,
    history: Mutex<Vec<(String, Done)>>,
    time: AtomicUsize,
    cleared: AtomicBool,
    /// Writes that were not persisted.
    dirtied: AtomicUsize,
}

impl Deref for Scene {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

/// A caller under way.
pub(crate) struct Caller<T>(JoinHandle<T>);

impl<T: 'static> Caller<T> {
    /// Waits for its end.
    pub(crate) async fn ended(self) -> T {
        self.0.await.expect("a caller ends")
    }
}

/// A random number below `bound`, from the schedule's own.
pub(crate) fn chance(bound: u32) -> u32 {
    shuttle::rand::thread_rng().gen_range(0..bound)
}

/// Lets others go on up to `most` times; some schedulers put those back who say that they yield, so
/// half the time it does not say so.
pub(crate) async fn linger(most: u32) {
    for _ in 0..chance(most + 1) {
        if chance(2) == 0 { yield_now().await } else { pause().await }
    }
}

/// Lets others go on until this holds.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        yield_now().await;
    }
}

pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future once; `None` if it is not ready.
pub(crate) async fn poll_once<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

pub(crate) fn number(value: &RecordValue) -> i64 {
    match value {
        RecordValue::Lww { value: Value::Int(number), .. } => *number,
        other => panic!("never put: {other:?}"),
    }
}

impl Scene {
    /// Somebody who does this once the scheduler lets them.
    pub(crate) fn caller<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        does: impl FnOnce(Self) -> F,
    ) -> Caller<T> {
        let does = does(self.clone());
        Caller(spawn(async move {
            linger(6).await;
            does.await
        }))
    }

    /// Somebody who begins this and may give up on it at any time.
    pub(crate) fn quitter<F: Future<Output: Send> + Send + 'static>(
        &self,
        does: impl FnOnce(Self) -> F,
    ) -> Caller<()> {
        let does = does(self.clone());
        self.caller(move |_| async move {
            let mut does = pin!(does);
            for _ in 0..chance(6) {
                if poll_once(does.as_mut()).await.is_some() {
                    return;
                }
                linger(2).await;
            }
        })
    }
}

impl World {
    fn tick(&self) -> usize {
        self.time.fetch_add(1, Ordering::SeqCst)
    }

    fn history(&self) -> std::sync::MutexGuard<'_, Vec<(String, Done)>> {
        self.history.lock().expect("nobody panics with it")
    }

    fn keys(&self) -> BTreeSet<String> {
        self.history().iter().map(|(key, _)| key.clone()).collect()
    }

    /// Awaits a write and notes what it did; until it is known to have happened, it may have.
    async fn write<T>(
        &self,
        key: &str,
        new: Option<i64>,
        call: impl Future<Output = anyhow::Result<T>>,
        old: impl FnOnce(&T) -> Option<Option<i64>>,
    ) -> anyhow::Result<T> {
        let (called, effect) = (self.tick(), Effect::Write(new, None));
        let place = self.note(key, Done { called, returned: usize::MAX, effect, unsure: true });
        let outcome = call.await?;
        let effect = Effect::Write(new, old(&outcome));
        self.history()[place].1 = Done { called, returned: self.tick(), effect, unsure: false };
        Ok(outcome)
    }

    fn note(&self, key: &str, done: Done) -> usize {
        let mut history = self.history();
        history.push((key.to_owned(), done));
        history.len() - 1
    }

    async fn read(&self, key: &str, touch: bool) -> anyhow::Result<Option<Record>> {
        let called = self.tick();
        let found = self.store.get(key, touch).await?;
        let effect = Effect::Read(found.as_ref().map(|record| number(&record.value)));
        self.note(key, Done { called, returned: self.tick(), effect, unsure: false });
        Ok(found)
    }

    pub(crate) async fn get(&self, key: &str) -> anyhow::Result<Option<i64>> {
        Ok(self.read(key, false).await?.map(|record| number(&record.value)))
    }

    pub(crate) async fn touch(&self, key: &str) -> anyhow::Result<Option<Record>> {
        self.read(key, true).await
    }

    pub(crate) async fn get_all(&self, keys: &[&str]) -> anyhow::Result<Vec<(String, i64)>> {
        let called = self.tick();
        let asked: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        let found: Vec<_> = self.store.get_all(&asked).await?;
        let found: Vec<_> = found.into_iter().map(|(key, record)| (key, number(&record.value))).collect();
        for key in keys {
            let mine = found.iter().find(|(found, _)| found == key).map(|&(_, value)| value);
            self.note(key, Done { called, returned: self.tick(), effect: Effect::Read(mine), unsure: false });
        }
        Ok(found)
    }

    async fn put_as(
        &self,
        key: &str,
        value: i64,
        expiry: ExpiryPolicy,
        provenance: CallerProvenance,
    ) -> anyhow::Result<Option<i64>> {
        // What is not persisted does not ask the data store what it replaces.
        let told = provenance.persists() || self.setup.null;
        if !provenance.persists() {
            self.dirtied.fetch_add(1, Ordering::SeqCst);
        }
        let put = self.store.put(key, lww(value), expiry, provenance);
        let old = |old: &Option<RecordValue>| told.then(|| old.as_ref().map(number));
        Ok(self.write(key, Some(value), put, old).await?.as_ref().map(number))
    }

    pub(crate) async fn put(&self, key: &str, value: i64) -> anyhow::Result<Option<i64>> {
        self.put_as(key, value, ExpiryPolicy::NONE, Client).await
    }

    /// Not persisted until a flush.
    pub(crate) async fn put_dirty(&self, key: &str, value: i64) -> anyhow::Result<Option<i64>> {
        self.put_as(key, value, ExpiryPolicy::NONE, Replication).await
    }

    pub(crate) async fn put_for(
        &self,
        key: &str,
        value: i64,
        expiry: ExpiryPolicy,
    ) -> anyhow::Result<Option<i64>> {
        self.put_as(key, value, expiry, Client).await
    }

    pub(crate) async fn set(&self, key: &str, value: i64) -> anyhow::Result<()> {
        let set = self.store.set(key, lww(value), ExpiryPolicy::NONE, Client);
        self.write(key, Some(value), set, |()| None).await
    }

    pub(crate) async fn put_backup(&self, key: &str, value: i64) -> anyhow::Result<()> {
        let put = self.store.put_backup(key, trilayer_testkit::record(value, 5), Client);
        self.write(key, Some(value), put, |()| None).await
    }

    pub(crate) async fn remove(&self, key: &str) -> anyhow::Result<Option<i64>> {
        let remove = self.store.remove(key, Client);
        let old = |old: &Option<RecordValue>| Some(old.as_ref().map(number));
        Ok(self.write(key, None, remove, old).await?.as_ref().map(number))
    }

    /// Not persisted until a flush.
    pub(crate) async fn remove_dirty(&self, key: &str) -> anyhow::Result<()> {
        self.write(key, None, self.store.remove(key, Replication), |_| None).await.map(drop)
    }

    pub(crate) async fn remove_backup(&self, key: &str) -> anyhow::Result<()> {
        self.write(key, None, self.store.remove_backup(key, Client), |()| None).await
    }

    pub(crate) fn evict(&self, key: &str) -> Option<i64> {
        self.store.evict(key, false).as_ref().map(number)
    }

    pub(crate) fn clear(&self) -> u32 {
        self.cleared.store(true, Ordering::SeqCst);
        self.store.clear(false)
    }

    /// Empties the data store too.
    pub(crate) async fn clear_through(&self) -> anyhow::Result<u64> {
        self.cleared.store(true, Ordering::SeqCst);
        self.store.clear_through(false).await
    }

    /// Waits until no write goes on that its caller was told is overdue.
    pub(crate) async fn nothing_is_overdue(&self) {
        // Queues behind what still holds the stripe.
        self.set("last", 0).await.expect("the stripe is free");
        until(|| self.store.usage().overdue == 0).await;
    }

    /// Moves the clock, by which every key that may have a deadline may be gone at once.
    pub(crate) fn advance(&self, millis: u32, expiring: &[&str]) {
        for key in expiring {
            let effect = Effect::Write(None, None);
            self.note(key, Done { called: self.tick(), returned: usize::MAX, effect, unsure: true });
        }
        self.clock.advance(millis);
    }

    pub(crate) fn sweep(&self) {
        use trilayer_core::Clock as _;
        self.store.evict_expired(100, self.clock.now_millis(), false);
    }

    pub(crate) fn in_memory(&self, key: &str) -> Option<i64> {
        self.store.storage().get(key).map(|record| number(&record.value))
    }

    pub(crate) fn in_data_store(&self, key: &str) -> Option<i64> {
        self.data.value("map", key).as_ref().map(number)
    }

    /// Counted reads of a key in memory.
    pub(crate) fn hits(&self, key: &str) -> Option<u32> {
        self.store.storage().get(key).map(|record| record.metadata.hits)
    }

    /// From now on the data store's calls of this operation wait at the gate.
    pub(crate) fn hold(&self, operation: &'static str) -> Gate {
        let gate = Gate::closed();
        self.data.plan(operation, Plan::WorkAfter(gate.clone()));
        gate
    }

    // Where keys may stand before the callers come.

    pub(crate) async fn resident(&self, key: &str, value: i64) {
        self.put(key, value).await.expect("put");
    }

    pub(crate) async fn stored(&self, key: &str, value: i64) {
        self.resident(key, value).await;
        self.evict(key);
    }

    pub(crate) async fn dirty(&self, key: &str, value: i64) {
        self.put_dirty(key, value).await.expect("put");
    }

    pub(crate) async fn parked(&self, key: &str, value: i64) {
        self.dirty(key, value).await;
        self.evict(key);
    }
}
