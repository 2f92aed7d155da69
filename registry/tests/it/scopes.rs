//! Whom an observer is made for, what a data store wraps, and what registries know of each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trilayer_core::{Descriptor, Linked, Value};
use trilayer_registry::{Config, Maps, Registry};
use trilayer_testkit::lww;

use crate::lab::Lab;

fn watched_by(scope: &str) -> String {
    let watch = |partitions: u32| {
        format!("partitions = {partitions}\nobservers = [{{ use = \"watch\", tag = \"t\"{scope} }}]\n")
    };
    format!("[maps.a]\n{}[maps.b]\n{}", watch(2), watch(1))
}

#[tokio::test]
async fn an_observer_is_made_for_each_map_unless_it_says_otherwise() {
    let lab = Arc::<Lab>::default();
    lab.open(&watched_by("")).await.unwrap();
    assert_eq!(lab.take_log(), ["watch t made for a None", "watch t made for b None"]);
}

#[tokio::test]
async fn a_shared_observer_is_one_for_all_maps_that_name_it_alike() {
    let lab = Arc::<Lab>::default();
    let other = "[maps.c]\nobservers = [{ use = \"watch\", tag = \"u\", scope = \"shared\" }]";
    let maps = lab.open(&format!("{}{other}", watched_by(", scope = \"shared\""))).await.unwrap();
    assert_eq!(lab.take_log(), ["watch t made for - None", "watch u made for - None"]);
    maps.get("a").unwrap().put("k", 1).await.unwrap();
    maps.get("b").unwrap().put("k", 1).await.unwrap();
    assert_eq!(maps.get("a").unwrap().observer_reports(), [("watch".to_owned(), Value::Int(2))]);
}

#[tokio::test]
async fn an_observer_of_each_record_store_knows_which_partition_cleared() {
    let lab = Arc::<Lab>::default();
    let maps = lab.open(&watched_by(", scope = \"per-record-store\"")).await.unwrap();
    lab.take_log();
    let map = maps.get("a").unwrap();
    for partition in [1, 0] {
        map.store(partition).unwrap();
    }
    assert_eq!(lab.take_log(), ["watch t made for a Some(1)", "watch t made for a Some(0)"]);
    trilayer_core::RecordStore::clear(&*map.store(1).unwrap(), false);
    assert_eq!(lab.take_log(), ["cleared 1"]);
    let names: Vec<_> = map.observer_reports().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["watch of partition 0", "watch of partition 1"]);
}

