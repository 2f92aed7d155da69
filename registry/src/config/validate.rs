//! Values against the schema of their setting: everything that is wrong, each in its place.

mod bounds;

use serde_json::{Map, Value as Json};
use trilayer_core::{ComponentKind, Unit};

use super::provenance::Part;
use super::schema;
use super::{KeyPath, Problem, ProblemCode};
use bounds::{Bounds, beyond};

/// Something wrong with a value, and which part of its place is meant.
pub(super) struct Fault {
    pub(super) path: KeyPath,
    pub(super) part: Part,
    pub(super) problem: Problem,
}

/// A component named inside of another's options.
pub(super) struct Inner<'v> {
    pub(super) kind: ComponentKind,
    pub(super) path: KeyPath,
    pub(super) spec: &'v Json,
}

/// Checks values against a schema.
pub(super) struct Validator<'v> {
    root: &'v Json,
    /// Whose options they are: `engine "btree"`.
    owner: String,
    kind: Option<ComponentKind>,
    pub(super) faults: Vec<Fault>,
    pub(super) inner: Vec<Inner<'v>>,
}

impl<'v> Validator<'v> {
    pub(super) fn new(root: &'v Json, owner: String, kind: Option<ComponentKind>) -> Self {
        Self { root, owner, kind, faults: Vec::new(), inner: Vec::new() }
    }

    /// The options of a component. Unlike tables inside of them, they are closed even when they
    /// name no property.
    pub(super) fn options(&mut self, options: &'v Map<String, Json>, path: &KeyPath) {
        self.table(self.root, options, path, true);
    }

    /// One value against one schema.
    pub(super) fn value(&mut self, schema: &'v Json, value: &'v Json, path: &KeyPath) {
        let schema_there = schema::resolve(self.root, schema);
        if let Some(values) = schema::listed(self.root, schema) {
            return self.listed(schema, &values, value, path);
        }
        for part in schema::parts(schema_there) {
            self.value(part, value, path);
        }
        let choices = schema::choices(self.root, schema_there);
        if !choices.is_empty() {
            return self.one_of(schema, &choices, value, path);
        }
        let types = schema::types(schema_there);
        if !types.is_empty() && !types.iter().any(|wanted| is_type(value, wanted)) {
            let expected = self.expected(schema);
            return self.wrong_type(&expected, schema, value, path);
        }
        match value {
            Json::Number(_) | Json::String(_) => self.bounds(schema, value, path),
            Json::Object(table) => {
                let closed = schema_there.get("properties").is_some();
                self.table(schema, table, path, closed);
            }
            Json::Array(list) => self.list(schema, list, path),
            _ => {}
        }
    }

