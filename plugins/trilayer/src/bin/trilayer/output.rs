//! Standard output, which is data.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use serde::Serialize;

use crate::failure::{Exit, Failure};

/// Standard output, buffered.
///
/// When its reader has gone away (`| head`), writing fails with [`Failure::quiet`].
pub(crate) struct Output {
    out: BufWriter<Stdout>,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { out: BufWriter::with_capacity(64 << 10, io::stdout()) }
    }

    /// Writes one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        write_json_line(&mut self.out, value).map_err(failed)
    }

    /// Writes one line of text.
    pub(crate) fn text(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.out, "{line}").map_err(failed)
    }

    /// To be called at the end: nothing does so on its own.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(failed)
    }
}

/// Says something on standard error. If that is closed, there is nobody to tell.
pub(crate) fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Writes a value and a line feed.
pub(crate) fn write_json_line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}

fn failed(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::new(Exit::Io, anyhow::Error::from(error).context("cannot write to standard output")),
    }
}
