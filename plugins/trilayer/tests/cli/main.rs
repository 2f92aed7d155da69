//! The command `trilayer`, as a shell sees it: output, messages, exit codes, what is stored.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod bad_input;
mod check;
mod commands;
mod config;
mod dump;
mod failing_store;
mod generated;
mod graph;
mod kill;
mod load;
mod rig;
mod run;
mod signals;
