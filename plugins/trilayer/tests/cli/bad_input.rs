//! Input that is not right: an error a person can act on, and nothing lost.

use std::process::Stdio;

use serde_json::{Value as Json, json};

use crate::rig::{CONFIG, Ran, Rig, lines};

/// Loads a good line, the bad one and another good one, and looks what was said and stored.
#[track_caller]
fn refused(rig: &Rig, bad: &[u8], said: &[&str]) {
    rig.load("{\"id\": \"before\"}\n");
    rig.write("bad.jsonl", [b"{\"id\": \"good\"}\n", bad, b"\n{\"id\": \"later\"}\n"].concat());
    let load = ["load", "users", "bad.jsonl", "--key", "id"];
    let stopped = ["stopped after 1 record (lines 1..=1 are stored)", "because: bad.jsonl:2: "];
    rig.run(&load).failed(65, &[said, &stopped].concat());
    let keys =
        ["before", "good"].map(|key| format!("{{\"key\":\"{key}\",\"value\":{{\"id\":\"{key}\"}}}}\n"));
    assert_eq!(rig.stored(), keys.concat());
    let skipped = ["skipped: bad.jsonl:2: ", "1 line of bad.jsonl skipped, 2 records stored"];
    rig.run(&[&load[..], &["--on-error", "skip"]].concat()).failed(65, &[said, &skipped].concat());
    assert_eq!(rig.stored().lines().count(), 3);
}

#[test]
fn a_line_that_is_not_json() {
    let said = ["the line is not JSON: EOF while parsing an object (byte 11); each line is one JSON object"];
    refused(&Rig::new(), b"{\"id\": \"bad\"", &[&said[0].replace("byte 11", "byte 12")]);
}

#[test]
fn a_line_that_is_not_an_object() {
    refused(&Rig::new(), b"[1, 2]", &["the line is a list; each line is one JSON object"]);
}

#[test]
fn a_line_that_is_not_utf8() {
    refused(&Rig::new(), b"{\"id\": \"\xff\"}", &["not UTF-8 from byte 9 on; convert the file to UTF-8"]);
}

#[test]
fn a_line_without_the_key_field() {
    let said = r#"no field "id", which is to be the key; it has "ID", "name""#;
    refused(&Rig::new(), br#"{"ID": 1, "name": "x"}"#, &[said]);
}

#[test]
fn a_key_of_no_use() {
    let said = r#"field "id" is null; a key is a string, an integer of 64 bits or a boolean"#;
    refused(&Rig::new(), br#"{"id": null}"#, &[said]);
    refused(&Rig::new(), br#"{"id": ""}"#, &[r#"field "id" is empty; a key has at least 1 byte"#]);
}

#[test]
fn a_key_of_1_mib() {
    let line = format!("{{\"id\": \"{}\"}}", "k".repeat(1 << 20));
    let said = "the key has 1048576 bytes, 65535 are allowed; shorten it, or raise the map's max_key_bytes";
    refused(&Rig::new(), line.as_bytes(), &[said]);
    let rig = Rig::with_config(&CONFIG.replace("[maps.users]", "[maps.users]\nmax_key_bytes = 2_000_000"));
    rig.load(&line);
    assert!(rig.stored().len() > 1 << 20);
}

#[test]
fn a_value_larger_than_allowed() {
    let line = format!("{{\"id\": 1, \"text\": \"{}\"}}", "v".repeat(20 << 20));
    let said = ["the value takes 2", "16777216 are allowed; split it, or raise the map's max_value_bytes"];
    refused(&Rig::new(), line.as_bytes(), &said);
}

#[test]
fn a_value_of_64_mib() {
    let line = format!("{{\"id\": 1, \"text\": \"{}\"}}", "v".repeat(64 << 20));
    let said = "the line has more than 33685503 bytes; split it, or raise the map's max_value_bytes";
    refused(&Rig::new(), line.as_bytes(), &[said]);
}

/// A line without end, in less address space than it would need.
#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let rig = Rig::new();
    let mut zeros = std::process::Command::new("head");
    let mut zeros = zeros.args(["-c", "8G", "/dev/zero"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut load = rig.limited("ulimit -v 2000000", &["load", "users", "-", "--key", "id"]);
    // Each thread takes address space; on a large machine there would be many.
    load.env("TOKIO_WORKER_THREADS", "2").env("MALLOC_ARENA_MAX", "2");
    let ran = Ran::new(load.stdin(zeros.stdout.take().unwrap()).output().unwrap());
    ran.failed(65, &["standard input:1: the line has more than"]);
    drop(load);
    zeros.wait().unwrap();
}

#[test]
fn of_many_bad_lines_the_first_are_told_and_the_others_counted() {
    let rig = Rig::new();
    let input = "{}\n".repeat(50) + &lines(0..5);
    let load = ["load", "users", "-", "--key", "id", "--on-error", "skip"];
    let ran =
        rig.run_with_input(&load, &input).failed(65, &["50 lines of standard input skipped, 5 records"]);
    assert_eq!(ran.err.matches("skipped: standard input:").count(), 20);
    let ran = rig.run_with_input(&[&load[..], &["--json"]].concat(), &input).failed(65, &[]);
    let summary = ran.json();
    assert_eq!((&summary["skipped"], &summary["skipped_lines"][19]["line"]), (&json!(50), &json!(20)));
    let error: Json = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(error["error"]["code"], 65);
}

#[test]
fn an_input_file_that_cannot_be_read() {
    let rig = Rig::new();
    rig.run(&["load", "users", "none.jsonl", "--key", "id"])
        .failed(66, &["cannot read none.jsonl", "No such file"]);
    rig.run(&["load", "users", ".", "--key", "id"]).failed(66, &[". is a folder; give a file"]);
}

#[test]
fn a_value_to_put_that_is_not_right() {
    let rig = Rig::new();
    rig.run(&["put", "users", "a", "text"]).failed(65, &["the value is not JSON", "text needs quotes"]);
    rig.run(&["put", "users", "", "1"]).failed(65, &["the key is empty; a key has at least 1 byte"]);
    rig.run(&["get", "users", ""]).failed(65, &["the key is empty"]);
    let long = "k".repeat(70_000);
    rig.run(&["put", "users", &long, "1"]).failed(65, &["the key has 70000 bytes, 65535 are allowed"]);
    let large = format!("\"{}\"", "v".repeat(17 << 20));
    rig.run_with_input(&["put", "users", "a", "-"], &large)
        .failed(65, &["the value takes", "max_value_bytes"]);
    let larger = format!("\"{}\"", "v".repeat(64 << 20));
    rig.run_with_input(&["put", "users", "a", "-"], &larger).failed(65, &["standard input holds more than"]);
    assert_eq!(rig.stored(), "");
}
