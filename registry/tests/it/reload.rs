//! Another configuration while the maps are used.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trilayer_core::{CallerProvenance, ExpiryPolicy, Value};
use trilayer_registry::{Config, Map, MapError, Maps, ReloadError, ReloadReport};
use trilayer_testkit::{Gate, ManualClock, Plan, lww};

use crate::lab::Lab;

async fn reload(maps: &Maps, text: &str) -> Result<ReloadReport, ReloadError> {
    maps.reload(Config::from_toml(text).unwrap()).await
}

async fn put_as_backup(map: &Map, key: &str, value: i64) {
    map.put_with(key, lww(value), ExpiryPolicy::NONE, CallerProvenance::Backup).await.unwrap();
}

#[tokio::test]
async fn what_can_change_live_does_for_handles_that_callers_hold() {
    let (lab, clock) = (Arc::<Lab>::default(), ManualClock::at(0));
    let maps = lab.open_at(Arc::clone(&clock) as _, "[maps.a]\npartitions = 1").await;
    let map = maps.get("a").unwrap();
    map.put("endless", 1).await.unwrap();
    let text = "[maps.a]\npartitions = 1\ndefault_ttl_millis = 10\nmax_entry_count = 3\nmax_key_bytes = 8";
    let report = reload(&maps, text).await.unwrap();
    assert_eq!(
        report.changes,
        [
            "maps.a.default_ttl_millis: 0 → 10",
            "maps.a.max_entry_count: 0 → 3",
            "maps.a.max_key_bytes: 65535 → 8"
        ]
    );
    assert!(report.warnings.is_empty() && report.replaced == 0, "{report:?}");
    map.put("short", 1).await.unwrap();
    assert!(matches!(map.put("far too long", 1).await.unwrap_err(), MapError::KeyTooLong { .. }));
    clock.advance(11);
    assert_eq!(
        (map.get("short").await.unwrap(), map.get("endless").await.unwrap()),
        (None, Some(Value::Int(1)))
    );
    for n in 0..9 {
        map.put(&n.to_string(), n).await.unwrap();
    }
    assert_eq!(map.len_in_memory(), 3);
    assert_eq!(maps.config().maps["a"].max_entry_count, 3);
    assert!(reload(&maps, text).await.unwrap().changes.is_empty(), "the same again changes nothing");
}

#[tokio::test]
async fn observers_that_stay_stay_the_same_and_others_come_and_go() {
    let lab = Arc::<Lab>::default();
    let text = |observers: &str| format!("[maps.a]\nobservers = [{observers}]");
    let watch = |tag: &str| format!("{{ use = \"watch\", tag = \"{tag}\" }}");
    let (first, second) = (watch("first"), watch("second"));
    let maps = lab.open(&text(&first)).await.unwrap();
    let map = maps.get("a").unwrap();
    map.put("k", 1).await.unwrap();
    reload(&maps, &text(&format!("{second}, {first}"))).await.unwrap();
    map.put("k", 2).await.unwrap();
    assert_eq!(
        map.observer_reports().iter().map(|(_, told)| told.clone()).collect::<Vec<_>>(),
        [1.into(), 2.into()]
    );
    reload(&maps, &text(&second)).await.unwrap();
    map.put("k", 3).await.unwrap();
    let writes = |tag: &str| lab.watched(tag).writes.load(Ordering::SeqCst);
    assert_eq!((writes("first"), writes("second")), (2, 2));
    let made: Vec<_> = lab.take_log().into_iter().filter(|line| line.contains("made")).collect();
    assert_eq!(made, ["watch first made for a None", "watch second made for a None"], "each once");
}

#[tokio::test]
async fn an_engine_is_changed_with_all_that_is_in_it() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.a]\npartitions = 4").await.unwrap();
    let map = maps.get("a").unwrap();
    for n in 0..100 {
        map.put(&format!("k{n}"), n).await.unwrap();
    }
    let report = reload(&maps, "[maps.a]\npartitions = 4\nengine = \"tight\"").await.unwrap();
    assert_eq!((report.replaced, report.changes.len()), (4, 1), "{report:?}");
    for n in 0..100 {
        assert_eq!(map.put(&format!("k{n}"), 0).await.unwrap(), Some(Value::Int(n)));
    }
    assert_eq!(map.len_in_memory(), 100);
}

