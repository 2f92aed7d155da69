//! Reads: from memory if they can, else by one load for everyone who asks.

use std::sync::Arc;

use std::collections::{BTreeMap, HashMap};

use super::commit::Standing;
use super::handoff::start;
use super::hold::end_of;
use super::inner::Inner;
use super::stripe::{Kept, Loaded, Loading, State};
use crate::sync::{Ordering, OwnedMutexGuard, watch};
use crate::{Record, RecordMetadata, SharedError, SharedStr, StoredValue};

type Waiting = watch::Receiver<Option<Loaded>>;

/// What memory says of a key.
pub(super) enum Lookup {
    Hit(Record),
    Miss,
    /// Somebody is loading it.
    Wait(Waiting),
    /// Nobody is: the caller loads it.
    Load(Load, Waiting),
}

/// A load that a caller has taken upon itself. Dropped unfinished, it lets the next caller try.
pub(super) struct Load {
    store: Arc<Inner>,
    key: SharedStr,
    done: watch::Sender<Option<Loaded>>,
}

impl Load {
    /// Tells everyone who waits. The key's lock is held, so that whoever asks later sees memory
    /// as the load left it, and the reads that it answers are accesses of this moment.
    fn finish(&self, state: &mut State, outcome: Loaded) {
        let touches = state.loads.remove(&self.key).map_or(0, |loading| loading.touches);
        let outcome = match outcome {
            Ok(Some(record)) if touches > 0 && self.store.engine.contains_key(&self.key) => {
                let now = self.store.now();
                let touch = |record, _| self.store.touch(state, &self.key, record, now);
                Ok(Some((0..touches).fold(record, touch)))
            }
            outcome => outcome,
        };
        self.done.send_replace(Some(outcome));
    }

    /// Tells everyone who waits of an error, unless memory has come to know the key meanwhile.
    fn fail(&self, error: &SharedError) {
        let mut state = self.store.stripe(&self.key).lock();
        let outcome = match self.store.settle(&mut state, &self.key, self.store.now()) {
            Standing::Resident(record) | Standing::Parked(record) => Ok(Some(record)),
            Standing::Absent => Ok(None),
            Standing::Unknown => Err(error.clone()),
        };
        self.finish(&mut state, outcome);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if self.done.borrow().is_none() {
            self.store.stripe(&self.key).lock().loads.remove(&self.key);
        }
    }
}

impl Inner {
    /// A hit that needs no lock of this store; `None` if that cannot be told without one.
    fn quick_lookup(&self, key: &str, touch: bool) -> Option<Lookup> {
        if self.is_observed_here() {
            return Some(self.engine.get(key).map_or(Lookup::Miss, Lookup::Hit));
        }
        let deadlines = self.deadlines.load(Ordering::Acquire);
        if !self.reads_unguarded() {
            return None;
        }
        let now = if touch { self.now() } else { 0 };
        let record = match touch {
            false => self.engine.get(key),
            true => self.engine.atomic_update()?.update_metadata(key, &mut |it| it.on_access(now)),
        };
        match record {
            Some(record) if self.deadlines.load(Ordering::Acquire) == deadlines => Some(Lookup::Hit(record)),
            // It may have come with a deadline since, and one that has passed.
            Some(record) if touch => self.count_late(key, record, now),
            Some(_) => None,
            None => self.is_null().then_some(Lookup::Miss),
        }
    }

    /// Counts a read of a record that may have a deadline; `None` if that has passed.
    fn count_late(&self, key: &str, record: Record, now: i64) -> Option<Lookup> {
        let mut state = self.stripe(key).lock();
        if self.is_expired(&state, key, &record.metadata, now) {
            return None;
        }
        state.expiry.touch(key, now);
        Some(Lookup::Hit(record))
    }

    pub(super) fn lookup(self: &Arc<Self>, key: &str, touch: bool) -> Lookup {
        if let Some(known) = self.quick_lookup(key, touch) {
            return known;
        }
        let key = SharedStr::from(key);
        self.with_room(self.stripe(&key), |state, room| {
            let now = self.now();
            Ok(match self.settle(state, &key, now) {
                Standing::Resident(record) if touch => Lookup::Hit(self.touch(state, &key, record, now)),
                Standing::Resident(record) => Lookup::Hit(record),
                Standing::Parked(record) => {
                    let record = self.unpark(state, &key, record, room)?;
                    Lookup::Hit(if touch { self.touch(state, &key, record, now) } else { record })
                }
                Standing::Absent => Lookup::Miss,
                Standing::Unknown => self.join_or_lead(state, &key, touch),
            })
        })
    }

    /// Counts a read. The key's lock is held, so that no write is undone.
    fn touch(&self, state: &mut State, key: &str, record: Record, now: i64) -> Record {
        state.expiry.touch(key, now);
        self.change_metadata(key, record, |metadata| metadata.on_access(now))
    }

