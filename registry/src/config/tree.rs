//! TOML text as figment values, with the place of everything in it.
//!
//! The reader bounds how deep brackets nest and how long dotted keys are, but not their
//! product: what it returns is measured without recursion before anything walks it.

mod syntax;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use figment::value::{Dict, Num, Tag, Value};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::path::Step;
use super::source::Source;
use super::{KeyPath, Problem};

/// How deep tables and lists may nest.
const MAX_DEPTH: usize = 32;

/// A text's content, and where everything stands.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) values: Dict,
    pub(super) root: Node,
    /// Every value that is no table and no list, in the order of the text.
    pub(super) scalars: Vec<(Range<usize>, KeyPath)>,
    pub(super) problems: Vec<Problem>,
    /// Whether the problems leave the rest readable.
    pub(super) sound: bool,
    /// Lines with problems; what else is wrong there may follow from them.
    pub(super) broken_lines: BTreeSet<usize>,
}

/// A key with its value.
#[derive(Default)]
pub(super) struct Node {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
    /// What the value is, where JSON has no word for it.
    pub(super) is_date: bool,
    inner: Inner,
}

#[derive(Default)]
enum Inner {
    #[default]
    Nothing,
    Table(BTreeMap<String, Node>),
    List(Vec<Node>),
}

impl Node {
    /// What is at the end of a path as far as it goes, and how far it goes.
    pub(super) fn follow(&self, steps: &[Step]) -> (usize, &Self) {
        let mut here = self;
        for (taken, step) in steps.iter().enumerate() {
            let next = match (step, &here.inner) {
                (Step::Key(key), Inner::Table(table)) => table.get(key),
                (Step::Index(index), Inner::List(items)) => items.get(*index),
                _ => None,
            };
            let Some(next) = next else { return (taken, here) };
            here = next;
        }
        (steps.len(), here)
    }
}

/// Drops values that may nest too deep for dropping them to recurse.
fn dismantle(mut open: Vec<DeValue<'_>>) {
    while let Some(value) = open.pop() {
        match value {
            DeValue::Table(table) => open.extend(table.into_iter().map(|(_, value)| value.into_inner())),
            DeValue::Array(items) => open.extend(items.into_iter().map(Spanned::into_inner)),
            _ => {}
        }
    }
}

/// Reads a text, as far as it can be read.
pub(super) fn read(source: &Source) -> Tree {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let root = table.into_inner();
    if let Err(offset) = measure(root.iter().map(|(key, value)| (key.span().start, value.get_ref()))) {
        dismantle(root.into_iter().map(|(_, value)| value.into_inner()).collect());
        return Tree { problems: vec![syntax::too_deep(source, offset)], ..Tree::default() };
    }
    let mut tree = Tree { sound: true, ..Tree::default() };
    let mut reader = Reader { source, tree: &mut tree };
    let (values, inner) = reader.table(&root, &KeyPath::default());
    (tree.values, tree.root.inner) = (values, inner);
    tree.scalars.sort_by_key(|(span, _)| span.start);
    syntax::note(source, &errors, &mut tree);
    tree
}

/// Reads one inline value; `None` when it is no TOML value, or one that nests too deep.
pub(super) fn inline(text: &str) -> Option<Value> {
    let (value, errors) = DeValue::parse_recoverable(text);
    let value = value.into_inner();
    if measure([(0, &value)].into_iter()).is_err() {
        dismantle(vec![value]);
        return None;
    }
    if !errors.is_empty() {
        return None;
    }
    let source = Source::default();
    let mut tree = Tree::default();
    let mut reader = Reader { source: &source, tree: &mut tree };
    let read = reader.value(&value, &(0..0), &KeyPath::default()).0;
    tree.problems.is_empty().then_some(read)
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
    source: &'t Source,
    tree: &'t mut Tree,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &KeyPath) -> (Dict, Inner) {
        let (mut dict, mut nodes) = (Dict::new(), BTreeMap::new());
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let (value, mut node) = self.spanned(value, &path.key(name));
            node.key = key.span();
            dict.insert(name.to_owned(), value);
            nodes.insert(name.to_owned(), node);
        }
        (dict, Inner::Table(nodes))
    }

    fn list(&mut self, items: &DeArray<'_>, path: &KeyPath) -> (Vec<Value>, Inner) {
        let item = |(index, item)| self.spanned(item, &path.index(index));
        let (values, nodes) = items.iter().enumerate().map(item).unzip();
        (values, Inner::List(nodes))
    }

    fn spanned(&mut self, value: &Spanned<DeValue<'_>>, path: &KeyPath) -> (Value, Node) {
        let span = value.span();
        let (read, inner) = self.value(value.get_ref(), &span, path);
        if matches!(inner, Inner::Nothing) {
            self.tree.scalars.push((span.clone(), path.clone()));
        }
        let is_date = matches!(value.get_ref(), DeValue::Datetime(_));
        (read, Node { key: span.clone(), value: span, is_date, inner })
    }

    fn value(&mut self, value: &DeValue<'_>, span: &Range<usize>, path: &KeyPath) -> (Value, Inner) {
        let tag = Tag::Default;
        let read = match value {
            DeValue::Array(items) => {
                let (items, inner) = self.list(items, path);
                return (Value::Array(tag, items), inner);
            }
            DeValue::Table(table) => {
                let (table, inner) = self.table(table, path);
                return (Value::Dict(tag, table), inner);
            }
            DeValue::String(text) => Value::String(tag, text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(tag, *flag),
            DeValue::Datetime(time) => Value::String(tag, time.to_string()),
            DeValue::Integer(number) => Value::Num(tag, Num::I64(self.whole(number, span, path))),
            DeValue::Float(number) => Value::Num(tag, Num::F64(number.as_str().parse().unwrap_or(0.0))),
        };
        (read, Inner::Nothing)
    }

    fn whole(&mut self, number: &DeInteger<'_>, span: &Range<usize>, path: &KeyPath) -> i64 {
        i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
            self.tree.problems.push(syntax::number_too_large(self.source, span).path(path));
            self.tree.broken_lines.insert(self.source.at(span.start).0);
            0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProblemCode;
    use super::*;

    #[test]
    fn a_text_that_nests_too_deep_is_refused_not_a_crash() {
        let keys = vec!["a"; 79].join(".");
        let text = format!("{keys} = {}1{}", format!("{{ {keys} = ").repeat(78), " }".repeat(78));
        let tree = read(&Source::new("f".to_owned(), text.clone()));
        assert_eq!(tree.problems[0].code, ProblemCode::TooDeep);
        assert!(!tree.sound && inline(&format!("{{ {text} }}")).is_none());
    }
}
