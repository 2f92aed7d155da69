//! The thread that writes: everything that waits goes into one commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use redb::{Database, ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::RedbError;
use crate::database::{Cause, Shared};
use crate::format;
use crate::queue::{Change, Operation, Queued, Receiver};
use crate::reads::table_name;

/// Operations and bytes of one commit at most. Only a single operation may be longer.
const MAX_OPERATIONS: usize = 4096;
const MAX_BYTES: usize = 16 << 20;

/// Starts the thread; it ends with the queue.
pub(crate) fn start(shared: Arc<Shared>, receiver: Receiver) -> Result<JoinHandle<()>, RedbError> {
    let path = shared.path().to_owned();
    let builder = thread::Builder::new().name("trilayer-redb".to_owned());
    builder.spawn(move || run(&shared, receiver)).map_err(|source| RedbError::NoWriter { path, source })
}

fn run(shared: &Shared, mut receiver: Receiver) {
    while let Some(batch) = receiver.next(MAX_OPERATIONS, MAX_BYTES) {
        let outcome = write(shared, &batch).map_err(Arc::new);
        for queued in batch {
            receiver.answer(queued, outcome.clone());
        }
    }
    shared.close("it was dropped");
}

fn write(shared: &Shared, batch: &[Queued]) -> Result<(), RedbError> {
    let operations = || batch.iter().filter_map(|queued| queued.operation.as_ref());
    let is_question = operations().next().is_none();
    let outcome = shared.write(|database| {
        if is_question {
            return Ok(());
        }
        commit(shared, database, operations())
    });
    if let Err(error) = &outcome {
        report(shared, operations(), error);
    }
    outcome
}

fn report<'a>(shared: &Shared, operations: impl Iterator<Item = &'a Operation>, error: &RedbError) {
    let mut maps = BTreeMap::<&str, usize>::new();
    for operation in operations {
        *maps.entry(&operation.map).or_default() += 1;
    }
    for (map, operations) in maps {
        tracing::error!(path = %shared.path().display(), map, operations, error = error as Cause<'_>, "changes were not stored");
    }
}

/// All operations in one transaction, in their order for each map.
fn commit<'a>(
    shared: &Shared,
    database: &Database,
    operations: impl Iterator<Item = &'a Operation>,
) -> Result<(), RedbError> {
    let mut maps = BTreeMap::<&str, Vec<&Change>>::new();
    for operation in operations {
        maps.entry(&operation.map).or_default().push(&operation.change);
    }
    let failed = |doing: &str, error: redb::Error| RedbError::storage(shared.path(), doing, error);
    let transaction = database.begin_write().map_err(|error| failed("begin a commit", error.into()))?;
    for (map, changes) in maps {
        let writing = |error| failed(&format!("write map {map:?}"), error);
        apply(&transaction, map, &changes).map_err(writing)?;
    }
    transaction.commit().map_err(|error| failed("commit changes", error.into()))?;
    shared.count_commit();
    Ok(())
}

fn apply(transaction: &WriteTransaction, map: &str, changes: &[&Change]) -> Result<(), redb::Error> {
    let name = table_name(map);
    let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&name))?;
    for change in changes {
        match change {
            Change::Put { key, bytes } => {
                table.insert(key.as_str(), bytes.as_slice())?;
            }
            Change::PutKeepingDeadline { key, bytes, value } => {
                let kept = deadline(&table, key)?;
                let with_deadline = if kept == 0 { None } else { format::encode(key, value, kept).ok() };
                table.insert(key.as_str(), with_deadline.as_ref().unwrap_or(bytes).as_slice())?;
            }
            Change::Remove { keys } => {
                for key in keys {
                    table.remove(key.as_str())?;
                }
            }
        }
    }
    Ok(())
}

/// The deadline stored with `key`; 0 if there is none, or the value that had it is damaged.
fn deadline(table: &Table<'_, &str, &[u8]>, key: &str) -> Result<i64, redb::Error> {
    let stored = table.get(key)?.map(|bytes| format::decode(key, bytes.value()));
    Ok(stored.and_then(Result::ok).map_or(0, |stored| stored.expiration_time))
}
