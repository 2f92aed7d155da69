//! The environment as a layer of the configuration.
//!
//! figment's own provider overflows the stack on nested brackets and splits names in ways
//! that cannot say `data_stores`; this one bounds everything it reads.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Num, Tag, Value};
use figment::{Error, Metadata, Profile, Provider};

use super::{KeyPath, Problem, tree};

const PREFIX: &str = "TRILAYER__";
const SEPARATOR: &str = "__";
const MAX_DEPTH: usize = 16;
const MAX_NAME_BYTES: usize = 1024;
const MAX_VALUE_BYTES: usize = 64 << 10;
/// Longer ones stay text.
const MAX_INLINE_BYTES: usize = 16 << 10;
const MAX_VARIABLES: usize = 1024;

/// What the environment says, read and bounded.
#[derive(Debug, Default)]
pub(super) struct EnvLayer {
    values: Dict,
    /// The variable that set each place.
    pub(super) variables: BTreeMap<KeyPath, String>,
    /// Variables that could not be read.
    pub(super) problems: Vec<Problem>,
}

impl EnvLayer {
    /// Reads those variables that are meant for trilayer; the others are passed over.
    /// Of two that set the same place, the one later in the order of names wins. Names
    /// that match a key of `file` but for case and hyphens take its spelling.
    pub(super) fn read(variables: impl IntoIterator<Item = (String, String)>, file: &Dict) -> Self {
        let ours = variables.into_iter().filter(|(name, _)| is_ours(name));
        let mut ours: Vec<(String, String)> = ours.take(MAX_VARIABLES + 1).collect();
        let mut layer = Self::default();
        if ours.len() > MAX_VARIABLES {
            ours.clear();
            let message = format!("more than {MAX_VARIABLES} variables open with {PREFIX}; use a file");
            layer.problems.push(Problem::new(Some("environment".to_owned()), String::new(), message));
        }
        ours.sort();
        for (name, value) in ours {
            layer.set(&name, &value, file);
        }
        layer
    }

    fn set(&mut self, name: &str, value: &str, file: &Dict) {
        match place(name, value).map(|segments| spell(&segments, file)) {
            Ok(keys) => {
                insert(&mut self.values, &keys, read_value(value));
                self.variables.insert(KeyPath::of(keys.iter().map(String::as_str)), name.to_owned());
            }
            Err(message) => {
                let shown: String = name.chars().take(64).collect();
                let origin = format!("environment variable {shown}");
                self.problems.push(Problem::new(Some(origin), String::new(), message));
            }
        }
    }
}

impl Provider for EnvLayer {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// Whether a variable is meant for trilayer.
pub(super) fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// The lower-cased segments of a name.
fn place(name: &str, value: &str) -> Result<Vec<String>, String> {
    if name.len() > MAX_NAME_BYTES {
        return Err(format!("the name is longer than {MAX_NAME_BYTES} bytes; use a file"));
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(format!("the value is longer than {MAX_VALUE_BYTES} bytes; use a file"));
    }
    let segments: Vec<String> = name[PREFIX.len()..].split(SEPARATOR).map(str::to_lowercase).collect();
    if segments.len() > MAX_DEPTH {
        return Err(format!("the name has more than {MAX_DEPTH} parts; use a file"));
    }
    if segments.iter().any(String::is_empty) {
        return Err(format!("a part of the name between {SEPARATOR:?} is empty"));
    }
    Ok(segments)
}

/// The segments, spelled as the file does where it has them.
fn spell(segments: &[String], file: &Dict) -> Vec<String> {
    let mut here = Some(file);
    let mut keys = Vec::with_capacity(segments.len());
    for segment in segments {
        let key = here.and_then(|table| spelling(segment, table)).unwrap_or(segment);
        here = match here.and_then(|table| table.get(key)) {
            Some(Value::Dict(_, table)) => Some(table),
            _ => None,
        };
        keys.push(key.clone());
    }
    keys
}

/// The key that is the segment to the letter, else the first that is but for case and hyphens.
fn spelling<'d>(segment: &str, table: &'d Dict) -> Option<&'d String> {
    let alike = |key: &&String| key.to_lowercase().replace('-', "_") == *segment;
    table.get_key_value(segment).map(|(key, _)| key).or_else(|| table.keys().find(alike))
}

fn insert(table: &mut Dict, keys: &[String], value: Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return;
    }
    let inner = table.entry(first.clone()).or_insert_with(empty_table);
    if !matches!(inner, Value::Dict(..)) {
        *inner = empty_table();
    }
    if let Value::Dict(_, inner) = inner {
        insert(inner, rest, value);
    }
}

fn empty_table() -> Value {
    Value::Dict(Tag::Default, Dict::new())
}

/// A boolean, whole number, number, TOML list, table or quoted text; else the text as it is.
fn read_value(text: &str) -> Value {
    let trimmed = text.trim();
    let number = trimmed.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && trimmed.ends_with(|last: char| last.is_ascii_digit());
    let inline = trimmed.starts_with(['[', '{', '"', '\'']) && trimmed.len() <= MAX_INLINE_BYTES;
    let read = match trimmed {
        "true" => Some(Value::Bool(Tag::Default, true)),
        "false" => Some(Value::Bool(Tag::Default, false)),
        _ if number => read_number(trimmed),
        _ if inline => tree::inline(trimmed),
        _ => None,
    };
    read.unwrap_or_else(|| Value::String(Tag::Default, text.to_owned()))
}

fn read_number(text: &str) -> Option<Value> {
    let whole = text.parse().map(Num::I64);
    let number = whole.or_else(|_| text.parse().map(Num::F64)).ok()?;
    Some(Value::Num(Tag::Default, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> serde_json::Value {
        serde_json::to_value(read_value(text)).expect("plain data")
    }

    #[test]
    fn values_are_what_they_look_like() {
        assert_eq!(read("true"), true);
        assert_eq!(read("-12"), -12);
        assert_eq!(read("1.5"), 1.5);
        assert_eq!(read("[1, \"a\"]"), serde_json::json!([1, "a"]));
        assert_eq!(read("{ use = \"trace\" }"), serde_json::json!({ "use": "trace" }));
        assert_eq!(read("\"12\""), "12", "quotes make text of anything");
        for text in ["btree", "inf", "nan", "12 apples", "[::1]:80", "{{", "", " a ", "-", "10s", "127.0.0.1"]
        {
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn a_later_variable_may_replace_a_table_or_be_replaced() {
        let pairs = [("TRILAYER__A", "1"), ("TRILAYER__A__B", "2")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let layer = EnvLayer::read(pairs, &Dict::new());
        let json = serde_json::to_value(layer.values).expect("plain data");
        assert_eq!(json, serde_json::json!({ "a": { "b": 2 } }));
    }
}
