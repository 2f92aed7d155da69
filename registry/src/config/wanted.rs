//! Whether the text of an environment variable is wanted as text, though it looks like something else.

use serde_json::Value as Json;

use super::path::{Step, follow};
use super::provenance::Variable;
use super::read::map_schema;
use super::schema::{self, Schemas};
use super::sight::{Spot, slot, visit};
use super::validate::Validator;
use super::{KeyPath, ProblemCode};

/// Whether the place of a variable takes text, and not what its value was read as.
pub(super) fn as_text(
    said: &Json,
    path: &KeyPath,
    variable: &Variable,
    schemas: Option<&Schemas<'_>>,
) -> bool {
    let steps = path.steps();
    if variable.value.is_string() {
        return false;
    }
    if let Some((kind, length)) = slot(steps) {
        let Some(spec) = follow(said, &steps[..length]).1 else { return false };
        return visit(schemas, kind, spec, &steps[length..], |spot| match spot {
            Spot::Name => !variable.value.is_object() && !variable.value.is_array(),
            Spot::Option { root, schema, .. } => takes_text_alone(root, schema, variable),
            Spot::Unknown => false,
        });
    }
    let [Step::Key(maps), _, Step::Key(key)] = steps else { return false };
    let root = map_schema();
    maps == "maps"
        && schema::property(root, root, key).is_some_and(|schema| takes_text_alone(root, schema, variable))
}

fn takes_text_alone(root: &Json, schema: &Json, variable: &Variable) -> bool {
    let takes = |value: &Json| {
        let mut validator = Validator::new(root, String::new(), None);
        validator.value(schema, value, &KeyPath::default());
        let is_whole = |fault: &super::validate::Fault| fault.path.steps().is_empty();
        !validator.faults.iter().any(|fault| is_whole(fault) && fault.problem.code == ProblemCode::WrongType)
    };
    !takes(&variable.value) && takes(&Json::from(variable.raw.as_str()))
}
