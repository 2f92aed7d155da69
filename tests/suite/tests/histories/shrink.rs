//! Makes a history that is not linearizable smaller, as long as it stays so.
//!
//! Taking operations away at random can make a sound history look broken: a read without its
//! write, say. So each step here keeps this: if the larger history were linearizable, the smaller
//! one would be, by the same order of what is left. What remains is then a true witness.
//!
//! - **The end cut off.** What has not returned by then may or may not have happened.
//! - **The beginning cut off**, up to a write that nobody can look behind: operations that overlap it
//!   forget what they saw of what was before.
//! - **A read.** It changes nothing, unless it is an access of a value with a limit on idle time.
//! - **What an operation saw.** It then claims less.
//! - **A value**: its write with all reads of it, where what others saw of it is forgotten. Not one
//!   whose expiry may be why another operation found nothing.
//! - **A removal that may never have happened**, if nobody saw nothing after its call.

use porcupine_rs::CheckResult;

use crate::history::{Event, check, with_touches_noted};
use crate::model::{Action, Outcome, Saw, Touch};

/// The smallest history found that still fails; the history itself if it does not.
pub(crate) fn shrink(history: &[Event]) -> Vec<Event> {
    if !fails(history) {
        return history.to_vec();
    }
    let mut smallest = shortest_prefix(&with_touches_noted(history));
    loop {
        smallest = latest_beginning(smallest);
        let before = (smallest.len(), claims(&smallest));
        smallest = without(&smallest, clients(&smallest), of_client);
        smallest = without(&smallest, values(&smallest), forget_value);
        smallest = without(&smallest, calls(&smallest), drop_read);
        smallest = without(&smallest, calls(&smallest), drop_removal);
        smallest = without(&smallest, calls(&smallest), forget_sight);
        if before == (smallest.len(), claims(&smallest)) {
            return smallest;
        }
    }
}

fn fails(history: &[Event]) -> bool {
    check(history) == CheckResult::Illegal
}

/// The shortest beginning that fails. Any longer one does too.
fn shortest_prefix(history: &[Event]) -> Vec<Event> {
    let mut returns: Vec<i64> = history.iter().map(|event| event.ret).collect();
    returns.sort_unstable();
    let first = returns.partition_point(|&end| !fails(&until(history, end)));
    returns.get(first).map_or_else(|| history.to_vec(), |&end| until(history, end))
}

/// What was called by an instant, as far as it was known then.
fn until(history: &[Event], end: i64) -> Vec<Event> {
    let mut prefix: Vec<Event> = history.iter().filter(|event| event.call < end).copied().collect();
    for event in prefix.iter_mut().filter(|event| event.ret > end) {
        event.op.saw = Saw::Unsaid;
        if event.op.outcome == Outcome::Done {
            event.op.outcome = Outcome::Failed;
        }
    }
    prefix.retain(|event| event.ret <= end || !matches!(event.op.action, Action::Read(_)));
    prefix
}

/// The history from the latest write on that it can begin with.
fn latest_beginning(history: Vec<Event>) -> Vec<Event> {
    let mut writes: Vec<&Event> = history.iter().filter(|event| is_sure_change(event)).collect();
    writes.sort_unstable_by_key(|event| std::cmp::Reverse(event.call));
    let shorter = writes.into_iter().filter_map(|write| from(&history, write)).find(|shorter| fails(shorter));
    shorter.unwrap_or(history)
}

fn is_sure_change(event: &Event) -> bool {
    event.op.outcome == Outcome::Done && matches!(event.op.action, Action::Write { .. } | Action::Remove)
}

/// What is left if the history begins with this write, and older writes whose values are seen after it;
/// `None` if that is no less, or somebody may have touched a value that stays without having to see it.
fn from(history: &[Event], first: &Event) -> Option<Vec<Event>> {
    let is_old = |event: &Event| event.op.outcome == Outcome::Done && event.ret < first.call;
    let is_seen = |value| history.iter().any(|event| !is_old(event) && event.op.saw == Saw::Value(value));
    let goes = |event: &Event| is_old(event) && !value_of(event.op.action).is_some_and(is_seen);
    let writer = |value| history.iter().find(|event| value_of(event.op.action) == Some(value));
    let mut left = Vec::new();
    for event in history.iter().filter(|event| !goes(event)) {
        let mut event = *event;
        let seen = if let Saw::Value(value) = event.op.saw { writer(value) } else { None };
        let is_after = seen.is_some_and(|write| write.call == first.call || write.call > first.ret);
        if event.call < first.ret && !is_after {
            let touches = !matches!(event.op.action, Action::Read(Touch::No));
            if matches!(event.op.action, Action::Read(_))
                && touches
                && seen.is_some_and(|write| !is_old(write))
            {
                return None;
            }
            event.op.saw = Saw::Unsaid;
        }
        if says_or_does(&event) {
            left.push(event);
        }
    }
    (left.len() < history.len()).then_some(left)
}

/// Takes away what it can: half of all candidates at once, then quarters, then one by one.
fn without<T>(history: &[Event], mut candidates: Vec<T>, take: fn(&[Event], &T) -> Vec<Event>) -> Vec<Event> {
    let mut smallest = history.to_vec();
    let mut size = candidates.len().div_ceil(2);
    while size > 0 {
        let mut place = 0;
        while place < candidates.len() {
            let end = candidates.len().min(place + size);
            let smaller = candidates[place..end].iter().fold(smallest.clone(), |left, one| take(&left, one));
            if smaller != smallest && fails(&smaller) {
                smallest = smaller;
                candidates.drain(place..end);
            } else {
                place = end;
            }
        }
        size /= 2;
    }
    smallest
}

