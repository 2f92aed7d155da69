//! What a configuration comes to, and who said so.

mod text;

use serde::Serialize;
use serde_json::{Map, Value as Json};
use trilayer_core::ComponentKind;

use super::excerpt::MASK;
use super::path::follow;
use super::schema::{self, Schemas};
use super::sight::Sight;
use super::{ComponentSpec, Config, KeyPath, Layer, MapConfig};
use crate::Registry;

/// What a configuration comes to: every value with who said it, every component with where it
/// comes from. Secrets are masked. [`Display`](std::fmt::Display) is TOML with comments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The values, entry by entry.
    pub values: Vec<ExplainedValue>,
}

/// One value of a configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedValue {
    /// Its place, as TOML writes it.
    pub path: String,
    #[serde(skip)]
    at: KeyPath,
    /// The value; `***` for a secret, and for what no component declares.
    pub value: Json,
    /// Whether the value is masked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// Who said it.
    pub place: Layer,
    /// The component the value names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<ExplainedComponent>,
}

/// A component that a configuration names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedComponent {
    /// What it is: `engine`, `data store`, `observer`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its plugin's version.
    pub version: String,
    /// Where it comes from.
    pub origin: String,
}

impl Config {
    /// What this configuration comes to, and who said so; of one map, if it is named: the entry that
    /// serves it, and its data store. `None` if no entry serves it.
    #[must_use]
    pub fn explain(&self, registry: &Registry, map: Option<&str>) -> Option<Explanation> {
        let schemas = Schemas::new(registry);
        let said = serde_json::to_value(self).unwrap_or_default();
        let mut explainer = Explainer { config: self, schemas: &schemas, said, values: Vec::new() };
        match map {
            None => {
                self.data_stores.iter().for_each(|(name, spec)| explainer.instance(name, spec));
                self.maps.iter().for_each(|(name, map)| explainer.map(name, map));
            }
            Some(map) => {
                let (entry, settings) = self.serving(map)?;
                if let Some((name, spec)) = self.instance(&settings.data_store) {
                    explainer.instance(name, spec);
                }
                explainer.map(entry, settings);
            }
        }
        Some(Explanation { values: explainer.values })
    }
}

struct Explainer<'e> {
    config: &'e Config,
    schemas: &'e Schemas<'e>,
    said: Json,
    values: Vec<ExplainedValue>,
}

impl Explainer<'_> {
    fn instance(&mut self, name: &str, spec: &ComponentSpec) {
        self.table(ComponentKind::DataStore, spec, &KeyPath::of(["data_stores", name]));
    }

    fn map(&mut self, name: &str, map: &MapConfig) {
        let path = KeyPath::of(["maps", name]);
        let settings = serde_json::to_value(map).unwrap_or_default();
        let defaults = serde_json::to_value(MapConfig::default()).unwrap_or_default();
        self.component(ComponentKind::Engine, &map.engine, &path.key("engine"), &defaults["engine"]);
        self.component(
            ComponentKind::DataStore,
            &map.data_store,
            &path.key("data_store"),
            &defaults["data_store"],
        );
        for (key, value) in settings.as_object().into_iter().flatten() {
            if !matches!(key.as_str(), "engine" | "data_store" | "observers") {
                self.value(&path.key(key), value, &defaults[key], None);
            }
        }
        if map.observers.is_empty() {
            self.value(&path.key("observers"), &settings["observers"], &defaults["observers"], None);
        }
        for (index, observer) in map.observers.iter().enumerate() {
            self.table(ComponentKind::Observer, observer, &path.key("observers").index(index));
        }
    }

    /// A component where its bare name may stand.
    fn component(&mut self, kind: ComponentKind, spec: &ComponentSpec, path: &KeyPath, default: &Json) {
        let bare = self.schemas.get(kind, &spec.name).is_none_or(|schema| declared(&schema).is_empty());
        if spec.may_name_instance() && (bare || self.config.instance(spec).is_some()) {
            let instance = kind == ComponentKind::DataStore && self.config.instance(spec).is_some();
            let component = if instance { None } else { self.found(kind, &spec.name) };
            return self.value(path, &Json::from(spec.name.as_str()), default, component);
        }
        self.table(kind, spec, path);
    }

    fn table(&mut self, kind: ComponentKind, spec: &ComponentSpec, path: &KeyPath) {
        let component = self.found(kind, &spec.name);
        let bare = spec.may_name_instance();
        let place = if bare { path.clone() } else { path.key("use") };
        let default = if path.last_key() == Some("engine") { Json::from("hashmap") } else { Json::Null };
        let layer = self.layer(&place, &Json::from(spec.name.as_str()), &default);
        self.push(path.key("use"), Json::from(spec.name.as_str()), false, layer, component);
        self.options(&spec.options, path);
        let Some(root) = self.schemas.get(kind, &spec.name) else { return };
        for (key, schema) in declared(&root) {
            let default = schema.get("default").filter(|default| !default.is_null());
            if let Some(default) = default.filter(|_| !spec.options.contains_key(key)) {
                let masked = schema::is_secret(&root, schema);
                self.push(path.key(key), default.clone(), masked, Layer::Default, None);
            }
        }
    }

    fn options(&mut self, options: &Map<String, Json>, path: &KeyPath) {
        for (key, value) in options {
            let path = path.key(key);
            match value {
                Json::Object(table) if !table.is_empty() => self.options(table, &path),
                value => self.value(&path, value, &Json::Null, None),
            }
        }
    }

    fn value(&mut self, path: &KeyPath, value: &Json, default: &Json, component: Option<ExplainedComponent>) {
        let layer = self.layer(path, value, default);
        let masked = !self.shows(path, value);
        self.push(path.clone(), value.clone(), masked, layer, component);
    }

    /// Whether a value, and all that is in it, may be shown.
    fn shows(&self, path: &KeyPath, value: &Json) -> bool {
        let sight = Sight::new(Some(self.schemas));
        let inner = |(index, item): (usize, &Json)| self.shows(&path.index(index), item);
        match value {
            Json::Array(items) => items.iter().enumerate().all(inner),
            Json::Object(table) => table.iter().all(|(key, value)| self.shows(&path.key(key), value)),
            _ => sight.shows(&self.said, path),
        }
    }

    fn layer(&self, path: &KeyPath, value: &Json, default: &Json) -> Layer {
        let provenance = &self.config.provenance;
        match follow(provenance.said(), path.steps()).1 {
            Some(said) if said == value => provenance.layer_of(path),
            None if value == default => Layer::Default,
            _ => Layer::Program,
        }
    }

    fn found(&self, kind: ComponentKind, name: &str) -> Option<ExplainedComponent> {
        let registry = self.schemas.registry;
        let (found, origin) = (registry.get(kind, name).ok()?, registry.origin(kind, name).ok()?);
        Some(ExplainedComponent {
            kind: kind.to_string(),
            name: name.to_owned(),
            version: found.plugin_version().to_owned(),
            origin: origin.to_string(),
        })
    }

    fn push(
        &mut self,
        at: KeyPath,
        value: Json,
        masked: bool,
        place: Layer,
        component: Option<ExplainedComponent>,
    ) {
        let value = if masked { Json::from(MASK) } else { value };
        self.values.push(ExplainedValue { path: at.to_string(), at, value, masked, place, component });
    }
}

fn declared(root: &Json) -> Vec<(&String, &Json)> {
    root.get("properties").and_then(Json::as_object).into_iter().flatten().collect()
}