#[tokio::test]
async fn a_data_store_is_changed_when_the_old_one_has_everything() {
    let lab = Arc::<Lab>::default();
    let text = |space: &str| {
        format!(
            "[data_stores.main]\nuse = \"probe\"\nlabel = \"{space}\"\nspace = \"{space}\"\n[maps.a]\ndata_store = \"main\""
        )
    };
    let maps = lab.open(&text("old")).await.unwrap();
    let map = maps.get("a").unwrap();
    put_as_backup(&map, "dirty", 1).await;
    lab.space("new").insert("a", "there", lww(2), 0);
    let report = reload(&maps, &text("new")).await.unwrap();
    assert_eq!(report.closed, ["data_stores.main"]);
    assert_eq!(lab.take_log(), ["old opened", "new opened", "old closed"]);
    assert_eq!(lab.space("old").value("a", "dirty"), Some(lww(1)));
    assert_eq!(map.get("there").await.unwrap(), Some(Value::Int(2)));
    map.put("later", 3).await.unwrap();
    assert!(lab.space("new").value("a", "later").is_some() && lab.space("old").value("a", "later").is_none());
    maps.close().await.unwrap();
    assert_eq!(lab.take_log(), ["new closed"]);
}

#[tokio::test]
async fn a_first_data_store_is_told_everything() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.a]").await.unwrap();
    let map = maps.get("a").unwrap();
    map.put("k", 1).await.unwrap();
    reload(&maps, "[maps.a]\ndata_store = \"probe\"").await.unwrap();
    maps.flush().await.unwrap();
    assert!(lab.space("space").value("a", "k").is_some());
}

#[tokio::test]
async fn what_cannot_change_is_named_with_the_reason_and_nothing_changes() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.a]\ndata_store = \"probe\"\npartitions = 2").await.unwrap();
    let map = maps.get("a").unwrap();
    map.put("k", 1).await.unwrap();
    let config = maps.config();
    let error = reload(&maps, "[maps.a]\npartitions = 3\ndefault_ttl_millis = 5").await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("maps.a.partitions: from 2 to 3: keys would fall on other partitions"), "{told}");
    assert!(told.contains("maps.a.data_store: to a data store that keeps nothing"), "{told}");
    assert!(told.contains("the configuration before goes on"), "{told}");
    assert!(Arc::ptr_eq(&config, &maps.config()));
    assert_eq!(map.get("k").await.unwrap(), Some(Value::Int(1)));
}

#[tokio::test]
async fn a_configuration_that_cannot_be_built_leaves_everything_as_it_was() {
    let lab = Arc::<Lab>::default();
    let old = "[data_stores.x]\nuse = \"probe\"\nlabel = \"x\"\n[maps.a]\ndata_store = \"x\"";
    let maps = lab.open(old).await.unwrap();
    let (map, config) = (maps.get("a").unwrap(), maps.config());
    let store = map.store(0).unwrap();
    lab.take_log();
    let broken = [
        ("[maps.a]\ndata_store = \"x\"\nengine = \"nope\"", "no engine \"nope\""),
        ("[maps.a]\ndata_store = \"x\"\nengine = \"broken\"", "maps.a.engine"),
        (
            "[maps.a]\ndata_store = \"x\"\nobservers = [{ use = \"watch\", tag = \"t\", fails = true }]",
            "nothing to see",
        ),
        (
            "[maps.a]\ndata_store = \"x\"\n[maps.b]\ndata_store = { use = \"probe\", fails = true }",
            "no such disk",
        ),
    ];
    for (text, expected) in broken {
        let text = format!(
            "[data_stores.y]\nuse = \"probe\"\nlabel = \"y\"\n[maps.c]\ndata_store = \"y\"\n[data_stores.x]\nuse = \"probe\"\nlabel = \"x\"\n{text}"
        );
        let error = anyhow::Error::from(reload(&maps, &text).await.unwrap_err());
        let told = format!("{error:#}");
        assert!(told.contains(expected) && told.contains("configuration before goes on"), "{told}");
        assert!(Arc::ptr_eq(&config, &maps.config()) && Arc::ptr_eq(&store, &map.store(0).unwrap()));
        let opened: Vec<_> = lab.take_log().into_iter().filter(|line| line.starts_with('y')).collect();
        assert!(opened.is_empty() || opened == ["y opened", "y closed"], "{opened:?}");
    }
    map.put("k", 1).await.unwrap();
    assert!(lab.space("space").value("a", "k").is_some(), "x is still open");
}

