//! Whole-system tests are in `tests/`. Here is what several of them share, and the examples of the
//! README are compiled and run.

pub mod plain_engine;
pub mod rig;

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[derive(Debug)]
pub struct Readme;
