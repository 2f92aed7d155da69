//! From the merged layers to a [`Config`], without stopping at the first problem.

use serde::de::Deserialize as _;
use serde_json::{Map, Value as Json};

use super::provenance::Provenance;
use super::spec::describe;
use super::{ComponentSpec, Config, KeyPath, MapConfig, Problem};
use crate::names::{list, nearest, suggestion};

type Table = Map<String, Json>;

/// Reads what can be read; what cannot is left at its default and becomes a problem.
pub(super) fn config(merged: &Table, provenance: &Provenance, problems: &mut Vec<Problem>) -> Config {
    let mut reader = Reader { provenance, problems };
    let root = KeyPath::default();
    reader.refuse_unknown(merged, &["data_stores", "maps"], &root);
    let mut config = Config::default();
    for (name, spec) in reader.table(merged.get("data_stores"), &root.key("data_stores")) {
        let path = root.key("data_stores").key(name);
        config.data_stores.extend(reader.spec(spec, &path).map(|spec| (name.clone(), spec)));
    }
    for (name, map) in reader.table(merged.get("maps"), &root.key("maps")) {
        let path = root.key("maps").key(name);
        config.maps.insert(name.clone(), reader.map(map, &path));
    }
    config
}

struct Reader<'r> {
    provenance: &'r Provenance,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, path: &KeyPath, message: String) {
        self.problems.push(self.provenance.problem(path, message));
    }

    fn refuse_unknown(&mut self, table: &Table, known: &[&str], path: &KeyPath) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = suggestion(nearest(key, known.iter().copied()).as_deref());
            let message = format!("unknown key; known: {}{hint}", list(known.iter().copied()));
            self.problem(&path.key(key), message);
        }
    }

    fn table<'t>(
        &mut self,
        value: Option<&'t Json>,
        path: &KeyPath,
    ) -> impl Iterator<Item = (&'t String, &'t Json)> + use<'t> {
        let table = match value {
            Some(Json::Object(table)) => Some(table),
            Some(other) => {
                self.problem(path, format!("expected a table, found {}", describe(other)));
                None
            }
            None => None,
        };
        table.into_iter().flatten()
    }

    fn spec(&mut self, spec: &Json, path: &KeyPath) -> Option<ComponentSpec> {
        let read = ComponentSpec::from_json(spec);
        read.map_err(|message| self.problem(path, message)).ok()
    }

    fn map(&mut self, map: &Json, path: &KeyPath) -> MapConfig {
        let Json::Object(table) = map else {
            self.problem(path, format!("expected a table of the map's settings, found {}", describe(map)));
            return MapConfig::default();
        };
        self.refuse_unknown(table, &MapConfig::KEYS, path);
        let known = table.iter().filter(|(key, _)| MapConfig::KEYS.contains(&key.as_str()));
        let right: Table = known
            .filter(|(key, value)| self.setting(key, value, &path.key(key)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        MapConfig::deserialize(Json::Object(right)).unwrap_or_else(|error| {
            self.problem(path, error.to_string());
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
            (_, value) => {
                let alone = Table::from_iter([(key.to_owned(), value.clone())]);
                let read = MapConfig::deserialize(Json::Object(alone));
                read.map_err(|error| self.problem(path, error.to_string())).is_ok()
            }
        }
    }
}
