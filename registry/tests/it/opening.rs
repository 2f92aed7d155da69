//! All is opened, or nothing stays open; the end comes in order and in time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trilayer_core::{CallerProvenance, ExpiryPolicy};
use trilayer_registry::{Config, Maps};
use trilayer_testkit::{Gate, ManualClock, Plan, lww};

use crate::lab::Lab;

/// `[data_stores]` of these labels, each used by a map; some with more options.
fn instances(labels: &[(&str, &str)]) -> String {
    let one = |(label, more): &(&str, &str)| {
        format!(
            "[data_stores.{label}]\nuse = \"probe\"\nlabel = \"{label}\"\nspace = \"{label}\"\n{more}\n\
             [maps.{label}]\ndata_store = \"{label}\"\npartitions = 1\n"
        )
    };
    labels.iter().map(one).collect()
}

#[tokio::test]
async fn what_was_opened_is_closed_when_another_cannot_be_and_all_that_failed_is_told() {
    let lab = Arc::<Lab>::default();
    let fails = "fails = true";
    let error = lab.open(&instances(&[("a", ""), ("b", fails), ("c", ""), ("d", fails)])).await.unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with("2 components cannot be made:"), "{told}");
    for place in ["data_stores.b", "data_stores.d"] {
        assert!(
            told.contains(&format!(
                "cannot make {place}: data store \"probe\" could not be made: no such disk"
            )),
            "{told}"
        );
    }
    assert_eq!(lab.take_log(), ["a opened", "c opened", "c closed", "a closed"]);
}

#[tokio::test]
async fn observers_that_cannot_be_made_close_the_data_stores() {
    let lab = Arc::<Lab>::default();
    let text =
        format!("{}observers = [{{ use = \"watch\", tag = \"t\", fails = true }}]", instances(&[("a", "")]));
    let told = format!("{:#}", anyhow::Error::from(lab.open(&text).await.unwrap_err()));
    assert!(told.contains("maps.a.observers[0]") && told.contains("nothing to see"), "{told}");
    assert_eq!(lab.take_log(), ["a opened", "watch t made for a None", "a closed"]);
}

#[tokio::test]
async fn every_engine_that_cannot_be_made_is_told_before_anything_opens() {
    let lab = Arc::<Lab>::default();
    let text =
        format!("{}[maps.x]\nengine = \"broken\"\n[maps.y]\nengine = \"broken\"", instances(&[("a", "")]));
    let told = lab.open(&text).await.unwrap_err().to_string();
    assert!(told.contains("maps.x.engine") && told.contains("maps.y.engine"), "{told}");
    assert!(lab.take_log().is_empty());
}

#[tokio::test]
async fn a_data_store_that_does_not_open_in_time_is_an_error_with_its_place() {
    let (lab, clock) = (Arc::<Lab>::default(), ManualClock::at(0));
    let gate = Gate::closed();
    *lab.gate.lock() = Some(gate.clone());
    let config = Config::from_toml(&instances(&[("a", ""), ("b", "waits = true")])).unwrap();
    let builder = Maps::builder().clock(Arc::clone(&clock) as _).open_timeout_millis(40);
    let opening = tokio::spawn(builder.open(lab.registry(), config));
    gate.arrived(1).await;
    clock.advance(41);
    assert_eq!(opening.await.unwrap().unwrap_err().to_string(), "data_stores.b was not open within 40 ms");
    assert_eq!(lab.take_log(), ["a opened", "a closed"]);
}

