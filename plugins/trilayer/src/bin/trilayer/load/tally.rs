//! How far a load is.

use std::collections::BTreeSet;

/// Counts, and the lines up to which everything is done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Records that the map said it stored.
    pub(crate) stored: u64,
    /// Lines that were not right.
    pub(crate) skipped: u64,
    /// Lines whose record is being stored, or failed to be.
    open: BTreeSet<u64>,
    /// The last line that something was done about.
    last: u64,
}

impl Tally {
    /// The record of a line is being stored.
    pub(crate) fn begin(&mut self, line: u64) {
        self.open.insert(line);
        self.last = line;
    }

    /// The record of a line is stored.
    pub(crate) fn store(&mut self, line: u64) {
        self.open.remove(&line);
        self.stored += 1;
    }

    /// A line was passed over.
    pub(crate) fn skip(&mut self, line: u64) {
        self.skipped += 1;
        self.last = line;
    }

    /// The input has ended after this line.
    pub(crate) fn end(&mut self, line: u64) {
        self.last = line;
    }

    /// Every line up to this one is stored, blank or skipped.
    pub(crate) fn through(&self) -> u64 {
        self.open.first().map_or(self.last, |first| first - 1)
    }

    /// Tells the lines that are done, in a sentence's middle.
    pub(crate) fn lines(&self) -> String {
        match self.through() {
            0 => "line 1 is not stored".to_owned(),
            through if self.skipped > 0 => format!("lines 1..={through} are stored or skipped"),
            through => format!("lines 1..={through} are stored"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_stored_holds_back_those_after_it() {
        let mut tally = Tally::default();
        for line in 1..=3 {
            tally.begin(line);
        }
        tally.store(1);
        tally.store(3);
        assert_eq!((tally.stored, tally.through()), (2, 1));
        tally.store(2);
        tally.skip(4);
        tally.end(9);
        assert_eq!((tally.stored, tally.skipped, tally.through()), (3, 1, 9));
    }
}