    /// Changes the metadata of a resident record, whose key's lock is held; returns it changed.
    pub(super) fn change_metadata(
        &self,
        key: &str,
        mut record: Record,
        change: impl Fn(&mut RecordMetadata),
    ) -> Record {
        if let Some(engine) = self.engine.atomic_update() {
            return engine.update_metadata(key, &mut |metadata| change(metadata)).unwrap_or(record);
        }
        change(&mut record.metadata);
        self.engine.put(key, record.clone());
        record
    }

    fn join_or_lead(self: &Arc<Self>, state: &mut State, key: &SharedStr, touch: bool) -> Lookup {
        if let Some(loading) = state.loads.get_mut(key) {
            loading.touches = loading.touches.saturating_add(touch.into());
            return Lookup::Wait(loading.outcome.clone());
        }
        let (done, waiting) = watch::channel(None);
        state.loads.insert(key.clone(), Loading { outcome: waiting.clone(), touches: touch.into() });
        Lookup::Load(Load { store: Arc::clone(self), key: key.clone(), done }, waiting)
    }

    pub(super) async fn get(self: &Arc<Self>, key: &str, touch: bool) -> anyhow::Result<Option<Record>> {
        self.check_open()?;
        match self.lookup(key, touch) {
            Lookup::Hit(record) => Ok(Some(record)),
            Lookup::Miss => {
                // A store that was destroyed since has nothing, which says nothing of the key.
                self.check_open()?;
                Ok(None)
            }
            // Boxed, for a hit's future would be as large as a load's otherwise.
            Lookup::Wait(waiting) => Box::pin(self.await_load(waiting, "get")).await,
            Lookup::Load(load, waiting) => Box::pin(self.get_loaded(load, waiting)).await,
        }
    }

    async fn get_loaded(self: &Arc<Self>, load: Load, waiting: Waiting) -> anyhow::Result<Option<Record>> {
        self.load(vec![load]).await;
        self.await_load(waiting, "get").await
    }

    pub(super) async fn get_all(self: &Arc<Self>, keys: &[String]) -> anyhow::Result<Vec<(String, Record)>> {
        self.check_open()?;
        let mut waits: HashMap<&str, Waiting> = HashMap::new();
        let mut found: HashMap<&str, Option<Record>> = HashMap::with_capacity(keys.len());
        let mut loads = Vec::new();
        for key in keys.iter().map(String::as_str) {
            if found.contains_key(key) {
                continue;
            }
            let record = match self.lookup(key, false) {
                Lookup::Hit(record) => Some(record),
                Lookup::Miss => None,
                Lookup::Wait(waiting) => {
                    waits.insert(key, waiting);
                    None
                }
                Lookup::Load(load, waiting) => {
                    loads.push(load);
                    waits.insert(key, waiting);
                    None
                }
            };
            found.insert(key, record);
        }
        // As in `get`: what was missed in a destroyed store says nothing.
        self.check_open()?;
        if !loads.is_empty() {
            self.load(loads).await;
        }
        for (key, waiting) in waits {
            found.insert(key, self.await_load(waiting, "get_all").await?);
        }
        let take = |key: &String| Some((key.clone(), found.get_mut(key.as_str())?.take()?));
        Ok(keys.iter().filter_map(take).collect())
    }

    /// Runs loads to their end; everyone who waits for one of them, the caller too, gets its
    /// outcome that way. Others may wait, so a caller that is dropped calls nothing off.
    ///
    /// What is on stripes that are free is one call. What is not waits for each stripe apart, and what
    /// an overdue write keeps for that write, so that a call that hangs holds up no more than it has to.
    async fn load(self: &Arc<Self>, loads: Vec<Load>) {
        let mut by_stripe: BTreeMap<usize, Vec<Load>> = BTreeMap::new();
        for load in loads {
            by_stripe.entry(self.stripe_index(&load.key)).or_default().push(load);
        }
        let (mut order, mut free) = (Vec::new(), Vec::new());
        let (mut busy, mut kept) = (Vec::new(), Vec::new());
        for (index, loads) in by_stripe {
            match self.stripes[index].try_order() {
                Some(guard) => {
                    let (waiting, ready) = self.split_kept(loads);
                    kept.extend(waiting);
                    free.extend(ready);
                    order.push(guard);
                }
                None => busy.push((index, loads)),
            }
        }
        let store = Arc::clone(self);
        self.start_loading(async move { store.run_loads(order, free).await }).await;
        for (index, loads) in busy {
            let store = Arc::clone(self);
            self.start_loading(async move { store.load_in_turn(index, loads).await }).await;
        }
        self.load_kept(kept).await;
    }

    /// Loads keys of one stripe when its turn comes.
    async fn load_in_turn(self: &Arc<Self>, index: usize, loads: Vec<Load>) {
        let Some(order) = self.patience.wait(self.stripes[index].order()).await else {
            return self.give_up(&loads);
        };
        let (kept, free) = self.split_kept(loads);
        self.run_loads(vec![order], free).await;
        self.load_kept(kept).await;
    }

