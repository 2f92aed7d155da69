//! What people rely on, as tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a test's helper panics like the test itself")]

mod config;
mod corpus;
mod cost;
mod environment;
mod explain;
mod factory;
mod files;
mod lab;
mod maps;
mod mistakes;
mod opening;
mod pages;
mod parts;
mod registry;
mod reload;
mod reload_load;
mod scan;
mod scopes;
mod secrets;
mod support;
