use std::sync::Arc;

use trilayer_registry::{ComponentSpec, Config, ConfigLoader, Load, MapConfig, ProblemCode};

use crate::support::{self, Made};

const WHOLE: &str = r#"
[data_stores.main]
use = "redb"
path = "data/places.redb"

[maps.places]
engine = { use = "btree", fanout = 16 }
data_store = "main"
observers = ["stats", { use = "trace", level = "debug" }]
default_ttl_millis = 1
default_max_idle_millis = 2
max_entry_count = 13
partitions = 4
load = "eager"
max_key_bytes = 5
max_value_bytes = 6

[maps."session-*"]
data_store = { use = "redb", path = "s.redb" }
"#;

fn refusal(text: &str) -> String {
    Config::from_toml(text).unwrap_err().to_string()
}

fn checked(text: &str) -> String {
    let registry = support::registry(&Arc::new(Made::default()));
    Config::from_toml(text).unwrap().check(&registry).unwrap_err().to_string()
}

#[test]
fn every_setting_of_a_file_is_read() {
    let config = Config::from_toml(WHOLE).unwrap();
    assert_eq!(config.data_stores["main"], ComponentSpec::named("redb").with("path", "data/places.redb"));
    let places = &config.maps["places"];
    assert_eq!(places.engine, ComponentSpec::named("btree").with("fanout", 16));
    assert_eq!(places.observers[1].name, "trace");
    assert_eq!((places.partitions, places.load), (4, Load::Eager));
    assert_eq!((places.max_key_bytes, places.max_value_bytes), (5, 6));
    assert_eq!(places.max_entry_count, 13);
    assert_eq!(places.storage().max_entry_count, 3, "each of four partitions has its share");
}

#[test]
fn what_is_not_said_has_the_documented_default() {
    let map = Config::from_toml("[maps.a]").unwrap().maps["a"].clone();
    assert_eq!(map, MapConfig::default());
    assert_eq!((map.engine.name.as_str(), map.data_store.name.as_str()), ("hashmap", "null"));
    assert_eq!((map.partitions, map.max_key_bytes, map.max_value_bytes), (271, 65_535, 16 << 20));
    assert_eq!(map.load, Load::Lazy);
}

