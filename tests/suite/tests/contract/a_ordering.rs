//! A. Ordering: a key's operations reach the data store one after the other; other keys pass.

use std::sync::Arc;

use trilayer_core::RecordStore;
use trilayer_testkit::{Gate, Plan, lww};

use crate::rig::{Client, Expiry, Parts, in_memory, rig, settle};

#[tokio::test]
async fn writes_of_one_key_reach_the_data_store_one_after_the_other() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    let puts: Vec<_> = (0..3)
        .map(|n| rig.spawn(async move |store| store.set("k", lww(n), Expiry::NONE, Client).await))
        .collect();
    settle().await;
    assert_eq!(gate.arrivals(), 1, "the second write waits until the first has its answer");
    gate.open();
    for put in puts {
        put.await.expect("no panic").expect("put");
    }
    assert_eq!(rig.resident("k"), rig.stored("k"));
}

#[tokio::test]
async fn a_slow_data_store_call_does_not_hold_up_other_keys() {
    let rig = rig();
    rig.data.script(|call| if call.keys == ["slow"] { Plan::Hang } else { Plan::Work });
    let hung = rig.spawn(async move |store| store.set("slow", lww(1), Expiry::NONE, Client).await);
    settle().await;
    let (mut passed, all) = (0, 200_u32);
    for n in 0..all {
        let put =
            rig.spawn(async move |store| store.set(&format!("k{n}"), lww(n), Expiry::NONE, Client).await);
        settle().await;
        passed += u32::from(put.is_finished());
    }
    assert!(passed > all * 9 / 10, "only keys of the hung stripe may wait; {passed} of {all} passed");
    hung.abort();
}

#[tokio::test]
async fn a_hit_waits_for_no_data_store_call_of_its_own_key() {
    let rig = rig();
    rig.put("k", "old").await;
    rig.data.plan("add", Plan::Hang);
    let hung = rig.spawn(async move |store| store.set("k", lww("new"), Expiry::NONE, Client).await);
    settle().await;
    assert_eq!(rig.get("k").await, Some(lww("old")));
    assert!(rig.store.get("k", true).await.expect("touch").is_some());
    hung.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_puts_leave_memory_and_data_store_equal() {
    for keeps_deadlines in [false, true] {
        let rig = Parts { keeps_deadlines, ..Parts::default() }.build();
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                rig.spawn(async move |store| {
                    for round in 0..500 {
                        let key = format!("k{}", round % 50);
                        store.put(&key, lww(task * 1_000 + round), Expiry::NONE, Client).await.expect("put");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        for n in 0..50 {
            let key = format!("k{n}");
            assert_eq!(rig.resident(&key), rig.stored(&key), "{key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn touches_never_undo_concurrent_writes() {
    for plain in [false, true] {
        let rig = Parts { null: true, plain, ..Parts::default() }.build();
        rig.put("k", 0).await;
        let toucher = rig.spawn(async move |store| {
            let mut latest = 0;
            for _ in 0..20_000 {
                let record = store.get("k", true).await.expect("get").expect("never removed");
                assert!(record.metadata.version >= latest, "a write was undone");
                latest = record.metadata.version;
            }
        });
        for n in 1..20_000 {
            let old = rig.put("k", n).await;
            assert_eq!(old, Some(lww(n - 1)), "an acknowledged put was reverted");
        }
        toucher.await.expect("no panic");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_hit_is_lost_between_touches_and_puts() {
    let rig = in_memory();
    rig.put("k", 0).await;
    let touchers: Vec<_> = (0..3)
        .map(|_| {
            rig.spawn(async move |store| {
                for _ in 0..5_000 {
                    store.get("k", true).await.expect("get");
                }
            })
        })
        .collect();
    for n in 0..5_000 {
        rig.put("k", n).await;
    }
    for toucher in touchers {
        toucher.await.expect("no panic");
    }
    assert_eq!(rig.store.storage().get("k").expect("there").metadata.hits, 15_000);
}

#[tokio::test]
async fn the_lock_table_does_not_grow_with_keys() {
    let rig = rig();
    for n in 0..5_000 {
        rig.put(&format!("k{n}"), n).await;
        rig.store.evict(&format!("k{n}"), false);
    }
    let usage = rig.store.usage();
    assert_eq!((usage.resident, usage.parked, usage.deadlines), (0, 0, 0));
}

#[tokio::test]
async fn several_stripes_are_locked_in_one_order_so_batches_never_deadlock() {
    let rig = Parts { stripes: Some(8), ..Parts::default() }.build();
    let keys: Vec<String> = (0..64).map(|n| format!("k{n}")).collect();
    for key in &keys {
        rig.data.insert("map", key, lww(1), 0);
    }
    let keys = Arc::new(keys);
    for _ in 0..50 {
        rig.store.evict_all(false);
        let batches: Vec<_> = (0..4)
            .map(|turn| {
                let mut keys = keys.to_vec();
                keys.rotate_left(turn * 13);
                rig.spawn(async move |store| store.get_all(&keys).await.expect("get_all").len())
            })
            .collect();
        for batch in batches {
            assert_eq!(batch.await.expect("no panic"), 64);
        }
    }
}

#[tokio::test]
async fn a_batch_behind_a_hung_stripe_holds_up_no_other_stripe() {
    let mut passed = 0;
    for _ in 0..6 {
        let rig = rig();
        rig.data.script(|call| if call.keys == ["slow"] { Plan::Hang } else { Plan::Work });
        let hung = rig.spawn(async move |store| store.set("slow", lww(1), Expiry::NONE, Client).await);
        settle().await;
        let batch = rig.spawn(async move |store| {
            let keys: Vec<String> = (0..400).map(|n| format!("b{n}")).collect();
            store.get_all(&keys).await.map(|found| found.len())
        });
        settle().await;
        for n in 0..50 {
            let put =
                rig.spawn(async move |store| store.set(&format!("k{n}"), lww(n), Expiry::NONE, Client).await);
            settle().await;
            passed += u32::from(put.is_finished());
        }
        hung.abort();
        batch.abort();
    }
    assert!(passed > 270, "{passed} of 300 passed");
}

#[tokio::test]
async fn a_read_does_not_wait_for_a_hung_key_that_a_batch_asked_for_beside_it() {
    let rig = rig();
    let gate = Gate::closed();
    rig.data.plan("add", Plan::WorkAfter(gate.clone()));
    // Writes that reach the data store together are of different stripes.
    let writes: Vec<_> = (0..12)
        .map(|n| {
            rig.spawn(async move |store| store.set(&format!("k{n}"), lww(0), Expiry::NONE, Client).await)
        })
        .collect();
    settle().await;
    let keys: Vec<String> = rig.data.calls().into_iter().flat_map(|call| call.keys).take(2).collect();
    gate.open();
    for write in writes {
        write.await.expect("no panic").expect("set");
    }
    rig.store.evict_all(false);
    rig.data.plan("add", Plan::Hang);
    let hung_key = keys[0].clone();
    let hung = rig.spawn(async move |store| store.set(&hung_key, lww(1), Expiry::NONE, Client).await);
    settle().await;
    rig.data.work();
    let (asked, free) = (keys.clone(), keys[1].clone());
    let batch = rig.spawn(async move |store| store.get_all(&asked).await.map(|found| found.len()));
    settle().await;
    let read = rig.spawn(async move |store| store.get(&free, false).await);
    settle().await;
    assert!(read.is_finished() && !batch.is_finished());
    hung.abort();
    batch.abort();
}
