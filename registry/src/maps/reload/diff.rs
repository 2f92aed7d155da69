//! What differs between two configurations, for people. Options may be secret: none is told.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::config::KeyPath;
use crate::{ComponentSpec, Config, MapConfig};

pub(super) fn of(before: &Config, after: &Config) -> Vec<String> {
    let mut changes = Vec::new();
    for name in before.data_stores.keys().chain(after.data_stores.keys()).collect::<BTreeSet<_>>() {
        let place = KeyPath::of(["data_stores", name]);
        let sides = (before.data_stores.get(name), after.data_stores.get(name));
        changes.extend(entry(&place, sides.0.is_some(), sides.1.is_some()));
        if let (Some(old), Some(new)) = sides
            && old != new
        {
            changes.push(component(&place, old, new));
        }
    }
    for name in before.maps.keys().chain(after.maps.keys()).collect::<BTreeSet<_>>() {
        let place = KeyPath::of(["maps", name]);
        let sides = (before.maps.get(name), after.maps.get(name));
        changes.extend(entry(&place, sides.0.is_some(), sides.1.is_some()));
        if let (Some(old), Some(new)) = sides
            && old != new
        {
            changes.extend(settings(&place, old, new));
        }
    }
    changes
}

fn entry(place: &KeyPath, before: bool, after: bool) -> Option<String> {
    match (before, after) {
        (false, true) => Some(format!("{place}: added")),
        (true, false) => Some(format!("{place}: removed")),
        _ => None,
    }
}

fn settings(place: &KeyPath, old: &MapConfig, new: &MapConfig) -> Vec<String> {
    let mut changes = Vec::new();
    for (name, old, new) in
        [("engine", &old.engine, &new.engine), ("data_store", &old.data_store, &new.data_store)]
    {
        if old != new {
            changes.push(component(&place.key(name), old, new));
        }
    }
    if old.observers != new.observers {
        let names = |specs: &[ComponentSpec]| {
            specs.iter().map(|spec| format!("{:?}", spec.name)).collect::<Vec<_>>().join(", ")
        };
        let (place, old, new) = (place.key("observers"), names(&old.observers), names(&new.observers));
        changes.push(format!("{place}: {old} → {new}"));
    }
    // What is left is plain numbers and words.
    let (old, new) = (serde_json::to_value(old), serde_json::to_value(new));
    if let (Ok(Json::Object(old)), Ok(Json::Object(new))) = (old, new) {
        let components = ["engine", "data_store", "observers"];
        let plain = new.iter().filter(|(name, _)| !components.contains(&name.as_str()));
        for (name, value) in plain.filter(|(name, value)| old.get(*name) != Some(value)) {
            let before = old.get(name).unwrap_or(&Json::Null);
            changes.push(format!("{}: {before} → {value}", place.key(name)));
        }
    }
    changes
}

fn component(place: &KeyPath, old: &ComponentSpec, new: &ComponentSpec) -> String {
    match old.name == new.name {
        true => format!("{place}: other options of {:?}", new.name),
        false => format!("{place}: {:?} → {:?}", old.name, new.name),
    }
}
