//! Random programs of three callers, two operations each. `TRILAYER_SEED` makes others.

use trilayer_testkit::evidence::seed;

use crate::explore::{Explored, explore_cell};
use crate::grid::{ALL, Op, STARTS, play};

fn program(random: &mut fastrand::Rng) -> Vec<Op> {
    // All but the last, which ends the store and with it most of what could be seen.
    (0..2).map(|_| ALL[random.usize(..ALL.len() - 1)]).collect()
}

fn programs(nth: u64) {
    let seed = seed().wrapping_mul(2).wrapping_add(nth);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut explored = Explored::default();
    for at in 0..60 {
        let callers: Vec<_> = (0..3).map(|_| program(&mut random)).collect();
        let (start, bound) = (STARTS[random.usize(..STARTS.len())], random.u64(..3));
        let name = format!("programs.{seed}.{at}");
        explored += explore_cell(&name, move || play(start, &callers, bound));
    }
    explored.note(&format!("programs of seed {seed}"));
}

#[test]
fn three_callers_with_two_operations_each() {
    programs(1);
}

#[test]
fn three_other_callers() {
    programs(2);
}
