//! A line of a configuration to be shown, without what may be secret.

use std::ops::Range;

use super::source::Source;

/// One line, and which part of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// What stands for a value that is not shown.
pub(super) const MASK: &str = "***";

/// Characters shown before and after the part that is meant.
const BEFORE: usize = 60;
const AFTER: usize = 100;

impl Excerpt {
    /// The line in which `span` begins. What `masks` cover, in order, is not shown, nor is
    /// a comment.
    pub(super) fn new(source: &Source, span: &Range<usize>, masks: &[Range<usize>]) -> Self {
        let line = source.line(span.start);
        let span = span.start.clamp(line.start, line.end)..span.end.clamp(line.start, line.end);
        let window = window(&source.text, &line, &span);
        let end = before_comment(&source.text, &line, masks).min(window.end);
        let mut shown = Shown { text: String::new(), span: 0..0, masked: None };
        if window.start > line.start {
            shown.text.push('…');
        }
        for (at, c) in source.text.get(window.start..end).unwrap_or_default().char_indices() {
            shown.take(window.start + at, c, &span, masks);
        }
        if span.start >= end {
            shown.span.start = shown.text.len();
        }
        if span.end >= end {
            shown.span.end = shown.text.len();
        }
        shown.span.end = shown.span.end.max(shown.span.start);
        let end = shown.text.trim_end().len().max(shown.span.end);
        shown.text.truncate(end);
        Self { line: source.at(span.start).0, text: shown.text, span: shown.span }
    }
}

struct Shown {
    text: String,
    span: Range<usize>,
    /// The start of the mask that was last written.
    masked: Option<usize>,
}

impl Shown {
    fn take(&mut self, at: usize, c: char, span: &Range<usize>, masks: &[Range<usize>]) {
        if at == span.start {
            self.span.start = self.text.len();
        }
        if at == span.end {
            self.span.end = self.text.len();
        }
        let Some(mask) = masks.iter().find(|mask| mask.contains(&at)) else {
            self.text.push(if c.is_control() && c != '\t' { '\u{fffd}' } else { c });
            return;
        };
        if self.masked != Some(mask.start) {
            self.masked = Some(mask.start);
            self.text.push_str(MASK);
        }
    }
}

/// The part of a long line that is shown.
fn window(text: &str, line: &Range<usize>, span: &Range<usize>) -> Range<usize> {
    let before = text.get(line.start..span.start).unwrap_or_default();
    let start = before.char_indices().rev().nth(BEFORE - 1).map_or(line.start, |(at, _)| line.start + at);
    let after = text.get(span.start..line.end).unwrap_or_default();
    let end = after.char_indices().nth(AFTER).map_or(line.end, |(at, _)| span.start + at);
    start..end
}

/// Where the line's comment begins: it may hold anything, a setting of old say.
fn before_comment(text: &str, line: &Range<usize>, masks: &[Range<usize>]) -> usize {
    let from = masks.last().map_or(line.start, |last| last.end.clamp(line.start, line.end));
    let rest = text.get(from..line.end).unwrap_or_default();
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '#') => return from + at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    // A quote that is not closed may be one that was closed too early.
    let doubtful = quote.and_then(|_| rest.find('#'));
    doubtful.map_or(line.end, |at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, span: Range<usize>, mask: Option<Range<usize>>) -> (String, String) {
        let masks: Vec<_> = mask.into_iter().collect();
        let excerpt = Excerpt::new(&Source::new("f".to_owned(), text.to_owned()), &span, &masks);
        let meant = excerpt.text[excerpt.span.clone()].to_owned();
        (excerpt.text, meant)
    }

    #[test]
    fn what_is_masked_is_not_shown_whatever_is_meant() {
        let text = "a = \"secret\", b = 2 # secret";
        assert_eq!(excerpt(text, 4..12, Some(4..12)), ("a = ***, b = 2".into(), "***".into()));
        assert_eq!(excerpt(text, 0..1, Some(4..12)), ("a = ***, b = 2".into(), "a".into()));
        assert_eq!(excerpt(text, 14..15, Some(4..12)), ("a = ***, b = 2".into(), "b".into()));
        assert_eq!(excerpt(text, 6..9, Some(4..12)).0, "a = ***, b = 2", "nor a part of it");
    }

    #[test]
    fn a_long_line_is_shown_around_what_is_meant() {
        let text = format!("{} = 1{}", "é".repeat(500), " ".repeat(500));
        let (shown, meant) = excerpt(&text, 1003..1004, None);
        assert_eq!(meant, "1");
        assert!(shown.chars().count() < 200, "{shown}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(excerpt("a\0\u{1b}[31m = 1", 0..1, None).0, "a\u{fffd}\u{fffd}[31m = 1");
    }
}
