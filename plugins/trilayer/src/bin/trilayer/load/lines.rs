//! Lines of bounded length.

use std::io::{self, BufRead, Read as _};

/// Reads lines, none of them longer than a limit into memory.
pub(crate) struct Lines<R> {
    reader: R,
    max_bytes: u64,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
    in_long_line: bool,
}

/// One line, without its line feed.
#[derive(Debug, PartialEq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, max_bytes: u64) -> Self {
        Self { reader, max_bytes, buffer: Vec::new(), number: 0, bytes: 0, in_long_line: false }
    }

    /// The next line; `None` at the end. The last one needs no line feed.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.finish_long_line()?;
        self.buffer.clear();
        let mut within_limit = (&mut self.reader).take(self.max_bytes.saturating_add(1));
        let read = within_limit.read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.bytes += read as u64;
        self.number += 1;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if self.buffer.len() as u64 > self.max_bytes {
            self.in_long_line = true;
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Whole(&self.buffer)))
    }

    /// Passes over the rest of a line that was too long.
    fn finish_long_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.in_long_line) {
            self.bytes += self.reader.skip_until(b'\n')? as u64;
        }
        Ok(())
    }

    /// The number of the line read last, from 1; 0 before the first.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes were read.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_at_the_limit_is_whole_and_one_beyond_is_passed_over() {
        let mut lines = Lines::new(&b"12345\n123456\n1234567890\n\n12"[..], 5);
        let mut next = || match lines.next().unwrap() {
            Some(Line::Whole(line)) => String::from_utf8(line.to_vec()).unwrap(),
            Some(Line::TooLong) => "too long".to_owned(),
            None => "end".to_owned(),
        };
        let seen: Vec<String> = std::iter::repeat_with(&mut next).take(6).collect();
        assert_eq!(seen, ["12345", "too long", "too long", "", "12", "end"]);
        assert_eq!((lines.number(), lines.bytes()), (5, 27));
    }
}
