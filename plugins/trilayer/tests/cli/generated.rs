//! `schema` and `docs`, and the files they were written to.

use std::path::Path;

use crate::rig::Rig;

/// What the command prints now, and the file somebody may have forgotten to write.
fn assert_up_to_date(file: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let written = std::fs::read_to_string(path).unwrap();
    let printed = Rig::new().run(arguments).done().out;
    let command = format!("cargo run -p trilayer -- {} > {file}", arguments.join(" "));
    assert!(written == printed, "{file} is not up to date; write it with: {command}");
}

#[test]
fn the_schema_beside_the_examples_is_up_to_date() {
    assert_up_to_date("examples/trilayer.schema.json", &["schema"]);
}

#[test]
fn the_reference_is_up_to_date() {
    assert_up_to_date("plugins/trilayer/CONFIGURATION.md", &["docs"]);
}

#[test]
fn the_schema_of_one_component_is_printed_or_the_known_ones_are_told() {
    let rig = Rig::new();
    let schema = rig.run(&["schema", "--component", "observer/trace"]).done().json();
    assert_eq!(schema["$defs"]["observer.trace"]["properties"]["use"]["const"], "trace");
    assert_eq!(rig.run(&["schema", "--json"]).done().out.lines().count(), 1);
    rig.run(&["schema", "--component", "observer/trac"]).failed(78, &["did you mean \"trace\"?"]);
    rig.run(&["schema", "--component", "trace"]).failed(2, &["KIND is engine, data-store or observer"]);
}

/// No configuration is needed to learn how to write one.
#[test]
fn neither_reads_a_configuration() {
    let rig = Rig::with_config("not toml");
    rig.run(&["schema"]).done();
    let docs = rig.run(&["docs", "--json"]).done().json();
    assert!(docs["markdown"].as_str().unwrap().starts_with("# Configuration\n"));
}
