//! Laws of writes.

use trilayer_core::ExpiryPolicy;

use super::MakeRecordStore;
use super::rig::{Client, CrdtMerge, Replication, over, settle};
use crate::laws::Law;
use crate::{Plan, lww, record};

/// The name, the partition and the data store that the maker was given, and an engine.
pub fn names_and_parts_are_those_given(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "names_and_parts_are_those_given",
        says: "The map's name. [...] The partition's number. [...] The data store.",
        loss: "one map's values are stored, and reported, as another's",
    };
    over(law).run(make, async move |rig| {
        law.same("name", rig.store.name(), "map");
        law.same("partition_id", rig.store.partition_id(), 7);
        rig.put("k", 1).await;
        law.same("what the data store has under that name", rig.stored("k"), Some(lww(1)));
        law.same("what the engine has", rig.resident("k"), Some(lww(1)));
        let loaded = rig.store.map_data_store().load("map", "k").await;
        law.same("what map_data_store() has", rig.done("load", loaded), Some(lww(1)));
    });
}

/// With a data store, and without one.
pub fn what_was_put_is_read(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "what_was_put_is_read",
        says: "What was put is read until it is put again or removed.",
        loss: "acknowledged writes are lost, or removed values come back",
    };
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            rig.finds("of an empty store", "k", None).await;
            for (number, key) in [(1, "k"), (2, ""), (3, "é"), (4, "k")] {
                rig.put(key, number).await;
                rig.finds("after put", key, Some(lww(number))).await;
            }
            rig.remove("k").await;
            rig.finds("after remove", "k", None).await;
            rig.finds("after another key was removed", "", Some(lww(2))).await;
            rig.put("k", 5).await;
            rig.finds("removed and put again", "k", Some(lww(5))).await;
        });
    }
}

/// Of every caller, and none where there is none.
pub fn old_values_are_returned(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "old_values_are_returned",
        says: "`put` and `remove` return the live value they end",
        loss: "a client that swaps or removes a value believes there was another, or none",
    };
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            law.same("what the first put returns", rig.put("k", 1).await, None);
            law.same("what the second put returns", rig.put("k", 2).await, Some(lww(1)));
            rig.put_as("k", 3, Replication).await;
            law.same("what the fourth put returns", rig.put("k", 4).await, Some(lww(3)));
            law.same("what remove returns", rig.remove("k").await, Some(lww(4)));
            law.same("what remove of a missing key returns", rig.remove("k").await, None);
            law.same("what a put after a remove returns", rig.put("k", 5).await, None);
        });
    }
}

/// Evicted, or never in memory.
pub fn old_values_come_from_the_data_store_too(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "old_values_come_from_the_data_store_too",
        says: "to callers that persist, also one that only the data store has",
        loss: "whether a write found something depends on what happens to be in memory",
    };
    over(law).run(make, async move |rig| {
        rig.store_behind("put", 1);
        rig.store_behind("remove", 2);
        law.same("what put over a stored value returns", rig.put("put", 3).await, Some(lww(1)));
        law.same("what remove of a stored value returns", rig.remove("remove").await, Some(lww(2)));
        law.same("what is left of it", rig.stored("remove"), None);
        rig.store.evict("put", false);
        law.same("what remove of an evicted value returns", rig.remove("put").await, Some(lww(3)));
    });
}

/// While the data store has not answered, nobody sees the new value.
pub fn the_data_store_comes_first(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "the_data_store_comes_first",
        says: "The data store comes first: memory changes and observers are told only after it said `Ok`.",
        loss: "others read, and act upon, a value that is then refused",
    };
    over(law).run(make, async move |rig| {
        rig.put("k", "old").await;
        rig.events.take();
        let gate = rig.gate("add", Plan::WorkAfter);
        let put = rig.spawn(async move |rig| rig.put("k", "new").await);
        gate.arrived(1).await;
        settle().await;
        law.same("memory before the data store said Ok", rig.resident("k"), Some(lww("old")));
        law.same("the events before the data store said Ok", rig.events.take().len(), 0);
        gate.open();
        rig.joined(put).await;
        law.same("memory after the data store said Ok", rig.resident("k"), Some(lww("new")));
        let gate = rig.gate("remove", Plan::WorkAfter);
        let remove = rig.spawn(async move |rig| rig.remove("k").await);
        gate.arrived(1).await;
        settle().await;
        law.same("memory before a remove reached the data store", rig.resident("k"), Some(lww("new")));
        gate.open();
        rig.joined(remove).await;
        law.same("memory after it", rig.resident("k"), None);
    });
}

