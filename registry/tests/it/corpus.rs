//! The corpora of the fuzzers, and hostile inputs written by hand, through the same checks.

use std::path::Path;

#[path = "../../../tests/fuzz/src/checks.rs"]
mod checks;

/// Every file of a corpus through its check; says which file it is that fails.
fn run(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{} lost its files", folder.display());
    for file in &files {
        let input = std::fs::read(file).unwrap();
        if std::panic::catch_unwind(|| check(&input)).is_err() {
            panic!("{} does not hold; see above", file.display());
        }
    }
    trilayer_testkit::evidence::tried("configuration-corpus", files.len() as u64);
}

#[test]
fn no_text_of_a_configuration_does_harm() {
    run("config", checks::config);
}

#[test]
fn nothing_in_the_environment_does_harm() {
    run("environment", checks::environment);
}

#[test]
fn no_value_of_an_option_does_harm() {
    run("values", checks::values);
}

#[test]
fn the_entry_that_serves_a_map_is_one_that_matches() {
    run("patterns", checks::patterns);
}
