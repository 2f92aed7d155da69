//! `components`: what a configuration can name.

use serde_json::{Value as Json, json};
use trilayer::{Descriptor, Origin, Registry};

use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

const HEADINGS: [&str; 5] = ["KIND", "NAME", "VERSION", "SUMMARY", "ORIGIN"];

pub(super) fn run(session: &Session) -> Result<(), Failure> {
    let registry = Registry::linked()?;
    let mut output = Output::new();
    if session.global.json {
        let components: Vec<Json> =
            registry.list().map(|(component, origin)| json(component, origin)).collect();
        output.json(&json!({ "components": components }))?;
    } else {
        let rows = registry.list().map(|(component, origin)| row(component, origin));
        for line in table(std::iter::once(HEADINGS.map(str::to_owned)).chain(rows).collect()) {
            output.text(&line)?;
        }
    }
    output.flush()
}

fn json(component: &Descriptor, origin: &Origin) -> Json {
    json!({
        "kind": component.kind().to_string(),
        "name": component.name(),
        "version": component.plugin_version(),
        "origin": origin.to_string(),
        "summary": component.summary(),
        "options": component.schema(),
    })
}

fn row(component: &Descriptor, origin: &Origin) -> [String; 5] {
    [
        component.kind().to_string(),
        component.name().to_owned(),
        component.plugin_version().to_owned(),
        component.summary().to_owned(),
        origin.to_string(),
    ]
}

/// Columns as wide as their widest cell, but for the last.
fn table(rows: Vec<[String; 5]>) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
