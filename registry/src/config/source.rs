//! A configuration's text, and lines and columns in it.

use std::ops::Range;

/// A configuration's text.
#[derive(Default)]
pub(super) struct Source {
    /// The file as it was named, or `text`.
    pub(super) name: String,
    pub(super) text: String,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(name: String, text: String) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { name, text, starts }
    }

    /// Line and column in characters, both from 1.
    pub(super) fn at(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let before = self.text.get(self.start(line)..offset).unwrap_or_default();
        (line, before.trim_start_matches('\u{feff}').chars().count() + 1)
    }

    /// The bytes of the line around an offset, without its end.
    pub(super) fn line(&self, offset: usize) -> Range<usize> {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.start(line);
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end).unwrap_or_default();
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        start + mark..start + text.trim_end_matches('\r').len()
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line - 1).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let source = Source::new("f".to_owned(), "\u{feff}ab\r\né = 1\n".to_owned());
        assert_eq!(source.at(3), (1, 1), "a byte order mark takes no column");
        assert_eq!(source.at(4), (1, 2));
        assert_eq!(source.at(7), (2, 1));
        assert_eq!(source.at(10), (2, 3));
        assert_eq!(&source.text[source.line(4)], "ab", "neither the mark nor the carriage return");
        assert_eq!(&source.text[source.line(9)], "é = 1");
        assert_eq!(Source::new(String::new(), String::new()).at(0), (1, 1));
    }
}
