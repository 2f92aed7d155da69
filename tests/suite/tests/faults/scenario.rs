//! One scenario: a workload under one fault, step by step.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use trilayer_core::RecordStore;
use trilayer_suite::rig::{Client, Expiry, Rig, poll_once, rig, settle};
use trilayer_testkit::{Call, EventKind, Gate, Plan, lww};

use crate::rounds::{Called, Keys, ROUNDS, Step, round};
use crate::script::{Fault, Striker};

/// How long a store waits if it is not told otherwise, in ms.
const PATIENCE: u32 = 30_000;

/// Which calls fail, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) kind: &'static str,
    pub(crate) fault: Fault,
    pub(crate) nth: usize,
    pub(crate) for_ever: bool,
}

/// A scenario under way.
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) rig: Rig,
    pub(crate) keys: Keys,
    pub(crate) striker: Arc<Striker>,
    /// Keys whose stripes a call holds that never answers.
    pub(crate) held: BTreeSet<String>,
    /// Keys that differ between memory and data store since an error after the effect.
    pub(crate) unsure: BTreeSet<String>,
    pub(crate) injected: usize,
    /// Where it stands, for messages.
    pub(crate) at: String,
}

/// Runs a scenario; returns how many faults were injected.
pub(crate) async fn injected(scenario: Scenario) -> usize {
    let rig = rig();
    let keys = keys_of_different_stripes(&rig).await;
    let Scenario { kind, fault, nth, for_ever } = scenario;
    let striker = Striker::at(&rig, kind, fault, nth, for_ever);
    let mut run = Run {
        scenario,
        rig,
        keys,
        striker,
        held: BTreeSet::new(),
        unsure: BTreeSet::new(),
        injected: 0,
        at: String::new(),
    };
    for number in 0..ROUNDS {
        for (index, step) in round(number).into_iter().enumerate() {
            run.at = format!("{scenario:?}, round {number}, step {index}: {step:?}");
            let value = i64::try_from(number * 100 + index).expect("small");
            run.step(&step, value).await;
            run.is_consistent();
        }
    }
    run.recovers().await;
    run.injected
}

/// Six keys of which no two share a stripe. Writes that all wait in the data store at once
/// show which those are; the store is empty afterwards.
async fn keys_of_different_stripes(rig: &Rig) -> Keys {
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let candidates: Vec<String> = (0..12).map(|n| format!("key-{n}")).collect();
    let mut writes: Vec<_> =
        candidates.iter().map(|key| Box::pin(rig.store.set(key, lww(0), Expiry::NONE, Client))).collect();
    for write in &mut writes {
        assert!(poll_once(write.as_mut()).is_pending());
    }
    settle().await;
    let mut all: Vec<String> = rig.data.calls().into_iter().flat_map(|call| call.keys).collect();
    gate.open();
    rig.data.work();
    for write in writes {
        write.await.expect("set");
    }
    rig.store.clear_through(false).await.expect("clear_through");
    all.truncate(6);
    assert_eq!(all.len(), 6, "twelve keys on fewer than six of 64 stripes");
    let bystander = all.pop().expect("six");
    Keys { all, bystander }
}

impl Run {
    async fn step(&mut self, step: &Step, value: i64) {
        let before = self.events();
        let mut called = step.call(&self.rig.store, &self.keys, value);
        let outcome = self.outcome(&mut called).await;
        let struck = self.striker.take();
        self.injected += struck.len();
        match outcome {
            Poll::Ready(outcome) => self.judge(step, outcome, &struck, before),
            Poll::Pending if self.scenario.fault.is_overdue() => {
                self.run_out(step, called, &struck, before).await;
            }
            Poll::Pending => self.leave(step, called, &struck).await,
        }
        self.note(step, &struck);
    }

    /// What comes of an operation whose caller is patient as long as anything moves.
    async fn outcome(&self, called: &mut Called) -> Poll<anyhow::Result<()>> {
        let mut outcome = poll_once(called.as_mut());
        for _ in 0..2 {
            if outcome.is_pending() {
                settle().await;
                outcome = poll_once(called.as_mut());
            }
        }
        outcome
    }

