//! Laws of clear, reset and destroy.

use trilayer_core::{ExpiryPolicy, RecordStore};

use super::MakeRecordStore;
use super::rig::{Client, Rig, over};
use crate::laws::Law;
use crate::{EventKind, Plan, lww, record};

type End = fn(&dyn RecordStore);

async fn filled(rig: &Rig) {
    for number in 0..10 {
        rig.put(&format!("k{number}"), number).await;
    }
    rig.events.take();
}

/// And nothing is left in memory.
pub fn clear_says_how_much_there_was(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "clear_says_how_much_there_was",
        says: "Empties memory; returns how many records there were.",
        loss: "records of the time before a clear are read after it",
    };
    for setup in [over(law).null(), over(law)] {
        setup.run(make, async move |rig| {
            filled(&rig).await;
            law.same("what clear returns", rig.store.clear(false), 10);
            law.same("the size after clear", (rig.store.size(), rig.store.owned_entry_cost()), (0, 0));
            law.same("what clear of nothing returns", rig.store.clear(false), 0);
            rig.put("k1", "new").await;
            rig.finds("put after clear", "k1", Some(lww("new"))).await;
            rig.store.reset();
            law.same("the size after reset", rig.store.size(), 0);
        });
    }
}

/// Not one for each record.
pub fn ends_are_one_event_each(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "ends_are_one_event_each",
        says: "`clear`, `reset` and `destroy` are one event each.",
        loss: "an index that is cleared record by record is wrong in between, and slow",
    };
    let clear = |store: &dyn RecordStore| {
        store.clear(false);
    };
    let ends: [(End, EventKind); 3] = [
        (clear, EventKind::Clear),
        (|store| store.reset(), EventKind::Reset),
        (|store| store.destroy(), EventKind::Destroy),
    ];
    for (end, kind) in ends {
        over(law).run(make, async move |rig| {
            filled(&rig).await;
            end(rig.store.as_ref());
            law.same("the events", rig.events.take(), vec![(kind, String::new())]);
        });
    }
}

/// It is shared by all maps.
pub fn ends_leave_the_data_store_alone(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "ends_leave_the_data_store_alone",
        says: "They leave the data store alone and never call its `reset`.",
        loss: "clearing one cache loses what it stood for, or the queued writes of all maps",
    };
    over(law).run(make, async move |rig| {
        filled(&rig).await;
        let calls = rig.data.calls().len();
        rig.store.clear(false);
        rig.store.reset();
        law.same("the calls of the data store for clear and reset", rig.data.calls().len(), calls);
        rig.finds("after clear and reset", "k3", Some(lww(3))).await;
        rig.store.destroy();
        law.same("the resets of the data store", rig.data.count("reset"), 0);
        law.same("what the data store has after destroy", rig.stored("k3"), Some(lww(3)));
    });
}

/// Asynchronous ones say `Err`, others find and do nothing.
pub fn after_destroy_operations_are_errors(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "after_destroy_operations_are_errors",
        says: "After `destroy` every operation is an error; to destroy again does nothing",
        loss: "writes to a map that was dropped are acknowledged and lost",
    };
    over(law).run(make, async move |rig| {
        filled(&rig).await;
        rig.store.destroy();
        rig.store.destroy();
        law.same("the events of two destroys", rig.events.count(EventKind::Destroy), 1);
        let (store, calls) = (&rig.store, rig.data.calls().len());
        let outcomes = [
            ("put", store.put("k1", lww(9), ExpiryPolicy::NONE, Client).await.is_ok()),
            ("get", store.get("k1", true).await.is_ok()),
            ("get_all", store.get_all(&["k1".to_owned()]).await.is_ok()),
            ("remove", store.remove("k1", Client).await.is_ok()),
            ("put_backup", store.put_backup("k1", record(9, 1), Client).await.is_ok()),
            ("remove_backup", store.remove_backup("k1", Client).await.is_ok()),
            ("soft_flush", store.soft_flush().await.is_ok()),
        ];
        let ok: Vec<_> = outcomes.into_iter().filter(|(_, is_ok)| *is_ok).map(|(name, _)| name).collect();
        law.same("the operations that say Ok", ok, Vec::new());
        law.same("what they had the data store do", rig.data.calls().len(), calls);
        let found = (store.evict("k1", false), store.evict_all(false), store.clear(false), store.size());
        law.same("what evict, evict_all, clear and size find", found, (None, 0, 0, 0));
        store.evict_expired(100, i64::MAX, false);
        store.reset();
        law.same("all events after it", rig.events.events().len(), 1);
    });
}

/// And its waiters are told that the store is gone.
pub fn loads_under_way_install_nothing_after_destroy(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "loads_under_way_install_nothing_after_destroy",
        says: "a load under way installs nothing",
        loss: "memory of a map that was dropped fills again",
    };
    over(law).run(make, async move |rig| {
        rig.store_behind("k", 1);
        let gate = rig.gate("load", Plan::WorkThenWait);
        let get = rig.spawn(async move |rig| rig.store.get("k", false).await.is_ok());
        gate.arrived(1).await;
        rig.store.destroy();
        gate.open();
        law.same("whether the load under way says Ok", rig.joined(get).await, false);
        law.same("memory", (rig.resident("k"), rig.events.count(EventKind::Load)), (None, 0));
    });
}
