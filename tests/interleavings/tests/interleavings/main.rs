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

/// How often each scenario is run, each time in another order; `TRILAYER_INTERLEAVINGS` says more.
fn iterations(default: usize) -> usize {
    std::env::var("TRILAYER_INTERLEAVINGS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
