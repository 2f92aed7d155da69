//! Interleavings of the record store, explored rather than hoped for: every pair of operations on
//! one key, from every state the key can be in, and random programs of three callers, under a
//! scheduler that decides at each lock, atomic and await who goes on.
//!
//! Runs only with `--cfg trilayer_shuttle`: `cargo xtask interleave`. A failure prints the schedule
//! that led to it, which `shuttle::replay` runs again.
#![cfg(trilayer_shuttle)]

mod check;
mod pairs;
mod programs;
mod scene;
mod slow_store;

/// Runs a scenario in many orders: half of them picked at random step by step, half by priorities
/// that change at two random steps, which finds what takes a long run of one caller in the middle of
/// another (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding
/// Bugs", 2010). `TRILAYER_INTERLEAVINGS` says how many.
fn explore(scenario: impl Fn() + Send + Sync + Clone + 'static) {
    let asked = std::env::var("TRILAYER_INTERLEAVINGS").ok().and_then(|text| text.parse().ok());
    let runs: usize = asked.unwrap_or(300);
    shuttle::check_random(scenario.clone(), runs.div_ceil(2));
    shuttle::check_pct(scenario, runs / 2, 2);
}
