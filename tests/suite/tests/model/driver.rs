//! Runs a sequence against a store and the model, and compares after every step.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;
use trilayer_core::{Record, RecordStore, StorageConfig};
use trilayer_suite::rig::{Parts, Rig, START, poll_once};
use trilayer_testkit::{Call, Plan, lww};

use crate::access::number;
use crate::compare::{agree, told_item, told_record};
use crate::model::{Failed, Model, Outcome, Place, Stored};
use crate::ops::{Fault, KEYS, Op};

/// Which data store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    Null,
    Forgets,
    Keeps,
}

/// What a sequence runs over.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) plain: bool,
    pub(crate) data: Data,
    pub(crate) config: StorageConfig,
}

impl Setting {
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            config: self.config.clone(),
            null: self.data == Data::Null,
            keeps_deadlines: self.data == Data::Keeps,
            plain: self.plain,
            ..Parts::default()
        }
    }
}

/// Fails the next call of the data store when told, and remembers which that was.
#[derive(Default)]
pub(crate) struct Saboteur {
    pub(crate) armed: Mutex<Option<Fault>>,
    pub(crate) failed: Mutex<Option<Call>>,
}

impl Saboteur {
    pub(crate) fn at(rig: &Rig) -> Arc<Self> {
        let saboteur = Arc::<Self>::default();
        let inside = Arc::clone(&saboteur);
        rig.data.script(move |call| {
            let fault = inside.armed.lock().take();
            if fault.is_some() {
                *inside.failed.lock() = Some(call.clone());
            }
            match fault {
                None => Plan::Work,
                Some(Fault::Before) => Plan::Fail("sabotaged before"),
                Some(Fault::After) => Plan::WorkThenFail("sabotaged after"),
            }
        });
        saboteur
    }
}

thread_local! {
    /// Whether operations may wait for a real data store.
    pub(crate) static MAY_WAIT: Cell<bool> = const { Cell::new(false) };
}

/// The outcome of an operation; over a scripted data store, which answers at once, it is ready at once.
pub(crate) fn at_once<T>(operation: impl Future<Output = T>) -> T {
    let mut operation = pin!(operation);
    match poll_once(operation.as_mut()) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending if MAY_WAIT.get() => {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(operation)
        }
        Poll::Pending => panic!("an operation waits though its data store answers at once"),
    }
}

/// A store and the model of it.
pub(crate) struct Pair {
    pub(crate) rig: Rig,
    pub(crate) model: Model,
    saboteur: Arc<Saboteur>,
    /// How many events were compared.
    pub(crate) told: usize,
}

/// Runs the sequence in lockstep.
pub(crate) fn run(setting: &Setting, operations: &[Op]) {
    let mut pair = Pair::new(setting.parts().build(), setting);
    pair.play(operations);
    pair.at_the_end(setting);
}

/// The store's outcome in the model's words; an error has to name its cause.
fn told<T, U>(outcome: anyhow::Result<T>, tell: impl FnOnce(T) -> U) -> Outcome<U> {
    outcome.map(tell).map_err(|error| {
        assert!(format!("{error:#}").contains("sabotaged"), "an error without its cause: {error:#}");
        Failed
    })
}

impl Pair {
    pub(crate) fn new(rig: Rig, setting: &Setting) -> Self {
        let (null, keeps) = (setting.data == Data::Null, setting.data == Data::Keeps);
        let saboteur = Saboteur::at(&rig);
        let model = Model::new(START, setting.config.clone(), null, keeps);
        Self { rig, model, saboteur, told: 0 }
    }

    pub(crate) fn play(&mut self, operations: &[Op]) {
        for operation in operations {
            self.step(operation);
            self.compare();
            self.compare_events();
        }
    }

    fn step(&mut self, operation: &Op) {
        self.saboteur.failed.lock().take();
        *self.saboteur.armed.lock() = self.model.fault;
        match operation {
            Op::Get(..) | Op::GetAll(_) => self.read(operation),
            Op::Put(..) | Op::Set(..) | Op::Remove(..) | Op::PutBackup(..) | Op::RemoveBackup(..) => {
                self.write(operation);
            }
            _ => self.upkeep(operation),
        }
        agree(*self.saboteur.armed.lock(), self.model.fault, "whether the data store was called");
    }

    fn read(&mut self, operation: &Op) {
        let (store, model) = (&self.rig.store, &mut self.model);
        match operation {
            &Op::Get(key, touch) => {
                let found = told(at_once(store.get(key, touch)), |found| found.map(told_record));
                agree(found, model.get(key, touch).map(|item| item.as_ref().map(told_item)), "a get");
            }
            Op::GetAll(keys) => {
                let names: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
                let tell = |found: Vec<(String, Record)>| {
                    found.into_iter().map(|(key, record)| (key, told_record(record))).collect::<Vec<_>>()
                };
                let found = model.get_all(keys);
                let found =
                    found.map(|all| all.iter().map(|(k, item)| (k.clone(), told_item(item))).collect());
                agree(told(at_once(store.get_all(&names)), tell), found, "a get_all");
            }
            other => unreachable!("no read: {other:?}"),
        }
    }

