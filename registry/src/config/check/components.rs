//! Component names and options.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use trilayer_core::ComponentKind;

use super::super::provenance::Part;
use super::super::schema::Schemas;
use super::super::sight::Sight;
use super::super::validate::{Inner, Validator};
use super::super::{ComponentSpec, Config, KeyPath, MapConfig, Problem, ProblemCode};

/// Which instances each instance wraps, and where it says so.
pub(super) type Edges = BTreeMap<String, Vec<(String, KeyPath)>>;

pub(super) struct Checker<'c> {
    config: &'c Config,
    schemas: &'c Schemas<'c>,
    sight: Sight<'c>,
    problems: Vec<Problem>,
    edges: Edges,
    used: BTreeSet<String>,
    /// The instance being checked.
    within: Option<String>,
}

/// Past so many problems names are no longer compared with all there are.
const SUGGESTED: usize = 200;

impl<'c> Checker<'c> {
    pub(super) fn new(config: &'c Config, schemas: &'c Schemas<'c>) -> Self {
        let (sight, problems) = (Sight::new(Some(schemas)), Vec::new());
        Self { config, schemas, sight, problems, edges: Edges::new(), used: BTreeSet::new(), within: None }
    }

    pub(super) fn done(self) -> (Vec<Problem>, Edges, BTreeSet<String>) {
        (self.problems, self.edges, self.used)
    }

    pub(super) fn instance(&mut self, name: &str, spec: &ComponentSpec) {
        self.within = Some(name.to_owned());
        self.component(ComponentKind::DataStore, spec, &KeyPath::of(["data_stores", name]), false);
        self.within = None;
    }

    pub(super) fn map(&mut self, name: &str, map: &MapConfig) {
        let path = KeyPath::of(["maps", name]);
        self.component(ComponentKind::Engine, &map.engine, &path.key("engine"), false);
        self.component(ComponentKind::DataStore, &map.data_store, &path.key("data_store"), true);
        for (index, observer) in map.observers.iter().enumerate() {
            self.component(ComponentKind::Observer, observer, &path.key("observers").index(index), false);
        }
    }

    /// `by_instance`: whether the name may be that of an instance.
    fn component(&mut self, kind: ComponentKind, spec: &ComponentSpec, path: &KeyPath, by_instance: bool) {
        if by_instance && let Some((instance, _)) = self.config.instance(spec) {
            self.used.insert(instance.clone());
            if let Some(within) = &self.within {
                self.edges.entry(within.clone()).or_default().push((instance.clone(), path.clone()));
            }
            return;
        }
        let Some(schema) = self.schemas.get(kind, &spec.name) else {
            let named = if spec.may_name_instance() { path.clone() } else { path.key("use") };
            let problem = self.unknown(kind, spec, by_instance);
            // What was meant is not unused besides.
            self.used.extend([Some(&spec.name), problem.nearest.as_ref()].into_iter().flatten().cloned());
            let placed = self.config.provenance.place(problem, &named, Part::Value, &self.sight);
            return self.problems.push(placed.path(path));
        };
        let options = Json::Object(spec.options.clone());
        let mut validator = Validator::new(&schema, format!("{kind} {:?}", spec.name), Some(kind));
        validator.options(&spec.options, path);
        let (faults, inner) = (validator.faults, validator.inner);
        if faults.is_empty() {
            self.deserialize(kind, spec, options, path);
        }
        for fault in faults {
            let problem = self.dated(fault.problem, &fault.path);
            self.problem(problem, &fault.path, fault.part);
        }
        inner.into_iter().for_each(|inner| self.inner(&inner));
    }

    fn inner(&mut self, inner: &Inner<'_>) {
        match ComponentSpec::from_json(inner.spec) {
            Ok(spec) => {
                let by_instance = inner.kind == ComponentKind::DataStore;
                self.component(inner.kind, &spec, &inner.path, by_instance);
            }
            Err(problem) => self.problem(*problem, &inner.path, Part::Value),
        }
    }

    /// What the schema cannot say, the options' own type may still refuse.
    fn deserialize(&mut self, kind: ComponentKind, spec: &ComponentSpec, options: Json, path: &KeyPath) {
        let Ok(descriptor) = self.schemas.registry.get(kind, &spec.name) else { return };
        let Err(error) = descriptor.check_options(options) else { return };
        let mut message = error.to_string();
        for secret in self.hidden(spec, path) {
            message = message.replace(&secret, "***");
        }
        self.problem(Problem::new(ProblemCode::InvalidValue, message), path, Part::Key);
    }

    /// The texts of all values that are not to be shown.
    fn hidden(&self, spec: &ComponentSpec, path: &KeyPath) -> Vec<String> {
        let mut said = serde_json::Map::from_iter([("use".to_owned(), Json::from(spec.name.as_str()))]);
        said.extend(spec.options.clone());
        let mut open = vec![(path.clone(), Json::Object(said))];
        let mut hidden = Vec::new();
        while let Some((path, value)) = open.pop() {
            match value {
                Json::Object(table) => {
                    open.extend(table.into_iter().map(|(key, value)| (path.key(&key), value)))
                }
                Json::Array(items) => {
                    open.extend(items.into_iter().enumerate().map(|(index, item)| (path.index(index), item)));
                }
                scalar if self.sight.shows(self.config.provenance.said(), &path) => drop(scalar),
                Json::String(text) if text.is_empty() => {}
                Json::String(text) => hidden.push(text),
                other => hidden.push(other.to_string()),
            }
        }
        hidden
    }

    fn dated(&self, problem: Problem, path: &KeyPath) -> Problem {
        let is_date = problem.code == ProblemCode::WrongType && self.config.provenance.is_date(path);
        if is_date { problem.but_found("a date") } else { problem }
    }

    fn unknown(&self, kind: ComponentKind, spec: &ComponentSpec, by_instance: bool) -> Problem {
        let name = &spec.name;
        let instances = by_instance && spec.may_name_instance();
        let message = match instances {
            true => format!(
                "there is no data store {name:?}, neither an instance of [data_stores] nor a component"
            ),
            false => format!("there is no {kind} {name:?}"),
        };
        let mut problem = Problem::new(ProblemCode::UnknownComponent, message);
        if self.problems.len() < SUGGESTED {
            let components = self.schemas.registry.names(kind);
            let instances = self.config.data_stores.keys().map(String::as_str).filter(|_| instances);
            problem = problem.known(name, components.chain(instances));
        }
        match self.meant_elsewhere(kind, name) {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    fn meant_elsewhere(&self, kind: ComponentKind, name: &str) -> Option<String> {
        if kind == ComponentKind::DataStore && self.config.data_stores.contains_key(name) {
            let only = "is an instance of [data_stores], and here stands a component's name";
            return Some(format!("{name:?} {only}; a map names an instance so: data_store = {name:?}"));
        }
        let there = |other: &ComponentKind| self.schemas.registry.get(*other, name).is_ok();
        let other = ComponentKind::ALL.into_iter().filter(|other| *other != kind).find(there)?;
        let setting = match other {
            ComponentKind::Engine => format!("engine = {name:?}"),
            ComponentKind::DataStore => format!("data_store = {name:?}"),
            ComponentKind::Observer => format!("observers = [{name:?}]"),
        };
        Some(format!("{name:?} is of kind {other}: {setting}"))
    }

    fn problem(&mut self, problem: Problem, path: &KeyPath, part: Part) {
        let placed = self.config.provenance.place(problem, path, part, &self.sight);
        self.problems.push(placed);
    }
}
