//! `run`: the command that stays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

use crate::rig::{Ran, Rig};

/// A `run` under way: ready, and ended when it is dropped.
struct Running {
    child: Child,
    answers: BufReader<ChildStdout>,
    said: BufReader<ChildStderr>,
}

impl Running {
    fn start(rig: &Rig, arguments: &[&str]) -> Self {
        let mut command = rig.command(&[&["run"], arguments].concat());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut running = Self { child, answers, said };
        assert_eq!(running.answer()["ready"], true);
        running
    }

    fn answer(&mut self) -> Json {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer: {line:?}"))
    }

    fn ask(&mut self, request: &Json) -> Json {
        writeln!(self.child.stdin.as_mut().unwrap(), "{request}").unwrap();
        self.answer()
    }

    fn put(&mut self, key: &str, value: impl Into<Json>) {
        let request = json!({ "op": "put", "map": "users", "key": key, "value": value.into() });
        assert_eq!(self.ask(&request)["ok"], true);
    }

    fn get(&mut self, key: &str) -> Json {
        self.ask(&json!({ "op": "get", "map": "users", "key": key }))["value"].take()
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Reads what it says on standard error until a line that holds this.
    fn says(&mut self, expected: &str) -> String {
        let mut line = String::new();
        while !line.contains(expected) {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it ended without saying {expected:?}");
        }
        line
    }

    fn end_of_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for its end, without ending its input; its code, and the rest it said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        let status = self.child.wait().unwrap();
        std::io::Read::read_to_string(&mut self.said, &mut rest).unwrap();
        (status.code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn config(more: &str) -> String {
    format!("{}\n[maps.more]\n{more}", crate::rig::CONFIG)
}

fn found_by_another(rig: &Rig, key: &str) -> Ran {
    rig.run(&["get", "users", key])
}

#[test]
fn requests_are_answered_line_by_line_and_the_end_of_input_is_an_end_in_order() {
    let rig = Rig::new();
    let mut running = Running::start(&rig, &[]);
    let put = json!({ "op": "put", "map": "users", "key": "a", "value": { "n": 1 }, "id": 7 });
    assert_eq!(running.ask(&put), json!({ "ok": true, "old": null, "id": 7 }));
    assert_eq!(running.get("a"), json!({ "n": 1 }));
    let missing = running.ask(&json!({ "op": "get", "map": "users", "key": "b" }));
    assert_eq!(missing, json!({ "ok": true, "found": false, "value": null }));
    let removed = running.ask(&json!({ "op": "remove", "map": "users", "key": "a" }));
    assert_eq!(removed, json!({ "ok": true, "found": true, "removed": { "n": 1 } }));
    running.put("b", 2);
    let stats = running.ask(&json!({ "op": "stats", "map": "users" }));
    assert_eq!((&stats["maps"][0]["stored"], &stats["maps"][0]["problem"]), (&json!(1), &Json::Null));
    let health = running.ask(&json!({ "op": "health" }));
    assert_eq!(
        (&health["healthy"], &health["data_stores"][0]["place"]),
        (&json!(true), &json!("data_stores.main"))
    );
    running.end_of_input();
    assert_eq!(running.end(), (Some(0), String::new()));
    found_by_another(&rig, "b").done();
}

#[test]
fn what_is_not_right_is_answered_and_the_next_request_goes_on() {
    let rig = Rig::new();
    let mut running = Running::start(&rig, &[]);
    for (request, expected) in [
        ("{", "the request is not right"),
        (r#"{"op":"fly","id":1}"#, "unknown variant `fly`"),
        (r#"{"op":"get","map":"users","id":2}"#, "missing field `key`"),
        (r#"{"op":"get","map":"nobody","key":"k","id":3}"#, "no map \"nobody\" is configured"),
        (r#"{"op":"put","map":"users","key":"","value":1,"id":4}"#, "the key is empty"),
    ] {
        writeln!(running.child.stdin.as_mut().unwrap(), "\n{request}").unwrap();
        let answer = running.answer();
        assert_eq!(answer["ok"], false);
        assert!(answer["error"]["message"].as_str().unwrap().contains(expected), "{answer}");
        assert_eq!(answer.get("id").is_some(), request.contains("\"id\""), "{answer}");
    }
    running.put("k", 1);
}

#[test]
fn sigterm_and_sigint_end_in_order() {
    for signal in ["-TERM", "-INT"] {
        let rig = Rig::new();
        let mut running = Running::start(&rig, &[]);
        running.put("k", 1);
        running.signal(signal);
        assert_eq!(running.end(), (Some(0), String::new()), "{signal}");
        found_by_another(&rig, "k").done();
    }
}

#[test]
fn sighup_reloads_and_a_file_that_is_not_right_changes_nothing() {
    let rig = Rig::new();
    let mut running = Running::start(&rig, &[]);
    running.put("k", 1);
    rig.write("trilayer.toml", config("max_key_bytes = 5"));
    running.signal("-HUP");
    running.says("configuration reloaded: 1 change");
    running.says("maps.more: added");
    let put = |key: &str| json!({ "op": "put", "map": "more", "key": key, "value": 1 });
    assert_eq!(running.ask(&put("short"))["ok"], true);
    assert_eq!(running.ask(&put("too long"))["ok"], false);
    rig.write("trilayer.toml", "[maps.users]\nengine = \"hashmpa\"");
    running.signal("-HUP");
    running.says("hashmpa");
    assert_eq!(running.get("k"), json!(1));
    assert_eq!(running.ask(&put("other"))["ok"], true, "the configuration before goes on");
    rig.write("trilayer.toml", config("partitions = 7"));
    running.signal("-HUP");
    running.says("a restart is needed for");
    running.says("maps.more.partitions: from 271 to 7");
    let answer = running.ask(&json!({ "op": "reload" }));
    assert!(answer["error"]["message"].as_str().unwrap().contains("a restart is needed"), "{answer}");
    rig.write("trilayer.toml", config("max_key_bytes = 6"));
    let answer = running.ask(&json!({ "op": "reload" }));
    assert_eq!(answer["changes"], json!(["maps.more.max_key_bytes: 5 → 6"]));
}

#[test]
fn a_watched_file_is_read_again_when_it_is_replaced_or_written() {
    let rig = Rig::new();
    let mut running = Running::start(&rig, &["--watch", "--watch-millis", "5"]);
    rig.write("next.toml", config("max_key_bytes = 5"));
    std::fs::rename(rig.path("next.toml"), rig.path("trilayer.toml")).unwrap();
    running.says("maps.more: added");
    rig.write("trilayer.toml", "not toml at all");
    running.says("TOML");
    rig.write("trilayer.toml", config("max_key_bytes = 7"));
    running.says("maps.more.max_key_bytes: 5 → 7");
}

#[test]
fn no_operation_fails_while_the_configuration_is_reloaded_again_and_again() {
    let rig = Rig::new();
    let mut running = Running::start(&rig, &[]);
    for round in 0..50 {
        let bound = 300 + round % 3;
        rig.write(
            "trilayer.toml",
            config("").replace(
                "observers = [\"stats\"]",
                &format!("observers = [\"stats\"]\nmax_entry_count = {bound}"),
            ),
        );
        running.signal("-HUP");
        for n in 0..20 {
            running.put(&format!("k{n}"), round);
        }
    }
    let stats = running.ask(&json!({ "op": "stats", "map": "users" }));
    let counts = &stats["maps"][0]["observers"][0]["report"];
    let told = counts["put"].as_i64().unwrap() + counts["update"].as_i64().unwrap();
    assert_eq!(told, 1_000, "{stats}");
}

#[test]
fn without_input_it_runs_until_a_signal_and_retry_wraps_what_it_is_told_to() {
    let inner = "inner = { use = \"redb\", path = \"a.redb\" }";
    let rig =
        Rig::with_config(&format!("[maps.users]\ndata_store = {{ use = \"retry\", attempts = 2, {inner} }}"));
    let mut running = Running::start(&rig, &["--no-input"]);
    running.end_of_input();
    running.signal("-HUP");
    running.says("configuration reloaded: 0 changes");
    running.signal("-TERM");
    assert_eq!(running.end(), (Some(0), String::new()));
    rig.run(&["put", "users", "k", "1"]).done();
    assert_eq!(found_by_another(&rig, "k").done().json(), json!(1));
}
