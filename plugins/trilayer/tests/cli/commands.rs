//! What each subcommand does when all is well. Every run is a process of its own, so what
//! one finds another one stored.

use serde_json::json;

use crate::rig::{CONFIG, Ran, Rig, lines};

#[test]
fn what_one_process_puts_another_gets() {
    let rig = Rig::new();
    let put = rig.run(&["put", "users", "ada", r#"{"name": "Ada", "born": 1815}"#]).done();
    assert_eq!((put.out.as_str(), put.err.as_str()), ("", ""));
    assert_eq!(rig.run(&["get", "users", "ada"]).done().out, "{\"born\":1815,\"name\":\"Ada\"}\n");
    rig.run_with_input(&["put", "users", "grace", "-"], "[1, null, -2.5]\n").done();
    assert_eq!(rig.run(&["get", "users", "grace"]).done().json(), json!([1, null, -2.5]));
    rig.run(&["put", "users", "below", "-5"]).done();
    assert_eq!(rig.run(&["get", "users", "below"]).done().json(), json!(-5));
}

#[test]
fn put_tells_the_previous_value_as_json() {
    let rig = Rig::new();
    let put = |value| rig.run(&["put", "users", "ada", value, "--json"]).done().json();
    assert_eq!(put("1"), json!({ "key": "ada", "previous": null }));
    assert_eq!(put("2"), json!({ "key": "ada", "previous": 1 }));
}

#[test]
fn get_tells_key_and_metadata_if_asked() {
    let rig = Rig::new();
    rig.run(&["put", "users", "ada", "1"]).done();
    let entry = rig.run(&["get", "users", "ada", "--json"]).done().json();
    assert_eq!(entry, json!({ "key": "ada", "value": 1 }));
    let entry = rig.run(&["get", "users", "ada", "--metadata"]).done().json();
    assert_eq!((&entry["metadata"]["version"], &entry["metadata"]["resident"]), (&json!(1), &json!(true)));
}

#[test]
fn a_removed_key_is_gone_and_a_missing_one_has_a_code_of_its_own() {
    let rig = Rig::new();
    rig.run(&["put", "users", "ada", "1"]).done();
    let removed = rig.run(&["remove", "users", "ada", "--json"]).done().json();
    assert_eq!(removed, json!({ "key": "ada", "removed": 1 }));
    let missing = r#"error: map "users" has no key "ada""#;
    rig.run(&["get", "users", "ada"]).failed(3, &[missing]);
    let ran = rig.run(&["remove", "users", "ada"]).failed(3, &[missing]);
    assert_eq!(ran.out, "");
}

#[test]
fn scan_prints_what_is_stored_in_order_of_key() {
    let rig = Rig::new();
    rig.load(&lines(0..2500));
    let keys = |arguments: &[&str]| -> Vec<String> {
        let out = rig.run(arguments).done().out;
        let key = |line: &str| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["key"].as_str().unwrap().to_owned()
        };
        out.lines().map(key).collect()
    };
    let all = keys(&["scan", "users"]);
    assert!(all.len() == 2500 && all.is_sorted());
    assert_eq!(keys(&["scan", "users", "--prefix", "249"]).len(), 11);
    assert_eq!(keys(&["scan", "users", "--prefix", "24", "--limit", "2"]), ["24", "240"]);
    assert_eq!(keys(&["scan", "users", "--limit", "1500"]).len(), 1500);
    assert!(keys(&["scan", "users", "--limit", "0"]).is_empty() && keys(&["scan", "others"]).is_empty());
}

#[test]
fn scan_tells_deadlines_and_hides_what_expired() {
    let rig =
        Rig::with_config(&CONFIG.replace("[maps.users]", "[maps.users]\ndefault_ttl_millis = 3_600_000"));
    rig.run(&["put", "users", "ada", "1"]).done();
    let entry = rig.run(&["scan", "users", "--metadata"]).done().json();
    assert_eq!((&entry["value"], &entry["metadata"]["resident"]), (&json!(1), &json!(false)));
    assert!(entry["metadata"]["expiration_time"].as_i64().unwrap() > 1_000_000_000_000);
}

#[test]
fn stats_tells_what_each_map_holds() {
    let rig = Rig::new();
    rig.load(&lines(0..5));
    let text = rig.run(&["stats"]).done().out;
    assert!(
        text.contains("users\n") && text.contains("others\n") && text.contains("stored      5"),
        "{text}"
    );
    let stats = rig.run(&["stats", "users", "--json"]).done().json();
    let told = (&stats["map"], &stats["stored"], &stats["engine"], &stats["data_store"], &stats["parked"]);
    assert_eq!(told, (&json!("users"), &json!(5), &json!("hashmap"), &json!("main"), &json!(0)));
    assert_eq!((&stats["observers"][0]["name"], stats["resident"].as_u64()), (&json!("stats"), Some(0)));
}

#[test]
fn stats_counts_what_is_loaded_eagerly() {
    let rig = Rig::new();
    rig.load(&lines(0..5));
    rig.write("trilayer.toml", CONFIG.replace("[maps.users]", "[maps.users]\nload = \"eager\""));
    let stats = rig.run(&["stats", "users", "--json"]).done().json();
    assert_eq!((&stats["resident"], &stats["observers"][0]["report"]["load"]), (&json!(5), &json!(5)));
}

#[test]
fn components_lists_what_a_configuration_can_name() {
    let rig = Rig::new();
    let text = rig.run(&["components", "--config", "/does/not/matter"]).done().out;
    for line in [
        "engine      hashmap",
        "data store  null",
        "data store  redb",
        "observer    stats",
        "observer    trace",
    ] {
        assert!(text.contains(line), "{line:?} is not in {text}");
    }
    let json = rig.run(&["components", "--json"]).done().json();
    let components = json["components"].as_array().unwrap();
    let redb = components.iter().find(|component| component["name"] == "redb").unwrap();
    assert_eq!((&redb["kind"], &redb["version"]), (&json!("data store"), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(redb["origin"].as_str().unwrap().starts_with("crate trilayer-datastore-redb"));
    assert!(redb["options"]["properties"]["path"].is_object(), "{redb}");
}

#[test]
fn help_tells_the_exit_codes() {
    let help = Rig::new().run(&["--help"]).done().out;
    for code in [0, 1, 2, 3, 65, 66, 74, 78, 130, 143] {
        assert!(help.contains(&format!("\n{code:5}  ")), "{code} is not in {help}");
    }
}

#[test]
fn a_command_line_that_is_not_right_is_told_as_json_too() {
    let rig = Rig::new();
    rig.run(&["get", "users"]).failed(2, &["required arguments were not provided", "<KEY>"]);
    let ran = rig.run(&["get", "users", "--json"]).failed(2, &[]);
    let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(error["error"]["code"], 2);
}

#[test]
fn the_reader_of_a_scan_may_leave_before_the_end() {
    let rig = Rig::new();
    rig.load(&lines(0..5000));
    let script =
        rig.limited(r#"set -- "$0" "$@"; "$@" | head -n 1; exit "${PIPESTATUS[0]}""#, &["scan", "users"]);
    let ran = Ran::new({ script }.output().unwrap()).done();
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (1, ""));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let rig = Rig::new();
    rig.load(&lines(0..5));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = Ran::new(rig.command(&["scan", "users"]).stdout(full).output().unwrap());
    ran.failed(74, &["cannot write to standard output", "No space left"]);
}

#[test]
fn events_are_logged_to_standard_error_if_asked() {
    let rig = Rig::with_config(&CONFIG.replace(r#"["stats"]"#, r#"[{ use = "trace", level = "info" }]"#));
    assert_eq!(rig.run(&["put", "users", "ada", "1"]).done().err, "");
    let ran = rig.run(&["put", "users", "ada", "2", "-v"]).done();
    assert!(ran.err.contains("trilayer::events") && ran.out.is_empty(), "{ran:?}");
    let mut filtered = rig.command(&["put", "users", "ada", "3"]);
    let ran = Ran::new(filtered.env("RUST_LOG", "trilayer::events=info").output().unwrap()).done();
    assert!(ran.err.contains("key=\"ada\"") && !ran.err.contains("maps opened"), "{ran:?}");
}
