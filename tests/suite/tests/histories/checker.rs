//! The checker checked: hand-made histories it has to accept or refuse, the smallest part of a
//! large one, and how it is drawn.

use porcupine_rs::CheckResult;

use crate::history::{Event, check, overlapping};
use crate::model::{Action, Limits, Op, Outcome, Saw, Span, Touch};
use crate::shrink::shrink;
use crate::timeline::draw;

const FREE: Limits = Limits { ttl: None, idle: None };
const TTL_5: Limits = Limits { ttl: Some(5), idle: None };
const IDLE_5: Limits = Limits { ttl: None, idle: Some(5) };

/// A history written down operation by operation; the clock stands at 0 unless it is said.
#[derive(Default)]
struct Script(Vec<Event>);

impl Script {
    fn op(mut self, client: u32, times: (i64, i64), action: Action, saw: Saw) -> Self {
        let (outcome, clock) = (Outcome::Done, Span::exactly(0));
        let op = Op { action, saw, outcome, clock, unseen: false };
        self.0.push(Event { client, call: times.0, ret: times.1, op });
        self
    }

    fn get(self, client: u32, times: (i64, i64), saw: Saw) -> Self {
        self.op(client, times, Action::Read(Touch::No), saw)
    }

    fn touch(self, client: u32, times: (i64, i64), saw: Saw) -> Self {
        self.op(client, times, Action::Read(Touch::Yes), saw)
    }

    fn put(self, client: u32, times: (i64, i64), value: i64, limits: Limits, saw: Saw) -> Self {
        self.op(client, times, Action::Write { value, limits, made: None, touched: i64::MIN }, saw)
    }

    fn remove(self, client: u32, times: (i64, i64), saw: Saw) -> Self {
        self.op(client, times, Action::Remove, saw)
    }

    /// The last operation's clock readings.
    fn at(mut self, earliest: i64, latest: i64) -> Self {
        self.last().op.clock = Span { earliest, latest };
        self
    }

    /// The last operation failed or was left.
    fn but(mut self, outcome: Outcome) -> Self {
        let op = &mut self.last().op;
        (op.outcome, op.saw) = (outcome, Saw::Unsaid);
        self
    }

    fn last(&mut self) -> &mut Event {
        self.0.last_mut().expect("an operation")
    }

    fn verdict(&self) -> CheckResult {
        check(&self.0)
    }

    fn is_good(&self) {
        assert_eq!(self.verdict(), CheckResult::Ok, "\n{}", draw("k", &self.0));
    }

    fn is_bad(&self) {
        assert_eq!(self.verdict(), CheckResult::Illegal, "\n{}", draw("k", &self.0));
    }
}

fn script() -> Script {
    Script::default()
}

use Saw::{Nothing, Unsaid, Value};

#[test]
fn operations_one_after_the_other_are_accepted() {
    script()
        .get(0, (0, 1), Nothing)
        .put(0, (2, 3), 7, FREE, Nothing)
        .get(1, (4, 5), Value(7))
        .put(1, (6, 7), 8, FREE, Value(7))
        .remove(0, (8, 9), Value(8))
        .get(0, (10, 11), Nothing)
        .is_good();
}

#[test]
fn overlapping_operations_may_have_happened_in_either_order() {
    for seen in [7, 8] {
        script()
            .put(0, (0, 5), 7, FREE, Unsaid)
            .put(1, (1, 4), 8, FREE, Unsaid)
            .get(2, (6, 7), Value(seen))
            .is_good();
    }
}

#[test]
fn a_stale_read_is_refused() {
    script()
        .put(0, (0, 1), 7, FREE, Nothing)
        .put(0, (2, 3), 8, FREE, Value(7))
        .get(1, (4, 5), Value(7))
        .is_bad();
}

#[test]
fn reads_that_go_back_in_time_are_refused() {
    script()
        .put(0, (0, 1), 7, FREE, Nothing)
        .put(0, (2, 9), 8, FREE, Value(7))
        .get(1, (3, 4), Value(8))
        .get(1, (5, 6), Value(7))
        .is_bad();
}

#[test]
fn a_lost_update_is_refused() {
    script().put(0, (0, 1), 7, FREE, Nothing).get(1, (2, 3), Nothing).is_bad();
}

#[test]
fn a_value_nobody_put_is_refused() {
    script().get(0, (0, 1), Value(7)).is_bad();
    script().get(0, (0, 1), Value(7)).put(1, (2, 3), 7, FREE, Unsaid).is_bad();
}