#[tokio::test]
async fn maps_and_patterns_come_and_go_and_what_goes_is_flushed() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.\"s-*\"]\ndata_store = \"probe\"\n[maps.b]").await.unwrap();
    let (one, two) = (maps.get("s-1").unwrap(), maps.get("s-2").unwrap());
    put_as_backup(&one, "k", 1).await;
    put_as_backup(&two, "k", 2).await;
    let report = reload(&maps, "[maps.s-2]\ndata_store = \"probe\"\n[maps.new]").await.unwrap();
    assert_eq!(
        report.changes,
        ["maps.b: removed", "maps.new: added", "maps.\"s-*\": removed", "maps.s-2: added"]
    );
    assert_eq!(lab.space("space").value("s-1", "k"), Some(lww(1)), "flushed first");
    let told = one.get("k").await.unwrap_err().to_string();
    assert_eq!(told, "map \"s-1\" is closed: a reload removed it");
    assert!(maps.get("s-1").is_err() && maps.get("b").is_err());
    assert_eq!(two.get("k").await.unwrap(), Some(Value::Int(2)), "served by another entry, it goes on");
    maps.get("new").unwrap().put("k", 1).await.unwrap();
    reload(&maps, "[maps.\"s-*\"]\ndata_store = \"probe\"").await.unwrap();
    assert_eq!(maps.get("s-1").unwrap().get("k").await.unwrap(), Some(Value::Int(1)));
    assert!(one.get("k").await.is_err(), "a handle of a map that was removed stays closed");
}

#[tokio::test]
async fn what_cannot_be_flushed_is_not_removed() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.a]\ndata_store = \"probe\"\n[maps.b]").await.unwrap();
    let map = maps.get("a").unwrap();
    put_as_backup(&map, "k", 1).await;
    lab.space("space").plan("flush_key", Plan::Fail("disk full"));
    let error = reload(&maps, "[maps.b]").await.unwrap_err();
    assert!(error.to_string().contains("disk full"), "{error}");
    assert_eq!(map.get("k").await.unwrap(), Some(Value::Int(1)));
    lab.space("space").work();
    reload(&maps, "[maps.b]").await.unwrap();
    assert_eq!(lab.space("space").value("a", "k"), Some(lww(1)));
}

#[tokio::test]
async fn a_call_that_hangs_stops_the_change_of_its_data_store_and_nothing_else() {
    let (lab, clock) = (Arc::<Lab>::default(), ManualClock::at(0));
    let text = |label: &str, more: &str| {
        format!(
            "[maps.a]\npartitions = 1\ndata_store_timeout_millis = 50\ndata_store = {{ use = \"probe\", label = \"{label}\" }}\n{more}"
        )
    };
    let maps = lab.open_at(Arc::clone(&clock) as _, &text("one", "")).await;
    let map = maps.get("a").unwrap();
    let gate = Gate::closed();
    lab.space("space").plan("add", Plan::WorkAfter(gate.clone()));
    let put = tokio::spawn({
        let map = map.clone();
        async move { map.put("k", 1).await }
    });
    gate.arrived(1).await;
    reload(&maps, &text("one", "default_ttl_millis = 100000"))
        .await
        .expect("needs nothing of the data store");
    let change = tokio::spawn({
        let (maps, text) = (maps.clone(), text("two", ""));
        async move { reload(&maps, &text).await }
    });
    while !change.is_finished() {
        clock.advance(60);
        tokio::task::yield_now().await;
    }
    let error = change.await.unwrap().unwrap_err();
    assert!(matches!(error, ReloadError::Busy(_) | ReloadError::Flush(_)), "{error}");
    gate.open();
    drop(put.await.unwrap());
    lab.space("space").work();
    let report = reload(&maps, &text("two", "")).await.unwrap();
    assert_eq!((report.replaced, map.get("k").await.unwrap()), (1, Some(Value::Int(1))));
}

