//! A client: its operations, what disturbs them, and the record of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use trilayer_core::{CallerProvenance, Clock, DefaultRecordStore, RecordStore};
use trilayer_suite::rig::{Backup, Client as User, CrdtMerge, Load, Replication};
use trilayer_testkit::ManualClock;

use crate::history::Event;
use crate::model::{Action, Limits, Op, Outcome, Saw, Span, Touch};
use crate::request::{Answer, Patience, Reply, Request, ask, number};
use crate::weather::Weather;

/// What the clients of a history share.
pub(crate) struct Stage {
    pub(crate) store: Arc<DefaultRecordStore>,
    pub(crate) clock: Arc<ManualClock>,
    /// Orders calls and returns.
    pub(crate) stamps: AtomicI64,
    pub(crate) weather: Weather,
    pub(crate) is_null: bool,
    pub(crate) keys: Vec<String>,
}

/// An operation and the number of its key.
pub(crate) type Recorded = (usize, Event);

/// An operation that is about to be called, or was.
struct Begun {
    call: i64,
    clock: i64,
}

pub(crate) struct Client {
    pub(crate) id: u32,
    pub(crate) stage: Arc<Stage>,
    pub(crate) random: fastrand::Rng,
    pub(crate) recorded: Vec<Recorded>,
}

