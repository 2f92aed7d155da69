//! From the merged layers to a [`Config`], without stopping at the first problem.

use std::sync::OnceLock;

use serde::de::Deserialize as _;
use serde_json::{Map, Value as Json};

use super::provenance::{Part, Provenance};
use super::sight::Sight;
use super::validate::{Validator, describe};
use super::{ComponentSpec, Config, KeyPath, MapConfig, Problem, ProblemCode, schema};

type Table = Map<String, Json>;

/// The schema of a map's settings.
pub(super) fn map_schema() -> &'static Json {
    static SCHEMA: OnceLock<Json> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(MapConfig).to_value())
}

/// Reads what can be read; what cannot is left at its default and becomes a problem.
pub(super) fn config(
    merged: &Table,
    provenance: &Provenance,
    sight: Sight<'_>,
    problems: &mut Vec<Problem>,
) -> Config {
    let mut reader = Reader { provenance, sight, problems };
    let root = KeyPath::default();
    reader.refuse_unknown(merged, &["data_stores", "maps"], &root);
    let mut config = Config::default();
    for (name, spec) in
        reader.table(merged.get("data_stores"), "a table of data stores by name", &root.key("data_stores"))
    {
        let path = root.key("data_stores").key(name);
        config.data_stores.extend(reader.spec(spec, &path).map(|spec| (name.clone(), spec)));
    }
    for (name, map) in reader.table(merged.get("maps"), "a table of maps by name", &root.key("maps")) {
        let path = root.key("maps").key(name);
        config.maps.insert(name.clone(), reader.map(map, &path));
    }
    config
}

struct Reader<'r> {
    provenance: &'r Provenance,
    sight: Sight<'r>,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, problem: Problem, path: &KeyPath, part: Part) {
        self.problems.push(self.provenance.place(problem, path, part, &self.sight));
    }

    fn refuse_unknown(&mut self, table: &Table, known: &[&str], path: &KeyPath) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let problem = Problem::new(ProblemCode::UnknownKey, "unknown key");
            let problem = problem.known(key, known.iter().copied());
            self.problem(self.misplaced(problem, key, path), &path.key(key), Part::Key);
        }
    }

    /// What is a setting elsewhere was put into the wrong table.
    fn misplaced(&self, problem: Problem, key: &str, path: &KeyPath) -> Problem {
        let is_setting = MapConfig::KEYS.contains(&key);
        match path.steps().len() {
            0 if is_setting => problem.help(format!("`{key}` is a map's setting: put it under [maps.NAME]")),
            2 if key == "use" => problem.help("`use` names a component: engine = { use = \"…\" }"),
            _ => problem,
        }
    }

    fn table<'t>(
        &mut self,
        value: Option<&'t Json>,
        expected: &str,
        path: &KeyPath,
    ) -> impl Iterator<Item = (&'t String, &'t Json)> + use<'t> {
        let table = match value {
            Some(Json::Object(table)) => Some(table),
            Some(other) => {
                self.wrong_type(expected, other, path);
                None
            }
            None => None,
        };
        table.into_iter().flatten()
    }

    fn wrong_type(&mut self, expected: &str, found: &Json, path: &KeyPath) {
        let found = if self.provenance.is_date(path) { "a date" } else { describe(found) };
        self.problem(Problem::unexpected(ProblemCode::WrongType, expected, found), path, Part::Value);
    }

    fn spec(&mut self, spec: &Json, path: &KeyPath) -> Option<ComponentSpec> {
        match ComponentSpec::from_json(spec) {
            Ok(spec) => Some(spec),
            Err(problem) => {
                let name = spec.get("use").map(|_| path.key("use"));
                let part = if problem.code == ProblemCode::MissingUse { Part::Key } else { Part::Value };
                self.problem(*problem, &name.unwrap_or_else(|| path.clone()), part);
                None
            }
        }
    }

    fn map(&mut self, map: &Json, path: &KeyPath) -> MapConfig {
        let Json::Object(table) = map else {
            self.wrong_type("a table of the map's settings", map, path);
            return MapConfig::default();
        };
        self.refuse_unknown(table, &MapConfig::KEYS, path);
        let known = table.iter().filter(|(key, _)| MapConfig::KEYS.contains(&key.as_str()));
        let right: Table = known
            .filter(|(key, value)| self.setting(key, value, &path.key(key)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        MapConfig::deserialize(Json::Object(right)).unwrap_or_else(|error| {
            self.problem(Problem::new(ProblemCode::InvalidValue, error.to_string()), path, Part::Key);
            MapConfig::default()
        })
    }

    /// Whether one setting is right by itself.
    fn setting(&mut self, key: &str, value: &Json, path: &KeyPath) -> bool {
        match (key, value) {
            ("engine" | "data_store", spec) => self.spec(spec, path).is_some(),
            ("observers", Json::Array(specs)) => {
                let one = |(index, spec)| self.spec(spec, &path.index(index)).is_some();
                specs.iter().enumerate().map(one).fold(true, |all, one| all & one)
            }
            ("observers", other) => {
                let problem =
                    Problem::unexpected(ProblemCode::WrongType, "a list of observers", describe(other));
                let problem = problem.help("write a list: observers = [\"…\", \"…\"]");
                self.problem(problem, path, Part::Value);
                false
            }
            (key, value) => self.plain_setting(key, value, path),
        }
    }

    fn plain_setting(&mut self, key: &str, value: &Json, path: &KeyPath) -> bool {
        let root = map_schema();
        let Some(schema) = schema::property(root, root, key) else { return true };
        let mut validator = Validator::new(root, "a map".to_owned(), None);
        validator.value(schema, value, path);
        let faults = validator.faults;
        if faults.is_empty() {
            let alone = Table::from_iter([(key.to_owned(), value.clone())]);
            let read = MapConfig::deserialize(Json::Object(alone));
            return read.map_err(|error| self.invalid(&error.to_string(), path)).is_ok();
        }
        for fault in faults {
            let is_date =
                fault.problem.code == ProblemCode::WrongType && self.provenance.is_date(&fault.path);
            let problem = if is_date { fault.problem.but_found("a date") } else { fault.problem };
            self.problem(problem, &fault.path, fault.part);
        }
        false
    }

    fn invalid(&mut self, message: &str, path: &KeyPath) {
        self.problem(Problem::new(ProblemCode::InvalidValue, message), path, Part::Value);
    }
}
