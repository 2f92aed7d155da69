//! Whole-system tests are in `tests/`. Here, the examples of the README are compiled and run.

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[derive(Debug)]
pub struct Readme;