#[tokio::test]
async fn a_reload_keeps_the_observers_of_record_stores() {
    let lab = Arc::<Lab>::default();
    let text = watched_by(", scope = \"per-record-store\"");
    let maps = lab.open(&text).await.unwrap();
    let map = maps.get("b").unwrap();
    map.put("k", 1).await.unwrap();
    lab.take_log();
    let other = text.replace("[maps.b]", "[maps.b]\nengine = \"tight\"");
    maps.reload(Config::from_toml(&other).unwrap()).await.unwrap();
    map.put("k", 2).await.unwrap();
    assert!(lab.take_log().is_empty(), "none was made anew");
    assert_eq!(lab.watched("t").writes.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_scope_that_is_none_or_not_allowed_is_refused_with_those_allowed() {
    let lab = Arc::<Lab>::default();
    let told = |error: trilayer_registry::MapsError| format!("{:#}", anyhow::Error::from(error));
    let unknown = told(lab.open(&watched_by(", scope = \"per map\"")).await.unwrap_err());
    let known = "expected one of \"per-map\", \"shared\", \"per-record-store\", found text \"per map\"";
    assert!(unknown.contains(known), "{unknown}");
    let mut registry = Registry::with_builtin();
    let made = Arc::<crate::support::Made>::default();
    registry.register_all(named(&crate::support::registry(&made), &["count"])).unwrap();
    let config =
        Config::from_toml("[maps.a]\nobservers = [{ use = \"count\", scope = \"shared\" }]").unwrap();
    let refused = told(Maps::open(registry, config).await.unwrap_err());
    assert!(refused.contains("scope: expected \"per-map\", found text \"shared\""), "{refused}");
}

fn named(registry: &Registry, names: &[&str]) -> Vec<(Descriptor, trilayer_core::Origin)> {
    let wanted = registry.list().filter(|(descriptor, _)| names.contains(&descriptor.name()));
    wanted.map(|(descriptor, origin)| (descriptor.clone(), origin.clone())).collect()
}

#[tokio::test]
async fn a_decorator_wraps_an_instance_a_component_or_another_decorator() {
    let lab = Arc::<Lab>::default();
    let text = r#"
        [data_stores.base]
        use = "probe"
        label = "base"
        [data_stores.around]
        use = "probe"
        label = "around"
        inner = "base"
        [maps.a]
        data_store = { use = "probe", label = "outer", inner = { use = "probe", label = "middle", inner = "around" } }
        [maps.b]
        data_store = "base"
        [maps.c]
        data_store = { use = "probe", label = "nothing", inner = "null" }
    "#;
    let maps = lab.open(text).await.unwrap();
    let log = lab.take_log();
    let at = |label: &str| log.iter().position(|line| line == &format!("{label} opened")).unwrap();
    assert!(
        at("base") < at("around") && at("around") < at("middle") && at("middle") < at("outer"),
        "{log:?}"
    );
    assert_eq!(log.len(), 5, "each once: {log:?}");
    maps.get("a").unwrap().put("k", 1).await.unwrap();
    assert_eq!(lab.space("space").value("a", "k"), lab.space("space").value("a", "k"));
    assert!(lab.space("space").value("a", "k").is_some());
    maps.close().await.unwrap();
    let closed = lab.take_log();
    let at = |label: &str| closed.iter().position(|line| line == &format!("{label} closed")).unwrap();
    assert!(
        at("outer") < at("around") && at("middle") < at("around") && at("around") < at("base"),
        "{closed:?}"
    );
    assert_eq!(closed.len(), 5, "an instance that is wrapped is closed once: {closed:?}");
}

#[tokio::test]
async fn instances_that_wrap_one_another_in_a_circle_are_refused_before_anything_opens() {
    let lab = Arc::<Lab>::default();
    let instance = |name: &str, inner: &str| {
        format!("[data_stores.{name}]\nuse = \"probe\"\nlabel = \"{name}\"\ninner = {inner}\n")
    };
    let text = [
        instance("a", "\"b\""),
        instance("b", "{ use = \"probe\", inner = \"c\" }"),
        instance("c", "\"a\""),
        instance("d", "\"d\""),
        instance("into", "\"a\""),
        "[maps.x]\n[maps.y]\ndata_store = \"into\"".to_owned(),
    ];
    let told = lab.open(&text.concat()).await.unwrap_err().to_string();
    let circles = ["a -> b -> c -> a", "d -> d"];
    assert!(circles.iter().all(|circle| told.contains(circle)) && told.lines().count() == 3, "{told}");
    assert!(lab.take_log().is_empty());
}

#[tokio::test]
async fn a_changed_inner_instance_is_a_changed_decorator() {
    let lab = Arc::<Lab>::default();
    let text = |space: &str| {
        format!(
            "[data_stores.base]\nuse = \"probe\"\nlabel = \"base\"\nspace = \"{space}\"\n\
             [maps.a]\ndata_store = {{ use = \"probe\", label = \"outer\", inner = \"base\" }}\n"
        )
    };
    let maps = lab.open(&text("one")).await.unwrap();
    let map = maps.get("a").unwrap();
    map.put("k", 1).await.unwrap();
    lab.space("two").insert("a", "k", lww(2), 0);
    lab.take_log();
    maps.reload(Config::from_toml(&text("two")).unwrap()).await.unwrap();
    assert_eq!(map.get("k").await.unwrap(), Some(Value::Int(2)));
    assert_eq!(lab.take_log(), ["base opened", "outer opened", "outer closed", "base closed"]);
}

#[tokio::test]
async fn registries_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (Arc::<Lab>::default(), Arc::<Lab>::default());
    let (first, second) = (one.registry(), two.registry());
    let text = "[maps.a]\ndata_store = \"probe\"\nobservers = [{ use = \"watch\", tag = \"t\" }]";
    let (first, second) = (
        Maps::open(first, Config::from_toml(text).unwrap()).await.unwrap(),
        Maps::open(second, Config::from_toml(text).unwrap()).await.unwrap(),
    );
    first.get("a").unwrap().put("k", 1).await.unwrap();
    assert_eq!(second.get("a").unwrap().get("k").await.unwrap(), None);
    assert_eq!(two.watched("t").writes.load(Ordering::SeqCst), 0);
    first.close().await.unwrap();
    second.get("a").unwrap().put("k", 2).await.unwrap();
    let alone = Registry::with_builtin();
    assert!(
        alone.list().count() == 2 && Linked::all().count() > 0,
        "what is linked is in no registry by itself"
    );
    assert!(Maps::open(alone, Config::from_toml(text).unwrap()).await.is_err());
}
