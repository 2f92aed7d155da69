use trilayer_registry::{Config, ConfigError, ConfigLoader};

use crate::parts;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ConfigLoader::new().text(text).env(pairs).load()
}

#[test]
fn a_variable_overrides_the_file() {
    let text = "[maps.places]\nengine = \"hashmap\"\npartitions = 3";
    let config = load(text, &[("TRILAYER__MAPS__PLACES__ENGINE", "btree")]).unwrap();
    assert_eq!(config.maps["places"].engine.name, "btree");
    assert_eq!(config.maps["places"].partitions, 3, "the rest stays");
}

#[test]
fn names_that_variables_cannot_spell_take_the_files_spelling() {
    let text = "[data_stores.Main-Store]\nuse = \"redb\"\n[maps.city-map]\n[maps.\"session-*\"]";
    let variables = [
        ("TRILAYER__MAPS__CITY_MAP__PARTITIONS", "7"),
        ("TRILAYER__DATA_STORES__MAIN_STORE__PATH", "x.redb"),
        ("TRILAYER__MAPS__SESSION_*__PARTITIONS", "9"),
    ];
    let config = load(text, &variables).unwrap();
    assert_eq!(config.maps["city-map"].partitions, 7);
    assert_eq!(config.maps["session-*"].partitions, 9);
    assert_eq!(config.data_stores["Main-Store"].options["path"], "x.redb");
    assert_eq!(config.maps.len(), 2);
}

#[test]
fn a_spelling_to_the_letter_comes_first() {
    let config = load("[maps.a-b]\n[maps.a_b]", &[("TRILAYER__MAPS__A_B__PARTITIONS", "7")]).unwrap();
    assert_eq!((config.maps["a_b"].partitions, config.maps["a-b"].partitions), (7, 271));
}

#[test]
fn lists_and_tables_are_written_inline() {
    let variables = [
        ("TRILAYER__MAPS__A__OBSERVERS", r#"["stats", { use = "trace", level = "debug" }]"#),
        ("TRILAYER__MAPS__A__ENGINE", "{ use = \"btree\", fanout = 16 }"),
    ];
    let map = &load("", &variables).unwrap().maps["a"];
    assert_eq!(map.observers[1].options["level"], "debug");
    assert_eq!(map.engine.options["fanout"], 16);
}

#[test]
fn a_mistake_names_the_variable() {
    let refusal = load("[maps.a]", &[("TRILAYER__MAPS__A__ENGIN", "x")]).unwrap_err().to_string();
    assert!(
        refusal.contains("environment variable TRILAYER__MAPS__A__ENGIN: maps.a.engin: unknown key; known: "),
        "{refusal}"
    );
    let refusal = load("", &[("TRILAYER__MAPS____ENGINE", "x")]).unwrap_err().to_string();
    assert!(refusal.contains("a part of the name between \"__\" is empty"), "{refusal}");
    let deep = format!("TRILAYER__{}", vec!["A"; 17].join("__"));
    let refusal = load("", &[(&deep, "x")]).unwrap_err().to_string();
    assert!(refusal.contains("more than 16 parts"), "{refusal}");
}

#[test]
fn variables_of_others_are_passed_over() {
    let others = [("PATH", "/bin"), ("TRILAYER_HOME", "x"), ("", ""), ("é", "é"), ("TRILAYER", "1")];
    assert_eq!(load("[maps.a]", &others).unwrap(), Config::from_toml("[maps.a]").unwrap());
}

/// A small generator, so that a failure can be had again.
fn noise(seed: u64, length: usize) -> String {
    const SIGNS: [&str; 14] = ["__", "_", "[", "]", "{", "}", ".", "=", "\"", "'", "é", "\n", "MAPS", "a"];
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let sign = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        SIGNS[usize::try_from(state >> 33).unwrap() % SIGNS.len()]
    };
    (0..length).map(sign).collect()
}

#[test]
fn ten_thousand_hostile_variables_do_not_crash() {
    let hostile = (0..10_000_u64).map(|seed| {
        let name = format!("TRILAYER__{}", noise(seed, usize::try_from(seed % 40).unwrap()));
        (name, noise(!seed, usize::try_from(seed % 300).unwrap()))
    });
    let hostile: Vec<(String, String)> = hostile.collect();
    assert!(ConfigLoader::new().env(hostile.clone()).load().is_err(), "too many at once");
    for chunk in hostile.chunks(500) {
        let _refused_or_not = ConfigLoader::new().text("[maps.a]").env(chunk.to_vec()).load();
    }
}