fn clients(history: &[Event]) -> Vec<u32> {
    let mut clients: Vec<u32> = history.iter().map(|event| event.client).collect();
    clients.sort_unstable();
    clients.dedup();
    clients
}

fn values(history: &[Event]) -> Vec<i64> {
    history.iter().filter_map(|event| value_of(event.op.action)).collect()
}

fn calls(history: &[Event]) -> Vec<i64> {
    history.iter().map(|event| event.call).collect()
}

fn claims(history: &[Event]) -> usize {
    history.iter().filter(|event| event.op.saw != Saw::Unsaid).count()
}

fn value_of(action: Action) -> Option<i64> {
    match action {
        Action::Write { value, .. } => Some(value),
        _ => None,
    }
}

/// Everything of a client that may go.
fn of_client(history: &[Event], client: &u32) -> Vec<Event> {
    let of_client = |event: &&Event| event.client == *client;
    let mut left = history.to_vec();
    for event in history.iter().filter(of_client) {
        left = drop_read(&forget_sight(&drop_removal(&left, &event.call), &event.call), &event.call);
        if let Some(value) = value_of(event.op.action) {
            left = forget_value(&left, &value);
        }
    }
    left
}

fn forget_value(history: &[Event], value: &i64) -> Vec<Event> {
    let is_write = |event: &Event| value_of(event.op.action) == Some(*value);
    if !history.iter().any(|event| is_write(event) && nobody_misses(history, event)) {
        return history.to_vec();
    }
    let mut left = history.to_vec();
    left.retain(|event| !is_write(event));
    for event in left.iter_mut().filter(|event| event.op.saw == Saw::Value(*value)) {
        event.op.saw = Saw::Unsaid;
    }
    left.retain(says_or_does);
    left
}

/// Whether no operation can have found nothing because this value had expired.
fn nobody_misses(history: &[Event], write: &Event) -> bool {
    let Action::Write { limits, made, .. } = write.op.action else { return false };
    let made = made.unwrap_or(write.op.clock.earliest);
    let Some(limit) = [limits.ttl, limits.idle].into_iter().flatten().min() else { return true };
    let may_miss = |event: &Event| {
        let found_nothing = matches!(event.op.saw, Saw::Nothing | Saw::NothingLeft);
        found_nothing && event.ret > write.call && event.op.clock.latest > made.saturating_add(limit)
    };
    !history.iter().any(may_miss)
}

fn says_or_does(event: &Event) -> bool {
    event.op.saw != Saw::Unsaid || !matches!(event.op.action, Action::Read(_))
}

fn drop_read(history: &[Event], call: &i64) -> Vec<Event> {
    let touches_idle = |event: &Event| {
        let Saw::Value(seen) = event.op.saw else { return false };
        event.op.action != Action::Read(Touch::No) && has_idle_limit(history, seen)
    };
    let goes = |event: &Event| {
        event.call == *call && matches!(event.op.action, Action::Read(_)) && !touches_idle(event)
    };
    history.iter().filter(|event| !goes(event)).copied().collect()
}

fn has_idle_limit(history: &[Event], seen: i64) -> bool {
    history.iter().any(|event| match event.op.action {
        Action::Write { value, limits, .. } => value == seen && limits.idle.is_some(),
        _ => false,
    })
}

fn drop_removal(history: &[Event], call: &i64) -> Vec<Event> {
    let goes = |event: &Event| {
        event.call == *call
            && event.op.outcome != Outcome::Done
            && event.op.action == Action::Remove
            && !history.iter().any(|later| {
                later.ret > event.call && matches!(later.op.saw, Saw::Nothing | Saw::NothingLeft)
            })
    };
    history.iter().filter(|event| !goes(event)).copied().collect()
}

fn forget_sight(history: &[Event], call: &i64) -> Vec<Event> {
    let mut left = history.to_vec();
    for event in left.iter_mut().filter(|event| event.call == *call) {
        if !matches!(event.op.action, Action::Read(_)) {
            event.op.saw = Saw::Unsaid;
        }
    }
    left
}

/// Each step, at each of a good history's operations, leaves a good history: what is left of a bad one is
/// to blame for it.
#[test]
fn no_step_makes_a_good_history_look_bad() {
    let mut random = fastrand::Rng::with_seed(trilayer_testkit::evidence::seed());
    for seed in 0..24 {
        for history in crate::run::sample(random.u64(..)) {
            let history = with_touches_noted(&history);
            for _ in 0..6 {
                let event = history[random.usize(..history.len())];
                for (step, left) in steps(&history, &event) {
                    let drawn = crate::timeline::draw("k", &left);
                    assert!(!fails(&left), "{step} at {} in history {seed}:\n{drawn}", event.call);
                }
            }
        }
    }
}

fn steps(history: &[Event], event: &Event) -> Vec<(&'static str, Vec<Event>)> {
    let value = value_of(event.op.action).unwrap_or(-1);
    let beginning = Some(event).filter(|event| is_sure_change(event)).and_then(|event| from(history, event));
    vec![
        ("the end cut off", until(history, event.ret)),
        ("the beginning cut off", beginning.unwrap_or_default()),
        ("a client", of_client(history, &event.client)),
        ("a value", forget_value(history, &value)),
        ("a read", drop_read(history, &event.call)),
        ("a removal", drop_removal(history, &event.call)),
        ("a sight", forget_sight(history, &event.call)),
    ]
}
