//! What a schema says of one option, for references, examples and checks.

use schemars::Schema;
use serde_json::{Map, Value as Json};

use super::Unit;

/// What a change of an option means for a program that runs: `x-reload` in its schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reload {
    /// The component takes the new value as it goes.
    Live,
    /// The component is opened anew.
    #[default]
    Reopen,
}

/// One option of a component, or one setting of a configuration, as its schema describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionProperty {
    name: String,
    required: bool,
    /// The property's own keywords over those of what it refers to.
    schema: Map<String, Json>,
}

impl OptionProperty {
    /// The options of a schema, in its order.
    #[must_use]
    pub fn all(schema: &Schema) -> Vec<Self> {
        let required: Vec<&str> = texts(schema.get("required")).collect();
        let definitions = schema.get("$defs").and_then(Json::as_object);
        let properties = schema.get("properties").and_then(Json::as_object);
        let one = |(name, own): (&String, &Json)| Self {
            name: name.clone(),
            required: required.contains(&name.as_str()),
            schema: resolved(own, definitions),
        };
        properties.into_iter().flatten().map(one).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has to be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// A keyword of its schema, its own or of what it refers to.
    #[must_use]
    pub fn keyword(&self, keyword: &str) -> Option<&Json> {
        self.schema.get(keyword)
    }

    /// Its schema, with the keywords of what it refers to.
    #[must_use]
    pub fn to_schema(&self) -> Json {
        Json::Object(self.schema.clone())
    }

    /// Its documentation.
    #[must_use]
    pub fn description(&self) -> &str {
        self.schema.get("description").and_then(Json::as_str).unwrap_or_default()
    }

    /// What it counts, if it may be written as text with units.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        Unit::named(self.schema.get("x-unit")?.as_str()?)
    }

    /// Whether no output may show it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.schema.get("writeOnly") == Some(&Json::Bool(true))
    }

    /// What its change means for a program that runs.
    #[must_use]
    pub fn reload(&self) -> Reload {
        match self.schema.get("x-reload").and_then(Json::as_str) {
            Some("live") => Reload::Live,
            _ => Reload::Reopen,
        }
    }

    /// The kind of component it holds, as `x-component` writes it: `data-store`.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        self.schema.get("x-component").and_then(Json::as_str)
    }

    /// Its value when it is not given, if that is not nothing.
    #[must_use]
    pub fn default(&self) -> Option<&Json> {
        self.schema.get("default").filter(|default| !default.is_null())
    }

    /// The least and the greatest number it may be.
    #[must_use]
    pub fn range(&self) -> (Option<&Json>, Option<&Json>) {
        (self.schema.get("minimum"), self.schema.get("maximum"))
    }

    /// The values it may have, where they are few, with what each means.
    #[must_use]
    pub fn choices(&self) -> Vec<(&Json, &str)> {
        let listed = self.schema.get("enum").and_then(Json::as_array).into_iter().flatten();
        let described = self.schema.get("oneOf").and_then(Json::as_array).into_iter().flatten();
        let described = described.flat_map(|one| {
            let text = one.get("description").and_then(Json::as_str).unwrap_or_default();
            let several = one.get("enum").and_then(Json::as_array).into_iter().flatten();
            one.get("const").into_iter().chain(several).map(move |value| (value, text))
        });
        listed.map(|value| (value, "")).chain(described).filter(|(value, _)| !value.is_null()).collect()
    }

    /// The types it may have, `null` left out: that is what is not given.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        texts(self.schema.get("type")).filter(|name| *name != "null")
    }

    /// A value that is right: its default, an example, a choice, the least it may be.
    #[must_use]
    pub fn example(&self) -> Option<Json> {
        let examples = self.schema.get("examples").and_then(Json::as_array);
        let choice = self.choices().first().map(|(value, _)| *value);
        let least = self.schema.get("minimum");
        let value = self.default().or(examples.and_then(|all| all.first())).or(choice).or(least);
        value.map(|value| self.readable(value))
    }

    /// A value as people write it: with units, where those make it shorter.
    #[must_use]
    pub fn readable(&self, value: &Json) -> Json {
        let shown = match (self.unit(), value.as_u64()) {
            (Some(unit), Some(count)) => unit.show(count),
            _ => return value.clone(),
        };
        let is_shorter = shown != "0ms" && !shown.ends_with(" B");
        if is_shorter { Json::from(shown) } else { value.clone() }
    }

    /// Why a value is out of the range the schema gives, text with units included. What is no
    /// number is for others to judge.
    pub(in crate::component) fn out_of_range(&self, value: &Json) -> Option<String> {
        let count = match self.unit() {
            Some(unit) => Json::from(unit.read(value).ok()?),
            None => value.clone(),
        };
        let (least, most) = self.range();
        let (side, bound) = match (least, most) {
            (Some(least), _) if compare(&count, least)?.is_lt() => ("least", least),
            (_, Some(most)) if compare(&count, most)?.is_gt() => ("most", most),
            _ => return None,
        };
        Some(format!("{} must be at {side} {}", self.name, self.readable(bound)))
    }
}

/// Whole numbers exactly, others as floating point.
fn compare(a: &Json, b: &Json) -> Option<std::cmp::Ordering> {
    let whole = |number: &Json| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// The text or texts a keyword holds.
fn texts(value: Option<&Json>) -> impl Iterator<Item = &str> {
    let several = value.and_then(Json::as_array).into_iter().flatten();
    value.into_iter().chain(several).filter_map(Json::as_str)
}

/// A property with the keywords of what it refers to: by `$ref`, or as the one alternative to
/// null. Its own come first.
fn resolved(own: &Json, definitions: Option<&Map<String, Json>>) -> Map<String, Json> {
    let mut keywords = own.as_object().cloned().unwrap_or_default();
    let not_null = |one: &&Json| one.get("type") != Some(&Json::from("null"));
    let alternatives = keywords.get("anyOf").and_then(Json::as_array);
    let only = alternatives.and_then(|all| {
        let mut rest = all.iter().filter(not_null);
        rest.next().filter(|_| rest.next().is_none()).cloned()
    });
    let inner = only.or_else(|| keywords.contains_key("$ref").then(|| own.clone()));
    let target = inner.as_ref().map(|inner| {
        let name = inner.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
        name.and_then(|name| definitions?.get(name)).unwrap_or(inner).clone()
    });
    for (keyword, value) in target.iter().filter_map(Json::as_object).flatten() {
        keywords.entry(keyword.clone()).or_insert_with(|| value.clone());
    }
    keywords
}
