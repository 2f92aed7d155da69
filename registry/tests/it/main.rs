//! What people rely on, as tests of the public interface.

mod config;
mod environment;
mod factory;
mod maps;
mod registry;
mod scan;
mod support;