    /// The caller leaves an operation that waits. Others go on; a late call then ends it.
    async fn leave(&mut self, step: &Step, called: Called, struck: &[Call]) {
        let waits_for_held = step.is_of_all() || self.names(step).iter().any(|key| self.is_held(key));
        let of_this = !struck.is_empty() && matches!(self.scenario.fault, Fault::Hang | Fault::Late);
        assert!(of_this || (waits_for_held && !self.held.is_empty()), "hangs for no reason: {}", self.at);
        if self.scenario.nth.is_multiple_of(2) {
            let task = tokio::spawn(called);
            settle().await;
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()), "was to hang: {}", self.at);
        } else {
            drop(called);
        }
        self.hold(step, struck);
        self.hits_answer();
        self.others_go_on(step, struck).await;
        self.end_late_calls(step).await;
    }

    /// The store's patience ends: the caller is told, others go on, and a late call then ends.
    async fn run_out(&mut self, step: &Step, mut called: Called, struck: &[Call], before: usize) {
        assert!(!struck.is_empty(), "hangs for no reason: {}", self.at);
        self.rig.clock.advance(PATIENCE);
        let Poll::Ready(outcome) = self.outcome(&mut called).await else {
            panic!("waits for longer than the store does: {}", self.at);
        };
        self.judge(step, outcome, struck, before);
        self.hits_answer();
        self.others_go_on(step, struck).await;
        if matches!(step, Step::ClearThrough) && self.scenario.fault == Fault::Overdue {
            self.unsure.extend(struck.iter().flat_map(|call| call.keys.clone()));
        }
        self.end_late_calls(step).await;
    }

    /// Lets late calls go on, and those that follow from them.
    async fn end_late_calls(&mut self, step: &Step) {
        loop {
            self.striker.let_go();
            settle().await;
            let more = self.striker.take();
            if more.is_empty() {
                return;
            }
            self.injected += more.len();
            self.hold(step, &more);
        }
    }

    /// Notes which keys calls hold up that never answer.
    fn hold(&mut self, step: &Step, struck: &[Call]) {
        for call in struck {
            match call.operation {
                _ if self.scenario.fault != Fault::Hang => {}
                "soft_flush" | "hard_flush" => {}
                _ if matches!(step, Step::ClearThrough) => {
                    self.held.extend(self.keys.all.iter().cloned());
                    self.held.insert(self.keys.bystander.clone());
                }
                _ => self.held.extend(call.keys.iter().cloned()),
            }
        }
    }

    /// What is in memory is read at once, whatever hangs.
    fn hits_answer(&self) {
        for (key, record) in self.rig.store.storage().snapshot_iter() {
            let found = poll_once(self.rig.store.get(&key, false).as_mut());
            let Poll::Ready(Ok(Some(found))) = found else { panic!("{key}: {found:?}, {}", self.at) };
            assert_eq!(found, record, "{key}, {}", self.at);
        }
    }

    /// A key of another stripe is written, evicted, read and removed while a call hangs.
    async fn others_go_on(&self, step: &Step, struck: &[Call]) {
        let holds_all = matches!(step, Step::ClearThrough) && !struck.is_empty();
        let by = &*self.keys.bystander;
        if holds_all || self.is_held(by) || self.strikes(&["add", "load", "remove"]) {
            return;
        }
        let store = &self.rig.store;
        let mut whole: Called = Box::pin({
            let (store, by) = (Arc::clone(store), by.to_owned());
            async move {
                store.put(&by, lww(7), Expiry::NONE, Client).await?;
                store.evict(&by, false);
                anyhow::ensure!(store.get(&by, true).await?.is_some(), "the bystander is lost");
                store.remove(&by, Client).await.map(drop)
            }
        });
        let outcome = poll_once(whole.as_mut());
        assert!(matches!(outcome, Poll::Ready(Ok(()))), "others wait: {outcome:?}, {}", self.at);
    }

    /// Whether the fault may strike the bystander's own calls: those go on only if it is over.
    fn strikes(&self, kinds: &[&str]) -> bool {
        self.scenario.for_ever && kinds.contains(&self.scenario.kind)
    }

    /// How many events there were.
    pub(crate) fn events(&self) -> usize {
        use EventKind::{Clear, Destroy, Evict, Expire, Load, Put, Remove, Reset, Update};
        let kinds = [Put, Update, Remove, Evict, Expire, Load, Clear, Reset, Destroy];
        kinds.into_iter().map(|kind| self.rig.events.count(kind)).sum()
    }

    pub(crate) fn names(&self, step: &Step) -> Vec<String> {
        step.keys().iter().map(|key| self.keys.all[*key].clone()).collect()
    }

    pub(crate) fn is_held(&self, key: &str) -> bool {
        self.held.contains(key)
    }
}
