//! Whether a configuration that reads well can be carried out.

use trilayer_core::ComponentKind;

use super::{ComponentSpec, Config, ConfigError, KeyPath, Load, MapConfig, Problem};
use crate::names::{list, nearest, suggestion};
use crate::pattern::is_pattern;
use crate::{Registry, RegistryError};

impl Config {
    /// Checks every name and number of every map and data store.
    ///
    /// Options are for the components to check, when they are made.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with all that is wrong, one [`Problem`] each.
    pub fn check(&self, registry: &Registry) -> Result<(), ConfigError> {
        let mut problems = self.value_problems();
        for (name, spec) in &self.data_stores {
            let path = KeyPath::of(["data_stores", name]);
            problems.extend(self.unknown_component(registry, ComponentKind::DataStore, spec, &path));
        }
        for (name, map) in &self.maps {
            self.map_names(registry, map, &KeyPath::of(["maps", name]), &mut problems);
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(problems)) }
    }

    fn map_names(&self, registry: &Registry, map: &MapConfig, path: &KeyPath, problems: &mut Vec<Problem>) {
        problems.extend(self.unknown_component(
            registry,
            ComponentKind::Engine,
            &map.engine,
            &path.key("engine"),
        ));
        problems.extend(self.unknown_data_store(registry, &map.data_store, &path.key("data_store")));
        for (index, observer) in map.observers.iter().enumerate() {
            let path = path.key("observers").index(index);
            problems.extend(self.unknown_component(registry, ComponentKind::Observer, observer, &path));
        }
    }

    fn unknown_component(
        &self,
        registry: &Registry,
        kind: ComponentKind,
        spec: &ComponentSpec,
        path: &KeyPath,
    ) -> Option<Problem> {
        let error: RegistryError = registry.get(kind, &spec.name).err()?;
        Some(self.provenance.problem(path, error.to_string()))
    }

    /// A map's data store may also be an instance, so the instances are listed too.
    fn unknown_data_store(
        &self,
        registry: &Registry,
        spec: &ComponentSpec,
        path: &KeyPath,
    ) -> Option<Problem> {
        if !spec.may_name_instance() {
            return self.unknown_component(registry, ComponentKind::DataStore, spec, path);
        }
        if self.instance(spec).is_some() || registry.get(ComponentKind::DataStore, &spec.name).is_ok() {
            return None;
        }
        let instances = || self.data_stores.keys().map(String::as_str);
        let components = || registry.names(ComponentKind::DataStore);
        let hint = suggestion(nearest(&spec.name, instances().chain(components())).as_deref());
        let (name, instances, components) = (&spec.name, list(instances()), list(components()));
        let message = format!(
            "there is no data store {name:?}; instances of [data_stores]: {instances}; components: {components}{hint}"
        );
        Some(self.provenance.problem(path, message))
    }

    /// The instance of `[data_stores]` that a map's data store names.
    pub(crate) fn instance(&self, spec: &ComponentSpec) -> Option<(&String, &ComponentSpec)> {
        if spec.may_name_instance() { self.data_stores.get_key_value(&spec.name) } else { None }
    }

    /// What can be told without knowing the components.
    pub(super) fn value_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, map) in &self.maps {
            let path = KeyPath::of(["maps", name]);
            let checks = [
                (path.clone(), name.is_empty(), "a map's name cannot be empty"),
                (path.key("partitions"), !is_partition_count(map.partitions), "must be 1 to 65536"),
                (path.key("max_entry_count"), is_too_small_a_bound(map), SMALL_BOUND),
                (path.key("max_key_bytes"), map.max_key_bytes == 0, "must be at least 1: keys are not empty"),
                (path.key("load"), map.load == Load::Eager && is_pattern(name), EAGER_PATTERN),
            ];
            let wrong = checks.into_iter().filter(|(_, wrong, _)| *wrong);
            problems.extend(wrong.map(|(path, _, message)| self.provenance.problem(&path, message)));
        }
        problems
    }
}

const SMALL_BOUND: &str = "is less than the map has partitions, which share it evenly; set \
    `partitions` to no more than that, 1 for a small map";

const EAGER_PATTERN: &str = "\"eager\" needs a map's exact name: which maps a pattern stands for \
    is not known when they are opened; use \"lazy\"";

fn is_too_small_a_bound(map: &MapConfig) -> bool {
    (1..u64::from(map.partitions)).contains(&map.max_entry_count)
}

fn is_partition_count(partitions: u32) -> bool {
    (1..=MapConfig::MAX_PARTITIONS).contains(&partitions)
}
