//! TOML text as figment values, with the place of each key.
//!
//! The reader bounds how deep brackets nest and how long dotted keys are, but not their
//! product: what it returns is measured without recursion before anything walks it.

use std::collections::BTreeMap;

use figment::value::{Dict, Num, Tag, Value};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{ConfigError, KeyPath};

/// How deep tables and lists may nest.
const MAX_DEPTH: usize = 32;

/// A file's content, and the line and column of each key.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) values: Dict,
    pub(super) lines: BTreeMap<KeyPath, (usize, usize)>,
}

/// Reads a file's text; `file` is what errors call it.
pub(super) fn read(text: &str, file: &str) -> Result<Tree, ConfigError> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let not_toml = |offset: usize, message: &str| {
        let (line, column) = Lines::of(text).at(offset);
        ConfigError::NotToml { file: file.to_owned(), line, column, message: message.to_owned() }
    };
    let root = table.into_inner();
    if let Err(offset) = measure(root.iter().map(|(key, value)| (key.span().start, value.get_ref()))) {
        std::mem::forget(root); // Dropping recurses as deep as the text nests.
        return Err(not_toml(offset, &format!("tables and lists nest deeper than {MAX_DEPTH}")));
    }
    if let Some(error) = errors.first() {
        return Err(not_toml(error.span().map_or(0, |span| span.start), error.message()));
    }
    let mut reader = Reader { lines: Lines::of(text), found: BTreeMap::new() };
    let values = reader.table(&root, &KeyPath::default()).map_err(|(at, what)| not_toml(at, &what))?;
    Ok(Tree { values, lines: reader.found })
}

/// Reads one inline value; `None` when it is no TOML value, or one that nests too deep.
pub(super) fn inline(text: &str) -> Option<Value> {
    let (value, errors) = DeValue::parse_recoverable(text);
    let value = value.into_inner();
    if measure([(0, &value)].into_iter()).is_err() {
        std::mem::forget(value); // As above.
        return None;
    }
    if !errors.is_empty() {
        return None;
    }
    let mut reader = Reader { lines: Lines::of(""), found: BTreeMap::new() };
    reader.value(&value, 0, &KeyPath::default()).ok()
}

/// Fails with the offset of the first value found that nests too deep.
fn measure<'a>(roots: impl Iterator<Item = (usize, &'a DeValue<'a>)>) -> Result<(), usize> {
    let mut open: Vec<(usize, usize, &DeValue<'_>)> = roots.map(|(at, value)| (1, at, value)).collect();
    while let Some((depth, at, value)) = open.pop() {
        if depth > MAX_DEPTH {
            return Err(at);
        }
        match value {
            DeValue::Table(table) => {
                open.extend(table.iter().map(|(key, value)| (depth + 1, key.span().start, value.get_ref())));
            }
            DeValue::Array(items) => {
                open.extend(items.iter().map(|item| (depth + 1, item.span().start, item.get_ref())));
            }
            _ => {}
        }
    }
    Ok(())
}

struct Reader<'t> {
    lines: Lines<'t>,
    found: BTreeMap<KeyPath, (usize, usize)>,
}

/// Where, and what is wrong.
type Refusal = (usize, String);

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &KeyPath) -> Result<Dict, Refusal> {
        let mut dict = Dict::new();
        for (key, value) in table {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            let inner = path.key(name);
            self.found.insert(inner.clone(), self.lines.at(at));
            dict.insert(name.to_owned(), self.value(value.get_ref(), at, &inner)?);
        }
        Ok(dict)
    }

    fn list(&mut self, items: &DeArray<'_>, path: &KeyPath) -> Result<Vec<Value>, Refusal> {
        let mut item = |(index, item): (usize, &Spanned<DeValue<'_>>)| {
            let (inner, at) = (path.index(index), item.span().start);
            self.found.insert(inner.clone(), self.lines.at(at));
            self.value(item.get_ref(), at, &inner)
        };
        items.iter().enumerate().map(&mut item).collect()
    }

    fn value(&mut self, value: &DeValue<'_>, at: usize, path: &KeyPath) -> Result<Value, Refusal> {
        let tag = Tag::Default;
        Ok(match value {
            DeValue::String(text) => Value::String(tag, text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(tag, *flag),
            DeValue::Datetime(time) => Value::String(tag, time.to_string()),
            DeValue::Array(items) => Value::Array(tag, self.list(items, path)?),
            DeValue::Table(table) => Value::Dict(tag, self.table(table, path)?),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Num(tag, Num::I64(number)),
                Err(_) => return Err((at, format!("{path}: the number does not fit 64 bits"))),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Num(tag, Num::F64(number)),
                Err(_) => return Err((at, format!("{path}: not a number"))),
            },
        })
    }
}

/// Finds lines by byte offset.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect() }
    }

    /// Line and column, both from 1.
    fn at(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, before + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nests_too_deep_is_refused_not_a_crash() {
        let keys = vec!["a"; 79].join(".");
        let text = format!("{keys} = {}1{}", format!("{{ {keys} = ").repeat(78), " }".repeat(78));
        let refusal = read(&text, "f").expect_err("too deep").to_string();
        assert!(refusal.contains("nest deeper than 32"), "{refusal}");
        assert!(inline(&format!("{{ {text} }}")).is_none());
    }

    #[test]
    fn the_line_and_column_of_a_mistake_are_shown() {
        let refusal = read("[maps.a]\nengine = \n", "f.toml").expect_err("no value").to_string();
        assert!(refusal.starts_with("f.toml:2:"), "{refusal}");
        let refusal = read("b = \"é\"\na = 99999999999999999999", "f.toml").expect_err("too big").to_string();
        assert_eq!(refusal, "f.toml:2:1: cannot be read as TOML: a: the number does not fit 64 bits");
    }
}
