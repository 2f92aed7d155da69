//! Which data store instances a data store wraps.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::FactoryError;
use crate::config::KeyPath;
use crate::{ComponentSpec, Config};

/// The option under which decorators name what they wrap.
const INNER: &str = "inner";

/// Calls `found` with each instance of `[data_stores]` that options name as an inner data store,
/// at any depth of tables with `use`.
fn each_inner<'c>(
    config: &'c Config,
    options: &'c serde_json::Map<String, Json>,
    found: &mut dyn FnMut(&'c str),
) {
    for (option, value) in options {
        match value {
            Json::String(name) if option == INNER && config.data_stores.contains_key(name) => found(name),
            Json::Object(table) if table.contains_key("use") => each_inner(config, table, found),
            Json::Array(items) => {
                let tables = items.iter().filter_map(Json::as_object);
                tables
                    .filter(|table| table.contains_key("use"))
                    .for_each(|table| each_inner(config, table, found));
            }
            _ => {}
        }
    }
}

fn inner_of<'c>(config: &'c Config, spec: &'c ComponentSpec) -> BTreeSet<&'c str> {
    let mut names = BTreeSet::new();
    each_inner(config, &spec.options, &mut |name| {
        names.insert(name);
    });
    names
}

/// Refuses instances that wrap one another in a circle, before any is opened.
pub(super) fn check_circles(config: &Config) -> Result<(), FactoryError> {
    let (mut errors, mut sound) = (Vec::new(), BTreeSet::new());
    for name in config.data_stores.keys() {
        let mut way = Vec::new();
        if let Some(circle) = walk(config, name, &mut way, &mut sound) {
            let place = |name: &&str| KeyPath::of(["data_stores", name]).to_string();
            errors.push(FactoryError::Circle { circle: circle.iter().map(place).collect() });
            // What leads into the circle would tell it again.
            sound.extend(way);
            sound.extend(circle);
        }
    }
    FactoryError::all(errors)
}

fn walk<'c>(
    config: &'c Config,
    name: &'c str,
    way: &mut Vec<&'c str>,
    sound: &mut BTreeSet<&'c str>,
) -> Option<Vec<&'c str>> {
    if sound.contains(name) {
        return None;
    }
    if let Some(start) = way.iter().position(|passed| *passed == name) {
        return Some(way[start..].iter().copied().chain([name]).collect());
    }
    way.push(name);
    let spec = config.data_stores.get(name)?;
    for inner in inner_of(config, spec) {
        let circle = walk(config, inner, way, sound);
        if circle.is_some() {
            return circle;
        }
    }
    way.pop();
    sound.insert(name);
    None
}

/// What a data store is made of, with all it wraps: equal for two that are alike in everything.
/// The configuration has no circles.
pub(super) fn identity(config: &Config, spec: &ComponentSpec) -> Json {
    let inner = inner_of(config, spec);
    let inner = inner.into_iter().filter_map(|name| Some((name, config.data_stores.get(name)?)));
    let inner: serde_json::Map<String, Json> =
        inner.map(|(name, spec)| (name.to_owned(), identity(config, spec))).collect();
    json!({ "use": spec.name, "options": spec.options, "inner": inner, "base": config.base_dir().to_string_lossy() })
}

/// The instances a data store wraps, with what those wrap.
pub(super) fn all_inner<'c>(config: &'c Config, spec: &'c ComponentSpec, names: &mut BTreeSet<&'c str>) {
    for name in inner_of(config, spec) {
        if names.insert(name)
            && let Some(spec) = config.data_stores.get(name)
        {
            all_inner(config, spec, names);
        }
    }
}
