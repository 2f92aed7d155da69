//! Whether a configuration that reads well can be carried out.

mod components;
mod cycles;
mod patterns;

use std::collections::BTreeSet;

use super::provenance::Part;
use super::schema::Schemas;
use super::sight::Sight;
use super::{ComponentSpec, Config, ConfigError, KeyPath, Load, MapConfig, Problem, ProblemCode};
use crate::Registry;
use crate::pattern::is_pattern;

impl Config {
    /// Checks every name, number and option of every map and data store, and makes nothing.
    ///
    /// # Errors
    /// With all that is wrong, one [`Problem`] each. Warnings alone are no error: see
    /// [`problems`](Self::problems).
    pub fn check(&self, registry: &Registry) -> Result<(), ConfigError> {
        ConfigError::refuse(self.problems(registry))
    }

    /// Everything that is wrong, warnings too, each in its place.
    #[must_use]
    pub fn problems(&self, registry: &Registry) -> Vec<Problem> {
        let schemas = Schemas::new(registry);
        let mut problems = self.value_problems(Sight::new(Some(&schemas)));
        problems.extend(self.component_problems(&schemas));
        ConfigError::new(problems).problems().to_vec()
    }

    /// What can be told without knowing the components.
    pub(super) fn value_problems(&self, sight: Sight<'_>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, map) in &self.maps {
            let path = KeyPath::of(["maps", name]);
            for (key, part, problem) in map_problems(name, map) {
                let path = key.map_or_else(|| path.clone(), |key| path.key(key));
                problems.push(self.provenance.place(problem, &path, part, &sight));
            }
        }
        patterns::check(self, sight, &mut problems);
        problems
    }

    pub(super) fn component_problems(&self, schemas: &Schemas<'_>) -> Vec<Problem> {
        let mut checker = components::Checker::new(self, schemas);
        for (name, spec) in &self.data_stores {
            checker.instance(name, spec);
        }
        for (name, map) in &self.maps {
            checker.map(name, map);
        }
        let (mut problems, edges, used) = checker.done();
        cycles::check(self, &edges, Sight::new(Some(schemas)), &mut problems);
        problems.extend(self.unused(&used, Sight::new(Some(schemas))));
        problems
    }

    fn unused(&self, used: &BTreeSet<String>, sight: Sight<'_>) -> Vec<Problem> {
        let idle = self.data_stores.keys().filter(|name| !used.contains(*name));
        let warn = |name: &String| {
            let message = "no map and no other data store names it: it is not opened";
            let problem = Problem::new(ProblemCode::UnusedDataStore, message)
                .help(format!("name it in a map, data_store = {name:?}, or remove it"));
            self.provenance.place(problem, &KeyPath::of(["data_stores", name]), Part::Key, &sight)
        };
        idle.map(warn).collect()
    }

    /// The instance of `[data_stores]` that a map's data store names.
    pub(crate) fn instance(&self, spec: &ComponentSpec) -> Option<(&String, &ComponentSpec)> {
        if spec.may_name_instance() { self.data_stores.get_key_value(&spec.name) } else { None }
    }
}

type MapProblem = (Option<&'static str>, Part, Problem);

fn map_problems(name: &str, map: &MapConfig) -> Vec<MapProblem> {
    let mut problems = Vec::new();
    if name.is_empty() {
        let message = "a map's name cannot be empty";
        problems.push((None, Part::Key, Problem::new(ProblemCode::BadName, message)));
    }
    if name.chars().any(char::is_control) {
        let message = "a map's name cannot hold control characters";
        problems.push((None, Part::Key, Problem::new(ProblemCode::BadName, message)));
    }
    let of_value = |key, problem| (Some(key), Part::Value, problem);
    if !(1..=MapConfig::MAX_PARTITIONS).contains(&map.partitions) {
        problems.push(of_value("partitions", out_of_range("a whole number from 1 to 65536", map.partitions)));
    }
    if map.max_key_bytes == 0 {
        problems.push(of_value("max_key_bytes", out_of_range("at least 1: keys are not empty", 0)));
    }
    if (1..u64::from(map.partitions)).contains(&map.max_entry_count) {
        problems.push(of_value("max_entry_count", small_bound(map)));
    }
    problems.extend(eager_problem(name, map).map(|problem| of_value("load", problem)));
    problems
}

fn out_of_range(expected: &str, found: u32) -> Problem {
    Problem::unexpected(ProblemCode::OutOfRange, expected, &format!("the number {found}"))
}

fn small_bound(map: &MapConfig) -> Problem {
    let (bound, partitions) = (map.max_entry_count, map.partitions);
    let message = format!("{bound} is less than the map's {partitions} partitions, which share it evenly");
    Problem::new(ProblemCode::Conflict, message).help(format!(
        "set `partitions` to no more than {bound}, 1 for a small map, or `max_entry_count` to at least {partitions}"
    ))
}

fn eager_problem(name: &str, map: &MapConfig) -> Option<Problem> {
    if map.load != Load::Eager {
        return None;
    }
    let conflict = |message: &str, help: &str| Some(Problem::new(ProblemCode::Conflict, message).help(help));
    if is_pattern(name) {
        let help = "use \"lazy\", or name the map exactly";
        return conflict(
            "\"eager\" needs a map's exact name: which maps a pattern stands for is not known",
            help,
        );
    }
    if map.data_store.name == "null" && map.data_store.may_name_instance() {
        let help = "name a data store, or use \"lazy\"";
        return conflict("\"eager\" needs a data store to load from, and this map's is \"null\"", help);
    }
    None
}
