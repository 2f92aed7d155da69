//! Interleavings of the record store, explored rather than hoped for, under a scheduler that decides
//! at each lock, atomic and await who goes on:
//!
//! - named races, one for each that the contract names or implies, by its chapters (`a_…` to `j_…`);
//! - every pair of operations on one key, from every state the key can be in (`pairs`);
//! - random programs of three callers (`programs`).
//!
//! Runs only with `--cfg trilayer_shuttle`: `cargo xtask interleave`. A schedule that fails is
//! written to `schedules/`, and replayed before all others from then on.
#![cfg(trilayer_shuttle)]

mod check;
mod explore;
mod grid;
mod scene;
mod schedules;
mod slow_store;

mod a_ordering;
mod b_put;
mod c_get;
mod c_load;
mod d_remove;
mod e_bound;
mod e_evict;
mod f_lifecycle;
mod g_expiry;
mod h_observers;
mod i_cancellation;
mod j_linearizability;
mod k_patience;

mod pairs;
mod programs;
