//! What people rely on, as tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a test's helper panics like the test itself")]

mod config;
mod corpus;
mod environment;
mod factory;
mod maps;
mod registry;
mod scan;
mod support;
