//! Which configuration is used, what a line of it changes, and what is refused.

use serde_json::Value as Json;

use crate::rig::{CONFIG, Ran, Rig, lines};

#[test]
fn the_configuration_is_found_by_option_then_variable_then_folder() {
    let rig = Rig::new();
    rig.write("a.toml", "[maps.from-option]");
    rig.write("b.toml", "[maps.from-variable]");
    let stats = |arguments: &[&str], variable: Option<&str>| {
        let mut command = rig.command(arguments);
        command.envs(variable.map(|file| ("TRILAYER_CONFIG", file)));
        Ran::new(command.output().unwrap()).done().out
    };
    assert!(stats(&["stats"], None).starts_with("others\n"));
    assert!(stats(&["stats"], Some("b.toml")).starts_with("from-variable\n"));
    assert!(stats(&["--config", "a.toml", "stats"], Some("b.toml")).starts_with("from-option\n"));
    assert!(stats(&["stats", "--config", "a.toml"], None).starts_with("from-option\n"));
}

#[test]
fn without_a_configuration_it_says_how_to_give_one() {
    let rig = Rig::new();
    std::fs::remove_file(rig.path("trilayer.toml")).unwrap();
    rig.run(&["stats"]).failed(78, &["there is no configuration: give --config FILE, set TRILAYER_CONFIG"]);
    rig.run(&["stats", "--config", "no.toml"])
        .failed(78, &["cannot read configuration file no.toml", "No such file"]);
}

#[test]
fn a_configuration_that_is_not_toml() {
    let rig = Rig::new();
    rig.load(&lines(0..3));
    rig.write("trilayer.toml", "[maps.users]\nengine = \n");
    rig.run(&["get", "users", "1"]).failed(78, &["error: trilayer.toml:2:", "TOML"]);
    rig.write("trilayer.toml", CONFIG);
    assert_eq!(rig.stored().lines().count(), 3);
}

#[test]
fn an_unknown_map_is_refused_with_those_there_are() {
    let rig = Rig::new();
    rig.write("users.jsonl", lines(0..3));
    let said = r#"no map "user" is configured; configured: "others", "users"; did you mean "users"?"#;
    for arguments in [
        &["get", "user", "1"][..],
        &["put", "user", "1", "1"],
        &["remove", "user", "1"],
        &["scan", "user"],
        &["dump", "user", "out.jsonl"],
        &["stats", "user"],
        &["load", "user", "users.jsonl", "--key", "id"],
    ] {
        rig.run(arguments).failed(78, &[said]);
    }
    assert!(!rig.path("out.jsonl").exists());
}

/// One line each, and it is another engine, data store or observer.
#[test]
fn one_line_switches_a_part() {
    let rig = Rig::new();
    rig.load(&lines(0..3));
    let check = |from: &str, to: &str| {
        rig.write("trilayer.toml", CONFIG.replace(from, to));
        rig.run(&["check"]).done().out
    };
    let users = "users: engine hashmap, data store main, observers stats, 3 values read";
    assert!(check("", "").contains(users));
    assert!(check("engine = \"hashmap\"", "engine = { use = \"hashmap\" }").contains(users));
    assert!(check(r#"["stats"]"#, r#"["trace", "stats"]"#).contains("observers trace, stats"));
    assert!(check(r#"["stats"]"#, "[]").contains("observers none, 3 values read"));
    let null = check("data_store = \"main\"\nobservers", "data_store = \"null\"\nobservers");
    assert!(
        null.contains("users: engine hashmap, data store null, observers stats, 0 values read"),
        "{null}"
    );
    assert!(check("data_store = \"null\"", "data_store = \"main\"").contains(users));
}

#[test]
fn a_name_that_does_not_exist_is_refused_with_those_that_do() {
    let rig = Rig::new();
    let check = |from: &str, to: &str, said: &[&str]| {
        rig.write("trilayer.toml", CONFIG.replace(from, to));
        rig.run(&["check"]).failed(78, said);
    };
    check(
        "engine = \"hashmap\"",
        "engine = \"hashmpa\"",
        &["maps.users.engine", r#"no engine "hashmpa"; known: "hashmap""#],
    );
    check(
        r#"["stats"]"#,
        r#"["stat"]"#,
        &["maps.users.observers[0]", r#"known: "stats", "trace"; did you mean "stats"?"#],
    );
    check(
        "data_store = \"main\"\nobs",
        "data_store = \"mian\"\nobs",
        &["maps.users.data_store", "\"main\"", "\"null\"", "\"redb\""],
    );
    check("path =", "paht =", &["data_stores.main", "paht", "path"]);
    check("engine =", "engin =", &["maps.users", "engin", "engine"]);
}

#[test]
fn a_variable_overrides_the_file_and_is_blamed_for_its_mistakes() {
    let rig = Rig::new();
    let run = |value: &str| {
        let mut command = rig.command(&["check", "--json"]);
        Ran::new(command.env("TRILAYER__MAPS__USERS__ENGINE", value).output().unwrap())
    };
    run("hashmap").done();
    let ran = run("nothing").failed(78, &["TRILAYER__MAPS__USERS__ENGINE", "hashmap"]);
    let error: Json = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((error["error"]["code"].as_i64(), ran.err.lines().count()), (Some(78), 1));
}
