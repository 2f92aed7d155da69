//! Reloads under load: no operation fails, no value is lost, who observes throughout misses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use trilayer_core::Value;
use trilayer_registry::{Config, Map};
use trilayer_testkit::evidence::{amount, seed, tried};

use crate::lab::Lab;

const WRITERS: u64 = 4;

/// A configuration of the maps that are under load, and of others that come and go.
fn configuration(random: &mut fastrand::Rng) -> String {
    let engine = ["hashmap", "tight"][random.usize(..2)];
    let (label, also) = (random.u8(..3), random.u8(..3));
    let (bound, timeout) = ([0, 16, 200][random.usize(..3)], 20_000 + random.u32(..3));
    let passing: String =
        (0..also).map(|n| format!("{{ use = \"watch\", tag = \"passing {n}\" }}, ")).collect();
    let scope = ["shared", "per-map", "per-record-store"][random.usize(..3)];
    let observers = format!(
        "observers = [{passing}{{ use = \"watch\", tag = \"stays\" }}, {{ use = \"watch\", tag = \"s\", scope = \"{scope}\" }}]"
    );
    let others: String = (0..also).map(|n| format!("[maps.other-{n}]\ndata_store = \"main\"\n")).collect();
    let ttl = 1_000_000_000 + random.u64(..9);
    let entry = if random.bool() { "kept" } else { "ke*" };
    format!(
        "[data_stores.main]\nuse = \"probe\"\nlabel = \"{label}\"\nspace = \"one\"\n{others}\
         [maps.memory]\nengine = \"{engine}\"\npartitions = 4\ndefault_ttl_millis = {ttl}\n{observers}\n\
         [maps.\"{entry}\"]\nengine = \"{engine}\"\ndata_store = \"main\"\npartitions = 4\n\
         max_entry_count = {bound}\ndata_store_timeout_millis = {timeout}\n{observers}\n"
    )
}

/// What a writer did to keys that are its own, and what it got.
#[derive(Default)]
struct Tally {
    operations: u64,
    writes: u64,
    removals: u64,
}

/// Works on a map until it is told to stop; every answer has to be what the model says.
async fn work(map: Map, writer: u64, stop: Arc<AtomicBool>, done: Arc<AtomicU64>) -> Tally {
    let mut random = fastrand::Rng::with_seed(seed() ^ (writer << 32));
    let (mut model, mut tally): (BTreeMap<String, i64>, _) = (BTreeMap::new(), Tally::default());
    while !stop.load(Ordering::Relaxed) {
        let key = format!("{writer}-{}", random.u8(..40));
        let expected = model.get(&key).copied().map(Value::Int);
        match random.u8(..8) {
            0 => {
                let old = map.remove(&key).await.expect("remove");
                assert_eq!(old, expected, "removed {key}");
                tally.removals += u64::from(model.remove(&key).is_some());
            }
            1..=3 => {
                let value = random.i64(..);
                let old = map.put(&key, value).await.expect("put");
                assert_eq!(old, expected, "put {key}");
                model.insert(key, value);
                tally.writes += 1;
            }
            4 => {
                let keys: Vec<String> = model.keys().take(9).cloned().collect();
                let got = map.get_all(&keys).await.expect("get_all");
                let there: Vec<_> =
                    keys.into_iter().map(|key| (key.clone(), Value::Int(model[&key]))).collect();
                assert_eq!(got, there);
            }
            _ => assert_eq!(map.get(&key).await.expect("get"), expected, "got {key}"),
        }
        tally.operations += 1;
        done.fetch_add(1, Ordering::Relaxed);
        if tally.operations.is_multiple_of(16) {
            tokio::task::yield_now().await;
        }
    }
    for (key, value) in model {
        assert_eq!(map.get(&key).await.expect("get"), Some(Value::Int(value)), "at the end, {key}");
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_reloads_under_load_drop_no_operation() {
    let reloads = amount("TRILAYER_RELOADS", 1_000);
    let lab = Arc::<Lab>::default();
    let mut random = fastrand::Rng::with_seed(seed());
    let maps = lab.open(&configuration(&mut random)).await.unwrap();
    let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let spawn = |writer: u64| {
        let map = maps.get(if writer.is_multiple_of(2) { "memory" } else { "kept" }).unwrap();
        tokio::spawn(work(map, writer, Arc::clone(&stop), Arc::clone(&done)))
    };
    let writers: Vec<_> = (0..WRITERS).map(spawn).collect();
    let (mut replaced, mut changes) = (0, 0);
    for _ in 0..reloads {
        let before = done.load(Ordering::Relaxed);
        let config = Config::from_toml(&configuration(&mut random)).unwrap();
        let report = maps.reload(config).await.unwrap();
        assert!(report.warnings.is_empty(), "{report:?}");
        (replaced, changes) = (replaced + report.replaced, changes + report.changes.len());
        // Some work between any two, so that every reload has something to disturb.
        while done.load(Ordering::Relaxed) < before + 20 && !writers.iter().any(|task| task.is_finished()) {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut sum = Tally::default();
    for writer in writers {
        let tally = writer.await.expect("every answer was right");
        sum.operations += tally.operations;
        sum.writes += tally.writes;
        sum.removals += tally.removals;
    }
    let stays = lab.watched("stays");
    assert_eq!(stays.writes.load(Ordering::SeqCst), sum.writes, "every write was told to who stays");
    assert_eq!(stays.removals.load(Ordering::SeqCst), sum.removals, "every removal was told to who stays");
    assert!(replaced > reloads / 2 && sum.operations > reloads * 20, "the test tests something");
    tried("reloads", reloads);
    tried("operations_during_reloads", sum.operations);
    maps.close().await.unwrap();
    println!(
        "{reloads} reloads, {changes} changes, {replaced} stores replaced, {} operations",
        sum.operations
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reloads_that_race_a_close_are_done_or_refused() {
    for round in 0..amount("TRILAYER_CLOSES", 50) {
        let lab = Arc::<Lab>::default();
        let mut random = fastrand::Rng::with_seed(seed() ^ round);
        let maps = lab.open(&configuration(&mut random)).await.unwrap();
        maps.get("kept").unwrap().put("k", 1).await.unwrap();
        let racing: Vec<_> = (0..3)
            .map(|_| {
                let (maps, text) = (maps.clone(), configuration(&mut random));
                tokio::spawn(async move { maps.reload(Config::from_toml(&text).unwrap()).await })
            })
            .collect();
        let closed = maps.close().await;
        closed.unwrap();
        for reload in racing {
            let outcome = reload.await.unwrap();
            assert!(matches!(outcome, Ok(_) | Err(trilayer_registry::ReloadError::Closed)), "{outcome:?}");
        }
        let log = lab.take_log();
        let count = |what: &str| log.iter().filter(|line| line.ends_with(what)).count();
        assert_eq!(count("opened"), count("closed"), "everything opened is closed: {log:?}");
        assert!(lab.space("one").value("kept", "k").is_some());
    }
}
