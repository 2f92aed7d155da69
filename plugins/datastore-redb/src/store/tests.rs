use std::sync::Arc;

use trilayer_core::Timestamp;

use super::*;

fn lww(value: i64) -> RecordValue {
    RecordValue::Lww { value: value.into(), timestamp: Timestamp::default() }
}

fn opened(folder: &tempfile::TempDir) -> RedbDataStore {
    RedbDataStore::open(&RedbOptions::at(folder.path().join("data.redb"))).expect("opened")
}

#[tokio::test]
async fn after_a_panic_of_the_writer_every_operation_is_an_error_and_none_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder);
    store.add("m", "k", &lww(1), 0, 0).await.unwrap();
    store.shared.write(|_| -> Result<(), RedbError> { panic!("a bad page") }).unwrap_err();
    let value = lww(2);
    let (add, remove, flush, load) = tokio::join!(
        store.add("m", "k", &value, 0, 0),
        store.remove("m", "k", 0),
        store.hard_flush(),
        store.load("m", "k"),
    );
    for error in [add.unwrap_err(), remove.unwrap_err(), flush.unwrap_err(), load.unwrap_err()] {
        let message = format!("{error:#}");
        assert!(message.contains("closed after a failure") && message.contains("a bad page"), "{message}");
    }
    assert_eq!(store.pending_operation_count(), 0);
    drop(store);
    assert_eq!(opened(&folder).load("m", "k").await.unwrap(), Some(lww(1)));
}

#[tokio::test]
async fn every_change_of_a_failed_batch_gets_the_cause_with_file_and_map() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder);
    store.shared.close("the test closed it");
    let value = lww(1);
    let (first, second) = tokio::join!(store.add("m", "k", &value, 0, 0), store.add("n", "k", &value, 0, 0));
    for (map, error) in [("m", first.unwrap_err()), ("n", second.unwrap_err())] {
        let path = store.shared.path().display();
        assert_eq!(
            format!("{error:#}"),
            format!(
                "a change of map {map:?} was not stored in {path}: \
                 the data store of {path} is closed: the test closed it"
            )
        );
    }
}

#[tokio::test]
async fn a_store_dropped_while_a_read_is_going_on_waits_for_it_and_frees_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder);
    let shared = Arc::clone(&store.shared);
    let (reading, begun) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let reader = std::thread::spawn(move || {
        shared.read(|_| {
            reading.send(()).expect("awaited");
            wait.recv().expect("told to go on");
            Ok(())
        })
    });
    begun.recv().unwrap();
    let dropper = std::thread::spawn(move || drop(store));
    go_on.send(()).unwrap();
    dropper.join().unwrap();
    reader.join().unwrap().unwrap();
    opened(&folder);
}