#[test]
fn a_removed_key_that_comes_back_is_refused() {
    script()
        .put(0, (0, 1), 7, FREE, Nothing)
        .remove(0, (2, 3), Value(7))
        .get(1, (4, 5), Nothing)
        .get(1, (6, 7), Value(7))
        .is_bad();
}

#[test]
fn a_value_replaced_twice_is_refused() {
    script()
        .put(0, (0, 1), 7, FREE, Nothing)
        .put(1, (2, 8), 8, FREE, Value(7))
        .put(2, (3, 9), 9, FREE, Value(7))
        .is_bad();
}

#[test]
fn a_value_lives_through_its_last_millisecond() {
    script().put(0, (0, 1), 7, TTL_5, Nothing).at(10, 10).get(1, (2, 3), Value(7)).at(15, 15).is_good();
    script().put(0, (0, 1), 7, TTL_5, Nothing).at(10, 10).get(1, (2, 3), Nothing).at(16, 16).is_good();
}

#[test]
fn a_value_read_after_its_latest_deadline_is_refused() {
    script().put(0, (0, 1), 7, TTL_5, Nothing).at(10, 12).get(1, (2, 3), Value(7)).at(18, 20).is_bad();
}

#[test]
fn a_value_gone_before_its_earliest_deadline_is_refused() {
    script().put(0, (0, 1), 7, TTL_5, Nothing).at(10, 12).get(1, (2, 3), Nothing).at(11, 15).is_bad();
}

#[test]
fn a_deadline_is_as_late_as_the_clock_may_have_been_read() {
    let written = || script().put(0, (0, 1), 7, TTL_5, Nothing).at(10, 12);
    written().get(1, (2, 3), Value(7)).at(17, 17).is_good();
    written().get(1, (2, 3), Nothing).at(16, 16).is_good();
    // Found at 17, it was written at 12.
    written().get(1, (2, 3), Value(7)).at(17, 17).get(1, (4, 5), Nothing).at(17, 17).is_bad();
}

#[test]
fn an_expired_value_stays_away() {
    script()
        .put(0, (0, 1), 7, TTL_5, Nothing)
        .at(10, 12)
        .get(1, (2, 3), Nothing)
        .at(16, 16)
        .get(1, (4, 5), Value(7))
        .at(16, 16)
        .is_bad();
}

#[test]
fn a_touch_prolongs_a_limit_on_idle_time_and_a_plain_read_does_not() {
    let written = || script().put(0, (0, 1), 7, IDLE_5, Nothing).at(10, 10);
    written().touch(1, (2, 3), Value(7)).at(14, 14).get(1, (4, 5), Value(7)).at(19, 19).is_good();
    written().touch(1, (2, 3), Value(7)).at(14, 14).get(1, (4, 5), Nothing).at(19, 19).is_bad();
    written().get(1, (2, 3), Value(7)).at(14, 14).get(1, (4, 5), Nothing).at(16, 16).is_good();
    written().get(1, (2, 3), Value(7)).at(14, 14).get(1, (4, 5), Value(7)).at(16, 16).is_bad();
}

#[test]
fn a_touch_under_way_during_a_put_may_prolong_either_value() {
    script()
        .put(0, (0, 1), 7, IDLE_5, Nothing)
        .touch(1, (2, 5), Value(7))
        .at(0, 4)
        .put(0, (3, 4), 8, IDLE_5, Value(7))
        .get(2, (6, 7), Value(8))
        .at(9, 9)
        .is_good();
}

#[test]
fn a_failed_put_may_happen_later_or_never() {
    let failed =
        || script().put(0, (0, 1), 7, FREE, Nothing).put(1, (2, 3), 8, FREE, Unsaid).but(Outcome::Failed);
    failed().get(0, (4, 5), Value(7)).is_good();
    failed().get(0, (4, 5), Value(7)).get(0, (6, 7), Value(8)).is_good();
    failed().get(0, (4, 5), Value(8)).get(0, (6, 7), Value(7)).is_bad();
    failed().get(0, (4, 5), Nothing).is_bad();
}

#[test]
fn a_failed_removal_may_happen_later_or_never_but_once() {
    let failed = || script().put(0, (0, 1), 7, FREE, Nothing).remove(1, (2, 3), Unsaid).but(Outcome::Failed);
    failed().get(0, (4, 5), Value(7)).is_good();
    failed().get(0, (4, 5), Value(7)).get(0, (6, 7), Nothing).is_good();
    failed().get(0, (4, 5), Nothing).put(0, (6, 7), 8, FREE, Nothing).get(0, (8, 9), Nothing).is_bad();
}

