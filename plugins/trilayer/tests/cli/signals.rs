//! Being asked to stop.

use std::process::Stdio;

use serde_json::Value as Json;

use crate::rig::{Ran, Rig, lines};

/// Signals a load that has stored 100 records and waits for more.
fn interrupted(signal: &str, arguments: &[&str]) -> (Rig, Ran) {
    let rig = Rig::new();
    let mut loading = rig.start_load(arguments);
    loading.feed(&lines(0..100));
    loading.wait_for_ack(100);
    loading.signal(signal);
    let ran = loading.end();
    (rig, ran)
}

#[test]
fn ctrl_c_stops_a_load_which_says_how_far_it_got_and_can_go_on() {
    let (rig, ran) = interrupted("-INT", &[]);
    let said =
        "interrupted after 100 records (lines 1..=100 are stored); run the same command again to go on\n";
    ran.failed(130, &[said]);
    assert_eq!(rig.stored().lines().count(), 100);
    rig.load(&lines(0..200));
    assert_eq!(rig.stored().lines().count(), 200);
}

#[test]
fn sigterm_does_the_same_with_its_own_code() {
    let (rig, ran) = interrupted("-TERM", &["--json"]);
    let ran = ran.failed(143, &[]);
    let error: Json = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(error["error"]["code"], 143);
    assert!(error["error"]["message"].as_str().unwrap().starts_with("interrupted after 100 records"));
    assert_eq!(rig.stored().lines().count(), 100);
}

/// The scan cannot go on, as nobody reads what it prints, so the first Ctrl-C cannot end it.
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let rig = Rig::new();
    rig.load(&lines(0..5000));
    let mut scan = rig.command(&["scan", "users"]);
    let mut scan = scan.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0];
    std::io::Read::read_exact(scan.stdout.as_mut().unwrap(), &mut first).unwrap();
    let status = loop {
        if let Some(status) = scan.try_wait().unwrap() {
            break status;
        }
        std::process::Command::new("kill").args(["-INT", &scan.id().to_string()]).status().unwrap();
    };
    assert_eq!(status.code(), Some(130));
    assert_eq!(rig.stored().lines().count(), 5000);
}
