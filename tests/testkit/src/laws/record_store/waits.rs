//! Laws of who waits for whom.

use super::MakeRecordStore;
use super::rig::{over, settle};
use crate::laws::Law;
use crate::{Plan, lww};

/// A write that the data store answers late does not end up over a later one.
pub fn at_rest_the_data_store_has_what_memory_has(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "at_rest_the_data_store_has_what_memory_has",
        says: "Writes of one key reach the data store one after the other, so that at rest it has what memory has.",
        loss: "what is read changes when the record is evicted, or after a restart",
    };
    over(law).run(make, async move |rig| {
        for operation in ["add", "remove"] {
            rig.data.work();
            rig.put("k", "before").await;
            let gate = rig.gate(operation, Plan::WorkThenWait);
            let first = rig.spawn(async move |rig| match operation {
                "add" => rig.put("k", "first").await,
                _ => rig.remove("k").await,
            });
            gate.arrived(1).await;
            rig.data.work();
            let second = rig.spawn(async move |rig| rig.put("k", "second").await);
            settle().await;
            gate.open();
            rig.joined(first).await;
            rig.joined(second).await;
            law.same(
                "memory, and the data store, after two writes at once",
                rig.resident("k"),
                rig.stored("k"),
            );
        }
    });
    let rig = over(law).made(make);
    rig.in_parallel(4, async |rig, task| {
        for round in 0..200_u32 {
            rig.put(&format!("k{}", round % 10), task * 1_000 + round).await;
        }
    });
    for number in 0..10 {
        let key = format!("k{number}");
        law.same(
            &format!("memory, and the data store, of {key} at rest"),
            rig.resident(&key),
            rig.stored(&key),
        );
    }
}

/// Of a key whose write is under way.
pub fn hits_wait_for_no_data_store_call(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "hits_wait_for_no_data_store_call",
        says: "A hit waits for no call of the data store.",
        loss: "a slow data store makes reads from memory slow",
    };
    over(law).run(make, async move |rig| {
        rig.put("k", "old").await;
        let gate = rig.gate("add", Plan::WorkAfter);
        let hung = rig.spawn(async move |rig| rig.put("k", "new").await);
        gate.arrived(1).await;
        let reads = rig.spawn(async move |rig| {
            let touched = rig.record("k", true).await.map(|record| record.value);
            (rig.get("k").await, touched, rig.get_all(&["k"]).await.len())
        });
        settle().await;
        law.holds(reads.is_finished(), || "a hit waits for a write under way".to_owned());
        law.same("what is read", rig.joined(reads).await, (Some(lww("old")), Some(lww("old")), 1));
        gate.open();
        rig.joined(hung).await;
    });
}

/// Stripes are allowed, one lock for all is not.
pub fn calls_that_hang_hold_up_few_other_keys(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "calls_that_hang_hold_up_few_other_keys",
        says: "A call that hangs holds up few other keys.",
        loss: "one hung call stops the whole map",
    };
    over(law).run(make, async move |rig| {
        rig.data.script(|call| if call.keys == ["slow"] { Plan::Hang } else { Plan::Work });
        let hung = rig.spawn(async move |rig| rig.put("slow", 1).await);
        settle().await;
        let (mut passed, all) = (0, 200_u32);
        for number in 0..all {
            let put = rig.spawn(async move |rig| rig.put(&format!("k{number}"), number).await);
            settle().await;
            passed += u32::from(put.is_finished());
        }
        law.holds(passed > all / 2, || format!("only {passed} of {all} other keys pass a call that hangs"));
        hung.abort();
    });
}
