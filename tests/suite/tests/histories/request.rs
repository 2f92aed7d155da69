//! What a client asks of the store, and what it is told.

use std::sync::Arc;

use trilayer_core::{CallerProvenance, DefaultRecordStore, ExpiryPolicy, RecordStore, RecordValue, Value};
use trilayer_suite::rig::poll_once;
use trilayer_testkit::{lww, record};

/// One operation of the store.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Get { key: String, touch: bool },
    GetAll { keys: Vec<String> },
    Put { key: String, value: i64, policy: ExpiryPolicy, provenance: CallerProvenance },
    Set { key: String, value: i64, policy: ExpiryPolicy, provenance: CallerProvenance },
    Remove { key: String, provenance: CallerProvenance },
    PutBackup { key: String, value: i64, made: i64, provenance: CallerProvenance },
    RemoveBackup { key: String, provenance: CallerProvenance },
}

/// What the store said.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The value of each key asked for, or the one replaced.
    Values(Vec<Option<i64>>),
    /// Done, and nothing said of what was there.
    Done,
}

/// What the client got.
#[derive(Debug)]
pub(crate) enum Reply {
    Answered(Answer),
    Failed,
    /// It left before there was an answer.
    Left,
}

/// When a client leaves its operation to itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    Endless,
    /// Drops it after so many polls.
    Polls(u8),
    /// Aborts the task that runs it after so many turns of others.
    Turns(u8),
}

pub(crate) async fn ask(store: &Arc<DefaultRecordStore>, request: Request, patience: Patience) -> Reply {
    let answer = answer(Arc::clone(store), request);
    let answered = match patience {
        Patience::Endless => answer.await,
        Patience::Polls(polls) => {
            let Some(answered) = dropped_after(polls, answer).await else { return Reply::Left };
            answered
        }
        Patience::Turns(turns) => {
            let task = tokio::spawn(answer);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            task.abort();
            match task.await {
                Ok(answered) => answered,
                Err(error) if error.is_cancelled() => return Reply::Left,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
    };
    answered.map_or(Reply::Failed, Reply::Answered)
}

async fn dropped_after<T>(polls: u8, operation: impl Future<Output = T>) -> Option<T> {
    let mut operation = std::pin::pin!(operation);
    for _ in 0..polls {
        if let std::task::Poll::Ready(outcome) = poll_once(operation.as_mut()) {
            return Some(outcome);
        }
        tokio::task::yield_now().await;
    }
    None
}

async fn answer(store: Arc<DefaultRecordStore>, request: Request) -> anyhow::Result<Answer> {
    let old = |old: Option<RecordValue>| Answer::Values(vec![old.map(number)]);
    Ok(match request {
        Request::Get { key, touch } => old(store.get(&key, touch).await?.map(|record| record.value)),
        Request::GetAll { keys } => {
            let found = store.get_all(&keys).await?;
            let value = |key| found.iter().find(|(found, _)| found == key);
            let values = keys.iter().map(|key| value(key).map(|(_, record)| number(record.value.clone())));
            Answer::Values(values.collect())
        }
        Request::Put { key, value, policy, provenance } => {
            old(store.put(&key, lww(value), policy, provenance).await?)
        }
        Request::Set { key, value, policy, provenance } => {
            store.set(&key, lww(value), policy, provenance).await?;
            Answer::Done
        }
        Request::Remove { key, provenance } => old(store.remove(&key, provenance).await?),
        Request::PutBackup { key, value, made, provenance } => {
            store.put_backup(&key, record(value, made), provenance).await?;
            Answer::Done
        }
        Request::RemoveBackup { key, provenance } => {
            store.remove_backup(&key, provenance).await?;
            Answer::Done
        }
    })
}

pub(crate) fn number(value: RecordValue) -> i64 {
    match value {
        RecordValue::Lww { value: Value::Int(number), .. } => number,
        other => panic!("never put: {other:?}"),
    }
}
