//! Reads and parses ahead, on a thread of its own: reading blocks, and standard input may
//! block for ever.

use std::io::{self, BufRead};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use trilayer::Value;

use super::lines::{Line, Lines};
use super::parse::{BadLine, Shape, parse};

/// Memory for what was read and is not yet stored, in bytes of lines or values, whichever is
/// more. One record may be larger; it then waits until it is alone.
const BUDGET: u32 = 64 << 20;

/// Records read ahead at most.
const AHEAD: usize = 1024;

/// What was found in the input, in its order.
pub(crate) enum Found {
    Record(Box<ToStore>),
    Bad { line: u64, problem: BadLine },
    End { lines: u64 },
    Unreadable { after_line: u64, error: io::Error },
}

/// A record to be stored.
pub(crate) struct ToStore {
    pub(crate) line: u64,
    pub(crate) key: Arc<str>,
    pub(crate) value: Value,
    /// Bytes of input up to the end of its line.
    pub(crate) bytes: u64,
    /// Its share of the memory, until it is dropped.
    pub(crate) share: OwnedSemaphorePermit,
}

/// Starts reading; the thread ends after `End` or `Unreadable`, or when nobody listens any more.
pub(crate) fn start(
    reader: impl BufRead + Send + 'static,
    shape: Shape,
) -> io::Result<mpsc::Receiver<Found>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let ahead = Ahead {
        lines: Lines::new(reader, shape.max_line_bytes),
        shape,
        sender,
        budget: Arc::new(Semaphore::new(BUDGET as usize)),
        runtime: Handle::current(),
    };
    std::thread::Builder::new().name("read-lines".to_owned()).spawn(|| ahead.run())?;
    Ok(receiver)
}

struct Ahead<R> {
    lines: Lines<R>,
    shape: Shape,
    sender: mpsc::Sender<Found>,
    budget: Arc<Semaphore>,
    runtime: Handle,
}

impl<R: BufRead> Ahead<R> {
    fn run(mut self) {
        loop {
            let found = self.find();
            let is_last = matches!(found, Found::End { .. } | Found::Unreadable { .. });
            if self.sender.blocking_send(found).is_err() || is_last {
                return;
            }
        }
    }

    /// The next thing that is not a blank line.
    fn find(&mut self) -> Found {
        loop {
            let (number, shape) = (self.lines.number() + 1, &self.shape);
            let (parsed, length) = match self.lines.next() {
                Ok(Some(Line::Whole(line))) => (parse(line, number, shape), line.len()),
                Ok(Some(Line::TooLong)) => (Err(BadLine::TooLong(shape.max_line_bytes)), 0),
                Ok(None) => return Found::End { lines: self.lines.number() },
                Err(error) => return Found::Unreadable { after_line: self.lines.number(), error },
            };
            match parsed {
                Ok(Some((key, value))) => return self.record(key, value, length),
                Ok(None) => {}
                Err(problem) => return Found::Bad { line: number, problem },
            }
        }
    }

    fn record(&self, key: String, value: Value, length: usize) -> Found {
        let line = self.lines.number();
        let size = value.heap_bytes().max(length as u64);
        let size = u32::try_from(size).unwrap_or(BUDGET).min(BUDGET);
        match self.runtime.block_on(Arc::clone(&self.budget).acquire_many_owned(size)) {
            Ok(share) => {
                let (key, bytes) = (key.into(), self.lines.bytes());
                Found::Record(Box::new(ToStore { line, key, value, bytes, share }))
            }
            // The budget is never closed.
            Err(error) => Found::Unreadable { after_line: line, error: io::Error::other(error) },
        }
    }
}