    fn write(&mut self, operation: &Op) {
        let (store, model) = (&self.rig.store, &mut self.model);
        match operation {
            &Op::Put(key, value, expiry, by) => {
                let old = at_once(store.put(key, lww(value), expiry, by));
                let old = told(old, |old| old.as_ref().map(number));
                agree(old, model.put(key, value, expiry, by.persists(), true), "a put");
            }
            &Op::Set(key, value, expiry, by) => {
                let done = told(at_once(store.set(key, lww(value), expiry, by)), |()| ());
                agree(done, model.put(key, value, expiry, by.persists(), false).map(drop), "a set");
            }
            &Op::Remove(key, by) => {
                let old = told(at_once(store.remove(key, by)), |old| old.as_ref().map(number));
                agree(old, model.remove(key, by.persists()), "a remove");
            }
            &Op::PutBackup(key, value, age, by) => {
                let record = age.record(value, model.now);
                let done = told(at_once(store.put_backup(key, record.clone(), by)), |()| ());
                agree(done, model.put_backup(key, &record, by.persists()), "a put_backup");
            }
            &Op::RemoveBackup(key, by) => {
                let done = told(at_once(store.remove_backup(key, by)), |()| ());
                agree(done, model.remove(key, by.persists()).map(drop), "a remove_backup");
            }
            other => unreachable!("no write: {other:?}"),
        }
    }

    fn upkeep(&mut self, operation: &Op) {
        let (store, model) = (&self.rig.store, &mut self.model);
        match operation {
            Op::Evict(key) => {
                agree(store.evict(key, false).as_ref().map(number), model.evict(key), "an evict")
            }
            Op::EvictAll => agree(store.evict_all(false), model.evict_all(), "an evict_all"),
            Op::EvictExpired(percentage, ahead) => {
                store.evict_expired(*percentage, model.now + ahead, false);
                model.evict_expired(usize::try_from(*percentage).expect("small"), *ahead);
            }
            Op::IsForgotten(key) => agree(store.is_forgotten(key), model.is_forgotten(key), "is_forgotten"),
            Op::SoftFlush => {
                let done = told(at_once(store.soft_flush()), drop);
                let failed = self.saboteur.failed.lock().take();
                agree(done, model.flush(false, failed.as_ref()), "a soft_flush");
            }
            Op::HardFlush => {
                let done = told(at_once(store.hard_flush()), drop);
                let failed = self.saboteur.failed.lock().take();
                agree(done, model.flush(true, failed.as_ref()), "a hard_flush");
            }
            Op::Clear => agree(store.clear(false), model.clear(), "a clear"),
            Op::ClearThrough => {
                let removed = told(at_once(store.clear_through(false)), |removed| removed);
                agree(removed, model.clear_through(), "a clear_through");
            }
            Op::Advance(millis) => {
                self.rig.clock.advance(*millis);
                model.advance(*millis);
            }
            Op::Fail(fault) if !model.null => {
                model.fault = Some(*fault);
                *self.saboteur.armed.lock() = Some(*fault);
            }
            _ => {}
        }
        self.saboteur.failed.lock().take();
    }

    /// After a flush the data store has what is live, and nothing that was removed.
    fn at_the_end(mut self, setting: &Setting) {
        self.model.fault = None;
        self.step(&Op::HardFlush);
        self.compare();
        self.compare_events();
        if self.model.null {
            return;
        }
        let restarted = self.restart(setting);
        for key in KEYS {
            let Some(live) = self.live(key) else { continue };
            agree(restarted.data.value("map", key), Some(lww(live)), &format!("what is persisted of {key}"));
            let found = at_once(restarted.store.get(key, false)).expect("get after a restart");
            agree(found.map(|record| number(&record.value)), Some(live), &format!("{key} after a restart"));
        }
        self.let_deadlines_pass(&restarted);
    }

    /// The live value of a key, unless a failed call has made the data store differ from it.
    fn live(&self, key: &str) -> Option<i64> {
        let known = &self.model.keys[key];
        if known.unsure || known.limits.is_some_and(|limits| limits.is_expired(self.model.now)) {
            return None;
        }
        match &known.place {
            Place::Memory(item) | Place::Parked(item) => Some(item.value),
            Place::Gone => None,
            Place::Disk => {
                let live = |stored: &Stored| stored.deadline == 0 || stored.deadline >= self.model.now;
                known.disk.filter(live).map(|stored| stored.value)
            }
        }
    }

    fn restart(&self, setting: &Setting) -> Rig {
        let rig = Parts { data: Some(Arc::clone(&self.rig.data)), ..setting.parts() }.build();
        rig.data.work();
        rig.clock.advance(u32::try_from(self.model.now - START).expect("a short test"));
        rig
    }

    /// A data store that keeps deadlines makes records expire after a restart as they would have.
    fn let_deadlines_pass(&self, restarted: &Rig) {
        if !self.model.keeps {
            return;
        }
        restarted.clock.advance(13);
        for key in KEYS {
            let deadline = self.model.keys[key].disk.map_or(0, |stored| stored.deadline);
            if deadline != 0 && !self.model.keys[key].unsure {
                assert!(deadline < self.model.now + 13, "no limit is longer: {deadline}");
                let found = at_once(restarted.store.get(key, false)).expect("get after a restart");
                assert!(found.is_none(), "{key} outlived its deadline by a restart");
            }
        }
    }
}
