//! Files that are not there, or no configuration.

use std::fs;
use std::path::Path;

use trilayer_registry::{Config, ConfigLoader, Problem, ProblemCode};

fn refusal(path: &Path) -> Problem {
    let error = ConfigLoader::new().file(path).load().unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    error.problems()[0].clone()
}

#[test]
fn a_missing_file_is_named_in_full_with_the_nearest_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trilayer.toml"), "").unwrap();
    let problem = refusal(&folder.path().join("trilyaer.toml"));
    assert_eq!(
        (problem.code, problem.nearest.as_deref()),
        (ProblemCode::FileNotFound, Some("trilayer.toml"))
    );
    let problem = refusal(Path::new("no-such-file.toml"));
    assert!(problem.message.contains(&std::env::current_dir().unwrap().display().to_string()), "{problem}");
    let problem = refusal(&folder.path().join("none/at/all.toml"));
    let exists = format!("of its path, {} exists", folder.path().display());
    assert_eq!(problem.help, Some(exists));
}

#[test]
fn a_folder_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let problem = refusal(folder.path());
    assert_eq!(problem.code, ProblemCode::FileUnreadable);
    assert!(problem.message.ends_with("it is a folder"), "{problem}");
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    fs::write(&path, b"[maps.a]\nengine = \"\xff\"").unwrap();
    let problem = refusal(&path);
    assert_eq!(problem.code, ProblemCode::NotUtf8);
    assert!(
        problem.to_string().contains("a.toml:2:11: the file is not UTF-8: byte 19 is wrong"),
        "{problem}"
    );
    fs::write(&path, b"\xff\xfe[\0m\0").unwrap();
    assert_eq!(refusal(&path).help.as_deref(), Some("it looks like UTF-16: save it as UTF-8"));
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.toml");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(refusal(&path).code, ProblemCode::FileTooLarge);
    let absent = ConfigLoader::new()
        .file(folder.path().join("none"))
        .env([("TRILAYER__MAPS____A".into(), "1".into())]);
    assert_eq!(absent.load().unwrap_err().problems().len(), 2, "variables are checked all the same");
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_no_harm() {
    let config = Config::from_toml("\u{feff}[maps.a]\r\npartitions = 3\r\n").unwrap();
    assert_eq!(config.maps["a"].partitions, 3);
}
