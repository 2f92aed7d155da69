//! What cannot be opened is refused with a message that says what to do.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::fs;
use std::path::Path;

use redb::{Database, TableDefinition};
use trilayer_datastore_redb::{RedbDataStore, RedbError, RedbOptions};

const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("trilayer");

fn open(path: &Path) -> Result<RedbDataStore, RedbError> {
    RedbDataStore::open(&RedbOptions::at(path))
}

fn refusal(path: &Path) -> String {
    open(path).expect_err("refused").to_string()
}

fn set_version(path: &Path, version: Option<u64>) {
    let database = Database::create(path).unwrap();
    let change = database.begin_write().unwrap();
    {
        let mut about = change.open_table(ABOUT).unwrap();
        match version {
            Some(version) => drop(about.insert("format_version", version).unwrap()),
            None => drop(about.remove("format_version").unwrap()),
        }
    }
    change.commit().unwrap();
}

#[test]
fn a_file_of_a_newer_format_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    drop(open(&path).unwrap());
    set_version(&path, Some(2));
    for _ in 0..2 {
        assert_eq!(
            refusal(&path),
            format!(
                "the database file {} has format version 2, and this build reads up to version 1; \
                 open it with a newer trilayer",
                path.display()
            )
        );
    }
}

#[test]
fn a_file_without_a_sensible_version_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    for (version, problem) in
        [(Some(0), "there is no format version 0"), (None, "its format version is missing")]
    {
        set_version(&path, version);
        let expected =
            format!("the database file {} is damaged: {problem}; restore it from a copy", path.display());
        assert_eq!(refusal(&path), expected);
    }
}

#[test]
fn a_file_that_is_open_already_is_refused_and_can_be_opened_once_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let first = open(&path).unwrap();
    assert_eq!(
        refusal(&path),
        format!(
            "the database file {} is already open, in another process or in another data store of this one; \
             close that one, or give this data store a file of its own",
            path.display()
        )
    );
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("short", b"hello".to_vec()), ("long", b"text ".repeat(10_000))] {
        let path = folder.path().join(name);
        fs::write(&path, &content).unwrap();
        let message = refusal(&path);
        assert!(
            message.starts_with(&format!("{} is not a trilayer database: ", path.display())),
            "{message}"
        );
        assert!(message.ends_with("; the file was left as it is, give `path` another one"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_redb_database_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.redb");
    let database = Database::create(&path).unwrap();
    let change = database.begin_write().unwrap();
    drop(change.open_table(TableDefinition::<u64, u64>::new("theirs")).unwrap());
    change.commit().unwrap();
    drop(database);
    let message = refusal(&path);
    assert!(message.contains("it is a redb database of something else, with 1 tables"), "{message}");
}

#[test]
fn a_folder_instead_of_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(
        refusal(path),
        format!(
            "{} is a folder; `path` must name the database file, such as {}",
            path.display(),
            path.join("trilayer.redb").display()
        )
    );
}

#[test]
fn a_folder_that_cannot_be_made_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let path = file.join("below/data.redb");
    let message = refusal(&path);
    let expected = format!(
        "cannot make the folder of the database file {}; \
         make it yourself, or give `path` a place that can be written",
        path.display()
    );
    assert_eq!(message, expected);
}

/// Root may write everywhere, so there the kernel's own file system has to refuse.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::write(folder.path().join("probe"), "x").is_ok();
    let path = if is_root { "/proc/data.redb".into() } else { folder.path().join("data.redb") };
    let message = refusal(&path);
    assert!(message.contains(&path.display().to_string()), "{message}");
    if !is_root {
        assert!(message.contains("make the file and its folder writable for this user"), "{message}");
    }
}

#[test]
fn an_empty_file_becomes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    fs::write(&path, "").unwrap();
    open(&path).unwrap();
}
