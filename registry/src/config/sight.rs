//! Which values may be shown: those of settings that are known to be no secret.

use serde_json::Value as Json;
use trilayer_core::ComponentKind;

use super::path::{Step, follow};
use super::schema::{self, Schemas};
use super::{KeyPath, MapConfig};
use crate::names::nearest;

/// Which values may be shown. Without the components, no option's may.
#[derive(Clone, Copy)]
pub(super) struct Sight<'s> {
    schemas: Option<&'s Schemas<'s>>,
}

impl<'s> Sight<'s> {
    pub(super) fn new(schemas: Option<&'s Schemas<'s>>) -> Self {
        Self { schemas }
    }

    /// Whether the value at a path of what was `said` may be shown.
    pub(super) fn shows(self, said: &Json, path: &KeyPath) -> bool {
        let steps = path.steps();
        if let Some((kind, length)) = slot(steps) {
            let spec = follow(said, &steps[..length]).1;
            return spec.is_none_or(|spec| self.shows_option(kind, spec, &steps[length..]));
        }
        match steps {
            [Step::Key(root)] => matches!(root.as_str(), "maps" | "data_stores") || is_setting(root),
            [.., Step::Key(last)] if last == "use" => true,
            [Step::Key(maps), _, Step::Key(key)] if maps == "maps" => is_setting(key),
            // A setting in the wrong table.
            [.., Step::Key(key)] if steps.len() <= 3 => MapConfig::KEYS.contains(&key.as_str()),
            _ => false,
        }
    }

    fn shows_option(self, kind: ComponentKind, spec: &Json, rest: &[Step]) -> bool {
        visit(self.schemas, kind, spec, rest, |spot| match spot {
            Spot::Name => true,
            Spot::Option { is_secret, .. } => !is_secret,
            Spot::Unknown => false,
        })
    }
}

/// What a path into a component leads to.
pub(super) enum Spot<'s> {
    /// The component, or its name.
    Name,
    /// An option.
    Option { root: &'s Json, schema: &'s Json, is_secret: bool },
    /// Nothing that is declared.
    Unknown,
}

/// Follows a path into a component, and into those inside of it.
pub(super) fn visit<R>(
    schemas: Option<&Schemas<'_>>,
    kind: ComponentKind,
    spec: &Json,
    rest: &[Step],
    tell: impl FnOnce(Spot<'_>) -> R,
) -> R {
    let (mut kind, mut spec, mut rest) = (kind, spec, rest);
    loop {
        match rest {
            [] => return tell(Spot::Name),
            [Step::Key(key)] if key == "use" => return tell(Spot::Name),
            // A list where a name should stand.
            [Step::Index(_)] => return tell(Spot::Name),
            _ => {}
        }
        let name = spec.get("use").and_then(Json::as_str);
        let Some(root) = schemas.zip(name).and_then(|(schemas, name)| schemas.get(kind, name)) else {
            return tell(Spot::Unknown);
        };
        match descend(&root, kind, spec, rest) {
            None => return tell(Spot::Unknown),
            Some(Descent::Option { schema, is_secret }) => {
                return tell(Spot::Option { root: &root, schema, is_secret });
            }
            Some(Descent::Inner { kind: inner, spec: there, taken }) => {
                (kind, spec, rest) = (inner, there, &rest[taken..]);
            }
        }
    }
}

enum Descent<'s, 'j> {
    Option { schema: &'s Json, is_secret: bool },
    Inner { kind: ComponentKind, spec: &'j Json, taken: usize },
}

fn descend<'s, 'j>(
    root: &'s Json,
    kind: ComponentKind,
    spec: &'j Json,
    rest: &[Step],
) -> Option<Descent<'s, 'j>> {
    let (mut schema, mut value) = (root, spec);
    let mut is_secret = false;
    for (index, step) in rest.iter().enumerate() {
        let (next, key) = match step {
            Step::Key(key) => {
                let declared =
                    schema::property(root, schema, key).or_else(|| schema::other_keys(root, schema));
                (declared, key.as_str())
            }
            Step::Index(_) => (schema::items(root, schema), ""),
        };
        let Some(next) = next else {
            // Inside of an option that is no table: what is there belongs to the option.
            let is_leaf = index > 0 && !schema::has_properties(root, schema);
            return is_leaf.then_some(Descent::Option { schema, is_secret });
        };
        (schema, value) = (next, follow(value, std::slice::from_ref(step)).1.unwrap_or(&Json::Null));
        is_secret |= schema::is_secret(root, schema);
        if let Some(inner) = schema::inner_kind(root, schema, key, kind).filter(|_| !is_secret) {
            return Some(Descent::Inner { kind: inner, spec: value, taken: index + 1 });
        }
    }
    Some(Descent::Option { schema, is_secret })
}

/// Whether a key is a map's setting, or was meant to be: none of them is a secret.
fn is_setting(key: &str) -> bool {
    key == "use" || MapConfig::KEYS.contains(&key) || nearest(key, MapConfig::KEYS).is_some()
}

/// The component that a path leads to or into, and how many of its steps lead to it.
pub(super) fn slot(steps: &[Step]) -> Option<(ComponentKind, usize)> {
    let key = |index: usize| match steps.get(index) {
        Some(Step::Key(key)) => Some(key.as_str()),
        _ => None,
    };
    match (key(0)?, key(1), key(2), steps.get(3)) {
        ("data_stores", Some(_), ..) => Some((ComponentKind::DataStore, 2)),
        ("maps", Some(_), Some("engine"), _) => Some((ComponentKind::Engine, 3)),
        ("maps", Some(_), Some("data_store"), _) => Some((ComponentKind::DataStore, 3)),
        ("maps", Some(_), Some("observers"), Some(Step::Index(_))) => Some((ComponentKind::Observer, 4)),
        _ => None,
    }
}
