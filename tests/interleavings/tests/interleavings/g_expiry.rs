//! Expiry: the clock moves while others read, write, sweep, load and evict.

use trilayer_core::{ExpiryPolicy, ExpiryReason, RecordStore};
use trilayer_testkit::EventKind;

use crate::explore::explore;
use crate::scene::Scene;

const SHORT: ExpiryPolicy = ExpiryPolicy::ttl(10);

/// Else what hangs on a record, a timer or a session, would be ended twice.
#[test]
fn an_expired_record_is_told_once_whoever_finds_it() {
    explore(async || {
        let scene = Scene::new();
        scene.put_for("k", 1, SHORT).await.expect("put");
        scene.advance(20, &["k"]);
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let sweeps = [scene.caller(|s| async move { s.sweep() }), scene.caller(|s| async move { s.sweep() })];
        let eviction = scene.caller(|s| async move { s.evict("k") });
        assert_eq!((reader.ended().await, eviction.ended().await), (None, None));
        for sweep in sweeps {
            sweep.ended().await;
        }
        assert_eq!((scene.events.count(EventKind::Expire), scene.events.count(EventKind::Evict)), (1, 0));
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a value would be gone that was written a moment ago, with all its time to live.
#[test]
fn a_sweep_does_not_take_a_record_that_was_just_rewritten() {
    explore(async || {
        let scene = Scene::new();
        scene.put_for("k", 1, SHORT).await.expect("put");
        scene.advance(20, &["k"]);
        let sweep = scene.caller(|s| async move { s.sweep() });
        let put = scene.caller(|s| async move { s.put_for("k", 2, SHORT).await.expect("put") });
        assert_eq!(put.ended().await, None);
        sweep.ended().await;
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else a session would end under the hands of the user who is working in it.
#[test]
fn a_sweep_does_not_take_a_record_that_was_just_read() {
    explore(async || {
        let scene = Scene::null();
        scene.put_for("k", 1, ExpiryPolicy::max_idle(10)).await.expect("put");
        scene.advance(10, &["k"]);
        let sweep = scene.caller(|s| async move {
            s.clock.advance(5);
            s.sweep();
        });
        let reader = scene.caller(|s| async move { s.touch("k").await.expect("get") });
        let read = reader.ended().await;
        sweep.ended().await;
        assert_eq!(scene.get("k").await.expect("get").is_some(), read.is_some());
        scene.at_rest("k").await;
    });
}

/// Else a token would be honoured after it was over.
#[test]
fn no_read_shows_a_record_after_its_time() {
    explore(async || {
        let scene = Scene::null();
        scene.put_for("k", 1, SHORT).await.expect("put");
        let time = scene.caller(|s| async move {
            s.advance(20, &["k"]);
            let mut seen = Vec::new();
            s.store.for_each_boxed(&mut |key, _| seen.push(key.to_owned()), false);
            (s.get("k").await.expect("get"), s.store.exists_in_memory("k"), seen)
        });
        let reader = scene.caller(|s| async move { s.touch("k").await.map(drop) });
        let sweep = scene.caller(|s| async move { s.sweep() });
        assert_eq!(time.ended().await, (None, false, Vec::new()));
        reader.ended().await.expect("get");
        sweep.ended().await;
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else what was put with a deadline would outlive it wherever a reader was on its way.
#[test]
fn the_first_deadline_of_a_store_binds_readers_at_once() {
    explore(async || {
        let scene = Scene::null();
        scene.resident("k", 1).await;
        let put = scene.caller(|s| async move {
            s.put_for("k", 2, SHORT).await.expect("put");
            s.advance(20, &["k"]);
            (s.get("k").await.expect("get"), s.store.exists_in_memory("k"))
        });
        let reader = scene.caller(|s| async move { [s.get("k").await, s.get("k").await] });
        assert_eq!(put.ended().await, (None, false));
        for read in reader.ended().await {
            read.expect("get");
        }
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a data store without deadlines would bring back what had expired.
#[test]
fn a_deadline_outlives_eviction_beside_a_load() {
    explore(async || {
        let scene = Scene::new();
        scene.put_for("k", 1, SHORT).await.expect("put");
        let eviction = scene.caller(|s| async move { s.evict("k") });
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        let sweep = scene.caller(|s| async move { s.sweep() });
        assert_eq!(reader.ended().await, Some(1));
        eviction.ended().await;
        sweep.ended().await;
        scene.advance(20, &["k"]);
        assert_eq!(scene.get("k").await.expect("get"), None);
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a load that takes long would show a record after its time, and put it into memory anew.
#[test]
fn a_load_that_the_clock_overtook_installs_nothing() {
    explore(async || {
        let scene = Scene::new();
        scene.put_for("k", 1, SHORT).await.expect("put");
        scene.evict("k");
        let gate = scene.hold("load");
        let reader = scene.caller(|s| async move { s.get("k").await.expect("get") });
        gate.arrived(1).await;
        let time = scene.caller(|s| async move { s.advance(20, &["k"]) });
        let sweep = scene.caller(|s| async move { s.sweep() });
        time.ended().await;
        gate.open();
        assert_eq!(reader.ended().await, None);
        sweep.ended().await;
        assert_eq!(scene.store.size(), 0);
        assert_eq!(scene.at_rest("k").await, None);
    });
}

/// Else a cleared-out key would be removed from the data store after it was written again.
#[test]
fn the_flush_of_what_expired_does_not_take_its_successor() {
    explore(async || {
        let scene = Scene::new();
        scene.put_for("k", 1, SHORT).await.expect("put");
        scene.advance(20, &["k"]);
        let flush = scene.caller(|s| async move {
            s.sweep();
            s.store.soft_flush().await.expect("flush")
        });
        let put = scene.caller(|s| async move { s.put("k", 2).await.expect("put") });
        flush.ended().await;
        assert_eq!(put.ended().await, None);
        assert_eq!(scene.at_rest("k").await, Some(2));
    });
}

/// Else memory and data store would each end the record at another time.
#[test]
fn a_deadline_counts_from_the_put_though_the_clock_moves_meanwhile() {
    explore(async || {
        let scene = Scene::with(|setup| setup.keeps_deadlines = true);
        let put = scene.caller(|s| async move { s.put_for("k", 1, ExpiryPolicy::ttl(100)).await.map(drop) });
        let time = scene.caller(|s| async move { s.advance(20, &[]) });
        put.ended().await.expect("put");
        time.ended().await;
        let deadline = scene.data.stored("map", "k").expect("stored").expiration_time;
        let reasons = [deadline, deadline + 1].map(|now| scene.store.has_expired("k", now, false));
        assert_eq!(reasons, [ExpiryReason::NotExpired, ExpiryReason::Ttl]);
        assert_eq!(scene.at_rest("k").await, Some(1));
    });
}

/// Else a store with a bound would lose room with each record that expires in a race.
#[test]
fn expiry_gives_room_back_once() {
    explore(async || {
        let scene = Scene::bounded(2);
        scene.put_for("k", 1, SHORT).await.expect("put");
        scene.resident("l", 2).await;
        scene.advance(20, &["k"]);
        let sweep = scene.caller(|s| async move { s.sweep() });
        let reader = scene.caller(|s| async move { s.get("k").await.map(drop) });
        let insert = scene.caller(|s| async move { s.set("m", 3).await });
        sweep.ended().await;
        reader.ended().await.expect("get");
        insert.ended().await.expect("put");
        for key in ["x", "y", "z"] {
            scene.set(key, 4).await.expect("put");
        }
        assert_eq!(scene.store.size(), 2, "there is room for two, no more and no less");
        assert_eq!(scene.at_rest("m").await, Some(3));
    });
}