#[test]
fn deeply_nested_values_do_not_overflow_the_stack() {
    let keys = vec!["a"; 79].join(".");
    let product = format!("{}1{}", format!("{{ {keys} = ").repeat(79), " }".repeat(79));
    let values = [
        "[".repeat(100_000),
        "{a=".repeat(100_000),
        "[".repeat(8_000) + &"]".repeat(8_000),
        "{a=".repeat(4_000) + "1" + &"}".repeat(4_000),
        format!("{{ {} = 1 }}", vec!["a"; 8_000].join(".")),
        product,
    ];
    for value in values {
        for name in ["TRILAYER__MAPS__A__ENGINE", "TRILAYER__MAPS", "TRILAYER__X"] {
            let _refused_or_text = load("[maps.a]", &[(name, &value)]);
        }
    }
    let name = format!("TRILAYER{}", "__A".repeat(100_000));
    assert!(load("", &[(&name, "1")]).is_err());
}

#[test]
fn maps_of_any_name_are_reached() {
    let text = "[maps.\"Größe.b\"]\n[maps.A]\n[maps.a]\n[maps.\"a__b\"]\n[maps.\"\\\"q\\\"\"]";
    let variables = [
        ("TRILAYER__MAPS___X47R_XC3_XB6_XC3_X9FE_X2EB__PARTITIONS", "2"),
        ("TRILAYER__MAPS___X41__PARTITIONS", "3"),
        ("TRILAYER__MAPS__A__PARTITIONS", "4"),
        ("TRILAYER__MAPS__A_X5F_X5FB__PARTITIONS", "5"),
        ("TRILAYER__MAPS___X22Q_X22__PARTITIONS", "6"),
    ];
    let config = load(text, &variables).unwrap();
    let partitions = ["Größe.b", "A", "a", "a__b", "\"q\""].map(|map| config.maps[map].partitions);
    assert_eq!(partitions, [2, 3, 4, 5, 6]);
}

#[test]
fn what_looks_like_a_number_stays_text_where_text_is_wanted() {
    let text = "[data_stores.\"7\"]\nuse = \"file\"\n[maps.a]\ndata_store = \"x\"";
    let variables = [
        ("TRILAYER__DATA_STORES__7__PATH", "0123"),
        ("TRILAYER__DATA_STORES__7__TOKEN", "[1]"),
        ("TRILAYER__DATA_STORES__7__MODE", "12"),
        ("TRILAYER__MAPS__A__DATA_STORE", "7"),
    ];
    let config = load(text, &variables).unwrap();
    assert_eq!(config.maps["a"].data_store.name, "7");
    let registry = parts::registry();
    config.check(&registry).unwrap_err();
    let resolved = config.resolved(&registry);
    resolved.check(&registry).unwrap();
    let options = &resolved.data_stores["7"].options;
    assert_eq!(
        (&options["path"], &options["token"], &options["mode"]),
        (&"0123".into(), &"[1]".into(), &12.into())
    );
}

#[test]
fn a_whole_map_can_be_added_beside_those_of_the_file() {
    let variables = [("TRILAYER__MAPS__B", "{}"), ("TRILAYER__MAPS__B__PARTITIONS", "7")];
    assert_eq!(load("[maps.a]", &variables).unwrap().maps["b"].partitions, 7);
}

#[cfg(unix)]
#[test]
fn values_that_are_not_utf8_are_told_by_a_process_of_its_own() {
    use std::os::unix::ffi::OsStrExt as _;
    if std::env::var_os("TRILAYER_TEST_INNER").is_some() {
        let error = ConfigLoader::new().process_env().load().unwrap_err();
        let variable = "environment variable TRILAYER__MAPS__A__ENGINE: the value is not UTF-8";
        assert!(error.to_string().contains(variable), "{error}");
        return;
    }
    let this = "environment::values_that_are_not_utf8_are_told_by_a_process_of_its_own";
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", this])
        .env("TRILAYER_TEST_INNER", "1")
        .env("TRILAYER__MAPS__A__ENGINE", std::ffi::OsStr::from_bytes(b"\xff"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

#[test]
fn an_option_is_set_beside_a_name_in_short() {
    let variables = [("TRILAYER__MAPS__A__ENGINE__FANOUT", "4")];
    let config = load("[maps.a]\nengine = \"btree\"", &variables).unwrap();
    assert_eq!(config.maps["a"].engine.name, "btree");
    assert_eq!(config.maps["a"].engine.options["fanout"], 4);
    config.check(&parts::registry()).unwrap();
}
