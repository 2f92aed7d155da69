//! Random programs of three callers, two operations each.

use crate::explore;
use crate::scene::{ALL, Op, STARTS, play};

fn program(random: &mut fastrand::Rng) -> Vec<Op> {
    // All but the last, which ends the store and with it most of what could be seen.
    (0..2).map(|_| ALL[random.usize(..ALL.len() - 1)]).collect()
}

fn programs(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..60 {
        let callers: Vec<_> = (0..3).map(|_| program(&mut random)).collect();
        let (start, bound) = (STARTS[random.usize(..STARTS.len())], random.u64(..3));
        explore(move || play(start, &callers, bound));
    }
}

#[test]
fn three_callers_with_two_operations_each() {
    programs(1);
}

#[test]
fn three_other_callers() {
    programs(2);
}
