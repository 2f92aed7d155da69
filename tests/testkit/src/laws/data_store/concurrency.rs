//! Laws of operations at the same time, and of those given up.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use trilayer_core::{MapDataStore, ScanRequest};

use super::MakeStore;
use super::rig::Rig;
use crate::laws::Law;
use crate::lww;

/// "What `add` said `Ok` to, `load` finds": "One data store serves many maps and is shared by all
/// their record stores", which call it at the same time for different keys.
pub fn concurrent_adds_are_all_found(make: &MakeStore<'_>) {
    let law = Law {
        name: "concurrent_adds_are_all_found",
        says: "One data store serves many maps and is shared by all their record stores. [...] What `add` said `Ok` to, `load` finds",
        loss: "acknowledged writes are lost under load",
    };
    let rig = Rig::new(law, make);
    let adds: Vec<_> = (0..200_i64)
        .map(|number| {
            let store = Arc::clone(rig.shared());
            let (map, key) = (format!("m{}", number % 3), format!("k{number}"));
            async move { store.as_ref().add(&map, &key, &lww(number), 0, 0).await }
        })
        .collect();
    let failed = rig.run(async {
        let tasks: Vec<_> = adds.into_iter().map(tokio::spawn).collect();
        let mut failed = Vec::new();
        for task in tasks {
            match task.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed.push(format!("{error:#}")),
                Err(error) => failed.push(error.to_string()),
            }
        }
        failed
    });
    law.same("the adds that failed", failed, Vec::new());
    for number in 0..200_i64 {
        let (map, key) = (format!("m{}", number % 3), format!("k{number}"));
        rig.finds("after 200 adds at once", &map, &key, Some(lww(number)));
    }
}

/// Polls a future some times, then drops it.
async fn given_up<T>(polls: usize, future: impl Future<Output = T>) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if done {
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// "Every future may be dropped at any await without harm beyond 'may or may not have happened'."
pub fn dropped_futures_do_no_harm(make: &MakeStore<'_>) {
    let law = Law {
        name: "dropped_futures_do_no_harm",
        says: "Every future may be dropped at any await without harm beyond \"may or may not have happened\".",
        loss: "one request that is given up blocks the store or damages other data",
    };
    let rig = Rig::new(law, make);
    rig.add("m", "bystander", &lww("bystander"));
    for polls in [0, 1, 1, 2, 3, 1] {
        rig.add("m", "k", &lww("old"));
        rig.add("m", "l", &lww("old"));
        rig.run(give_up_changes(rig.store(), polls));
        either(&rig, "k", &["old", "new"]);
        either(&rig, "l", &["old"]);
        rig.run(give_up_the_rest(rig.store(), polls));
        rig.add("m", "k", &lww("last"));
        rig.hard_flush();
        rig.finds("added after futures were dropped", "m", "k", Some(lww("last")));
        rig.finds("beside dropped futures", "m", "bystander", Some(lww("bystander")));
    }
}

async fn give_up_changes(store: &dyn MapDataStore, polls: usize) {
    given_up(polls, store.add("m", "k", &lww("new"), 0, 0)).await;
    given_up(polls, store.flush_key("m", "k", &lww("new"), false)).await;
    given_up(polls, store.remove("m", "l", 0)).await;
    given_up(polls, store.remove_all("m", &["l".to_owned(), "k2".to_owned()])).await;
}

async fn give_up_the_rest(store: &dyn MapDataStore, polls: usize) {
    given_up(polls, store.load("m", "k")).await;
    given_up(polls, store.load_all("m", &["k".to_owned(), "l".to_owned()])).await;
    given_up(polls, store.scan("m", &ScanRequest { limit: 9, ..ScanRequest::default() })).await;
    given_up(polls, store.soft_flush()).await;
    given_up(polls, store.hard_flush()).await;
}

/// The key has one of these values, or, if it was removed, none; `k` never was.
fn either(rig: &Rig, key: &str, values: &[&str]) {
    let found = rig.load("m", key);
    let right = match &found {
        None => key == "l",
        Some(found) => values.iter().any(|value| *found == lww(*value)),
    };
    rig.law.holds(right, || format!("{key:?} is {found:?} after futures were dropped that give {values:?}"));
}
