//! What people rely on, as tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a test's helper panics like the test itself")]

mod config;
mod cost;
mod environment;
mod explain;
mod factory;
mod files;
mod maps;
mod mistakes;
mod pages;
mod parts;
mod registry;
mod scan;
mod secrets;
mod support;
