//! What one key may do: it is an optional value with a deadline.
//!
//! An operation is what it saw, then what it did, at one instant between its call and its return.
//! Its clock reading lies somewhere between the clock at both, so deadlines are known as spans:
//! a read that finds the value shows that its deadline is not past, one that finds nothing shows
//! that it is.

use porcupine_rs::Model;

/// The time that never comes.
pub(crate) const NEVER: i64 = i64::MAX;

/// An instant known to lie between two, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
}

impl Span {
    pub(crate) const fn exactly(instant: i64) -> Self {
        Self { earliest: instant, latest: instant }
    }

    fn after(self, limit: Option<i64>) -> Self {
        match limit {
            None => Self::exactly(NEVER),
            Some(limit) => Self {
                earliest: self.earliest.saturating_add(limit),
                latest: self.latest.saturating_add(limit),
            },
        }
    }
}

/// How long a value lives after its write and after its last access, in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    pub(crate) ttl: Option<i64>,
    pub(crate) idle: Option<i64>,
}

/// Whether a read counts as an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    No,
    Yes,
    /// Where records are evicted: one that has left memory again is not touched.
    Maybe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Read(Touch),
    Write {
        value: i64,
        limits: Limits,
        /// When the value was made, if that is exact and not the instant of the write.
        made: Option<i64>,
        /// The latest clock reading of a touch that may have met this value instead of the one it read.
        touched: i64,
    },
    Remove,
    /// The end of a history. What may or may not have happened has not, if it comes after.
    End,
}

/// What an operation says was there before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saw {
    /// It says nothing of it.
    Unsaid,
    Value(i64),
    Nothing,
    /// Nothing, but the store may drop any value: memory with a bound and nothing behind it.
    NothingLeft,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// It failed: it may have happened, then or later, or never.
    Failed,
    /// Its caller left: likewise, and whatever its clock reading was, nobody knows.
    Left,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) action: Action,
    pub(crate) saw: Saw,
    pub(crate) outcome: Outcome,
    /// The clock at the call and at the return.
    pub(crate) clock: Span,
    /// May never have happened, and nobody saw its value.
    pub(crate) unseen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Held {
    /// Nothing, and the clock is known to show at least this much.
    Nothing {
        since: i64,
    },
    Value {
        value: i64,
        ttl: Span,
        idle: Option<i64>,
        access: Span,
    },
}

impl Held {
    const NOTHING: Self = Self::Nothing { since: i64::MIN };

    fn deadline(ttl: i64, idle: Option<i64>, access: i64) -> i64 {
        idle.map_or(ttl, |idle| ttl.min(access.saturating_add(idle)))
    }

    /// What is known after an operation saw this; `None` if it cannot have.
    fn seen_as(self, saw: Saw, clock: Span) -> Option<Self> {
        match (self, saw) {
            (_, Saw::Unsaid) => Some(self),
            (Self::Value { value, ttl, idle, access }, Saw::Value(seen)) => {
                let live = clock.earliest <= Self::deadline(ttl.latest, idle, access.latest);
                let since = idle.map_or(access.earliest, |idle| clock.earliest - idle);
                let ttl = Span { earliest: ttl.earliest.max(clock.earliest), ..ttl };
                let access = Span { earliest: access.earliest.max(since), ..access };
                (live && seen == value).then_some(Self::Value { value, ttl, idle, access })
            }
            (Self::Value { ttl, idle, access, .. }, Saw::Nothing) => {
                let deadline = Self::deadline(ttl.earliest, idle, access.earliest);
                (deadline < clock.latest).then(|| Self::Nothing { since: deadline + 1 })
            }
            (Self::Value { .. }, Saw::NothingLeft) => Some(Self::NOTHING),
            (Self::Nothing { since }, Saw::Nothing | Saw::NothingLeft) => {
                (since <= clock.latest).then_some(self)
            }
            (Self::Nothing { .. }, Saw::Value(_)) => None,
        }
    }

    fn touched(self, touch: Touch, clock: Span) -> Self {
        match self {
            Self::Value { value, ttl, idle: Some(idle), access } if touch != Touch::No => {
                let earliest = if touch == Touch::Yes { clock.earliest } else { i64::MIN };
                let access =
                    Span { earliest: access.earliest.max(earliest), latest: access.latest.max(clock.latest) };
                Self::Value { value, ttl, idle: Some(idle), access }
            }
            held => held,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    held: Held,
    /// The last change may as well never have happened: it counts only if the next operation
    /// sees that nothing is there. Otherwise the history without it is the same.
    owed: bool,
    ended: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Deadlined;

impl Model for Deadlined {
    type State = State;
    type Op = Op;
    type Metadata = ();

    fn init() -> State {
        State { held: Held::NOTHING, owed: false, ended: false }
    }

    fn step(state: &State, op: &Op) -> (bool, State) {
        match next(*state, op) {
            Some(next) => (true, next),
            None => (false, *state),
        }
    }
}

fn next(state: State, op: &Op) -> Option<State> {
    if state.ended {
        return op.unseen.then_some(state);
    }
    if state.owed && !matches!(op.saw, Saw::Nothing | Saw::NothingLeft) {
        return None;
    }
    let held = state.held.seen_as(op.saw, op.clock)?;
    let held = match op.action {
        Action::End => return Some(State { ended: true, ..state }),
        Action::Read(touch) => held.touched(touch, op.clock),
        Action::Write { value, limits, made, touched } => written(value, limits, made, touched, op.clock),
        // Where nothing is, it changes nothing: as well never.
        Action::Remove if op.unseen && matches!(held, Held::Nothing { .. }) => return None,
        Action::Remove => Held::NOTHING,
    };
    Some(State { held, owed: op.unseen, ended: false })
}

fn written(value: i64, limits: Limits, made: Option<i64>, touched: i64, clock: Span) -> Held {
    let made = made.map_or(clock, Span::exactly);
    let ttl = made.after(limits.ttl);
    let access = match limits.idle {
        // The same state, whenever it was written.
        None => Span::exactly(0),
        Some(_) => Span { latest: made.latest.max(touched), ..made },
    };
    Held::Value { value, ttl, idle: limits.idle, access }
}
