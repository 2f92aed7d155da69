//! Options said by environment variables, in the type that the component wants.

use serde_json::Value as Json;

use super::path::Step;
use super::schema::Schemas;
use super::sight::slot;
use super::{ComponentSpec, Config, KeyPath, wanted};
use crate::Registry;

impl Config {
    /// The same configuration, with text where a component wants text and an environment variable
    /// holds what looks like a number. A configuration that was loaded with its registry is so already.
    #[must_use]
    pub fn resolved(&self, registry: &Registry) -> Self {
        let (mut config, schemas) = (self.clone(), Schemas::new(registry));
        for (path, variable) in self.provenance.variables() {
            let steps = path.steps();
            let Some((_, length)) = slot(steps).filter(|(_, length)| *length < steps.len()) else { continue };
            if !wanted::as_text(self.provenance.said(), path, variable, Some(&schemas)) {
                continue;
            }
            let there = config.spec_mut(path).and_then(|spec| option_mut(spec, &steps[length..]));
            if let Some(value) = there.filter(|value| **value == variable.value) {
                *value = Json::from(variable.raw.as_str());
            }
        }
        config
    }

    fn spec_mut(&mut self, path: &KeyPath) -> Option<&mut ComponentSpec> {
        match path.steps() {
            [Step::Key(_), Step::Key(map), Step::Key(key), rest @ ..]
                if path.starts_with(&KeyPath::of(["maps"])) =>
            {
                let map = self.maps.get_mut(map)?;
                match (key.as_str(), rest) {
                    ("engine", _) => Some(&mut map.engine),
                    ("data_store", _) => Some(&mut map.data_store),
                    ("observers", [Step::Index(index), ..]) => map.observers.get_mut(*index),
                    _ => None,
                }
            }
            [Step::Key(_), Step::Key(instance), ..] => self.data_stores.get_mut(instance),
            _ => None,
        }
    }
}

fn option_mut<'s>(spec: &'s mut ComponentSpec, rest: &[Step]) -> Option<&'s mut Json> {
    let (Step::Key(first), rest) = rest.split_first()? else { return None };
    let mut here = spec.options.get_mut(first)?;
    for step in rest {
        here = match step {
            Step::Key(key) => here.get_mut(key)?,
            Step::Index(index) => here.get_mut(*index)?,
        };
    }
    Some(here)
}