    /// Loads each of the keys once the write that keeps it has ended.
    async fn load_kept(self: &Arc<Self>, kept: Vec<(Kept, Load)>) {
        for (until, load) in kept {
            let store = Arc::clone(self);
            let loading = async move {
                let turn = async {
                    end_of(until).await;
                    store.hold(&load.key).await
                };
                let Some(hold) = store.patience.wait(turn).await else {
                    return store.give_up(&[load]);
                };
                store.run_loads(hold.into_order(), vec![load]).await;
            };
            self.start_loading(loading).await;
        }
    }

    /// The loads whose keys are kept by overdue writes, and the others.
    fn split_kept(&self, loads: Vec<Load>) -> (Vec<(Kept, Load)>, Vec<Load>) {
        let (mut kept, mut free) = (Vec::new(), Vec::new());
        for load in loads {
            let until = self.stripe(&load.key).lock().kept_of(&load.key);
            match until {
                Some(until) => kept.push((until, load)),
                None => free.push(load),
            }
        }
        (kept, free)
    }

    /// Tells those who wait for loads that their turn did not come in time.
    fn give_up(&self, loads: &[Load]) {
        let error = SharedError::new(self.overdue("load", false).into());
        loads.iter().for_each(|load| load.fail(&error));
    }

    async fn start_loading(&self, loading: impl Future<Output = ()> + Send + 'static) {
        if let Err(error) = start(loading).await {
            tracing::error!(map = &*self.name, %error, "loads were cut off");
        }
    }

    /// Loads what memory cannot answer, in one call, and tells everyone who waits. The loads'
    /// order locks are held.
    async fn run_loads(&self, _order: Vec<OwnedMutexGuard<()>>, loads: Vec<Load>) {
        // While these queued, somebody may have written the keys or closed the store.
        let loads: Vec<Load> = loads.into_iter().filter(|load| !self.is_settled(load)).collect();
        if loads.is_empty() {
            return;
        }
        match self.call_load(&loads).await {
            Ok(mut stored) => {
                for load in &loads {
                    self.finish_load(load, stored.remove(load.key.as_str()));
                }
            }
            Err(error) => {
                let error = SharedError::new(error);
                loads.iter().for_each(|load| load.fail(&error));
            }
        }
    }

    /// Ends a load that memory can answer by now.
    fn is_settled(&self, load: &Load) -> bool {
        self.with_room(self.stripe(&load.key), |state, room| {
            if let Err(closed) = self.check_open() {
                load.finish(state, Err(SharedError::new(closed.into())));
                return Ok(true);
            }
            let outcome = match self.settle(state, &load.key, self.now()) {
                Standing::Resident(record) => Some(record),
                Standing::Parked(record) => Some(self.unpark(state, &load.key, record, room)?),
                Standing::Absent => None,
                Standing::Unknown => return Ok(false),
            };
            load.finish(state, Ok(outcome));
            Ok(true)
        })
    }

    async fn call_load(&self, loads: &[Load]) -> anyhow::Result<HashMap<String, StoredValue>> {
        let map = &*self.name;
        if let [load] = loads {
            let stored =
                self.ask("load", async { self.data_store.load_stored(map, &load.key).await }).await?;
            return Ok(stored.map(|stored| (load.key.to_string(), stored)).into_iter().collect());
        }
        let keys: Vec<String> = loads.iter().map(|load| load.key.to_string()).collect();
        let stored = self.ask("load", async { self.data_store.load_all_stored(map, &keys).await }).await?;
        Ok(stored.into_iter().collect())
    }

    fn finish_load(&self, load: &Load, stored: Option<StoredValue>) {
        self.with_room(self.stripe(&load.key), |state, room| {
            let outcome = match (self.check_open(), &stored) {
                (Err(closed), _) => Err(SharedError::new(closed.into())),
                (Ok(()), Some(stored)) => Ok(self.commit_load(state, &load.key, stored, room)?),
                (Ok(()), None) => Ok(match self.settle(state, &load.key, self.now()) {
                    Standing::Resident(record) => Some(record),
                    Standing::Parked(record) => Some(self.unpark(state, &load.key, record, room)?),
                    Standing::Absent | Standing::Unknown => None,
                }),
            };
            load.finish(state, outcome);
            Ok(())
        });
    }

    async fn await_load(
        &self,
        mut waiting: Waiting,
        operation: &'static str,
    ) -> anyhow::Result<Option<Record>> {
        let outcome = async { waiting.wait_for(Option::is_some).await.map(|outcome| outcome.clone()) };
        match self.patience.wait(outcome).await {
            Some(Ok(Some(Ok(record)))) => Ok(record),
            Some(Ok(Some(Err(error)))) => Err(error.into_error()),
            Some(Ok(None) | Err(_)) => Err(self.cut_off(operation).into()),
            None => Err(self.overdue(operation, true).into()),
        }
    }
}