#[tokio::test]
async fn data_stores_open_side_by_side() {
    let lab = Arc::<Lab>::default();
    let gate = Gate::closed();
    *lab.gate.lock() = Some(gate.clone());
    let text = instances(&[("a", "waits = true"), ("b", "waits = true"), ("c", "waits = true")]);
    let opening = tokio::spawn(async move { lab.open(&text).await });
    gate.arrived(3).await;
    gate.open();
    opening.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_flushes_ends_and_closes_in_order() {
    let lab = Arc::<Lab>::default();
    let text =
        format!("{}observers = [{{ use = \"watch\", tag = \"t\" }}]", instances(&[("a", ""), ("b", "")]));
    let maps = lab.open(&text).await.unwrap();
    let map = maps.get("a").unwrap();
    map.put_with("k", lww(1), ExpiryPolicy::NONE, CallerProvenance::Backup).await.unwrap();
    maps.get("b").unwrap().put("k", 1).await.unwrap();
    lab.take_log();
    let report = maps.shut_down().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(lab.space("a").value("a", "k"), Some(lww(1)));
    assert_eq!(lab.take_log(), ["b closed", "a closed"]);
    assert_eq!(lab.watched("t").shutdowns.load(Ordering::SeqCst), 1, "told that it is a shutdown");
    assert!(map.get("k").await.is_err() && maps.get("a").is_err());
    assert!(maps.shut_down().await.is_clean() && maps.close().await.is_ok(), "again does nothing");
    assert!(lab.take_log().is_empty());
}

#[tokio::test]
async fn what_is_not_flushed_in_time_is_named_and_counted_and_the_rest_ends_all_the_same() {
    let (lab, clock) = (Arc::<Lab>::default(), ManualClock::at(0));
    let config = Config::from_toml(&instances(&[("a", ""), ("b", ""), ("c", "")])).unwrap();
    let builder = Maps::builder().clock(Arc::clone(&clock) as _).flush_timeout_millis(100);
    let maps = builder.open(lab.registry(), config).await.unwrap();
    for name in ["a", "b", "c"] {
        let map = maps.get(name).unwrap();
        for key in ["k", "l"] {
            map.put_with(key, lww(1), ExpiryPolicy::NONE, CallerProvenance::Backup).await.unwrap();
        }
    }
    let gate = Gate::closed();
    lab.space("a").plan("flush_key", Plan::WorkAfter(gate.clone()));
    lab.space("b").plan("flush_key", Plan::Fail("disk full"));
    let ending = tokio::spawn({
        let maps = maps.clone();
        async move { maps.shut_down().await }
    });
    gate.arrived(1).await;
    clock.advance(101);
    let report = ending.await.unwrap();
    let told: Vec<_> = report.unflushed.iter().map(|one| (one.what.as_str(), one.changes)).collect();
    assert_eq!(told, [("map \"a\", partition 0", 2), ("map \"b\", partition 0", 2)], "{report}");
    assert_eq!(report.unflushed[0].problem, "not within 100 ms");
    assert!(report.unflushed[1].problem.contains("disk full"), "{report}");
    assert!(report.to_string().starts_with("2 not flushed (4 changes lost), 0 not closed"), "{report}");
    assert_eq!(lab.space("c").value("c", "k"), Some(lww(1)));
    assert_eq!(lab.take_log()[3..], ["c closed", "b closed", "a closed"]);
}

#[tokio::test]
async fn health_tells_of_each_data_store_and_how_it_served() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open(&instances(&[("a", "")])).await.unwrap();
    let map = maps.get("a").unwrap();
    map.put_with("k", lww(1), ExpiryPolicy::NONE, CallerProvenance::Backup).await.unwrap();
    lab.space("a").plan("add", Plan::Fail("disk full"));
    assert!(map.put("l", 1).await.is_err());
    let health = &maps.health().await[0];
    assert!(health.is_healthy());
    assert_eq!((health.place.as_str(), health.pending_operations, health.dirty), ("data_stores.a", 7, 1));
    assert_eq!(health.maps, ["a"]);
    assert!(health.last_error.as_ref().is_some_and(|(_, error)| error == "disk full"), "{health:?}");
    lab.sick.store(true, Ordering::SeqCst);
    assert_eq!(maps.health().await[0].problem.as_deref(), Some("not well"));
}

#[tokio::test]
async fn operations_that_come_while_the_maps_end_are_refused_and_a_close_that_fails_lets_them_on() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open(&instances(&[("a", "")])).await.unwrap();
    let map = maps.get("a").unwrap();
    map.put("k", 1).await.unwrap();
    let gate = Gate::closed();
    lab.space("a").plan("hard_flush", Plan::FailAfter(gate.clone(), "disk full"));
    let closing = tokio::spawn({
        let maps = maps.clone();
        async move { maps.close().await }
    });
    gate.arrived(1).await;
    assert_eq!(map.get("k").await.unwrap_err().to_string(), "map \"a\" is closed: the maps are being closed");
    gate.open();
    assert!(closing.await.unwrap().unwrap_err().to_string().contains("disk full"));
    map.put("k", 2).await.unwrap();
    lab.space("a").work();
    maps.close().await.unwrap();
}
