//! The environment as a layer of the configuration.
//!
//! figment's own provider overflows the stack on nested brackets and splits names in ways
//! that cannot say `data_stores`; this one bounds everything it reads.

mod name;

pub(super) use name::{mistaken, spelled};

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Num, Tag, Value};
use figment::{Error, Metadata, Profile, Provider};
use serde_json::Value as Json;

use super::path::Step;
use super::provenance::Variable;
use super::sight::slot;
use super::{KeyPath, Layer, Problem, ProblemCode, tree};
use name::place;

pub(super) const PREFIX: &str = "TRILAYER__";
pub(super) const SEPARATOR: &str = "__";
const MAX_VALUE_BYTES: usize = 64 << 10;
/// Longer ones stay text.
const MAX_INLINE_BYTES: usize = 16 << 10;
const MAX_VARIABLES: usize = 1024;

/// What the environment says, read and bounded.
#[derive(Default)]
pub(super) struct EnvLayer {
    values: Dict,
    /// The variable that set each place.
    pub(super) variables: BTreeMap<KeyPath, Variable>,
    /// Variables that could not be read.
    pub(super) problems: Vec<Problem>,
}

impl EnvLayer {
    /// Reads those variables that are meant for trilayer; the others are passed over. Names
    /// that match a key of `file` but for case and hyphens take its spelling.
    pub(super) fn read(variables: impl IntoIterator<Item = (String, String)>, file: &Dict) -> Self {
        let ours = variables.into_iter().filter(|(name, _)| is_ours(name));
        let mut ours: Vec<(String, String)> = ours.take(MAX_VARIABLES + 1).collect();
        let mut layer = Self::default();
        if ours.len() > MAX_VARIABLES {
            ours.clear();
            let message = format!("more than {MAX_VARIABLES} variables open with {PREFIX}");
            let problem = Problem::new(ProblemCode::UnreadableVariable, message).help("use a file");
            layer.problems.push(problem.at(Layer::Environment { variable: format!("{PREFIX}*") }));
        }
        ours.sort();
        for (name, value) in ours {
            if let Err(problem) = layer.take(&name, &value, file) {
                layer.problems.push(*problem);
            }
        }
        layer.refuse_strangers(file);
        layer.build();
        layer
    }

    fn take(&mut self, name: &str, raw: &str, file: &Dict) -> Result<(), Box<Problem>> {
        let refuse = |message: String| {
            Box::new(
                Problem::from_variable(ProblemCode::UnreadableVariable, name, message).help("use a file"),
            )
        };
        if raw.len() > MAX_VALUE_BYTES {
            return Err(refuse(format!("the value is longer than {MAX_VALUE_BYTES} bytes")));
        }
        if raw.contains('\0') {
            return Err(refuse("the value holds a NUL character".to_owned()));
        }
        let path = place(name, file)?;
        if let Some(first) = self.variables.get(&path) {
            let message = format!("sets the same place as {}", first.name);
            let problem = Problem::from_variable(ProblemCode::DuplicateVariable, name, message);
            return Err(Box::new(problem.path(&path).help("unset one of them")));
        }
        let read = read_value(raw);
        let value = serde_json::to_value(&read).unwrap_or_default();
        self.variables.insert(path, Variable { name: name.to_owned(), raw: raw.to_owned(), value });
        Ok(())
    }

    /// Inside of a map or data store that neither the file nor a variable has as a whole, a variable
    /// is a slip of the pen; if there are none at all, variables make them.
    fn refuse_strangers(&mut self, file: &Dict) {
        let strange = |path: &KeyPath| -> Option<(KeyPath, Problem)> {
            let [Step::Key(table), Step::Key(name), _, ..] = path.steps() else { return None };
            let Some(Value::Dict(_, entries)) = file.get(table) else { return None };
            let whole = [KeyPath::of([table.as_str()]), KeyPath::of([table.as_str(), name])];
            let opened = whole.iter().any(|place| self.variables.contains_key(place));
            if entries.is_empty() || entries.contains_key(name) || opened {
                return None;
            }
            let variable = self.variables.get(path)?;
            Some((path.clone(), name::stranger(&variable.name, table, name, entries)))
        };
        let strangers: Vec<_> = self.variables.keys().filter_map(strange).collect();
        for (path, problem) in strangers {
            self.variables.remove(&path);
            self.problems.push(problem);
        }
    }

    /// Outer places come before inner ones, so that these are set last.
    fn build(&mut self) {
        let mut clashes = Vec::new();
        for (path, variable) in &self.variables {
            let outer = path.outwards().skip(1).find_map(|place| self.variables.get(&place));
            if let Some(outer) = outer.filter(|outer| !outer.value.is_object()) {
                let message = format!("sets something inside of what {} sets, which is no table", outer.name);
                let problem = Problem::from_variable(ProblemCode::DuplicateVariable, &variable.name, message);
                clashes.push(problem.path(path).help("unset one of them"));
                continue;
            }
            let keys: Vec<&str> = path.steps().iter().map(key_of).collect();
            insert(&mut self.values, &keys, read_value(&variable.raw));
        }
        self.problems.append(&mut clashes);
    }
}

fn key_of(step: &Step) -> &str {
    match step {
        Step::Key(key) => key,
        Step::Index(_) => "",
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

/// Puts the text of a variable where its value was read as something else, and text is wanted.
pub(super) fn retype(merged: &mut Json, path: &KeyPath, variable: &Variable) {
    let mut here = merged;
    for step in path.steps() {
        let Some(next) = here.get_mut(key_of(step)) else { return };
        here = next;
    }
    if *here == variable.value {
        *here = Json::from(variable.raw.as_str());
    }
}

fn insert(table: &mut Dict, keys: &[&str], value: Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        table.insert((*first).to_owned(), value);
        return;
    }
    let inner = table.entry((*first).to_owned()).or_insert_with(empty_table);
    if !matches!(inner, Value::Dict(..)) {
        *inner = empty_table();
    }
    if let Value::Dict(_, inner) = inner {
        insert(inner, rest, value);
    }
}

/// Where the file names a component in short and a variable sets an option of it, the name becomes a
/// table, so that the option stands beside it and not in its place.
pub(super) fn widen(file: &mut Dict, variables: &BTreeMap<KeyPath, Variable>) {
    for path in variables.keys() {
        let steps = path.steps();
        let Some((_, length)) = slot(steps).filter(|(_, length)| *length < steps.len()) else { continue };
        let Some((last, outer)) = steps[..length].split_last() else { continue };
        let mut here = Some(&mut *file);
        for step in outer {
            here = match here.and_then(|table| table.get_mut(key_of(step))) {
                Some(Value::Dict(_, table)) => Some(table),
                _ => None,
            };
        }
        let Some(value) = here.and_then(|table| table.get_mut(key_of(last))) else { continue };
        if let Value::String(tag, name) = value {
            let name = Value::String(*tag, std::mem::take(name));
            *value = Value::Dict(Tag::Default, Dict::from([("use".to_owned(), name)]));
        }
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
}
