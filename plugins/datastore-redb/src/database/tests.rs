use std::fs;
use std::io;

use redb::TableDefinition;

use super::*;

const NUMBERS: TableDefinition<'_, u64, u64> = TableDefinition::new("numbers");

fn shared(folder: &tempfile::TempDir) -> Shared {
    Shared::open(RedbOptions::at(folder.path().join("data.redb"))).expect("opened")
}

fn io_failure(shared: &Shared) -> RedbError {
    RedbError::storage(shared.path(), "do something", io::Error::other("the disk is gone"))
}

fn put(
    shared: &Shared,
    number: u64,
    outcome: impl FnOnce() -> Result<(), RedbError>,
) -> Result<(), RedbError> {
    shared.write(|database| {
        let change = database.begin_write().expect("begun");
        change.open_table(NUMBERS).expect("opened").insert(number, number).expect("inserted");
        outcome()?;
        change.commit().expect("committed");
        Ok(())
    })
}

fn numbers(shared: &Shared) -> Result<Vec<u64>, RedbError> {
    shared.read(|transaction| {
        let table = transaction.open_table(NUMBERS).expect("opened");
        Ok(table.range::<u64>(..).expect("read").map(|entry| entry.expect("read").0.value()).collect())
    })
}

fn opening(shared: &Shared) -> u64 {
    let state = shared.state.read();
    match &*state {
        State::Open { opening, .. } | State::Failed { opening, .. } => *opening,
        State::Closed { .. } => 0,
    }
}

#[test]
fn a_failed_write_reopens_the_file_and_leaves_nothing_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(&folder);
    put(&shared, 1, || Ok(())).unwrap();
    put(&shared, 2, || Err(io_failure(&shared))).unwrap_err();
    assert_eq!(opening(&shared), 2);
    put(&shared, 3, || Ok(())).unwrap();
    assert_eq!(numbers(&shared).unwrap(), [1, 3]);
}

#[test]
fn a_panicking_write_is_an_error_that_closes_the_store_and_releases_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let first = shared(&folder);
    put(&first, 1, || Ok(())).unwrap();
    let error = put(&first, 2, || panic!("a bad page")).unwrap_err();
    assert!(matches!(&error, RedbError::Panicked { message, .. } if message == "a bad page"), "{error}");
    let later = put(&first, 3, || Ok(())).unwrap_err().to_string();
    assert!(later.contains("closed after a failure") && later.contains("a bad page"), "{later}");
    assert!(matches!(numbers(&first), Err(RedbError::Closed { .. })));
    assert_eq!(numbers(&shared(&folder)).unwrap(), [1]);
}

#[test]
fn a_panicking_read_is_an_error_and_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(&folder);
    put(&shared, 1, || Ok(())).unwrap();
    let outcome = shared.read(|_| -> Result<(), RedbError> { panic!("page {}", 7) });
    assert!(matches!(outcome, Err(RedbError::Panicked { message, .. }) if message == "page 7"));
    put(&shared, 2, || Ok(())).unwrap();
    assert_eq!(numbers(&shared).unwrap(), [1, 2]);
}

#[test]
fn a_read_that_stops_redb_reopens_the_file_and_one_that_finds_damage_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(&folder);
    let damage = RedbError::DamagedFile { path: shared.path().to_owned(), problem: String::new() };
    shared.read(|_| -> Result<(), _> { Err(damage) }).unwrap_err();
    assert_eq!(opening(&shared), 1);
    shared.read(|_| -> Result<(), _> { Err(io_failure(&shared)) }).unwrap_err();
    assert_eq!(opening(&shared), 2);
}

#[test]
fn a_file_that_cannot_be_reopened_is_tried_again_and_never_replaced_by_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(&folder);
    let away = folder.path().join("away");
    put(&shared, 1, || Ok(())).unwrap();
    fs::rename(shared.path(), &away).unwrap();
    put(&shared, 2, || Err(io_failure(&shared))).unwrap_err();
    for _ in 0..2 {
        assert!(matches!(numbers(&shared), Err(RedbError::NotReopened { .. })));
        assert!(!shared.path().exists());
    }
    fs::rename(&away, shared.path()).unwrap();
    assert_eq!(numbers(&shared).unwrap(), [1]);
    put(&shared, 3, || Ok(())).unwrap();
}
