//! J. Linearizability: every concurrent history of a key is one of an optional value.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use porcupine_rs::{CheckResult, Model, Operation, check_operations_timeout};
use trilayer_core::{DefaultRecordStore, RecordStore, RecordValue, Value};
use trilayer_testkit::{Gate, Plan, lww, record};

use crate::rig::{Backup, Client, Expiry, Parts, bounded, poll_once};

/// What was called and what came back. `None` in place of an outcome: unknown, since the call
/// failed or was dropped; it may have happened at any time, even never.
#[derive(Debug, Clone)]
enum Op {
    Get(Option<i64>),
    Put(i64, Option<Option<i64>>),
    Remove(Option<Option<i64>>),
    PutBackup(i64, bool),
    RemoveBackup(bool),
}

#[derive(Debug, Clone)]
struct OptionalValue;

impl Model for OptionalValue {
    type State = Option<i64>;
    type Op = Op;
    type Metadata = ();

    fn init() -> Option<i64> {
        None
    }

    fn step(state: &Option<i64>, op: &Op) -> (bool, Option<i64>) {
        match *op {
            Op::Get(found) => (found == *state, *state),
            Op::Put(value, old) => (old.is_none_or(|old| old == *state), Some(value)),
            Op::Remove(old) => (old.is_none_or(|old| old == *state), None),
            Op::PutBackup(value, _) => (true, Some(value)),
            Op::RemoveBackup(_) => (true, None),
        }
    }
}

fn number(value: RecordValue) -> i64 {
    match value {
        RecordValue::Lww { value: Value::Int(number), .. } => number,
        other => panic!("never put: {other:?}"),
    }
}

/// What disturbs the operations.
#[derive(Debug, Clone, Copy)]
struct Weather {
    /// Percent of data-store calls that fail, half of them after they happened.
    failing: u8,
    /// Percent of operations dropped after one poll.
    dropped: u8,
    /// Percent of operations after which the key is evicted.
    evicted: u8,
    /// Writes that are not persisted.
    dirty: bool,
    null: bool,
    plain: bool,
    bound: u64,
}

const CALM: Weather =
    Weather { failing: 0, dropped: 0, evicted: 0, dirty: false, null: false, plain: false, bound: 0 };

/// One operation of a client; `None` if it told nothing.
async fn one_operation(
    store: &DefaultRecordStore,
    random: &mut fastrand::Rng,
    value: i64,
    weather: Weather,
) -> Option<Op> {
    let provenance = if weather.dirty && random.bool() { Backup } else { Client };
    let dropped = random.u8(..100) < weather.dropped;
    match random.u8(..10) {
        0..4 => {
            let found = perform(store.get("k", random.bool()), dropped).await?;
            Some(Op::Get(found.map(|record| number(record.value))))
        }
        4..7 => {
            let old = perform(store.put("k", lww(value), Expiry::NONE, Client), dropped).await;
            Some(Op::Put(value, old.map(|old| old.map(number))))
        }
        7..9 => {
            let old = perform(store.remove("k", Client), dropped).await;
            Some(Op::Remove(old.map(|old| old.map(number))))
        }
        _ if random.bool() => {
            let done = perform(store.put_backup("k", record(value, 5), provenance), dropped).await;
            Some(Op::PutBackup(value, done.is_some()))
        }
        _ => {
            let done = perform(store.remove_backup("k", provenance), dropped).await;
            Some(Op::RemoveBackup(done.is_some()))
        }
    }
}

/// The outcome of an operation, unless it fails or is dropped after one poll.
async fn perform<T>(operation: impl Future<Output = anyhow::Result<T>>, dropped: bool) -> Option<T> {
    let mut operation = std::pin::pin!(operation);
    if dropped {
        return match poll_once(operation.as_mut()) {
            std::task::Poll::Ready(outcome) => outcome.ok(),
            std::task::Poll::Pending => None,
        };
    }
    operation.await.ok()
}

