//! The test doubles do as they are told.

use std::sync::Arc;

use trilayer_core::MapDataStore;
use trilayer_testkit::{HeldCalls, Plan, ScriptedDataStore, lww};

async fn adds(store: &Arc<ScriptedDataStore>, held: &HeldCalls) -> Vec<tokio::task::JoinHandle<()>> {
    let mut adds = Vec::new();
    for number in 0..3 {
        let store = Arc::clone(store);
        adds.push(tokio::spawn(async move {
            store.add("m", "k", &lww(number), 0, 0).await.expect("add");
        }));
        held.arrived(adds.len()).await;
    }
    adds
}

#[tokio::test]
async fn held_calls_take_effect_in_the_order_a_test_chooses() {
    let store = ScriptedDataStore::new();
    let held = store.hold("add", Plan::WorkAfter);
    let mut adds = adds(&store, &held).await;
    assert_eq!((store.value("m", "k"), held.calls().len()), (None, 3));
    for (position, value) in [(2, 2), (0, 0), (1, 1)] {
        held.release(position);
        (&mut adds[position]).await.expect("no panic");
        assert_eq!(store.value("m", "k"), Some(lww(value)));
    }
}

#[tokio::test]
async fn held_answers_are_late_and_out_of_order_though_the_calls_took_effect() {
    let store = ScriptedDataStore::new();
    let held = store.hold("add", Plan::WorkThenWait);
    let adds = adds(&store, &held).await;
    assert_eq!(store.value("m", "k"), Some(lww(2)));
    held.release(2);
    let mut adds = adds.into_iter();
    let (first, second, third) = (adds.next(), adds.next(), adds.next());
    third.expect("three").await.expect("no panic");
    let (first, second) = (first.expect("three"), second.expect("three"));
    assert!(!first.is_finished() && !second.is_finished(), "they are held still");
    held.release(0);
    first.await.expect("no panic");
    held.release(1);
    second.await.expect("no panic");
}

#[tokio::test]
async fn other_operations_are_not_held() {
    let store = ScriptedDataStore::new();
    let held = store.hold("load", Plan::WorkAfter);
    store.add("m", "k", &lww(1), 0, 0).await.expect("add");
    assert_eq!((store.value("m", "k"), held.calls()), (Some(lww(1)), Vec::new()));
}
