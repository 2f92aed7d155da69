//! Logs on standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Logs what `RUST_LOG` asks for, else what `-v` does. If neither is given, warnings; nothing
/// with `--json`, where standard error is for one JSON object.
pub(crate) fn start(verbose: u8, as_json: bool) {
    let level = match verbose {
        0 if as_json => LevelFilter::OFF,
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    logs.with_ansi(io::stderr().is_terminal()).init();
}
