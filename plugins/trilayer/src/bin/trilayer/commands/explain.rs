//! `explain`: what a configuration comes to, who said so, and what an error code means.

use trilayer::{ProblemCode, Registry};

use crate::args::Explain;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::session::Session;

pub(super) fn run(session: &Session, explain: &Explain) -> Result<(), Failure> {
    let mut output = Output::new();
    match &explain.code {
        Some(code) => page(code, session.global.json, &mut output)?,
        None => configuration(session, explain.map.as_deref(), &mut output)?,
    }
    output.flush()
}

fn configuration(session: &Session, map: Option<&str>, output: &mut Output) -> Result<(), Failure> {
    let registry = Registry::linked()?;
    let config = session.config(&registry)?;
    let Some(explanation) = config.explain(&registry, map) else {
        let names: Vec<String> = config.maps.keys().map(|name| format!("{name:?}")).collect();
        let map = map.unwrap_or_default();
        let message = format!("no map {map:?} is configured; configured: {}", names.join(", "));
        return Err(Failure::message(Exit::Config, message));
    };
    if session.global.json {
        output.json(&explanation)
    } else {
        output.text(explanation.to_string().trim_end())
    }
}

fn page(code: &str, as_json: bool, output: &mut Output) -> Result<(), Failure> {
    let Some(found) = ProblemCode::named(code) else {
        let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        let message = format!("there is no error code {code:?}; known: {}", codes.join(", "));
        return Err(Failure::message(Exit::Usage, message));
    };
    if as_json {
        return output.json(&serde_json::json!({ "code": found, "page": found.page() }));
    }
    output.text(found.page().trim_end())
}
