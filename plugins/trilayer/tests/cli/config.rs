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
        .failed(78, &["error[file-not-found]: there is no file /", "/no.toml"]);
    rig.run(&["stats", "--config", "trilyer.toml"]).failed(78, &["there is no file"]);
}

#[test]
fn a_configuration_that_is_not_toml() {
    let rig = Rig::new();
    rig.load(&lines(0..3));
    rig.write("trilayer.toml", "[maps.users]\nengine = \n");
    rig.run(&["get", "users", "1"])
        .failed(78, &["error[syntax]: cannot be read as TOML: a value is missing", "--> trilayer.toml:2:10"]);
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
        &["maps.users.engine", r#"no engine "hashmpa""#, r#"did you mean "hashmap"?"#],
    );
    check(
        r#"["stats"]"#,
        r#"["stat"]"#,
        &["maps.users.observers[0]", r#"known: "stats", "trace""#, r#"did you mean "stats"?"#],
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
    let problem = &error["error"]["problems"][0];
    assert_eq!(problem["code"], "unknown-component");
    assert_eq!(problem["place"]["layer"], "environment");
    assert_eq!(problem["place"]["variable"], "TRILAYER__MAPS__USERS__ENGINE");
}

#[test]
fn everything_that_is_wrong_is_told_in_one_run_before_anything_is_opened() {
    let rig = Rig::with_config(
        "[data_stores.main]\nuse = \"redb\"\npath = 3\n\n[maps.users]\nengin = \"hashmap\"\ndata_store = \"mian\"\n\
         observers = [{ use = \"trace\", level = \"loud\" }]\n",
    );
    let mut command = rig.command(&["check"]);
    let ran = Ran::new(command.env("TRILAYER__MAPS__USER__ENGINE", "hashmap").output().unwrap());
    let said = [
        "data_stores.main.path: expected text, found the number 3",
        "--> trilayer.toml:3:8",
        "maps.users.engin: unknown key",
        "maps.users.data_store: there is no data store \"mian\"",
        "maps.users.observers[0].level: expected one of",
        "the variable would be TRILAYER__MAPS__USERS__ENGINE",
        "5 errors in the configuration",
    ];
    ran.failed(78, &said);
    assert!(!rig.path("data").exists(), "nothing was opened");
}

#[test]
fn colours_are_for_terminals_alone() {
    let rig = Rig::with_config("[maps.users]\nengin = 1\n");
    let ran = rig.run(&["check"]).failed(78, &["error[unknown-key]"]);
    assert!(!ran.err.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn explain_tells_who_said_each_value_and_where_each_component_comes_from() {
    let rig = Rig::new();
    let mut command = rig.command(&["explain", "users"]);
    let out = Ran::new(command.env("TRILAYER__MAPS__USERS__PARTITIONS", "3").output().unwrap()).done().out;
    for (value, origin) in [
        ("use = \"redb\"", "# trilayer.toml:3:1; data store redb "),
        ("path = \"data/main.redb\"", "# trilayer.toml:4:1"),
        ("engine = \"hashmap\"", "# trilayer.toml:7:1; engine hashmap "),
        ("partitions = 3", "# environment variable TRILAYER__MAPS__USERS__PARTITIONS"),
        ("load = \"lazy\"", "# default"),
        ("use = \"stats\"", "crate trilayer-observer-stats"),
    ] {
        let line =
            out.lines().find(|line| line.starts_with(value)).unwrap_or_else(|| panic!("{value}: {out}"));
        assert!(line.contains(origin), "{line}");
    }
    assert!(!out.contains("others"), "{out}");
    let json = rig.run(&["explain", "--json"]).done().json();
    let values = json["values"].as_array().unwrap();
    let path = values.iter().find(|value| value["path"] == "data_stores.main.path").unwrap();
    assert_eq!((&path["value"], &path["place"]["line"]), (&"data/main.redb".into(), &4.into()));
    rig.run(&["explain", "none"]).failed(78, &["no map \"none\" is configured"]);
}

#[test]
fn explain_tells_what_a_code_means() {
    let rig = Rig::new();
    let out = rig.run(&["explain", "--code", "unknown-key"]).done().out;
    assert!(out.starts_with("# unknown-key") && out.contains("How to mend it"), "{out}");
    rig.run(&["explain", "--code", "unknown"]).failed(2, &["there is no error code \"unknown\"; known: "]);
}
