//! Laws of what observers are told.

use std::collections::BTreeMap;
use std::panic::panic_any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use trilayer_core::{ExpiryPolicy, RecordStore};

use super::MakeRecordStore;
use super::rig::{Backup, Client, Replication, Rig, START, over, poll_once};
use crate::laws::Law;
use crate::observing::OnWrite;
use crate::{Event, EventKind, lww, record};

/// And what changes nothing is not.
pub fn commits_are_told_once(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "commits_are_told_once",
        says: "Each commit is told once, in order of registration, with the exact values; a change that \
               changes nothing is not told.",
        loss: "counts, indexes and replicas are wrong",
    };
    over(law).run(make, async move |rig| {
        rig.put("k", 1).await;
        rig.put("k", 2).await;
        rig.store.evict("k", false);
        rig.store.evict("k", false);
        rig.get("k").await;
        rig.get("missing").await;
        rig.remove("k").await;
        rig.remove("k").await;
        rig.put_backup("k", record(1, START), Backup).await;
        rig.store.clear(false);
        use EventKind::{Clear, Evict, Load, Put, Remove, Update};
        let kinds: Vec<_> = rig.events.take().into_iter().map(|(kind, _)| kind).collect();
        law.same("the events", kinds, vec![Put, Update, Evict, Load, Remove, Put, Clear]);
    });
}

/// The record that came or left, and its predecessor.
pub fn events_tell_the_exact_values(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "events_tell_the_exact_values",
        says: "Each commit is told once, in order of registration, with the exact values",
        loss: "indexes by value keep entries of values that are gone",
    };
    over(law).run(make, async move |rig| {
        rig.store_behind("stored", 7);
        rig.put("k", 1).await;
        rig.put("k", 2).await;
        rig.remove("k").await;
        rig.put("stored", 8).await;
        let seen = |event: Event| (event.kind, event.record.map(|record| record.value), event.old);
        let seen: Vec<_> = rig.events.events().into_iter().map(seen).collect();
        let expected = vec![
            (EventKind::Put, Some(lww(1)), None),
            (EventKind::Update, Some(lww(2)), Some(lww(1))),
            (EventKind::Remove, Some(lww(2)), None),
            (EventKind::Put, Some(lww(8)), Some(lww(7))),
        ];
        law.same("the events with their records and old values", seen, expected);
    });
}

/// Those that come first may be what later ones look at.
pub fn observers_are_told_in_order_of_registration(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "observers_are_told_in_order_of_registration",
        says: "Each commit is told once, in order of registration",
        loss: "an observer that builds on another's work sees the state before",
    };
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut setup = over(law);
    for number in 0..3 {
        let order = Arc::clone(&order);
        setup = setup.observer(Arc::new(OnWrite(move |_: &str| order.lock().push(number))));
    }
    setup.run(make, async move |rig| {
        rig.put("k", 1).await;
        rig.put("k", 2).await;
        law.same("who was told", order.lock().clone(), vec![0, 1, 2, 0, 1, 2]);
        law.same("how often the fourth was told", rig.events.events().len(), 2);
    });
}

/// Whatever is done at the same time.
pub fn replaying_the_events_rebuilds_memory(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "replaying_the_events_rebuilds_memory",
        says: "Replaying the events rebuilds memory.",
        loss: "indexes and replicas drift away from the map under load",
    };
    for setup in [over(law), over(law).null(), over(law).bound(8), over(law).null().bound(8)] {
        let rig = setup.made(make);
        rig.in_parallel(4, async |rig, task| {
            for round in 0..300_u32 {
                // Mixes keys and operations, the same way every time.
                let random = (round * 4 + task).wrapping_mul(2_654_435_761) >> 16;
                act(&rig, &format!("k{}", random % 16), random / 16 % 8, round).await;
            }
        });
        let all = rig.store.storage().snapshot_iter();
        let memory: BTreeMap<_, _> = all.into_iter().map(|(key, record)| (key, record.value)).collect();
        law.same("what the events rebuild", rig.events.replay(), memory);
    }
}

async fn act(rig: &Rig, key: &str, operation: u32, value: u32) {
    match operation {
        0..3 => drop(rig.put(key, value).await),
        3 => rig.put_as(key, value, Replication).await,
        4 => drop(rig.remove(key).await),
        5 => drop(rig.store.evict(key, false)),
        6 => rig.put_backup(key, record(value, START), Backup).await,
        _ => drop(rig.record(key, true).await),
    }
}

/// Nor to those told after it.
pub fn panicking_observers_do_no_harm(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "panicking_observers_do_no_harm",
        says: "An observer that panics does no harm to the others and to the operation.",
        loss: "a bug in an index stops the map",
    };
    over(law).observer(Arc::new(OnWrite(|_: &str| panic_any("observer bug")))).run(make, async move |rig| {
        let puts = rig.spawn(async move |rig| (rig.put("k", 1).await, rig.put("k", 2).await));
        match puts.await {
            Ok(old) => law.same("what the puts return", old, (None, Some(lww(1)))),
            Err(error) => law.broken(&format!("a put whose observer panics ends so: {error}")),
        }
        law.same("the events of the next observer", rig.events.events().len(), 2);
        rig.finds("after its observer panicked", "k", Some(lww(2))).await;
    });
}

/// What `refuses_observers_that_write` declares.
pub fn observers_that_write_are_refused(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "observers_that_write_are_refused",
        says: "An observer that changes its own store is refused with an error, and does not deadlock.",
        loss: "one careless observer stops the map for ever",
    };
    let store: Arc<OnceLock<Weak<dyn RecordStore>>> = Arc::default();
    let refused = Arc::new(AtomicU32::new(0));
    let observer = {
        let (store, refused) = (Arc::clone(&store), Arc::clone(&refused));
        Arc::new(OnWrite(move |key: &str| {
            let Some(store) = store.get().and_then(Weak::upgrade) else { return };
            for other in [key, "another key"] {
                let put = store.put(other, lww(9), ExpiryPolicy::NONE, Client);
                let remove = store.remove(other, Replication);
                let refusals = [is_refused(put), is_refused(remove), store.evict(other, false).is_none()];
                refused.fetch_add(refusals.into_iter().map(u32::from).sum(), Ordering::SeqCst);
            }
        }))
    };
    let rig = over(law).observer(observer).made(make);
    law.holds(store.set(Arc::downgrade(&rig.store)).is_ok(), || "the store is set twice".to_owned());
    rig.run(async move |rig| {
        rig.put("k", 1).await;
        law.same("how many of 6 changes by an observer are refused", refused.load(Ordering::SeqCst), 6);
        rig.finds("after its observer tried to change it", "k", Some(lww(1))).await;
        law.same("the events", rig.events.events().len(), 1);
    });
}

fn is_refused<T>(operation: impl Future<Output = anyhow::Result<T>>) -> bool {
    matches!(poll_once(std::pin::pin!(operation)), std::task::Poll::Ready(Err(_)))
}
