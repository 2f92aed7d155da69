//! How a configuration names a component.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::validate::describe;
use super::{Problem, ProblemCode};
use crate::names::nearest;

/// A component's name, with options or without.
///
/// Written as the bare name, or as a table with `use` and the options beside it:
/// `"btree"`, `{ use = "trace", level = "debug" }`. Whether the options are right is for
/// the component to say when it is made.
#[derive(Clone, PartialEq)]
pub struct ComponentSpec {
    /// The component's name; for a map's data store, an instance's name first.
    pub name: String,
    /// Its options.
    pub options: Map<String, Json>,
    /// Whether it was written as a table, which names components only, never instances.
    inline: bool,
}

impl ComponentSpec {
    /// A component without options.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), options: Map::new(), inline: false }
    }

    /// With one more option, written as a table.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, value: impl Into<Json>) -> Self {
        self.options.insert(option.into(), value.into());
        self.inline = true;
        self
    }

    /// Whether the name may be that of an instance of `[data_stores]`.
    pub(crate) fn may_name_instance(&self) -> bool {
        !self.inline && self.options.is_empty()
    }

    /// Reads what a configuration holds in the place of a component.
    pub(crate) fn from_json(spec: &Json) -> Result<Self, Box<Problem>> {
        match spec {
            Json::String(name) => Ok(Self::named(name.as_str())),
            Json::Object(table) => Self::from_table(table.clone()),
            other => Err(Box::new(Problem::unexpected(ProblemCode::WrongType, EXPECTED, describe(other)))),
        }
    }

    fn from_table(mut options: Map<String, Json>) -> Result<Self, Box<Problem>> {
        match options.remove("use") {
            Some(Json::String(name)) => Ok(Self { name, options, inline: true }),
            Some(other) => {
                let expected = "a component's name in `use`";
                Err(Box::new(Problem::unexpected(ProblemCode::WrongType, expected, describe(&other))))
            }
            None => Err(Box::new(missing_use(&options))),
        }
    }
}

/// What people write who mean `use`.
const MEANT: [&str; 5] = ["name", "type", "kind", "component", "plugin"];

fn missing_use(options: &Map<String, Json>) -> Problem {
    let problem = Problem::new(ProblemCode::MissingUse, "the table has no `use`, which names the component");
    let meant = |key: &&String| MEANT.contains(&key.as_str()) || nearest(key, ["use"]).is_some();
    match options.keys().find(meant) {
        Some(key) => problem.help(format!("write `use` in place of `{}`", key.escape_debug())),
        None => problem.help("name the component: use = \"…\""),
    }
}

const EXPECTED: &str = "a component's name, or a table with `use` and its options";

/// Says which options there are, and nothing of their values: some may be secret.
impl fmt::Debug for ComponentSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<&String> = self.options.keys().collect();
        f.debug_struct("ComponentSpec").field("name", &self.name).field("options", &options).finish()
    }
}

impl From<&str> for ComponentSpec {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

impl Serialize for ComponentSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.may_name_instance() {
            return serializer.serialize_str(&self.name);
        }
        let mut table = Map::from_iter([("use".to_owned(), Json::from(self.name.as_str()))]);
        table.extend(self.options.clone());
        table.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ComponentSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?)
            .map_err(|problem| D::Error::custom(&problem.message))
    }
}

impl JsonSchema for ComponentSpec {
    fn schema_name() -> Cow<'static, str> {
        "ComponentSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A component's name, or a table with `use` and its options.",
            "anyOf": [
                { "type": "string" },
                { "type": "object", "properties": { "use": { "type": "string" } }, "required": ["use"] }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_option_called_like_the_table_key_cannot_shadow_the_name() {
        let spec = ComponentSpec::from_json(&json!({ "use": "a", "size": 1 })).expect("right");
        assert_eq!((spec.name.as_str(), spec.options.len()), ("a", 1));
        assert!(!spec.may_name_instance());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let refusal = |spec| ComponentSpec::from_json(&spec).expect_err("wrong").to_string();
        assert!(
            refusal(json!({ "path": "x" })).starts_with("the table has no `use`, which names the component")
        );
        assert!(refusal(json!({ "us": "x" })).contains("write `use` in place of `us`"));
        assert!(refusal(json!({ "use": 3 })).contains("`use`, found a number"));
        assert!(refusal(json!(["secret"])).contains("found a list"));
        let spec = ComponentSpec::named("a").with("token", "secret");
        assert!(!format!("{spec:?}").contains("secret"));
    }
}