/// Also the expiry that the refused write would have replaced.
pub fn refused_writes_change_nothing(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "refused_writes_change_nothing",
        says: "If it says `Err` the caller gets that; memory and expiry are as before, and no observer is told.",
        loss: "a failed write is there after all, until a restart takes it away",
    };
    over(law).run(make, async move |rig| {
        rig.put_for("k", "old", ExpiryPolicy::ttl(100)).await;
        rig.events.take();
        rig.data.script(|_| Plan::Fail("connection lost"));
        for (key, who) in [("k", Client), ("other", CrdtMerge)] {
            let outcomes = [
                rig.store.put(key, lww("new"), ExpiryPolicy::NEVER, who).await.map(drop),
                rig.store.remove(key, who).await.map(drop),
                rig.store.put_backup(key, record("new", 1), who).await,
                rig.store.remove_backup(key, who).await,
            ];
            for outcome in outcomes {
                let said = outcome.err().map(|error| format!("{error:#}")).unwrap_or_default();
                law.holds(said.contains("connection lost"), || {
                    format!("the data store's error came as {said:?}")
                });
            }
        }
        law.same("memory", (rig.resident("k"), rig.store.size()), (Some(lww("old")), 1));
        law.same("the events", rig.events.take(), Vec::new());
        rig.data.work();
        rig.finds("after writes failed", "k", Some(lww("old"))).await;
        rig.clock.advance(101);
        rig.finds("past its old deadline", "k", None).await;
    });
}

/// Of puts that replace; a key that comes new begins with version 1.
pub fn versions_count_up_and_hits_stay(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "versions_count_up_and_hits_stay",
        says: "A put makes the next version and keeps the hits.",
        loss: "who compares versions misses a change, and eviction forgets what is used most",
    };
    over(law).null().run(make, async move |rig| {
        for version in 1..4 {
            rig.put("k", version).await;
            rig.record("k", true).await;
            let found = rig.record("k", false).await.map(|record| record.metadata);
            let found = found.map(|metadata| (metadata.version, metadata.hits));
            law.same("version and hits", found, Some((version, version)));
        }
        rig.remove("k").await;
        rig.put("k", 9).await;
        let found = rig.record("k", false).await.map(|record| record.metadata);
        law.same("the version of a new key", found.map(|it| (it.version, it.hits)), Some((1, 0)));
    });
}

/// The sum of the records' own, more than nothing, less when something left.
pub fn costs_are_those_of_memory(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "costs_are_those_of_memory",
        says: "Estimated heap bytes of the keys and values in memory.",
        loss: "a limit on memory evicts too much, or lets memory run out",
    };
    over(law).run(make, async move |rig| {
        law.same("the cost of nothing", rig.store.owned_entry_cost(), 0);
        rig.put("small", 1).await;
        rig.put("large", "x".repeat(10_000).as_str()).await;
        rig.put_backup("backup", record("y".repeat(5_000).as_str(), 1), Replication).await;
        let sum = |rig: &super::rig::Rig| {
            let all = rig.store.storage().snapshot_iter();
            all.into_iter().map(|(_, record)| record.metadata.cost).sum::<u64>()
        };
        law.same("owned_entry_cost", rig.store.owned_entry_cost(), sum(&rig));
        law.holds(sum(&rig) > 15_000, || format!("15000 bytes of values cost {}", sum(&rig)));
        rig.store.evict("large", false);
        rig.remove("backup").await;
        law.holds(rig.store.owned_entry_cost() < 5_000, || {
            format!("what is left costs {}", rig.store.owned_entry_cost())
        });
        law.same("owned_entry_cost of what is left", rig.store.owned_entry_cost(), sum(&rig));
    });
}
