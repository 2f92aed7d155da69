//! Laws of eviction.

use super::MakeRecordStore;
use super::rig::{Backup, Replication, START, over};
use crate::laws::Law;
use crate::{EventKind, Plan, lww, record};

/// And the data store is not told of evictions.
pub fn evicted_records_come_back(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "evicted_records_come_back",
        says: "Eviction is not deletion: what was evicted comes back with the next read",
        loss: "a cache that is full loses data",
    };
    over(law).run(make, async move |rig| {
        rig.put("k", 1).await;
        rig.put("l", 2).await;
        rig.store.evict("k", false);
        law.same("memory after evict", rig.resident("k"), None);
        law.same("the data store after evict", rig.stored("k"), Some(lww(1)));
        rig.finds("after it was evicted", "k", Some(lww(1))).await;
        rig.store.evict_all(false);
        law.same("the size after evict_all", rig.store.size(), 0);
        law.same("get_all after evict_all", rig.get_all(&["k", "l"]).await.len(), 2);
        law.same("what the data store was told", rig.data.count("remove") + rig.data.count("remove_all"), 0);
    });
}

/// A write that was acknowledged counts, whether or not it was persisted.
pub fn unpersisted_values_survive_eviction(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "unpersisted_values_survive_eviction",
        says: "what was evicted comes back with the next read, also what was never persisted",
        loss: "a replica that evicts loses writes that nobody else has",
    };
    over(law).run(make, async move |rig| {
        rig.put("k", "old").await;
        rig.put_as("k", "new", Replication).await;
        rig.put_backup("b", record("backup", START), Backup).await;
        rig.put_as("gone", 1, Replication).await;
        rig.store.evict_all(false);
        rig.remove_as("gone", Replication).await;
        law.same("memory after evict_all", rig.store.size(), 0);
        rig.finds("after it was evicted", "k", Some(lww("new"))).await;
        rig.finds("after it was evicted", "b", Some(lww("backup"))).await;
        rig.finds("after it was evicted and removed", "gone", None).await;
    });
}

/// And what was removed without telling the data store is removed from it.
pub fn soft_flush_persists_what_was_evicted(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "soft_flush_persists_what_was_evicted",
        says: "`soft_flush` persists what was evicted before it was persisted.",
        loss: "values that only a replica has are gone after a restart",
    };
    over(law).run(make, async move |rig| {
        rig.put("removed", 1).await;
        rig.put("k", "old").await;
        rig.put_as("k", "new", Replication).await;
        rig.remove_as("removed", Replication).await;
        rig.store.evict_all(false);
        rig.soft_flush().await;
        law.same(
            "the data store after soft_flush",
            (rig.stored("k"), rig.stored("removed")),
            (Some(lww("new")), None),
        );
        rig.finds("after it was flushed", "k", Some(lww("new"))).await;
    });
}

/// A flush that fails says so, and the next one makes up for it.
pub fn failed_flushes_lose_nothing(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "failed_flushes_lose_nothing",
        says: "When the data store fails; what it did not take stays for the next flush.",
        loss: "a data store that is down for a moment costs data for good",
    };
    over(law).run(make, async move |rig| {
        rig.put_as("k", 1, Replication).await;
        rig.store.evict("k", false);
        rig.data.script(|_| Plan::Fail("disk full"));
        law.same("whether a flush that fails says Ok", rig.store.soft_flush().await.is_ok(), false);
        rig.data.work();
        rig.soft_flush().await;
        law.same("the data store after the next flush", rig.stored("k"), Some(lww(1)));
    });
}

/// The value, or how many, and one event each.
pub fn evictions_say_what_left(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "evictions_say_what_left",
        says: "Drops a record from memory only; returns its value. [...] Drops every record from memory only; returns how many.",
        loss: "an operator who frees memory is told a wrong amount",
    };
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            for number in 0..10 {
                rig.put(&format!("k{number}"), number).await;
            }
            law.same("what evict returns", rig.store.evict("k3", false), Some(lww(3)));
            law.same("what evict of a missing key returns", rig.store.evict("k3", false), None);
            law.same("what evict_all returns", rig.store.evict_all(false), 9);
            law.same("what evict_all of nothing returns", rig.store.evict_all(false), 0);
            law.same("the evictions told", rig.events.count(EventKind::Evict), 10);
        });
    }
}

/// By puts, by loads and by many callers at once.
pub fn the_bound_holds(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "the_bound_holds",
        says: "With a bound, no insert leaves more records in memory than that",
        loss: "a cache grows until memory runs out",
    };
    for setup in [over(law).bound(10), over(law).null().bound(10)] {
        setup.run(make, async move |rig| {
            for number in 0..9 {
                rig.put(&format!("k{number}"), number).await;
            }
            law.same("should_evict below the bound", rig.store.should_evict(), false);
            for number in 9..100 {
                rig.put(&format!("k{number}"), number).await;
                law.holds(rig.store.size() <= 10, || {
                    format!("{} records where 10 are allowed", rig.store.size())
                });
            }
            law.same("should_evict at the bound", rig.store.should_evict(), true);
            for number in 0..100 {
                rig.get(&format!("k{number}")).await;
                law.holds(rig.store.size() <= 10, || format!("{} records after loads", rig.store.size()));
            }
        });
    }
    let rig = over(law).bound(10).made(make);
    rig.in_parallel(4, async |rig, task| {
        for number in 0..200 {
            rig.put(&format!("{task}/{number}"), number).await;
        }
    });
    law.holds(rig.store.size() <= 10, || format!("{} records after puts at once", rig.store.size()));
}

/// Even with a bound of one; and what is not persisted stays, though the bound gives way.
pub fn what_was_just_written_stays(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "what_was_just_written_stays",
        says: "With a bound, no insert leaves more records in memory than that, and what was just written stays.",
        loss: "a full cache keeps the old and never the new",
    };
    for setup in [over(law).bound(1), over(law).null().bound(1), over(law).bound(3)] {
        setup.run(make, async move |rig| {
            for number in 0..30 {
                let key = format!("k{number}");
                rig.put(&key, number).await;
                law.same(&format!("memory right after {key} was put"), rig.resident(&key), Some(lww(number)));
            }
        });
    }
}
