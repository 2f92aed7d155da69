//! A disk that is full fails what does not fit, and nothing else.
//!
//! A limit on the size of files stands in for the full disk. It holds for a whole process and
//! can be raised again, so the test runs in a process of its own, under `bash`'s `ulimit`.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use trilayer_core::{MapDataStore, RecordValue, Timestamp};
use trilayer_datastore_redb::{RedbDataStore, RedbError, RedbOptions};

const FILE: &str = "TRILAYER_TEST_FULL_DISK_FILE";

fn bytes(length: usize) -> RecordValue {
    RecordValue::Lww { value: vec![5_u8; length].into(), timestamp: Timestamp::default() }
}

fn open(path: &Path) -> RedbDataStore {
    RedbDataStore::open(&RedbOptions::at(path)).unwrap()
}

/// Runs `fill_the_disk` of this program with files limited to 8 MiB.
#[tokio::test]
async fn what_does_not_fit_fails_with_the_files_name_and_what_was_stored_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let store = open(&path);
    store.add("m", "before", &bytes(1_000), 0, 0).await.unwrap();
    drop(store);
    // SIGXFSZ must be ignored, or the kernel ends the process instead of failing the write.
    let script = r#"trap '' XFSZ; ulimit -f 8192; exec "$0" --exact fill_the_disk --nocapture"#;
    let mut child = Command::new("bash");
    child.args(["-c", script]).arg(std::env::current_exe().unwrap()).env(FILE, &path);
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let store = open(&path);
    for key in ["before", "small", "after"] {
        assert_eq!(store.load("m", key).await.unwrap(), Some(bytes(1_000)), "{key}");
    }
    assert_eq!(store.load("m", "large").await.unwrap(), None);
}

/// Does something in the child process only.
#[tokio::test]
async fn fill_the_disk() {
    let Some(path) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let store = open(&path);
    store.add("m", "small", &bytes(1_000), 0, 0).await.unwrap();
    let error = store.add("m", "large", &bytes(32 << 20), 0, 0).await.unwrap_err();
    let Some(RedbError::NotStored { map, source, .. }) = error.downcast_ref() else { panic!("{error:?}") };
    assert_eq!(map, "m");
    let message = source.to_string();
    assert!(
        message.contains(&path.display().to_string()) && message.contains("free some space"),
        "{message}"
    );
    assert_eq!(store.load("m", "small").await.unwrap(), Some(bytes(1_000)));
    assert_eq!(store.load("m", "large").await.unwrap(), None);
    store.add("m", "after", &bytes(1_000), 0, 0).await.unwrap();
    store.hard_flush().await.unwrap();
}
