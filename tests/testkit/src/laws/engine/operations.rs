//! Laws of one operation at a time.

use std::collections::BTreeMap;

use trilayer_core::StorageEngine;

use super::MakeEngine;
use super::replay::{After, Operation, filled, numbered};
use crate::laws::Law;
use crate::laws::law::{Verdict, same};

/// "`put` returns the record it replaced".
pub fn put_returns_what_it_replaced(make: &MakeEngine<'_>) {
    let law = Law {
        name: "put_returns_what_it_replaced",
        says: "`put` returns the record it replaced",
        loss: "observers are told a wrong former value, and costs no longer add up",
    };
    law.after_each_step(make, |after| returned(after, Operation::Put));
}

/// "`remove` the record it removed".
pub fn remove_returns_what_it_removed(make: &MakeEngine<'_>) {
    let law = Law {
        name: "remove_returns_what_it_removed",
        says: "`remove` the record it removed",
        loss: "a remove that found something says it found nothing, or gives a stale value",
    };
    law.after_each_step(make, |after| returned(after, Operation::Remove));
}

fn returned(after: &After<'_>, operation: Operation) -> Verdict {
    if after.operation != operation {
        return Ok(());
    }
    let what = format!("what {operation:?} of {:?} returned", after.key);
    same(&what, &after.returned, &after.expected)
}

/// "`get` \[returns\] a copy" of the record, metadata included.
pub fn get_returns_a_copy(make: &MakeEngine<'_>) {
    let law = Law {
        name: "get_returns_a_copy",
        says: "`get` a copy",
        loss: "reads give values that were never written, or lose hits, versions and deadlines",
    };
    law.after_each_step(make, |after| {
        let found = after.engine.get(after.key);
        same(&format!("get of {:?}", after.key), &found, &after.model.get(after.key).cloned())
    });
    let engine = filled(make, 1);
    let copy = engine.get("key 0");
    engine.put("key 0", numbered(9));
    engine.remove("key 0");
    law.same("a copy made before its key was overwritten and removed", copy, Some(numbered(0)));
}

/// "Whether there is a record under `key`."
pub fn contains_key_says_whether_there_is_a_record(make: &MakeEngine<'_>) {
    let law = Law {
        name: "contains_key_says_whether_there_is_a_record",
        says: "Whether there is a record under `key`.",
        loss: "a store asked whether a key is in memory answers wrongly",
    };
    law.after_each_step(make, |after| {
        let found = after.engine.contains_key(after.key);
        same(&format!("contains_key of {:?}", after.key), &found, &after.model.contains_key(after.key))
    });
}

/// "`len` counts the keys"; exact "when no operation is running".
pub fn len_counts_the_keys(make: &MakeEngine<'_>) {
    let law = Law {
        name: "len_counts_the_keys",
        says: "`len` counts the keys",
        loss: "a limit on the number of records evicts too much or never",
    };
    law.after_each_step(make, |after| same("len", &after.engine.len(), &after.model.len()));
}

/// "Whether there are none."
pub fn is_empty_says_whether_there_are_none(make: &MakeEngine<'_>) {
    let law = Law {
        name: "is_empty_says_whether_there_are_none",
        says: "Whether there are none.",
        loss: "a full store is taken for an empty one, or the other way round",
    };
    law.same("is_empty of a new engine", make().is_empty(), true);
    law.after_each_step(make, |after| same("is_empty", &after.engine.is_empty(), &after.model.is_empty()));
}

/// "`estimated_cost` is the sum of their `metadata.cost`"; exact "when no operation is running".
pub fn estimated_cost_is_the_sum_of_costs(make: &MakeEngine<'_>) {
    let law = Law {
        name: "estimated_cost_is_the_sum_of_costs",
        says: "`estimated_cost` is the sum of their `metadata.cost`",
        loss: "a limit on memory evicts too much or lets memory run out",
    };
    law.after_each_step(make, |after| {
        let sum = after.model.values().map(|record| record.metadata.cost).sum();
        same("estimated_cost", &after.engine.estimated_cost(), &sum)
    });
}

/// "`clear` removes everything".
pub fn clear_removes_everything(make: &MakeEngine<'_>) {
    let law = Law {
        name: "clear_removes_everything",
        says: "`clear` removes everything",
        loss: "records of the time before a clear or reset are read after it",
    };
    let engine = filled(make, 100);
    engine.clear();
    nothing_left(law, engine.as_ref(), 100);
    engine.put("key 0", numbered(7));
    law.same("a record put after a clear", engine.get("key 0"), Some(numbered(7)));
}

/// "so does `destroy`, after which the engine is not used again".
pub fn destroy_removes_everything(make: &MakeEngine<'_>) {
    let law = Law {
        name: "destroy_removes_everything",
        says: "so does `destroy`, after which the engine is not used again",
        loss: "memory of a store that is gone is never given back",
    };
    let engine = filled(make, 100);
    engine.destroy();
    nothing_left(law, engine.as_ref(), 100);
}

fn nothing_left(law: Law, engine: &dyn StorageEngine, len: u32) {
    law.same("len and cost afterwards", (engine.len(), engine.estimated_cost()), (0, 0));
    law.same("is_empty afterwards", engine.is_empty(), true);
    for key in super::replay::keys(len) {
        law.same(&format!("get of {key:?} afterwards"), engine.get(&key), None);
    }
    law.same("the snapshot afterwards", engine.snapshot_iter(), Vec::new());
}

/// "A copy of all entries."
pub fn snapshots_are_all_entries(make: &MakeEngine<'_>) {
    let law = Law {
        name: "snapshots_are_all_entries",
        says: "A copy of all entries.",
        loss: "backups, flushes and exports of a whole store miss records or double them",
    };
    law.after_each_step(make, |after| {
        let mut found = after.engine.snapshot_iter();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected: Vec<_> = after.model.clone().into_iter().collect();
        same("the snapshot", &found, &expected)
    });
}

/// "Keeps records in memory, by key": the empty text, long texts and texts of any script
/// are keys, each its own.
pub fn any_text_is_a_key(make: &MakeEngine<'_>) {
    let law = Law {
        name: "any_text_is_a_key",
        says: "Any text is a key",
        loss: "two keys share a record, or a key that the rest of the system allows cannot be kept",
    };
    let long = "x".repeat(1 << 20);
    let mut keys = vec![String::new(), "\0".into(), "\0\0".into(), "é".into(), "e\u{301}".into()];
    keys.extend(["𝄞", "مفتاح", "a/b", " a", "a", "A", "a "].map(String::from));
    keys.extend([format!("{long}1"), format!("{long}2"), long]);
    let engine = make();
    let keys: BTreeMap<String, u32> = keys.into_iter().zip(0..).collect();
    for (key, number) in &keys {
        law.same("what the first put of a key replaced", engine.put(key, numbered(*number)), None);
    }
    law.same("len", engine.len(), keys.len());
    for (key, number) in keys {
        law.same("a record under an unusual key", engine.get(&key), Some(numbered(number)));
        law.same("the record removed from there", engine.remove(&key), Some(numbered(number)));
    }
}