/// Runs four clients against one key and returns the history.
async fn history(weather: Weather, seed: u64, rounds: usize) -> Vec<Operation<OptionalValue>> {
    let Weather { null, plain, .. } = weather;
    let rig = Parts { null, plain, config: bounded(weather.bound), ..Parts::default() }.build();
    let faults = std::sync::Mutex::new(fastrand::Rng::with_seed(seed));
    rig.data.script(move |_| {
        let mut random = faults.lock().expect("no panic");
        match random.u8(..100) {
            draw if draw * 2 < weather.failing => Plan::Fail("before"),
            draw if draw < weather.failing => Plan::WorkThenFail("after"),
            draw if draw % 8 == 0 => Plan::WorkAfter(Gate::opening()),
            _ => Plan::Work,
        }
    });
    let time = Arc::new(AtomicI64::new(0));
    let clients: Vec<_> = (0..4_u32)
        .map(|client| {
            let time = Arc::clone(&time);
            rig.spawn(async move |store| {
                let mut random = fastrand::Rng::with_seed(seed * 31 + u64::from(client));
                let mut history = Vec::new();
                for round in 0..rounds {
                    let value = i64::from(client) * 1_000_000 + i64::try_from(round).expect("few");
                    let call_time = time.fetch_add(1, Ordering::SeqCst);
                    let op = one_operation(&store, &mut random, value, weather).await;
                    let return_time = time.fetch_add(1, Ordering::SeqCst);
                    if random.u8(..100) < weather.evicted {
                        store.evict("k", false);
                    }
                    if let Some(op) = op {
                        history.push(Operation {
                            client_id: Some(client),
                            call_time,
                            return_time,
                            op,
                            metadata: None,
                        });
                    }
                    tokio::task::yield_now().await;
                }
                history
            })
        })
        .collect();
    let mut history = Vec::new();
    for client in clients {
        history.extend(client.await.expect("no panic"));
    }
    unbound_the_unknown(&mut history);
    history
}

/// An operation of unknown outcome may take effect at any time after its call.
fn unbound_the_unknown(history: &mut [Operation<OptionalValue>]) {
    for operation in history {
        if matches!(
            operation.op,
            Op::Put(_, None) | Op::Remove(None) | Op::PutBackup(_, false) | Op::RemoveBackup(false)
        ) {
            operation.return_time = i64::MAX;
        }
    }
}

async fn check(weather: Weather, histories: u64, rounds: usize) {
    for seed in 0..histories {
        let history = history(weather, seed, rounds).await;
        let verdict = check_operations_timeout(&history, std::time::Duration::from_secs(20));
        assert_eq!(verdict, CheckResult::Ok, "seed {seed}, {weather:?}: {history:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory_histories_are_linearizable_for_every_engine() {
    for plain in [false, true] {
        check(Weather { null: true, plain, ..CALM }, 20, 500).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn histories_through_a_data_store_are_linearizable_with_eviction_and_reloads() {
    for plain in [false, true] {
        check(Weather { plain, ..CALM }, 10, 300).await;
        check(Weather { plain, evicted: 30, ..CALM }, 20, 300).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn histories_with_unpersisted_writes_are_linearizable() {
    check(Weather { evicted: 30, dirty: true, ..CALM }, 30, 300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn histories_with_a_bound_of_one_record_are_linearizable() {
    check(Weather { bound: 1, evicted: 10, dirty: true, ..CALM }, 20, 300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn histories_with_failing_and_dropped_operations_are_linearizable() {
    check(Weather { failing: 6, evicted: 20, dirty: true, ..CALM }, 100, 30).await;
    check(Weather { dropped: 6, evicted: 20, dirty: true, ..CALM }, 100, 30).await;
    check(Weather { failing: 4, dropped: 4, evicted: 20, plain: true, bound: 1, ..CALM }, 100, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_rest_memory_is_the_data_store_for_every_clean_key() {
    for seed in 0..20 {
        let rig = Parts { config: bounded(15), ..Parts::default() }.build();
        let clients: Vec<_> = (0..4_u64)
            .map(|client| {
                rig.spawn(async move |store| {
                    let mut random = fastrand::Rng::with_seed(seed * 7 + client);
                    for n in 0..300 {
                        let key = format!("k{}", random.u8(..30));
                        let provenance = if random.u8(..4) == 0 { Backup } else { Client };
                        match random.u8(..4) {
                            0 => drop(store.remove(&key, provenance).await.expect("remove")),
                            1 => drop(store.get(&key, true).await.expect("get")),
                            _ => drop(store.put(&key, lww(n), Expiry::NONE, provenance).await.expect("put")),
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("no panic");
        }
        for (key, record) in rig.store.storage().snapshot_iter() {
            if !record.metadata.is_dirty() {
                assert_eq!(Some(record.value), rig.stored(&key), "seed {seed}, {key}");
            }
        }
        rig.store.hard_flush().await.expect("flush");
        for n in 0..30 {
            let key = format!("k{n}");
            assert_eq!(rig.get(&key).await, rig.stored(&key), "seed {seed}, {key} after a flush");
        }
    }
}
