//! What has to be true after every step, and at the end.

use std::collections::BTreeMap;
use std::task::Poll;

use trilayer_core::{RecordStore, RecordValue, StoreError};
use trilayer_suite::rig::{Client, Expiry, poll_once, settle};
use trilayer_testkit::{Call, lww};

use crate::rounds::Step;
use crate::scenario::Run;
use crate::script::Fault;

impl Run {
    /// An operation ended: with an error that names its cause if and only if a call of its failed.
    pub(crate) fn judge(&self, step: &Step, outcome: anyhow::Result<()>, struck: &[Call], before: usize) {
        let at = &self.at;
        match (outcome, struck) {
            (Ok(()), []) => {}
            (Ok(()), _) => panic!("a fault was swallowed: {at}"),
            (Err(error), []) => panic!("an error without a fault: {error:#}, {at}"),
            (Err(error), _) => {
                assert!(self.names_its_cause(&error), "{error:#}, {at}");
                let quiet = !step.is_all_or_nothing() || self.events() == before;
                assert!(quiet, "a failed operation told observers: {at}");
            }
        }
    }

    fn names_its_cause(&self, error: &anyhow::Error) -> bool {
        let text = format!("{error:#}");
        match self.scenario.fault {
            Fault::ErrorBefore => text.contains("struck before"),
            Fault::ErrorAfter => text.contains("struck after"),
            Fault::Panic => {
                let cause = error.downcast_ref::<StoreError>();
                matches!(cause, Some(StoreError::DataStorePanicked { .. })) && text.contains("scripted panic")
            }
            Fault::Overdue | Fault::OverdueFails => {
                matches!(error.downcast_ref(), Some(StoreError::Overdue { .. }))
            }
            Fault::Disconnect => text.contains("struck"),
            Fault::Hang | Fault::Late => false,
        }
    }

    /// Keeps track of which keys an error after the effect has made differ.
    pub(crate) fn note(&mut self, step: &Step, struck: &[Call]) {
        if struck.is_empty() {
            match step {
                Step::ClearThrough if self.held.is_empty() => self.unsure.clear(),
                Step::Put(_)
                | Step::Set(_)
                | Step::PutBackup(_)
                | Step::Remove(_)
                | Step::RemoveBackup(_) => {
                    let names = self.names(step);
                    self.unsure.retain(|key| !names.contains(key));
                }
                _ => {}
            }
        } else if self.scenario.fault.may_have_happened() {
            self.unsure.extend(struck.iter().flat_map(|call| call.keys.clone()));
        }
    }

    /// The events rebuild memory; what is clean is what the data store has.
    pub(crate) fn is_consistent(&self) {
        let at = &self.at;
        let entries = self.rig.store.storage().snapshot_iter();
        for (key, record) in &entries {
            let clean = !record.metadata.is_dirty();
            // A call that never answers has not happened, and whoever asked for it is gone.
            if clean && !self.unsure.contains(key) {
                assert_eq!(self.rig.stored(key).as_ref(), Some(&record.value), "{key} is clean, {at}");
            }
        }
        let memory: BTreeMap<String, RecordValue> =
            entries.into_iter().map(|(key, record)| (key, record.value)).collect();
        assert_eq!(self.rig.events.replay(), memory, "the events rebuild memory, {at}");
        let usage = self.rig.store.usage();
        assert_eq!((usage.resident, usage.deadlines), (memory.len() as u64, 0), "{at}");
        assert_eq!(usage.overdue, 0, "nothing keeps a key once it is answered, {at}");
        assert_eq!(usage.observer_panics, 0, "{at}");
    }

    /// Once the fault is over everything works again, but for what a call holds that hangs.
    pub(crate) async fn recovers(&mut self) {
        self.rig.data.work();
        self.striker.let_go();
        settle().await;
        let mut keys = self.keys.all.clone();
        keys.push(self.keys.bystander.clone());
        for key in keys {
            self.at = format!("{:?}, recovery of {key}", self.scenario);
            match self.is_held(&key) {
                true => self.waits(&key),
                false => self.works(&key),
            }
        }
        self.is_consistent();
        if self.held.is_empty() {
            self.is_flushed().await;
        }
    }

    fn works(&mut self, key: &str) {
        let store = &self.rig.store;
        let whole = async {
            store.get(key, true).await?;
            store.put(key, lww(1), Expiry::NONE, Client).await?;
            store.evict(key, false);
            let loaded = store.get(key, false).await?.map(|record| record.value);
            anyhow::ensure!(loaded == Some(lww(1)), "loaded {loaded:?}");
            let old = store.remove(key, Client).await?;
            anyhow::ensure!(old == Some(lww(1)), "removed {old:?}");
            anyhow::ensure!(store.get(key, true).await?.is_none(), "back after its removal");
            store.put(key, lww(2), Expiry::NONE, Client).await
        };
        let outcome = poll_once(std::pin::pin!(whole));
        assert!(matches!(outcome, Poll::Ready(Ok(None))), "{outcome:?}, {}", self.at);
        self.unsure.remove(key);
    }

    /// A key whose call hangs keeps its writers waiting, and lets them go.
    fn waits(&self, key: &str) {
        let write = std::pin::pin!(self.rig.store.set(key, lww(1), Expiry::NONE, Client));
        assert!(poll_once(write).is_pending(), "{}", self.at);
    }

    /// Nothing is left behind: no dirty records, no parked ones, no more than the keys in use.
    async fn is_flushed(&self) {
        let at = &self.at;
        self.rig.store.hard_flush().await.expect("hard_flush");
        let usage = self.rig.store.usage();
        assert_eq!((usage.dirty, usage.parked, usage.resident), (0, 0, 6), "{at}");
        let removed = self.rig.store.clear_through(false).await.expect("clear_through");
        assert_eq!((removed, self.rig.store.size()), (6, 0), "{at}");
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert!(tasks == 0 || self.scenario.fault == Fault::Hang, "{tasks} tasks left, {at}");
    }
}