#[test]
fn nothing_happens_before_it_is_called() {
    script()
        .put(0, (0, 1), 7, FREE, Nothing)
        .get(0, (2, 3), Nothing)
        .remove(1, (4, 5), Unsaid)
        .but(Outcome::Left)
        .is_bad();
}

#[test]
fn an_operation_left_before_a_deadline_may_read_the_clock_after_it() {
    let left = |outcome| script().put(0, (0, 1), 7, TTL_5, Nothing).at(10, 10).but(outcome);
    left(Outcome::Left).get(1, (2, 3), Value(7)).at(20, 20).is_good();
    left(Outcome::Failed).get(1, (2, 3), Value(7)).at(20, 20).is_bad();
}

#[test]
fn a_put_that_failed_may_leave_nothing_once_its_deadline_is_past() {
    let failed = |seen, at| {
        script()
            .put(0, (0, 1), 7, FREE, Nothing)
            .put(1, (2, 3), 8, TTL_5, Unsaid)
            .but(Outcome::Failed)
            .get(0, (4, 5), seen)
            .at(at, at)
    };
    failed(Nothing, 6).is_good();
    failed(Nothing, 5).is_bad();
    failed(Value(7), 6).is_good();
}

/// A history of many good operations, and one that reads what is long gone.
fn large_and_bad() -> Vec<Event> {
    let mut large = script();
    for value in 0..40 {
        let at = value * 10;
        let old = if value == 0 { Nothing } else { Value(value - 1) };
        large = large
            .put(0, (at, at + 3), value, FREE, old)
            .get(1, (at + 1, at + 5), Value(value))
            .get(2, (at + 2, at + 4), Value(value))
            .remove(3, (at + 6, at + 7), Unsaid)
            .but(Outcome::Failed);
    }
    large.get(2, (400, 401), Value(17)).get(1, (402, 403), Value(39)).0
}

#[test]
fn a_bad_history_is_reduced_to_the_operations_it_takes() {
    let smallest = shrink(&large_and_bad());
    assert_eq!(check(&smallest), CheckResult::Illegal);
    let values: Vec<_> = smallest.iter().map(|event| (event.op.action, event.op.saw)).collect();
    let [(Action::Write { value: 17, .. }, _), (Action::Write { .. }, _), (Action::Read(_), Value(17))] =
        values[..]
    else {
        panic!("\n{}", draw("k", &smallest))
    };
}

#[test]
fn a_good_history_is_left_as_it_is() {
    let good = script().put(0, (0, 1), 7, FREE, Nothing).get(1, (2, 3), Value(7)).0;
    assert_eq!(shrink(&good), good);
}

#[test]
fn what_is_left_of_a_history_needs_each_of_its_operations() {
    let bad = script()
        .put(0, (0, 1), 7, TTL_5, Nothing)
        .at(10, 12)
        .get(2, (2, 4), Value(7))
        .at(12, 12)
        .get(1, (3, 5), Value(7))
        .at(18, 20)
        .0;
    let smallest = shrink(&bad);
    assert_eq!(smallest.len(), 2, "\n{}", draw("k", &smallest));
}

#[test]
fn a_timeline_shows_who_did_what_when() {
    let drawn = script()
        .put(0, (0, 3), 7, TTL_5, Nothing)
        .at(10, 12)
        .touch(1, (1, 2), Nothing)
        .at(11, 11)
        .remove(0, (4, 5), Unsaid)
        .but(Outcome::Failed)
        .get(1, (6, 7), Value(7))
        .at(18, 18);
    assert_eq!(format!("\n{}", draw("k", &drawn.0)), TIMELINE);
}

const TIMELINE: &str = "
client 0  [0..3]  at 10..12  put k = 7 ttl 5 -> nothing  |===============|
client 1  [1..2]  at 11      touch k -> nothing               |=====|
client 0  [4..5]  at 0       remove k -> failed                                |====|............
client 1  [6..7]  at 18      get k -> 7                                                   |=====|
";

#[test]
fn operations_of_different_clients_at_one_time_overlap() {
    let history = script()
        .get(0, (0, 9), Nothing)
        .get(1, (1, 2), Nothing)
        .get(1, (3, 4), Nothing)
        .get(0, (10, 11), Nothing)
        .get(1, (12, 13), Nothing);
    assert_eq!(overlapping(&history.0), 3);
}
