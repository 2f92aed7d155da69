//! Laws of callers who leave.

use std::pin::Pin;
use std::sync::Arc;

use trilayer_core::{ExpiryPolicy, RecordStore};

use super::MakeRecordStore;
use super::rig::{Client, over, poll_once, settle};
use crate::laws::Law;
use crate::{Gate, Plan, lww, record};

type Operation = Pin<Box<dyn Future<Output = ()>>>;

/// An operation of the store's that is about to change `k` from `before` to `after`.
fn begun(store: Arc<dyn RecordStore>, operation: &'static str) -> Operation {
    Box::pin(async move {
        match operation {
            "put" => drop(store.put("k", lww("after"), ExpiryPolicy::NONE, Client).await),
            "remove" => drop(store.remove("k", Client).await),
            "put_backup" => drop(store.put_backup("k", record("after", 1), Client).await),
            _ => drop(store.remove_backup("k", Client).await),
        }
    })
}

/// Dropped after every number of polls, before and after the data store answers.
pub fn dropped_writes_are_whole_or_not_at_all(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "dropped_writes_are_whole_or_not_at_all",
        says: "A dropped future means \"not started\" or \"ran to its end\", never half.",
        loss: "a request that times out leaves memory and data store different",
    };
    let calls = [
        ("put", "add"),
        ("remove", "remove"),
        ("put_backup", "add_backup"),
        ("remove_backup", "remove_backup"),
    ];
    let waits: [fn(Gate) -> Plan; 2] = [Plan::WorkAfter, Plan::WorkThenWait];
    for (operation, call) in calls {
        for (polls, wait) in (0..6).flat_map(|polls| waits.map(|wait| (polls, wait))) {
            over(law).run(make, async move |rig| {
                rig.put("k", "before").await;
                rig.events.take();
                let gate = rig.gate(call, wait);
                let mut dropped = begun(Arc::clone(&rig.store), operation);
                for poll in 0..polls {
                    if poll == 3 {
                        gate.open();
                    }
                    if poll_once(dropped.as_mut()).is_ready() {
                        break;
                    }
                    settle().await;
                }
                drop(dropped);
                gate.open();
                settle().await;
                rig.data.work();
                let when = format!("a {operation} dropped after {polls} polls");
                law.same(
                    &format!("memory, and the data store, after {when}"),
                    rig.resident("k"),
                    rig.stored("k"),
                );
                let happened = rig.resident("k") != Some(lww("before"));
                law.same(&format!("the events of {when}"), rig.events.take().len(), usize::from(happened));
                law.holds(!happened || polls > 0, || {
                    "a future that was never polled did something".to_owned()
                });
            });
        }
    }
}

/// The one whose call it is leaves; others wait for the same load.
pub fn dropped_loads_answer_the_others(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "dropped_loads_answer_the_others",
        says: "A caller who is gone holds up nobody.",
        loss: "one client that hangs up fails the requests of others",
    };
    over(law).run(make, async move |rig| {
        rig.store_behind("k", 1);
        let gate = rig.gate("load", Plan::WorkAfter);
        let store = Arc::clone(&rig.store);
        let mut first = store.get("k", false);
        law.holds(poll_once(first.as_mut()).is_pending(), || {
            "a load does not wait for the data store".to_owned()
        });
        let second = rig.spawn(async move |rig| rig.get("k").await);
        settle().await;
        drop(first);
        settle().await;
        gate.open();
        rig.data.work();
        law.same("what another caller finds", rig.joined(second).await, Some(lww(1)));
        law.same("memory", rig.resident("k"), Some(lww(1)));
    });
}

/// Neither one who dropped an operation nor one who keeps it and does not poll.
pub fn a_caller_who_is_gone_holds_up_nobody(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "a_caller_who_is_gone_holds_up_nobody",
        says: "A caller who is gone holds up nobody.",
        loss: "a key is locked for ever by a request that nobody waits for",
    };
    for drops in [false, true] {
        over(law).run(make, async move |rig| {
            let gate = rig.gate("add", Plan::WorkAfter);
            let mut gone = Some(begun(Arc::clone(&rig.store), "put"));
            if let Some(gone) = &mut gone {
                law.holds(poll_once(gone.as_mut()).is_pending(), || {
                    "a put does not wait for `add`".to_owned()
                });
            }
            if drops {
                drop(gone.take());
            }
            gate.open();
            rig.data.work();
            let next = rig.spawn(async move |rig| rig.put("k", "next").await);
            settle().await;
            law.holds(next.is_finished(), || "the next put waits for one whose caller is gone".to_owned());
            drop(gone);
            rig.finds("after the next put", "k", Some(lww("next"))).await;
            law.same("the data store", rig.stored("k"), Some(lww("next")));
        });
    }
}
