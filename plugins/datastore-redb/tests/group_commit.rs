//! Changes share commits; flushing, dropping and cancelling do what they say.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::future::Future;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trilayer_core::{MapDataStore, RecordValue, Timestamp};
use trilayer_datastore_redb::{RedbDataStore, RedbOptions};

fn open(folder: &Path) -> RedbDataStore {
    RedbDataStore::open(&RedbOptions::at(folder.join("data.redb"))).unwrap()
}

fn lww(value: i64) -> RecordValue {
    RecordValue::Lww { value: value.into(), timestamp: Timestamp::default() }
}

fn large() -> RecordValue {
    RecordValue::Lww { value: vec![1_u8; 48 << 20].into(), timestamp: Timestamp::default() }
}

fn begin<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_adds_share_a_few_commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()));
    let tasks: Vec<_> = (0..1_000)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.add("m", &number.to_string(), &lww(number), 0, 0).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!((1..=200).contains(&store.commits()), "{} commits", store.commits());
    assert_eq!(store.pending_operation_count(), 0);
    for number in 0..1_000 {
        assert_eq!(store.load("m", &number.to_string()).await.unwrap(), Some(lww(number)));
    }
}

#[tokio::test]
async fn changes_of_a_key_happen_in_the_order_they_were_queued() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut adds: Vec<_> = (0..100).map(|number| store.add("m", "k", &VALUES[number], 0, 0)).collect();
    let mut remove = store.remove("n", "k", 0);
    for add in &mut adds {
        assert!(begin(add.as_mut()).is_pending());
    }
    assert!(begin(remove.as_mut()).is_pending());
    assert_eq!(store.soft_flush().await.unwrap(), 101);
    store.hard_flush().await.unwrap();
    assert_eq!(store.load("m", "k").await.unwrap().as_ref(), Some(&VALUES[99]));
}

static VALUES: std::sync::LazyLock<Vec<RecordValue>> =
    std::sync::LazyLock::new(|| (0..100).map(lww).collect());

#[tokio::test]
async fn an_add_dropped_after_it_was_queued_happens_and_one_never_polled_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (queued, never) = (lww(1), lww(2));
    assert!(begin(pin!(store.add("m", "queued", &queued, 0, 0))).is_pending());
    drop(store.add("m", "never", &never, 0, 0));
    store.hard_flush().await.unwrap();
    assert_eq!(store.load("m", "queued").await.unwrap(), Some(queued));
    assert_eq!(store.load("m", "never").await.unwrap(), None);
    assert_eq!(store.pending_operation_count(), 0);
}

#[tokio::test]
async fn dropping_the_store_stores_what_is_queued() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..500 {
        let (key, value) = (number.to_string(), lww(number));
        // Unconstrained, since tokio would make the later ones of so many wait for the next turn.
        let add = tokio::task::unconstrained(store.add("m", &key, &value, 0, 0));
        assert!(begin(pin!(add)).is_pending());
    }
    drop(store);
    let store = open(folder.path());
    for number in 0..500 {
        assert_eq!(store.load("m", &number.to_string()).await.unwrap(), Some(lww(number)));
    }
}

#[tokio::test]
async fn the_queue_is_bounded_in_bytes_and_whoever_waits_for_room_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (large, small) = (large(), lww(1));
    let mut first = store.add("m", "first", &large, 0, 0);
    let mut second = store.add("m", "second", &large, 0, 0);
    let mut third = store.add("m", "third", &small, 0, 0);
    for add in [&mut first, &mut second, &mut third] {
        assert!(begin(add.as_mut()).is_pending());
    }
    assert_eq!(store.soft_flush().await.unwrap(), 0, "the third waits behind the second, which has no room");
    let (first, second, third) = tokio::join!(first, second, third);
    first.and(second).and(third).unwrap();
    assert_eq!(store.soft_flush().await.unwrap(), 3);
    assert!(store.load("m", "second").await.unwrap() == Some(large));
}