#[tokio::test]
async fn a_reload_whose_caller_leaves_is_carried_to_its_end_and_others_wait_for_it() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.a]").await.unwrap();
    let gate = Gate::closed();
    *lab.gate.lock() = Some(gate.clone());
    let waiting = "[maps.a]\ndata_store = { use = \"probe\", waits = true }";
    let mut first = Box::pin(reload(&maps, waiting));
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("it waits at the gate"),
        () = gate.arrived(1) => {}
    }
    drop(first);
    let second = tokio::spawn({
        let maps = maps.clone();
        async move { reload(&maps, &format!("{waiting}\nmax_key_bytes = 9")).await }
    });
    // The second has its place in the line before the close comes.
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
    let closing = tokio::spawn({
        let maps = maps.clone();
        async move { maps.close().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(maps.config().maps["a"].data_store.name, "null");
    gate.open();
    second.await.unwrap().unwrap();
    assert_eq!(maps.config().maps["a"].max_key_bytes, 9);
    closing.await.unwrap().unwrap();
    assert!(matches!(reload(&maps, "[maps.a]").await.unwrap_err(), ReloadError::Closed));
    assert_eq!(lab.take_log(), ["probe opened", "probe closed"], "the second kept what the first had opened");
}

#[tokio::test]
async fn a_record_store_made_while_a_reload_prepares_is_changed_too() {
    let lab = Arc::<Lab>::default();
    let text = |space: &str| {
        format!("[maps.a]\npartitions = 64\ndata_store = {{ use = \"probe\", space = \"{space}\" }}")
    };
    let maps = lab.open(&text("old")).await.unwrap();
    let map = maps.get("a").unwrap();
    put_as_backup(&map, "first", 1).await;
    let gate = Gate::closed();
    lab.space("old").plan("hard_flush", Plan::WorkAfter(gate.clone()));
    let change = tokio::spawn({
        let maps = maps.clone();
        async move { reload(&maps, &text("new")).await }
    });
    gate.arrived(1).await;
    let late = (0..).map(|n| format!("k{n}")).find(|key| map.partition_of(key) != map.partition_of("first"));
    let late = late.unwrap();
    map.put(&late, 1).await.unwrap();
    assert!(lab.space("old").value("a", &late).is_some(), "not changed yet");
    gate.open();
    assert_eq!(change.await.unwrap().unwrap().replaced, 2);
    map.put(&late, 2).await.unwrap();
    assert!(lab.space("new").value("a", &late).is_some());
}

#[tokio::test]
async fn a_new_eager_map_is_filled_before_it_is_there() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open("[maps.a]").await.unwrap();
    for n in 0..50 {
        lab.space("space").insert("b", &format!("k{n}"), lww(n), 0);
    }
    let text = "[maps.a]\n[maps.b]\nload = \"eager\"\ndata_store = \"probe\"";
    reload(&maps, text).await.unwrap();
    assert_eq!(maps.get("b").unwrap().len_in_memory(), 50);
    lab.space("space").plan("scan", Plan::Fail("disk full"));
    let other = "[maps.a]\n[maps.c]\nload = \"eager\"\ndata_store = \"probe\"";
    let error = reload(&maps, other).await.unwrap_err();
    assert!(format!("{:#}", anyhow::Error::from(error)).contains("disk full"));
    assert_eq!(maps.get("b").unwrap().len_in_memory(), 50);
}
