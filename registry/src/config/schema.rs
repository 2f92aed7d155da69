//! Reading JSON Schemas as schemars writes them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value as Json;
use trilayer_core::ComponentKind;

use crate::Registry;

/// The schemas of a registry's components, each asked for once.
pub(super) struct Schemas<'r> {
    pub(super) registry: &'r Registry,
    cache: RefCell<Cache>,
}

/// `None` for a component that is not there.
type Cache = HashMap<(ComponentKind, String), Option<Rc<Json>>>;

impl<'r> Schemas<'r> {
    pub(super) fn new(registry: &'r Registry) -> Self {
        Self { registry, cache: RefCell::default() }
    }

    /// The schema of a component's options; `None` if there is no such component.
    pub(super) fn get(&self, kind: ComponentKind, name: &str) -> Option<Rc<Json>> {
        let make = || self.registry.get(kind, name).ok().map(|found| Rc::new(found.schema().to_value()));
        self.cache.borrow_mut().entry((kind, name.to_owned())).or_insert_with(make).clone()
    }
}

/// References followed at most: a schema may refer to itself.
const MAX_REFERENCES: usize = 16;

/// The schema itself, references followed.
pub(super) fn resolve<'s>(root: &'s Json, schema: &'s Json) -> &'s Json {
    let mut here = schema;
    for _ in 0..MAX_REFERENCES {
        let target = here.get("$ref").and_then(Json::as_str).and_then(|to| to.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => here = next,
            None => break,
        }
    }
    here
}

/// What a value must be besides: all of `allOf`.
pub(super) fn parts(schema: &Json) -> impl Iterator<Item = &Json> {
    schema.get("allOf").and_then(Json::as_array).into_iter().flatten()
}

/// Of which a value must be one: `anyOf` or `oneOf`, without null, which TOML cannot say.
pub(super) fn choices<'s>(root: &'s Json, schema: &'s Json) -> Vec<&'s Json> {
    let lists = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
    let is_null = |choice: &&Json| resolve(root, choice).get("type") == Some(&Json::from("null"));
    // A schema that is a choice of itself says nothing, and must not be followed for ever.
    let is_itself = |choice: &&Json| std::ptr::eq(resolve(root, choice), resolve(root, schema));
    lists.flatten().filter(|choice| !is_null(choice) && !is_itself(choice)).collect()
}

/// The types a schema itself names, without null.
pub(super) fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one.as_str()],
        Some(Json::Array(several)) => {
            several.iter().filter_map(Json::as_str).filter(|it| *it != "null").collect()
        }
        _ => Vec::new(),
    }
}

/// The values a schema lists, whether by `enum`, `const` or choices between such.
pub(super) fn listed<'s>(root: &'s Json, schema: &'s Json) -> Option<Vec<&'s Json>> {
    let schema = resolve(root, schema);
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return Some(values.iter().filter(|value| !value.is_null()).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    let choices = choices(root, schema);
    if choices.is_empty() {
        return None;
    }
    let each: Option<Vec<_>> = choices.into_iter().map(|choice| listed(root, choice)).collect();
    each.map(|each| each.into_iter().flatten().collect())
}

/// The schema of a table's key.
pub(super) fn property<'s>(root: &'s Json, schema: &'s Json, key: &str) -> Option<&'s Json> {
    let schema = resolve(root, schema);
    let own = schema.get("properties").and_then(|properties| properties.get(key));
    let inner = || parts(schema).chain(choices(root, schema)).find_map(|part| property(root, part, key));
    own.or_else(inner)
}

/// The schema of keys that are not named.
pub(super) fn other_keys<'s>(root: &'s Json, schema: &'s Json) -> Option<&'s Json> {
    resolve(root, schema).get("additionalProperties").filter(|schema| **schema != Json::Bool(false))
}

/// Whether a schema names keys.
pub(super) fn has_properties(root: &Json, schema: &Json) -> bool {
    let schema = resolve(root, schema);
    let inner = || parts(schema).chain(choices(root, schema)).any(|part| has_properties(root, part));
    schema.get("properties").is_some() || inner()
}

/// The schema of a list's items.
pub(super) fn items<'s>(root: &'s Json, schema: &'s Json) -> Option<&'s Json> {
    let schema = resolve(root, schema);
    let own = schema.get("items");
    own.or_else(|| parts(schema).chain(choices(root, schema)).find_map(|part| items(root, part)))
}

/// Whether values of this schema are never to be shown.
pub(super) fn is_secret(root: &Json, schema: &Json) -> bool {
    let marked = |schema: &Json| {
        schema.get("writeOnly") == Some(&Json::Bool(true))
            || schema.get("format") == Some(&Json::from("password"))
    };
    let target = resolve(root, schema);
    marked(schema)
        || marked(target)
        || parts(target).chain(choices(root, target)).any(|part| is_secret(root, part))
}

/// Marks an option that holds another component: `engine`, `data-store` or `observer`.
pub(super) const COMPONENT_MARK: &str = "x-component";

/// What kind of component an option holds. An option `inner` of any content holds one of the kind
/// that it is an option of.
pub(super) fn inner_kind(
    root: &Json,
    schema: &Json,
    key: &str,
    outer: ComponentKind,
) -> Option<ComponentKind> {
    let target = resolve(root, schema);
    let mark = schema.get(COMPONENT_MARK).or_else(|| target.get(COMPONENT_MARK)).and_then(Json::as_str);
    match mark {
        Some("engine") => Some(ComponentKind::Engine),
        Some("data-store") => Some(ComponentKind::DataStore),
        Some("observer") => Some(ComponentKind::Observer),
        _ => (key == "inner" && is_open(target)).then_some(outer),
    }
}

/// Whether a schema allows anything.
fn is_open(schema: &Json) -> bool {
    const NARROWING: [&str; 6] = ["type", "enum", "const", "anyOf", "oneOf", "allOf"];
    NARROWING.iter().all(|key| schema.get(*key).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_is_a_choice_of_itself_is_not_followed_for_ever() {
        let root = json!({ "anyOf": [{ "$ref": "#" }, { "type": "integer" }] });
        assert_eq!(choices(&root, &root).len(), 1);
        assert!(!is_secret(&root, &root) && listed(&root, &root).is_none());
    }

    #[test]
    fn a_secret_is_one_however_it_is_written() {
        let root = json!({ "$defs": { "Secret": { "type": "string", "writeOnly": true } } });
        let reference = json!({ "$ref": "#/$defs/Secret" });
        for secret in [
            json!({ "type": "string", "format": "password" }),
            json!({ "writeOnly": true }),
            json!({ "anyOf": [reference, { "type": "null" }] }),
            json!({ "allOf": [reference] }),
            reference,
        ] {
            assert!(is_secret(&root, &secret), "{secret}");
        }
        assert!(!is_secret(&root, &json!({ "type": "string" })));
    }
}
