//! What the TOML reader says, in words that help.

use std::ops::Range;

use toml::de::Error;

use super::super::excerpt::Excerpt;
use super::super::source::Source;
use super::super::{Layer, MapConfig, Problem, ProblemCode, problem::Related};
use super::{MAX_DEPTH, Tree};
use crate::names::nearest;

/// Notes what the reader stumbled over: of each line the first, since the others follow from it.
pub(super) fn note(source: &Source, errors: &[Error], tree: &mut Tree) {
    let span = |error: &Error| error.span().unwrap_or_default();
    let mut errors: Vec<&Error> = errors.iter().collect();
    errors.sort_by_key(|error| span(error).start);
    for error in errors {
        let span = stand_on(source, span(error));
        let line = source.at(span.start).0;
        if !tree.broken_lines.insert(line) {
            continue;
        }
        let problem = if error.message() == "duplicate key" {
            duplicate(source, &span, tree)
        } else {
            tree.sound &= SOUND.iter().any(|start| error.message().starts_with(start));
            mistake(source, &span, error.message())
        };
        tree.problems.push(problem);
        if tree.problems.len() >= MOST {
            tree.sound = false;
            return;
        }
    }
}

/// A file that is no TOML at all has something wrong in every line.
const MOST: usize = 20;

/// Mistakes in one value, after which the reader knows where it is.
const SOUND: [&str; 5] =
    ["string values must be quoted", "invalid boolean", "invalid date", "invalid float", "invalid integer"];

pub(super) fn too_deep(source: &Source, offset: usize) -> Problem {
    let problem =
        Problem::new(ProblemCode::TooDeep, format!("tables and lists nest deeper than {MAX_DEPTH}"));
    place(source, &(offset..offset), problem)
}

pub(super) fn number_too_large(source: &Source, span: &Range<usize>) -> Problem {
    let problem = Problem::new(ProblemCode::OutOfRange, "the number does not fit 64 bits");
    place(source, span, problem)
}

fn mistake(source: &Source, span: &Range<usize>, message: &str) -> Problem {
    let message = match message {
        "string values must be quoted, expected literal string"
            if source.text[span.clone()].trim().is_empty() =>
        {
            "a value is missing after `=`"
        }
        "string values must be quoted, expected literal string" => "text must be quoted",
        other => other,
    };
    let problem = Problem::new(ProblemCode::Syntax, format!("cannot be read as TOML: {message}"));
    let problem = match help(source, span, message) {
        Some(help) => problem.help(help),
        None => problem,
    };
    place(source, span, problem)
}

fn help(source: &Source, span: &Range<usize>, message: &str) -> Option<String> {
    let text = source.text[source.line(span.start)].trim();
    let key = text.split(['=', ':']).next().unwrap_or_default().trim();
    let is_yaml = !text.contains('=') && text.get(key.len()..).is_some_and(|rest| rest.starts_with(':'));
    let at = source.text[span.start..].chars().next();
    let help = match message {
        "text must be quoted" if source.text[span.clone()].starts_with(|c: char| c.is_ascii_digit()) => {
            "a number is digits alone; put text into quotes"
        }
        "text must be quoted" => {
            return Some(format!("put text into quotes: {} = \"…\"", key.escape_debug()));
        }
        "a value is missing after `=`" => "write a value, or remove the line",
        _ if text.starts_with([';', '/']) => "comments begin with #",
        _ if source.text.trim_start().starts_with('{') => "this looks like JSON; the configuration is TOML",
        _ if is_yaml => "this looks like YAML; TOML writes [maps.places] and then engine = \"hashmap\"",
        "key with no value, expected `=`" => "write `key = value`, or `[table]`",
        _ if at == Some(',') => {
            "settings stand on lines of their own, without commas, and numbers have none: 1_000"
        }
        _ => return by_start(message).map(str::to_owned),
    };
    Some(help.to_owned())
}

fn by_start(message: &str) -> Option<&'static str> {
    const HELP: [(&str, &str); 6] = [
        ("unclosed table", "a table's heading ends with `]`: [maps.places]"),
        ("invalid basic string", "a text ends with the quote it began with"),
        ("invalid literal string", "a text ends with the quote it began with"),
        (
            "missing escaped value",
            "in \"…\" a backslash is an escape; a path with backslashes goes into single quotes: '…'",
        ),
        ("missing comma", "put a comma between, or close the list or table that was opened before"),
        ("invalid boolean", "a boolean is true or false"),
    ];
    HELP.iter().find(|(start, _)| message.starts_with(start)).map(|(_, help)| *help)
}

/// The key is there already: the last of that name before, which is the nearest.
fn duplicate(source: &Source, span: &Range<usize>, tree: &Tree) -> Problem {
    let key = source.text[span.clone()].trim_matches(['"', '\'']).to_owned();
    let problem = Problem::new(ProblemCode::DuplicateKey, format!("the key {key:?} is there twice"));
    let mut problem = place(source, span, problem).help("remove or rename one of them");
    let quoted = &source.text[span.clone()];
    if let Some(first) = first_before(&source.text, quoted, span.start, tree) {
        problem.related.push(Related {
            message: "first defined here".to_owned(),
            place: layer(source, first.start),
            excerpt: Some(Excerpt::new(source, &first, &masks(source, first.start))),
        });
    }
    problem
}

