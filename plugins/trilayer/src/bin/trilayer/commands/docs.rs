//! `docs`: the reference of the configuration.

use serde_json::json;
use trilayer::Registry;

use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

pub(super) fn run(session: &Session) -> Result<(), Failure> {
    let reference = Registry::linked()?.reference();
    let mut output = Output::new();
    match session.global.json {
        true => output.json(&json!({ "markdown": reference }))?,
        false => output.text(reference.trim_end())?,
    }
    output.flush()
}
