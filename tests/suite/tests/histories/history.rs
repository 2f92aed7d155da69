//! The recorded history of one key, and whether it is one of an optional value with a deadline.

use std::collections::HashMap;
use std::time::Duration;

use porcupine_rs::{CheckResult, Operation, check_operations_timeout};

use crate::model::{Action, Deadlined, Op, Outcome, Saw, Span, Touch};

/// One operation of a client on the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) client: u32,
    /// Places of call and return in the order of all calls and returns.
    pub(crate) call: i64,
    pub(crate) ret: i64,
    pub(crate) op: Op,
}

/// What is read of a value: the first return, and the clock at it.
type Sightings = HashMap<i64, (i64, i64)>;

/// Longer than any check takes, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the checker says of a history.
pub(crate) fn check(history: &[Event]) -> CheckResult {
    check_operations_timeout(&prepared(history), PATIENCE)
}

/// The history as the checker takes it.
///
/// An operation that failed or was left may take effect at any time after its call, or never:
/// - A value that was seen was written before the first return of who saw it.
/// - One that nobody saw and that has no deadline makes no difference, and goes.
/// - All else may come last, after the end, where it counts for nothing.
fn prepared(history: &[Event]) -> Vec<Operation<Deadlined>> {
    let sightings = sightings(history);
    let last = history.iter().map(|event| event.ret).max().unwrap_or(0);
    let clock = history.iter().map(|event| event.op.clock.latest).max().unwrap_or(0);
    let mut operations: Vec<_> =
        history.iter().filter_map(|event| operation(event, history, &sightings, clock)).collect();
    let end = Op {
        action: Action::End,
        saw: Saw::Unsaid,
        outcome: Outcome::Done,
        clock: Span::exactly(clock),
        unseen: false,
    };
    let end = Event { client: 0, call: last + 1, ret: last + 2, op: end };
    operations.push(timed(&end, end.op, place(end.ret)));
    operations
}

pub(crate) fn sightings(history: &[Event]) -> Sightings {
    let mut sightings = Sightings::new();
    for event in history {
        if let Saw::Value(value) = event.op.saw {
            let first = sightings.entry(value).or_insert((i64::MAX, i64::MAX));
            *first = (first.0.min(event.ret), first.1.min(event.op.clock.latest));
        }
    }
    sightings
}

/// Stamps with room between them.
fn place(stamp: i64) -> i64 {
    stamp * 4
}

fn timed(event: &Event, op: Op, return_time: i64) -> Operation<Deadlined> {
    let call_time = place(event.call);
    Operation { client_id: Some(event.client), call_time, return_time, op, metadata: None }
}

fn operation(
    event: &Event,
    history: &[Event],
    sightings: &Sightings,
    clock: i64,
) -> Option<Operation<Deadlined>> {
    let mut op = event.op;
    if let Action::Write { limits, touched, .. } = &mut op.action
        && limits.idle.is_some()
    {
        *touched = latest_touch(event, history).max(*touched);
    }
    if op.outcome == Outcome::Done {
        return Some(timed(event, op, place(event.ret)));
    }
    if op.outcome == Outcome::Left {
        op.clock.latest = clock;
    }
    match op.action {
        Action::Write { value, .. } if let Some((seen, clock)) = sightings.get(&value) => {
            op.clock.latest = op.clock.latest.min(*clock).max(op.clock.earliest);
            Some(timed(event, op, place(*seen.max(&event.call)) + 1))
        }
        Action::Write { limits, .. } if limits.ttl.is_none() && limits.idle.is_none() => None,
        Action::Read(_) => None,
        _ => Some(timed(event, Op { unseen: true, ..op }, i64::MAX)),
    }
}

/// Notes in each write which touches may have met it, so that they count though the reads go.
pub(crate) fn with_touches_noted(history: &[Event]) -> Vec<Event> {
    let mut noted = history.to_vec();
    for event in &mut noted {
        let latest = latest_touch(event, history);
        if let Action::Write { touched, .. } = &mut event.op.action {
            *touched = latest.max(*touched);
        }
    }
    noted
}

/// A read that had to load counts its access once it has: the value may be another by then.
fn latest_touch(write: &Event, history: &[Event]) -> i64 {
    let end = if write.op.outcome == Outcome::Done { write.ret } else { i64::MAX };
    let touches = history.iter().filter(|event| {
        matches!(event.op.action, Action::Read(touch) if touch != Touch::No)
            && event.ret > write.call
            && event.call < end
    });
    touches.map(|event| event.op.clock.latest).max().unwrap_or(i64::MIN)
}

/// How many operations overlap one of another client.
pub(crate) fn overlapping(history: &[Event]) -> usize {
    let mut by_call: Vec<_> = history.iter().collect();
    by_call.sort_unstable_by_key(|event| event.call);
    let mut overlaps = vec![false; by_call.len()];
    // The operation that returns last of those called so far.
    let mut open = 0;
    for place in 1..by_call.len() {
        if by_call[place].call < by_call[open].ret {
            (overlaps[place], overlaps[open]) = (true, true);
        }
        if by_call[place].ret > by_call[open].ret {
            open = place;
        }
    }
    overlaps.into_iter().filter(|overlaps| *overlaps).count()
}
