//! Laws of operations at the same time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use trilayer_core::{IterationCursor, Record, StorageEngine};

use super::MakeEngine;
use super::replay::{filled, key, keys, numbered};
use super::walks::walk;
use crate::laws::Law;
use crate::laws::law::{Verdict, same};

/// "Each single-key operation is atomic: a concurrent reader sees the record before or after
/// it, never a mixture."
pub fn single_key_operations_are_atomic(make: &MakeEngine<'_>) {
    let law = Law {
        name: "single_key_operations_are_atomic",
        says: "Each single-key operation is atomic: a concurrent reader sees the record before or after it, never a mixture.",
        loss: "reads give one write's value with another's version and deadline",
    };
    let engine = filled(make, 3);
    let writing = AtomicUsize::new(2);
    let write = || {
        for number in 0..1500 {
            engine.put(&key(number % 3), numbered(number));
            if number % 7 == 0 {
                engine.remove(&key(number % 3));
            }
        }
        writing.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    };
    let read = || {
        while writing.load(Ordering::SeqCst) > 0 {
            reads(engine.as_ref()).iter().try_for_each(whole)?;
        }
        Ok(())
    };
    law.in_parallel(&[&write, &write, &read, &read]);
}

/// The records that every way of reading gives at this moment.
fn reads(engine: &dyn StorageEngine) -> Vec<Record> {
    let mut records: Vec<_> = (0..3).filter_map(|number| engine.get(&key(number))).collect();
    records.extend(engine.fetch_entries(&IterationCursor::start(), 9).items.into_iter().map(|it| it.1));
    records.extend(engine.random_samples(2).into_iter().map(|it| it.1));
    records.extend(engine.snapshot_iter().into_iter().map(|it| it.1));
    records
}

fn whole(record: &Record) -> Verdict {
    same("a record read while others were written", record, &numbered(record.metadata.version))
}

/// "`put` returns the record it replaced", and "is atomic": each record that was put is handed
/// over once, to the put or remove that ended it.
pub fn concurrent_puts_hand_over_each_record_once(make: &MakeEngine<'_>) {
    let law = Law {
        name: "concurrent_puts_hand_over_each_record_once",
        says: "Each single-key operation is atomic [...] `put` returns the record it replaced",
        loss: "of two writes at once one vanishes untold, and observers lose track",
    };
    const EACH: u32 = 1000;
    let engine = make();
    let ended = Mutex::new(Vec::new());
    let end = |record: Option<Record>| ended.lock().extend(record.map(|it| it.metadata.version));
    let put = |first: u32| {
        for number in first..first + EACH {
            end(engine.put("key", numbered(number)));
            if number % 5 == 0 {
                end(engine.remove("key"));
            }
        }
        Ok(())
    };
    law.in_parallel(&[&|| put(0), &|| put(EACH), &|| put(2 * EACH)]);
    end(engine.remove("key"));
    let mut ended = ended.into_inner();
    ended.sort_unstable();
    let expected: Vec<u32> = (0..3 * EACH).collect();
    let wrong = ended.iter().zip(&expected).find(|(found, expected)| found != expected);
    law.holds(ended == expected, || {
        format!(
            "of {} records put, {} were handed over; the first that differs: {wrong:?}",
            3 * EACH,
            ended.len()
        )
    });
}

/// "yields each key that was there throughout at least once, whatever else is inserted or
/// removed meanwhile", by other threads.
pub fn concurrent_walks_skip_no_key_that_stays(make: &MakeEngine<'_>) {
    let law = Law {
        name: "concurrent_walks_skip_no_key_that_stays",
        says: "whatever else is inserted or removed meanwhile",
        loss: "a sweep of a busy store leaves expired records behind",
    };
    let engine = filled(make, 100);
    let walking = AtomicUsize::new(1);
    let churn = || {
        let mut number = 0;
        while walking.load(Ordering::SeqCst) > 0 {
            number = (number + 1) % 1_000_000;
            let other = format!("churn {}", number % 100);
            engine.put(&other, numbered(number));
            engine.remove(&format!("churn {}", number * 7 % 100));
            std::thread::yield_now();
        }
        Ok(())
    };
    let walks = || {
        let verdict = (0..20).try_for_each(|round| walk_once(engine.as_ref(), round % 5 + 3));
        walking.fetch_sub(1, Ordering::SeqCst);
        verdict
    };
    law.in_parallel(&[&churn, &churn, &walks]);
}

fn walk_once(engine: &dyn StorageEngine, size: usize) -> Verdict {
    let pause = |_: &[String]| {
        std::thread::yield_now();
        Ok(())
    };
    let seen: BTreeSet<_> = walk(|cursor| engine.fetch_keys(cursor, size), pause)?.into_iter().collect();
    let missed: Vec<_> = keys(100).into_iter().filter(|key| !seen.contains(key)).collect();
    same(&format!("what a walk by {size} skips while others come and go"), &missed, &Vec::new())
}

/// "both are exact when no operation is running", also after operations at the same time.
pub fn counts_are_exact_at_rest(make: &MakeEngine<'_>) {
    let law = Law {
        name: "counts_are_exact_at_rest",
        says: "both are exact when no operation is running",
        loss: "limits on records and memory drift with load and never recover",
    };
    let engine = make();
    let work = |seed: u32| {
        for round in 0..1500_u32 {
            let number = round.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 7;
            engine.put(&key(number % 20), numbered(number % 1000));
            if number % 3 == 0 {
                engine.remove(&key((number >> 5) % 20));
            }
        }
        Ok(())
    };
    law.in_parallel(&[&|| work(1), &|| work(2), &|| work(3), &|| work(4)]);
    let there = engine.snapshot_iter();
    let cost = there.iter().map(|(_, record)| record.metadata.cost).sum();
    law.same("len and cost at rest", (engine.len(), engine.estimated_cost()), (there.len(), cost));
    for (key, record) in there {
        law.same(&format!("what removing {key:?} gives"), engine.remove(&key), Some(record));
    }
    law.same("len and cost when all is removed", (engine.len(), engine.estimated_cost()), (0, 0));
}