fn first_before(text: &str, key: &str, before: usize, tree: &Tree) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let whole = |at: usize| {
        let (left, right) = (text[..at].chars().next_back(), text[at + key.len()..].chars().next());
        !left.is_some_and(is_word) && !right.is_some_and(is_word)
    };
    let in_value = |at: usize| {
        let next = tree.scalars.partition_point(|(span, _)| span.end <= at);
        tree.scalars.get(next).is_some_and(|(span, _)| span.contains(&at))
    };
    let found = text[..before].rmatch_indices(key).map(|(at, _)| at);
    found.filter(|at| whole(*at) && !in_value(*at)).map(|at| at..at + key.len()).next()
}

/// A span of nothing at the end of a line stands after its last character.
fn stand_on(source: &Source, span: Range<usize>) -> Range<usize> {
    let length = source.text.len();
    let (mut start, mut end) = (span.start.min(length), span.end.min(length));
    while !source.text.is_char_boundary(start) {
        start -= 1;
    }
    while !source.text.is_char_boundary(end) {
        end += 1;
    }
    if start == length && start > 0 && source.text.ends_with('\n') {
        (start, end) = (start - 1, end - 1);
    }
    start..end.max(start)
}

fn layer(source: &Source, offset: usize) -> Layer {
    let (line, column) = source.at(offset);
    Layer::Place { file: source.name.clone(), line, column }
}

fn place(source: &Source, span: &Range<usize>, problem: Problem) -> Problem {
    let mut problem = problem.at(layer(source, span.start));
    problem.excerpt = Some(Excerpt::new(source, span, &masks(source, span.start)));
    problem
}

/// Where nothing is known of the tables, values are shown only of keys that cannot hold a secret, and
/// only as far as they are whole.
fn masks(source: &Source, offset: usize) -> Vec<Range<usize>> {
    let line = source.line(offset);
    let text = &source.text[line.clone()];
    if !text.contains('=') {
        let begin = text.len() - text.trim_start().len();
        let hide = !text.trim().is_empty() && !stands_alone(text.trim());
        return hide.then_some(line.start + begin..line.end).into_iter().collect();
    }
    let mut hidden = Hidden { text, masks: Vec::new() };
    let mut at = 0;
    while let Some(equals) = text[at..].find('=') {
        let key = hidden.key(at, at + equals);
        let value = at + equals + 1;
        let begin = value + (text[value..].len() - text[value..].trim_start().len());
        if text[begin..].starts_with('{') {
            at = begin + 1;
            continue;
        }
        at = match end_of_value(&text[begin..]) {
            Some(end) if shows(key) => begin + end,
            Some(end) => hidden.hide(begin, begin + end),
            None => hidden.hide(begin, text.len()),
        };
    }
    if !is_between(&text[at..]) {
        hidden.hide(at, text.len());
    }
    hidden.masks.iter().map(|mask| line.start + mask.start..line.start + mask.end).collect()
}

/// What of a line is not shown.
struct Hidden<'t> {
    text: &'t str,
    masks: Vec<Range<usize>>,
}

impl<'t> Hidden<'t> {
    fn hide(&mut self, from: usize, to: usize) -> usize {
        if from < to {
            self.masks.push(from..to);
        }
        to
    }

    /// The key at the end of a part of the line; what is before it and no separator is hidden.
    fn key(&mut self, from: usize, to: usize) -> &'t str {
        let part = &self.text[from..to];
        let begin = part.rfind(['{', ',']).map_or(0, |at| at + 1);
        if !is_between(&part[..begin]) {
            self.hide(from, from + begin);
        }
        let key = part[begin..].trim();
        let is_key = key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !is_key {
            self.hide(from + begin, to);
        }
        key
    }
}

/// Whether a text can stand between values: separators alone, or a comment.
fn is_between(text: &str) -> bool {
    let text = text.split('#').next().unwrap_or_default();
    text.chars().all(|c| c.is_whitespace() || matches!(c, ',' | '{' | '}' | ']'))
}

/// How long the value is that a text begins with; `None` if that cannot be told.
fn end_of_value(text: &str) -> Option<usize> {
    let quoted = |text: &str, quote: char| text[1..].find(quote).map(|end| end + 2);
    let end = match text.chars().next() {
        None | Some('#') => return Some(0),
        Some(quote @ ('"' | '\'')) => quoted(text, quote)?,
        Some('[') => text.find(']').filter(|end| !text[..*end].contains(['{', '=']))? + 1,
        Some(_) => text.find([',', '}', ']', '#', '"', '\'', '=', '{', ' ']).unwrap_or(text.len()),
    };
    let rest = text[end..].trim_start();
    let is_whole = end > 0 && (rest.is_empty() || rest.starts_with([',', '}', ']', '#']));
    (is_whole && !text[..end].contains("\\\"")).then_some(end)
}

fn shows(key: &str) -> bool {
    let key = key.rsplit('.').next().unwrap_or(key).trim();
    key == "use" || MapConfig::KEYS.contains(&key)
}

/// A heading, or a key that somebody forgot to give a value; not a line of a longer text.
fn stands_alone(line: &str) -> bool {
    let is_bare = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let heading = |root: &str| line.trim_start_matches(['[', ' ']).starts_with(root);
    let word = line.trim_end_matches(':');
    let keys = || MapConfig::KEYS.into_iter().chain(["use", "maps", "data_stores"]);
    let meant = || keys().any(|key| key == word) || nearest(word, keys()).is_some();
    (line.starts_with('[') && ["maps", "data_stores"].into_iter().any(heading))
        || (is_bare(word) && (line.ends_with(':') || meant()))
}
