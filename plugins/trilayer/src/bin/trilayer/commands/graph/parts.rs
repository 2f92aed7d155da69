//! What a configuration names, and what names it. No option's value is among it.

use serde::Serialize;
use trilayer::{ComponentKind, ComponentSpec, Config, MapConfig, Registry};

/// Everything a configuration names.
#[derive(Debug, Serialize)]
pub(super) struct Parts {
    pub(super) maps: Vec<Map>,
    /// The instances of `[data_stores]`.
    pub(super) instances: Vec<Instance>,
}

/// An entry of `[maps]`.
#[derive(Debug, Serialize)]
pub(super) struct Map {
    pub(super) name: String,
    pub(super) is_pattern: bool,
    /// Engine, data store, observers.
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Serialize)]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) component: Part,
    /// The maps that name it.
    pub(super) used_by: Vec<String>,
}

/// A component, and those within it.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    /// `engine`, `data store`, `observer`, or the option of a decorator.
    pub(super) role: String,
    /// The component's name, or an instance's.
    pub(super) name: String,
    pub(super) is_instance: bool,
    pub(super) inner: Vec<Part>,
}

impl Parts {
    pub(super) fn of(config: &Config, registry: &Registry) -> Self {
        let reader = Reader { config, registry };
        let maps: Vec<Map> = config.maps.iter().map(|(name, map)| reader.map(name, map)).collect();
        let instance = |(name, spec): (&String, &ComponentSpec)| Instance {
            name: name.clone(),
            component: reader.component(ComponentKind::DataStore, "component", spec),
            used_by: maps.iter().filter(|map| map.names(name)).map(|map| map.name.clone()).collect(),
        };
        let instances = config.data_stores.iter().map(instance).collect();
        Self { maps, instances }
    }
}

impl Map {
    fn names(&self, instance: &str) -> bool {
        self.parts.iter().any(|part| part.names(instance))
    }
}

impl Part {
    fn names(&self, instance: &str) -> bool {
        (self.is_instance && self.name == instance) || self.inner.iter().any(|part| part.names(instance))
    }
}

struct Reader<'r> {
    config: &'r Config,
    registry: &'r Registry,
}

impl Reader<'_> {
    fn map(&self, name: &str, map: &MapConfig) -> Map {
        let mut parts = vec![
            self.component(ComponentKind::Engine, "engine", &map.engine),
            self.data_store("data store", &map.data_store),
        ];
        let observers = map.observers.iter();
        parts.extend(observers.map(|spec| self.component(ComponentKind::Observer, "observer", spec)));
        Map { name: name.to_owned(), is_pattern: name.contains(['*', '?']), parts }
    }

    /// A bare name is an instance's first.
    fn data_store(&self, role: &str, spec: &ComponentSpec) -> Part {
        let is_instance =
            *spec == ComponentSpec::named(&spec.name) && self.config.data_stores.contains_key(&spec.name);
        if !is_instance {
            return self.component(ComponentKind::DataStore, role, spec);
        }
        Part { role: role.to_owned(), name: spec.name.clone(), is_instance, inner: Vec::new() }
    }

    fn component(&self, kind: ComponentKind, role: &str, spec: &ComponentSpec) -> Part {
        let options = self.registry.get(kind, &spec.name).map(trilayer::Descriptor::options);
        let inner = options.iter().flatten().filter_map(|option| {
            let value = spec.options.get(option.name())?;
            let within = serde_json::from_value(value.clone()).ok()?;
            match option.component()? {
                "data-store" => Some(self.data_store(option.name(), &within)),
                "engine" => Some(self.component(ComponentKind::Engine, option.name(), &within)),
                "observer" => Some(self.component(ComponentKind::Observer, option.name(), &within)),
                _ => None,
            }
        });
        let inner = inner.collect();
        Part { role: role.to_owned(), name: spec.name.clone(), is_instance: false, inner }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schemars::JsonSchema;
    use serde::Deserialize;
    use trilayer::{Context, Descriptor, NullDataStore, Origin};

    use super::*;
    use crate::commands::graph::{dot, tree};

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde")]
    struct Wraps {
        #[schemars(extend("x-component" = "data-store"))]
        inner: serde_json::Value,
    }

    fn parts(text: &str) -> Parts {
        let mut registry = Registry::linked().expect("linked");
        let wraps = Descriptor::data_store("wraps", "Wraps another", |_: Context, _: Wraps| async {
            Ok(Arc::new(NullDataStore) as _)
        });
        registry.register(wraps, Origin::Program("this test".to_owned())).expect("new");
        Parts::of(&Config::from_toml(text).expect("sound"), &registry)
    }

    /// Else an instance that only a decorator uses looks unused.
    #[test]
    fn what_a_decorator_wraps_is_drawn_under_it() {
        let text = "data_stores.main = \"null\"\n[maps.a.data_store]\nuse = \"wraps\"\n\
                    inner = { use = \"wraps\", inner = \"main\" }";
        let parts = parts(text);
        assert_eq!(parts.instances[0].used_by, ["a"]);
        let expected = "maps\n└── a\n    ├── engine: hashmap\n    └── data store: wraps\n        \
                        └── inner: wraps\n            └── inner: main (instance)\n\
                        data store instances\n└── main: null (used by a)";
        assert_eq!(tree::draw(&parts), expected);
        let dot = dot::draw(&parts);
        assert!(dot.contains("  part2 -> store0 [label=\"inner\"];"), "{dot}");
    }
}
