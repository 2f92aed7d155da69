//! Laws of loads.

use super::MakeRecordStore;
use super::rig::{Backup, Client, Replication, over, settle};
use crate::laws::Law;
use crate::{EventKind, Gate, Plan, lww};

/// With one event, and without being written again.
pub fn misses_are_loaded(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "misses_are_loaded",
        says: "A miss is loaded, and is in memory from then on, as persisted.",
        loss: "after a restart the map is empty, or everything read is written again",
    };
    over(law).run(make, async move |rig| {
        rig.store_behind("k", "stored");
        let found = rig.record("k", false).await;
        law.same("what get finds", found.as_ref().map(|record| record.value.clone()), Some(lww("stored")));
        law.same("whether it is dirty", found.map(|record| record.metadata.is_dirty()), Some(false));
        law.same("memory", rig.resident("k"), Some(lww("stored")));
        law.same("the events", rig.events.take(), vec![(EventKind::Load, "k".to_owned())]);
        rig.finds("loaded before", "k", Some(lww("stored"))).await;
        rig.finds("that is nowhere", "missing", None).await;
        law.same("the loads", rig.data.count("load"), 2);
        rig.data.stop_loading();
        rig.store_behind("other", 1);
        rig.finds("that may not be loaded", "other", None).await;
    });
}

/// Also of what is nowhere.
pub fn one_load_answers_all(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "one_load_answers_all",
        says: "However many callers miss a key at once, one load answers them all.",
        loss: "a popular key that expires floods the data store",
    };
    over(law).run(make, async move |rig| {
        for (key, expected) in [("stored", Some(lww(1))), ("missing", None)] {
            rig.data.insert("map", "stored", lww(1), 0);
            let before = rig.data.count("load");
            let gate = rig.gate("load", Plan::WorkAfter);
            let gets: Vec<_> = (0..20).map(|_| rig.spawn(async move |rig| rig.get(key).await)).collect();
            settle().await;
            gate.open();
            for get in gets {
                law.same("what one of 20 callers finds", rig.joined(get).await, expected.clone());
            }
            law.same(&format!("the loads of {key:?} for 20 callers"), rig.data.count("load") - before, 1);
        }
        law.same("the loads told", rig.events.count(EventKind::Load), 1);
    });
}

/// The next caller tries again.
pub fn a_failing_load_reaches_every_waiter(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "a_failing_load_reaches_every_waiter",
        says: "A load that fails installs nothing, and every caller who waits for it gets the error.",
        loss: "a data store that is down looks like one that is empty",
    };
    over(law).run(make, async move |rig| {
        rig.store_behind("k", 1);
        let gate = rig.gate("load", |gate| Plan::FailAfter(gate, "connection lost"));
        let gets: Vec<_> =
            (0..5).map(|_| rig.spawn(async move |rig| rig.store.get("k", false).await)).collect();
        settle().await;
        gate.open();
        for get in gets {
            let said = rig.joined(get).await.err().map(|error| format!("{error:#}")).unwrap_or_default();
            law.holds(said.contains("connection lost"), || {
                format!("the data store's error came as {said:?}")
            });
        }
        law.same("what was installed", (rig.store.size(), rig.events.take()), (0, Vec::new()));
        rig.data.plan("load_all", Plan::Fail("still lost"));
        let keys = ["k".to_owned(), "l".to_owned()];
        law.same("whether get_all says Ok", rig.store.get_all(&keys).await.is_ok(), false);
        rig.data.work();
        rig.finds("after the data store came back", "k", Some(lww(1))).await;
    });
}

/// By a client who waits for the load, or by another who does not.
pub fn late_loads_overwrite_nothing(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "late_loads_overwrite_nothing",
        says: "A load that ends late neither overwrites a newer write nor revives a removed key.",
        loss: "an acknowledged write is replaced by an older value",
    };
    for who in [Client, Replication, Backup] {
        over(law).run(make, async move |rig| {
            rig.store_behind("k", "stale");
            let gate = rig.gate("load", Plan::WorkThenWait);
            let get = rig.spawn(async move |rig| rig.get("k").await);
            gate.arrived(1).await;
            let put = rig.spawn(async move |rig| rig.put_as("k", "new", who).await);
            settle().await;
            gate.open();
            rig.joined(put).await;
            rig.joined(get).await;
            law.same(&format!("memory after a put by {who:?}"), rig.resident("k"), Some(lww("new")));
        });
    }
}

/// Removed while its old value was on its way.
pub fn late_loads_revive_nothing(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "late_loads_revive_nothing",
        says: "A load that ends late neither overwrites a newer write nor revives a removed key.",
        loss: "removed values come back",
    };
    for who in [Client, Replication, Backup] {
        over(law).run(make, async move |rig| {
            rig.store_behind("k", "stale");
            let gate: Gate = rig.gate("load", Plan::WorkThenWait);
            let get = rig.spawn(async move |rig| rig.get("k").await);
            gate.arrived(1).await;
            let remove = rig.spawn(async move |rig| rig.remove_as("k", who).await);
            settle().await;
            gate.open();
            rig.joined(remove).await;
            rig.joined(get).await;
            rig.data.work();
            law.same(&format!("memory after a removal by {who:?}"), rig.resident("k"), None);
            rig.finds("after it was removed", "k", None).await;
        });
    }
}
