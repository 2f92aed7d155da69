//! Loading what is right.

use serde_json::{Value as Json, json};

use crate::rig::{CONFIG, Rig, lines};

const LOAD: [&str; 5] = ["load", "users", "users.jsonl", "--key", "id"];

#[test]
fn each_line_becomes_a_record_that_another_process_finds() {
    let rig = Rig::new();
    rig.write("users.jsonl", lines(0..3000));
    let ran = rig.run(&LOAD).done();
    assert!(ran.err.contains("3000 records stored in map \"users\""), "{ran:?}");
    assert!(ran.err.contains("stats: put 3000") && ran.out.is_empty(), "{ran:?}");
    let seven = json!({ "id": 7, "name": "user 7", "half": 3.5 });
    assert_eq!(rig.run(&["get", "users", "7"]).done().json(), seven);
    assert_eq!(rig.stored().lines().count(), 3000);
}

#[test]
fn loading_again_doubles_nothing() {
    let rig = Rig::new();
    rig.write("users.jsonl", lines(0..1000));
    rig.run(&LOAD).done();
    let first = rig.run(&["dump", "users", "-"]).done().out;
    rig.run(&LOAD).done();
    assert_eq!(rig.run(&["dump", "users", "-"]).done().out, first);
    assert_eq!(first.lines().count(), 1000);
}

#[test]
fn of_lines_with_the_same_key_the_last_one_stays() {
    let rig = Rig::new();
    let line =
        |n: u64| format!("{{\"id\": {}, \"n\": {n}}}\n", if n.is_multiple_of(3) { 1000 } else { n % 50 });
    rig.load(&(0..2000).map(line).collect::<String>());
    let stored = rig.stored();
    let mut last: Vec<(String, u64)> = (0..50).map(|id| (id.to_string(), 0)).collect();
    last.push(("1000".to_owned(), 1998));
    for n in (0..2000).filter(|n| n % 3 != 0) {
        last[usize::try_from(n % 50).unwrap()].1 = n;
    }
    last.sort();
    let entry = |line: &str| {
        let entry: Json = serde_json::from_str(line).unwrap();
        (entry["key"].as_str().unwrap().to_owned(), entry["value"]["n"].as_u64().unwrap())
    };
    assert_eq!(stored.lines().map(entry).collect::<Vec<_>>(), last);
}

#[test]
fn one_field_can_be_the_value_and_blank_lines_are_nothing() {
    let rig = Rig::new();
    let input = "\u{feff}{\"k\": \"a\", \"v\": [1]}\r\n\n  \n{\"k\": true, \"v\": null}";
    rig.run_with_input(&["load", "users", "-", "--key", "k", "--value", "v"], input).done();
    assert_eq!(rig.stored(), "{\"key\":\"a\",\"value\":[1]}\n{\"key\":\"true\",\"value\":null}\n");
}

#[test]
fn the_summary_is_json_if_asked() {
    let rig = Rig::new();
    rig.write("users.jsonl", lines(0..10));
    let summary = rig.run(&[&LOAD[..], &["--json"]].concat()).done().json();
    let told = (&summary["records"], &summary["complete"], &summary["stored_through_line"]);
    assert_eq!(told, (&json!(10), &json!(true), &json!(10)));
    assert_eq!(
        summary["observers"][0],
        json!({ "name": "stats", "report": summary["observers"][0]["report"] })
    );
    assert!(summary["records_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn acknowledgements_end_with_the_last_line() {
    let rig = Rig::new();
    rig.write("users.jsonl", lines(0..1000));
    let out = rig.run(&[&LOAD[..], &["--acks"]].concat()).done().out;
    let acks: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let acks: Vec<u64> = acks.iter().map(|ack| ack["acknowledged_lines"].as_u64().unwrap()).collect();
    assert!(acks.is_sorted() && acks.last() == Some(&1000), "{acks:?}");
}

#[test]
fn acknowledgements_of_a_map_that_keeps_nothing_are_refused() {
    let rig = Rig::with_config("[maps.users]");
    rig.write("users.jsonl", lines(0..10));
    rig.run(&[&LOAD[..], &["--acks"]].concat()).failed(78, &["makes nothing durable", "leave out --acks"]);
    rig.run(&LOAD).done();
}

#[test]
fn one_write_at_a_time_stores_the_same() {
    let rig = Rig::with_config(&CONFIG.replace("[maps.users]", "[maps.users]\npartitions = 1"));
    rig.write("users.jsonl", lines(0..50));
    rig.run(&[&LOAD[..], &["--concurrency", "1"]].concat()).done();
    assert_eq!(rig.stored().lines().count(), 50);
}