#[test]
fn durations_and_sizes_are_numbers_or_text_with_units() {
    let text = "[maps.a]\ndefault_ttl_millis = \"1h30m\"\ndata_store_timeout_millis = 250\nmax_value_bytes = \"1.5 MB\"";
    let config = Config::from_toml(text).unwrap();
    let map = &config.maps["a"];
    assert_eq!((map.default_ttl_millis, map.data_store_timeout_millis), (5_400_000, 250));
    assert_eq!(map.max_value_bytes, 1_500_000);
    let never = Config::from_toml("[maps.a]\ndefault_ttl_millis = \"18446744073709551615ms\"").unwrap();
    let again = Config::from_toml(&never.to_toml().unwrap()).unwrap();
    assert_eq!(again.maps["a"].default_ttl_millis, u64::MAX, "more than a TOML integer holds");
    let refusal = refusal("[maps.a]\nmax_value_bytes = \"64M\"");
    assert!(refusal.contains(r#"did you mean "MiB" or "MB"?"#), "{refusal}");
}

#[test]
fn a_bound_too_small_to_share_is_refused() {
    let message = refusal("[maps.a]\nmax_entry_count = 270");
    assert!(
        message.contains("maps.a.max_entry_count: 270 is less than the map's 271 partitions"),
        "{message}"
    );
    Config::from_toml("[maps.a]\nmax_entry_count = 271").unwrap();
    Config::from_toml("[maps.a]\nmax_entry_count = 1\npartitions = 1").unwrap();
}

#[test]
fn a_configuration_survives_being_written_and_read() {
    let config = Config::from_toml(WHOLE).unwrap();
    let again = Config::from_toml(&config.to_toml().unwrap()).unwrap();
    assert_eq!(config, again);
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    for (text, told) in [
        ("map = 1", r#"text:1:1: map: unknown key; known: "data_stores", "maps"; did you mean "maps"?"#),
        ("[maps.a]\nengin = 1", "text:2:1: maps.a.engin: unknown key; known: "),
        ("[maps.\"s-*\"]\nttl = 1", "text:2:1: maps.\"s-*\".ttl: unknown key"),
        ("[maps.a]\nengine = { us = \"x\" }", "text:2:1: maps.a.engine: the table has no `use`"),
        (
            "[maps.a]\nobservers = [\"x\", { shards = 1 }]",
            "text:2:19: maps.a.observers[1]: the table has no `use`",
        ),
        ("[data_stores.main]\npath = \"x\"", "text:1:14: data_stores.main: the table has no `use`"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(told), "{refusal}\n  should tell\n  {told}");
    }
    assert!(refusal("[maps.a]\nengin = 1").contains(r#"did you mean "engine"?"#));
}

#[test]
fn a_value_of_the_wrong_kind_says_what_was_expected() {
    for (text, told) in [
        ("maps = 1", "maps: expected a table of maps by name, found a number"),
        ("[maps]\na = true", "maps.a: expected a table of the map's settings, found a boolean"),
        ("[data_stores]\na = [1]", "data_stores.a: expected a component's name, or a table"),
        (
            "[maps.a]\npartitions = \"many\"",
            "maps.a.partitions: expected a whole number from 1 to 65536, found text \"many\"",
        ),
        (
            "[maps.a]\npartitions = -1",
            "maps.a.partitions: expected a whole number from 1 to 65536, found the number -1",
        ),
        ("[maps.a]\nload = \"now\"", "maps.a.load: expected one of \"lazy\", \"eager\", found text \"now\""),
        ("[maps.a]\npartitions = 0", "maps.a.partitions: expected a whole number from 1 to 65536"),
        ("[maps.a]\npartitions = 65537", "maps.a.partitions: expected a whole number from 1 to 65536"),
        ("[maps.a]\nmax_key_bytes = 0", "maps.a.max_key_bytes: expected a whole number, at least 1"),
        ("[maps.\"a*\"]\nload = \"eager\"", "maps.\"a*\".load: \"eager\" needs a map's exact name"),
        ("[maps.\"\"]", "maps.\"\": a map's name cannot be empty"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(told), "{refusal}\n  should tell\n  {told}");
    }
}

#[test]
fn all_problems_are_told_at_once_one_line_each() {
    let text = "[maps.a]\nengine = \"hashmpa\"\ndata_store = \"man\"\nobservers = [\"cout\"]\n\
                [data_stores.main]\nuse = \"memry\"";
    let told = checked(text);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "the configuration has 4 problems:");
    assert_eq!(lines.len(), 5, "{told}");
    for (line, opening, ending) in [
        (
            lines[1],
            r#"text:2:10: maps.a.engine: there is no engine "hashmpa"; known: "#,
            r#"did you mean "hashmap"?"#,
        ),
        (
            lines[2],
            r#"text:3:14: maps.a.data_store: there is no data store "man""#,
            r#"did you mean "main"?"#,
        ),
        (lines[3], r#"text:4:14: maps.a.observers[0]: there is no observer "cout"; known: "count""#, "?"),
        (lines[4], r#"text:6:7: data_stores.main: there is no data store "memry"; known: "#, r#""memory"?"#),
    ] {
        assert!(line.trim_start().starts_with(opening), "{told}");
        assert!(line.ends_with(&format!("{ending} [unknown-component]")), "{told}");
    }
}

#[test]
fn an_instance_is_not_a_component_for_tables() {
    let told = checked("[data_stores]\nmain = \"memory\"\n[maps.a]\ndata_store = { use = \"main\" }");
    assert!(told.contains(r#"maps.a.data_store: there is no data store "main""#), "{told}");
}

#[test]
fn text_that_is_not_toml_is_shown_with_line_and_column() {
    let error = Config::from_toml("[maps.a]\nengine = hashmap\n").unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(problem.code, ProblemCode::Syntax);
    assert!(problem.to_string().starts_with("text:2:10: cannot be read as TOML: "), "{error}");
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = ConfigLoader::new().file(folder.path().join("none.toml")).load().unwrap_err();
    assert_eq!(error.problems()[0].code, ProblemCode::FileNotFound);
    let absolute = folder.path().join("none.toml").display().to_string();
    assert!(error.to_string().contains(&absolute), "{error}");
}

#[test]
fn relative_paths_start_from_the_files_folder_and_problems_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.toml");
    std::fs::write(&path, "[maps.a]").unwrap();
    let config = ConfigLoader::new().file(&path).load().unwrap();
    assert_eq!(config.base_dir(), folder.path());
    std::fs::write(&path, "[maps.a]\nx = 1").unwrap();
    let error = ConfigLoader::new().file(&path).load().unwrap_err().to_string();
    assert!(error.contains("maps.toml:2:1: maps.a.x: unknown key"), "{error}");
}

#[test]
fn the_most_specific_entry_serves_a_map_and_entries_are_not_merged() {
    let text = "[maps.\"*\"]\npartitions = 1\n[maps.\"session-*\"]\ndefault_ttl_millis = 5\n[maps.session-x]";
    let config = Config::from_toml(text).unwrap();
    let serving = |map| config.serving(map).unwrap();
    assert_eq!(serving("session-x"), ("session-x", &MapConfig::default()));
    assert_eq!(serving("session-y").0, "session-*");
    assert_eq!(serving("session-y").1.partitions, 271, "nothing of \"*\" is inherited");
    assert_eq!(serving("users").0, "*");
    assert!(config.serving("session-*").is_none(), "a pattern is no map");
}

#[test]
fn the_schema_describes_every_setting() {
    let schema = serde_json::to_string(&schemars::schema_for!(Config)).unwrap();
    for setting in ["default_ttl_millis", "max_value_bytes", "observers", "data_stores"] {
        assert!(schema.contains(setting), "{setting}");
    }
}
