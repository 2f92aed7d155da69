//! A damaged file is reported: no panic comes out, nothing hangs, no wrong value is given.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use redb::{Database, ReadableDatabase, TableDefinition};
use trilayer_core::{MapDataStore, RecordValue, ScanRequest, Timestamp};
use trilayer_datastore_redb::{RedbDataStore, RedbError, RedbOptions};

const KEYS: usize = 400;
const POSITIONS: usize = 300;

fn value(number: usize) -> RecordValue {
    let text = format!("value {number} ").repeat(1 + number % 40);
    RecordValue::Lww { value: text.into(), timestamp: Timestamp::default() }
}

fn key(number: usize) -> String {
    format!("key-{number:04}")
}

/// A database of several levels, closed cleanly.
fn healthy(folder: &Path) -> Vec<u8> {
    let path = folder.join("healthy.redb");
    on_runtime(async {
        let store = RedbDataStore::open(&RedbOptions::at(&path)).unwrap();
        for number in 0..KEYS {
            store.add("m", &key(number), &value(number), 0, 0).await.unwrap();
        }
    });
    fs::read(path).unwrap()
}

fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// What came of using a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    refused: bool,
    errors: usize,
    missing: usize,
}

/// Opens, loads everything, scans, writes and closes. Every value found must be the right one.
fn use_file(path: PathBuf, verify_on_open: bool) -> Findings {
    let options = RedbOptions { verify_on_open, ..RedbOptions::at(path) };
    let Ok(store) = RedbDataStore::open(&options) else {
        return Findings { refused: true, ..Findings::default() };
    };
    on_runtime(async {
        let mut found = Findings::default();
        for number in 0..KEYS {
            match store.load("m", &key(number)).await {
                Ok(Some(loaded)) => assert_eq!(loaded, value(number), "a wrong value came back"),
                Ok(None) => found.missing += 1,
                Err(_) => found.errors += 1,
            }
        }
        let everything = ScanRequest { limit: usize::MAX, ..ScanRequest::default() };
        found.errors += usize::from(store.scan("m", &everything).await.is_err());
        found.errors += usize::from(store.add("m", "new", &value(0), 0, 0).await.is_err());
        found.errors += usize::from(store.remove("m", &key(1), 0).await.is_err());
        found
    })
}

/// As `use_file` on a copy with that content; a hang or a panic fails the test.
fn findings(folder: &Path, content: &[u8], what: &str, verify_on_open: bool) -> Findings {
    let path = folder.join("damaged.redb");
    fs::write(&path, content).unwrap();
    let (done, outcome) = mpsc::channel();
    thread::spawn(move || done.send(use_file(path, verify_on_open)));
    match outcome.recv_timeout(Duration::from_secs(60)) {
        Ok(findings) => findings,
        Err(error) => panic!("{what}: {error}, so it hangs or it panicked"),
    }
}

fn offsets(length: usize) -> impl Iterator<Item = usize> {
    // The head describes the file: look at it closely. Prime strides reach every part of pages.
    (0..320)
        .step_by(3)
        .chain((0..POSITIONS).map(move |number| number * (length / POSITIONS) + number * 7 % 101))
}

#[test]
fn flipped_bytes_anywhere_never_panic_never_hang_and_never_give_a_wrong_value() {
    let folder = tempfile::tempdir().unwrap();
    let healthy = healthy(folder.path());
    let mut noticed = 0;
    for offset in offsets(healthy.len()).filter(|offset| *offset < healthy.len()) {
        let mask = if offset % 2 == 0 { 0xff } else { 0x01 };
        let mut damaged = healthy.clone();
        damaged[offset] ^= mask;
        let what = format!("byte {offset} of {} flipped by {mask:#x}", healthy.len());
        let found = findings(folder.path(), &damaged, &what, false);
        noticed += usize::from(found != Findings::default());
    }
    assert!(noticed > 50, "only {noticed} damages were noticed");
}

#[test]
fn a_file_cut_anywhere_never_panics_never_hangs_and_never_gives_a_wrong_value() {
    let folder = tempfile::tempdir().unwrap();
    let healthy = healthy(folder.path());
    for part in 0..100 {
        let length = healthy.len() * part / 100 + part % 7;
        let what = format!("cut to {length} of {}", healthy.len());
        let found = findings(folder.path(), &healthy[..length], &what, false);
        assert!(found != Findings::default() || length == healthy.len(), "{what}: not noticed");
    }
}

#[test]
fn with_verify_on_open_no_key_goes_missing_silently() {
    let folder = tempfile::tempdir().unwrap();
    let healthy = healthy(folder.path());
    for offset in offsets(healthy.len()).filter(|offset| *offset < healthy.len()).step_by(3) {
        let mut damaged = healthy.clone();
        damaged[offset] ^= 0x55;
        let found = findings(folder.path(), &damaged, &format!("byte {offset} flipped"), true);
        let usable = !found.refused && found.errors == 0;
        assert!(!usable || found.missing == 0, "byte {offset}: {found:?}");
    }
}

#[test]
fn a_damaged_value_is_named_with_file_map_and_key_and_others_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    on_runtime(async {
        let store = RedbDataStore::open(&RedbOptions::at(&path)).unwrap();
        store.add("places", "good", &value(1), 0, 0).await.unwrap();
        store.add("places", "oslo", &value(2), 0, 0).await.unwrap();
        drop(store);
        change_bytes(&path, "oslo", |bytes| bytes[20] ^= 1);
        let store = RedbDataStore::open(&RedbOptions::at(&path)).unwrap();
        let error = store.load("places", "oslo").await.unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(RedbError::DamagedValue { .. })));
        let expected = format!(
            r#"the value of key "oslo" of map "places" in {} is damaged: its checksum is not right; put or remove the key, or restore the file from a copy"#,
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        let everything = ScanRequest { limit: 10, ..ScanRequest::default() };
        assert_eq!(store.scan("places", &everything).await.unwrap_err().to_string(), expected);
        assert_eq!(store.load("places", "good").await.unwrap(), Some(value(1)));
        store.flush_key("places", "oslo", &value(3), false).await.unwrap();
        assert_eq!(store.load("places", "oslo").await.unwrap(), Some(value(3)));
    });
}

#[test]
fn an_unknown_format_of_a_value_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    on_runtime(async {
        let store = RedbDataStore::open(&RedbOptions::at(&path)).unwrap();
        store.add("places", "oslo", &value(2), 0, 0).await.unwrap();
        drop(store);
        change_bytes(&path, "oslo", |bytes| bytes[0] = 9);
        let store = RedbDataStore::open(&RedbOptions::at(&path)).unwrap();
        let message = store.load("places", "oslo").await.unwrap_err().to_string();
        assert!(message.contains("its format is 9, and this build knows format 1 only"), "{message}");
    });
}

fn change_bytes(path: &Path, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
    const PLACES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("map:places");
    let database = Database::open(path).unwrap();
    let reading = database.begin_read().unwrap().open_table(PLACES).unwrap();
    let mut bytes = reading.get(key).unwrap().expect("is there").value().to_vec();
    change(&mut bytes);
    let writing = database.begin_write().unwrap();
    writing.open_table(PLACES).unwrap().insert(key, bytes.as_slice()).unwrap();
    writing.commit().unwrap();
}
