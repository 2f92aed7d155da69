//! Laws of the atomic update, and of what an engine declares.

use std::cell::Cell;

use trilayer_core::{AtomicUpdate, StorageEngine};

use super::MakeEngine;
use super::replay::{filled, numbered};
use crate::laws::Law;

/// "The engine's atomic update, if it has one": there is one if and only if `atomic_update` is
/// among the capabilities declared to the macro.
pub fn capabilities_are_those_declared(make: &MakeEngine<'_>, declared: &[&str]) {
    let law = Law {
        name: "capabilities_are_those_declared",
        says: "The engine's atomic update, if it has one.",
        loss: "the laws of a capability are not checked, or each read pays for a lock it need not take",
    };
    let declares = declared.contains(&"atomic_update");
    law.same("whether atomic_update() is Some", make().atomic_update().is_some(), declares);
}

fn updater(law: Law, engine: &dyn StorageEngine) -> &dyn AtomicUpdate {
    engine.atomic_update().unwrap_or_else(|| {
        law.broken("the engine declares `atomic_update`, but atomic_update() is None");
    })
}

/// "Applies `change` to the metadata under `key` and returns a copy of the changed record";
/// "`change` is called once if the key is there, else not at all".
pub fn updates_change_what_is_there(make: &MakeEngine<'_>) {
    let law = Law {
        name: "updates_change_what_is_there",
        says: "Applies `change` to the metadata under `key` and returns a copy of the changed record. [...] `change` is called once if the key is there, else not at all",
        loss: "hits are counted twice or not at all, so eviction picks the wrong records",
    };
    let engine = filled(make, 3);
    let calls = Cell::new(0);
    let mut hit = |metadata: &mut trilayer_core::RecordMetadata| {
        calls.set(calls.get() + 1);
        metadata.on_access(77);
    };
    let updated = updater(law, engine.as_ref()).update_metadata("key 1", &mut hit);
    law.same("the calls of `change` for a key that is there", calls.get(), 1);
    let mut expected = numbered(1);
    expected.metadata.on_access(77);
    law.same("what update_metadata returned", updated, Some(expected.clone()));
    law.same("get after update_metadata", engine.get("key 1"), Some(expected));
    law.same("another key's record", engine.get("key 2"), Some(numbered(2)));
    let missing = updater(law, engine.as_ref()).update_metadata("missing", &mut hit);
    law.same("what update_metadata of a missing key returned", missing, None);
    law.same("the calls of `change` for a missing key", calls.get() - 1, 0);
    law.same("contains_key of the missing key", engine.contains_key("missing"), false);
}

/// "`estimated_cost` is the sum of their `metadata.cost`", also after an update changed a cost.
pub fn updates_keep_the_cost_exact(make: &MakeEngine<'_>) {
    let law = Law {
        name: "updates_keep_the_cost_exact",
        says: "`estimated_cost` is the sum of their `metadata.cost`",
        loss: "a limit on memory drifts away from the memory there is",
    };
    let engine = filled(make, 3);
    for cost in [1000, 5, 0] {
        updater(law, engine.as_ref()).update_metadata("key 1", &mut |metadata| metadata.cost = cost);
        law.same("estimated_cost after an update", engine.estimated_cost(), cost + 2);
    }
}

/// "Atomic with respect to every other operation on the key".
pub fn updates_lose_no_increment(make: &MakeEngine<'_>) {
    const EACH: u32 = 2000;
    let law = Law {
        name: "updates_lose_no_increment",
        says: "Atomic with respect to every other operation on the key",
        loss: "hits of reads at the same time are lost, so eviction picks the wrong records",
    };
    let engine = filled(make, 1);
    let count = || {
        let update = updater(law, engine.as_ref());
        for _ in 0..EACH {
            update.update_metadata("key 0", &mut |metadata| metadata.hits += 1);
        }
        Ok(())
    };
    law.in_parallel(&[&count, &count, &count, &count]);
    let hits = engine.get("key 0").map(|record| record.metadata.hits);
    law.same("the hits after four threads counted at once", hits, Some(4 * EACH));
}
