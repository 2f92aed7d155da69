//! `schema`: the configuration's JSON Schema.

use trilayer::{ComponentKind, Descriptor, Registry};

use crate::args::Schema;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::session::Session;

pub(super) fn run(session: &Session, asked: &Schema) -> Result<(), Failure> {
    let registry = Registry::linked()?;
    let schema = match &asked.component {
        None => registry.schema(),
        Some(name) => registry.component_schema(component(&registry, name)?),
    };
    let mut output = Output::new();
    match session.global.json {
        true => output.json(&schema)?,
        false => output.text(&format!("{:#}", schema.as_value()))?,
    }
    output.flush()
}

fn component<'r>(registry: &'r Registry, asked: &str) -> Result<&'r Descriptor, Failure> {
    let kinds = [
        ("engine", ComponentKind::Engine),
        ("data-store", ComponentKind::DataStore),
        ("observer", ComponentKind::Observer),
    ];
    let (kind, name) = asked.split_once('/').unwrap_or((asked, ""));
    let Some((_, kind)) = kinds.iter().find(|(known, _)| *known == kind) else {
        let problem = format!(
            "{asked:?} is no KIND/NAME: KIND is engine, data-store or observer, as in --component data-store/null"
        );
        return Err(Failure::message(Exit::Usage, problem));
    };
    Ok(registry.get(*kind, name)?)
}