    fn listed(&mut self, schema: &'v Json, values: &[&'v Json], value: &Json, path: &KeyPath) {
        if values.contains(&value) {
            return;
        }
        let shown: Vec<String> = values.iter().map(|value| value.to_string()).collect();
        let expected =
            if shown.len() == 1 { shown[0].clone() } else { format!("one of {}", shown.join(", ")) };
        let same_type =
            values.iter().any(|wanted| std::mem::discriminant(*wanted) == std::mem::discriminant(value));
        if !same_type {
            return self.wrong_type(&expected, schema, value, path);
        }
        let found = self.shown(schema, value);
        let names: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
        let problem = Problem::unexpected(ProblemCode::InvalidValue, &expected, &found);
        let mut problem = problem.known(value.as_str().unwrap_or_default(), names);
        problem.known.clear();
        self.fault(path, Part::Value, problem);
    }

    /// Of several possibilities, what is wrong is told of the one that was meant: of the same type.
    fn one_of(&mut self, schema: &'v Json, choices: &[&'v Json], value: &'v Json, path: &KeyPath) {
        let mut meant: Option<Vec<Fault>> = None;
        for choice in choices {
            let mut trial = Self::new(self.root, self.owner.clone(), self.kind);
            trial.value(choice, value, path);
            if trial.faults.is_empty() {
                return self.inner.append(&mut trial.inner);
            }
            let whole =
                trial.faults.iter().any(|it| it.path == *path && it.problem.code == ProblemCode::WrongType);
            let fewer = meant.as_ref().is_none_or(|there| trial.faults.len() < there.len());
            if !whole && fewer {
                meant = Some(trial.faults);
            }
        }
        match meant {
            Some(mut faults) => self.faults.append(&mut faults),
            None => {
                let expected = self.expected(schema);
                self.wrong_type(&expected, schema, value, path);
            }
        }
    }

    fn table(&mut self, schema: &'v Json, table: &'v Map<String, Json>, path: &KeyPath, closed: bool) {
        let others = schema::other_keys(self.root, schema);
        let target = schema::resolve(self.root, schema);
        let closed = closed || target.get("additionalProperties") == Some(&Json::Bool(false));
        for (key, value) in table {
            match schema::property(self.root, schema, key).or(others) {
                Some(property) => self.option(property, key, value, &path.key(key)),
                None if closed => self.unknown(schema, key, &path.key(key)),
                None => {}
            }
        }
        let required = target.get("required").and_then(Json::as_array).into_iter().flatten();
        for key in required.filter_map(Json::as_str).filter(|key| !table.contains_key(*key)) {
            self.missing(schema, key, path);
        }
    }

    fn option(&mut self, schema: &'v Json, key: &str, value: &'v Json, path: &KeyPath) {
        let inner = self.kind.and_then(|outer| schema::inner_kind(self.root, schema, key, outer));
        match inner {
            Some(kind) => self.inner.push(Inner { kind, path: path.clone(), spec: value }),
            None => self.value(schema, value, path),
        }
    }

    fn unknown(&mut self, schema: &Json, key: &str, path: &KeyPath) {
        let known = names(self.root, schema);
        let mut problem =
            Problem::new(ProblemCode::UnknownOption, format!("{} has no option {key:?}", self.owner));
        problem = problem.known(key, known.iter().map(String::as_str));
        if known.is_empty() {
            problem = problem.help("it takes no options");
        }
        self.fault(path, Part::Key, problem);
    }

    fn missing(&mut self, schema: &Json, key: &str, path: &KeyPath) {
        let message = format!("{} needs the option {key:?}", self.owner);
        let mut problem = Problem::new(ProblemCode::MissingOption, message);
        let property = schema::property(self.root, schema, key).unwrap_or(&Json::Null);
        let inner = self.kind.and_then(|outer| schema::inner_kind(self.root, property, key, outer));
        let expected =
            inner.map_or_else(|| self.expected(property), |kind| format!("{kind}, by name or table"));
        problem.expected = Some(format!("{key} = {expected}"));
        let summary = property.get("description").and_then(Json::as_str);
        problem.help =
            summary.and_then(|text| text.split(['\n']).next()).map(|text| format!("{key}: {text}"));
        self.fault(path, Part::Key, problem);
    }

    fn list(&mut self, schema: &'v Json, list: &'v [Json], path: &KeyPath) {
        let target = schema::resolve(self.root, schema);
        let bound = |key: &str| target.get(key).and_then(Json::as_u64);
        let length = list.len() as u64;
        if bound("minItems").is_some_and(|least| length < least)
            || bound("maxItems").is_some_and(|most| length > most)
        {
            let expected = Bounds::new(bound("minItems").map(Json::from), bound("maxItems").map(Json::from))
                .words("a list", "items");
            self.fault(
                path,
                Part::Value,
                Problem::unexpected(ProblemCode::OutOfRange, &expected, &format!("{length} items")),
            );
        }
        if let Some(items) = schema::items(self.root, schema) {
            for (index, item) in list.iter().enumerate() {
                self.option(items, "", item, &path.index(index));
            }
        }
    }

    fn bounds(&mut self, schema: &'v Json, value: &Json, path: &KeyPath) {
        let target = schema::resolve(self.root, schema);
        if let Some(expected) = beyond(schema, value).or_else(|| beyond(target, value)) {
            let found = self.shown(schema, value);
            let found = if value.is_string() { "text of another length".to_owned() } else { found };
            self.fault(path, Part::Value, Problem::unexpected(ProblemCode::OutOfRange, &expected, &found));
        }
    }

    fn wrong_type(&mut self, expected: &str, schema: &Json, value: &Json, path: &KeyPath) {
        let found = self.shown(schema, value);
        self.fault(path, Part::Value, Problem::unexpected(ProblemCode::WrongType, expected, &found));
    }

    fn fault(&mut self, path: &KeyPath, part: Part, problem: Problem) {
        self.faults.push(Fault { path: path.clone(), part, problem });
    }

    fn shown(&self, schema: &Json, value: &Json) -> String {
        if schema::is_secret(self.root, schema) { describe(value).to_owned() } else { show(value) }
    }

    /// What a schema wants, in words.
    pub(super) fn expected(&self, schema: &Json) -> String {
        expected(self.root, schema)
    }
}

fn expected(root: &Json, schema: &Json) -> String {
    let target = schema::resolve(root, schema);
    if let Some(values) = schema::listed(root, schema) {
        let shown: Vec<String> = values.iter().map(|value| value.to_string()).collect();
        return format!("one of {}", shown.join(", "));
    }
    let mut words: Vec<String> =
        schema::choices(root, target).into_iter().map(|choice| expected(root, choice)).collect();
    if let Some(unit) = target.get("x-unit").and_then(Json::as_str).and_then(Unit::named) {
        return unit.expected().to_owned();
    }
    let of_number = Bounds::of(schema).or_else(|| Bounds::of(target));
    for wanted in schema::types(target) {
        words.push(match (wanted, &of_number) {
            ("integer", Some(bounds)) => bounds.words("a whole number", ""),
            ("number", Some(bounds)) => bounds.words("a number", ""),
            ("integer", None) => "a whole number".to_owned(),
            ("number", None) => "a number".to_owned(),
            ("string", _) => "text".to_owned(),
            ("boolean", _) => "true or false".to_owned(),
            ("array", _) => "a list".to_owned(),
            _ => "a table".to_owned(),
        });
    }
    words.dedup();
    if words.is_empty() { "another value".to_owned() } else { words.join(" or ") }
}

/// The names of all options, sorted.
fn names(root: &Json, schema: &Json) -> Vec<String> {
    let target = schema::resolve(root, schema);
    let own =
        target.get("properties").and_then(Json::as_object).into_iter().flatten().map(|(key, _)| key.clone());
    let inner = schema::parts(target).chain(schema::choices(root, target)).flat_map(|part| names(root, part));
    let mut names: Vec<String> = own.chain(inner).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a value is of a type of JSON Schema.
pub(super) fn is_type(value: &Json, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}

/// What a value is, in the words of an error message. Says no content: it may be a secret.
pub(super) fn describe(value: &Json) -> &'static str {
    match value {
        Json::Null => "a number that is not finite",
        Json::Bool(_) => "a boolean",
        Json::Number(number) if number.is_f64() => "a number with a fraction",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a table",
    }
}

/// What a value is that may be shown.
fn show(value: &Json) -> String {
    match value {
        Json::Bool(flag) => format!("the boolean {flag}"),
        Json::Number(number) => format!("the number {number}"),
        Json::String(text) if text.chars().count() > 40 => {
            format!("text {:?}…", text.chars().take(40).collect::<String>())
        }
        Json::String(text) => format!("text {text:?}"),
        other => describe(other).to_owned(),
    }
}