impl Client {
    pub(crate) fn new(id: u32, stage: &Arc<Stage>, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(31).wrapping_add(id.into()));
        Self { id, stage: Arc::clone(stage), random, recorded: Vec::new() }
    }

    pub(crate) async fn run(mut self) -> Vec<Recorded> {
        let rounds = self.stage.weather.rounds;
        for round in 0..rounds {
            let value = i64::from(self.id) * 1000 + i64::try_from(round).unwrap_or(0);
            let request = self.draw(value);
            let patience = self.patience();
            self.operate(request, patience).await;
            self.disturb().await;
            self.rest().await;
        }
        self.recorded
    }

    /// Lets others go first: always where turns are all the concurrency there is.
    async fn rest(&mut self) {
        let turns = if self.stage.weather.racing { u8::from(self.percent(10)) } else { self.random.u8(..3) };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    fn percent(&mut self, share: u8) -> bool {
        self.random.u8(..100) < share
    }

    fn patience(&mut self) -> Patience {
        if !self.percent(self.stage.weather.left) {
            return Patience::Endless;
        }
        let count = self.random.u8(1..=4);
        if self.random.bool() { Patience::Polls(count) } else { Patience::Turns(count) }
    }

    fn draw(&mut self, value: i64) -> Request {
        let keys = &self.stage.keys;
        let key = keys[self.random.usize(..keys.len())].clone();
        let provenance = self.provenance();
        let policy = self.stage.weather.policy(&mut self.random);
        match self.random.u8(..100) {
            0..36 => Request::Get { key, touch: self.random.bool() },
            36..42 => Request::GetAll { keys: self.stage.keys.clone() },
            42..66 => Request::Put { key, value, policy, provenance },
            66..74 => Request::Set { key, value, policy, provenance },
            74..86 => Request::Remove { key, provenance },
            86..94 => Request::PutBackup { key, value, made: self.stage.clock.now_millis(), provenance },
            _ => Request::RemoveBackup { key, provenance },
        }
    }

    fn provenance(&mut self) -> CallerProvenance {
        match self.percent(self.stage.weather.dirty) {
            true => [Backup, Replication, Load][self.random.usize(..3)],
            false => [User, User, CrdtMerge][self.random.usize(..3)],
        }
    }

    pub(crate) async fn operate(&mut self, request: Request, patience: Patience) {
        let begun = self.begin();
        let reply = ask(&self.stage.store, request.clone(), patience).await;
        let (answers, outcome) = match reply {
            Reply::Answered(Answer::Values(values)) => (Some(values), Outcome::Done),
            Reply::Answered(Answer::Done) => (None, Outcome::Done),
            Reply::Failed => (None, Outcome::Failed),
            Reply::Left => (None, Outcome::Left),
        };
        let actions = self.actions(&request);
        let silent = self.is_silent_about_nothing(&request);
        let event = self.end(&begun);
        for (place, (key, action)) in actions.into_iter().enumerate() {
            let saw = match answers.as_ref().map(|answers| answers[place]) {
                None => Saw::Unsaid,
                Some(None) if silent => Saw::Unsaid,
                Some(value) => self.stage.saw(value),
            };
            let read_nothing = matches!(action, Action::Read(_)) && saw == Saw::Unsaid;
            if !read_nothing {
                let op = Op { action, saw, outcome, ..event.op };
                self.recorded.push((key, Event { op, ..event }));
            }
        }
    }

    fn begin(&self) -> Begun {
        let clock = self.stage.clock.now_millis();
        Begun { call: self.stage.stamps.fetch_add(1, Ordering::SeqCst), clock }
    }

    /// The event, but for what it was.
    fn end(&self, begun: &Begun) -> Event {
        let ret = self.stage.stamps.fetch_add(1, Ordering::SeqCst);
        let clock = Span { earliest: begun.clock, latest: self.stage.clock.now_millis() };
        let op = Op { action: Action::End, saw: Saw::Unsaid, outcome: Outcome::Done, clock, unseen: false };
        Event { client: self.id, call: begun.call, ret, op }
    }

    /// What a request does to each of its keys.
    fn actions(&self, request: &Request) -> Vec<(usize, Action)> {
        let weather = &self.stage.weather;
        let write = |key: &str, value, limits: Limits, made| {
            vec![(self.stage.place(key), Action::Write { value, limits, made, touched: i64::MIN })]
        };
        match request {
            Request::Get { key, touch } => {
                let touch = match touch {
                    true if self.stage.may_evict() => Touch::Maybe,
                    true => Touch::Yes,
                    false => Touch::No,
                };
                vec![(self.stage.place(key), Action::Read(touch))]
            }
            Request::GetAll { keys } => {
                keys.iter().map(|key| (self.stage.place(key), Action::Read(Touch::No))).collect()
            }
            Request::Put { key, value, policy, .. } | Request::Set { key, value, policy, .. } => {
                write(key, *value, weather.limits(*policy), None)
            }
            Request::PutBackup { key, value, made, .. } => {
                write(key, *value, weather.limits(trilayer_core::ExpiryPolicy::NONE), Some(*made))
            }
            Request::Remove { key, .. } | Request::RemoveBackup { key, .. } => {
                vec![(self.stage.place(key), Action::Remove)]
            }
        }
    }

    /// A write that is not persisted does not ask the data store, so that of a key that was evicted
    /// it reports no old value.
    fn is_silent_about_nothing(&self, request: &Request) -> bool {
        let stage = &self.stage;
        match request {
            Request::Put { provenance, .. } | Request::Remove { provenance, .. } => {
                !stage.is_null && !provenance.persists()
            }
            _ => false,
        }
    }

    async fn disturb(&mut self) {
        let stage = Arc::clone(&self.stage);
        if self.percent(stage.weather.ticking) {
            stage.clock.advance(self.random.u32(1..=3));
        }
        if self.percent(stage.weather.evicting) {
            self.evict();
        }
        if self.percent(stage.weather.flushing) {
            // What a flush could not hand over stays for the next.
            match self.random.bool() {
                true => drop(stage.store.soft_flush().await),
                false => drop(stage.store.hard_flush().await),
            }
        }
    }

    fn evict(&mut self) {
        let stage = Arc::clone(&self.stage);
        match self.random.u8(..4) {
            0 => stage.store.evict_expired(self.random.u32(1..=100), stage.clock.now_millis(), false),
            1 if !stage.is_null || stage.is_bounded() => {
                stage.store.evict_all(false);
            }
            _ => {
                let key = self.random.usize(..stage.keys.len());
                let begun = self.begin();
                let evicted = stage.store.evict(&stage.keys[key], false);
                // With nothing behind memory, to evict is to remove.
                if stage.is_null {
                    let event = self.end(&begun);
                    let saw = stage.saw(evicted.map(number));
                    let op = Op { action: Action::Remove, saw, ..event.op };
                    self.recorded.push((key, Event { op, ..event }));
                }
            }
        }
    }
}

impl Stage {
    fn is_bounded(&self) -> bool {
        self.weather.config.max_entry_count > 0
    }

    fn may_evict(&self) -> bool {
        self.is_bounded() || self.weather.evicting > 0
    }

    fn place(&self, key: &str) -> usize {
        self.keys.iter().position(|known| known == key).expect("one of the history's keys")
    }

    fn saw(&self, value: Option<i64>) -> Saw {
        match value {
            Some(value) => Saw::Value(value),
            None if self.is_null && self.is_bounded() => Saw::NothingLeft,
            None => Saw::Nothing,
        }
    }
}
