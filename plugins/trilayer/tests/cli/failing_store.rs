//! Data stores that cannot be opened or written.

use crate::rig::{CONFIG, Ran, Rig, lines};

#[test]
fn a_place_that_cannot_be_written() {
    let rig = Rig::with_config(&CONFIG.replace("data/main.redb", "/proc/trilayer/main.redb"));
    let said = ["data_stores.main", "/proc/trilayer/main.redb", "give `path` a place that can be written"];
    for arguments in [&["get", "users", "1"][..], &["check"], &["put", "users", "1", "1"]] {
        rig.run(arguments).failed(74, &said);
    }
}

#[test]
fn a_database_that_another_process_has_open() {
    let rig = Rig::new();
    let mut loading = rig.start_load(&[]);
    loading.feed("{\"id\": 1}\n");
    loading.wait_for_ack(1);
    let said =
        ["main.redb is already open, in another process", "close that one, or give this data store a file"];
    rig.run(&["get", "users", "1"]).failed(74, &said);
    rig.run(&["put", "users", "1", "2", "--json"]).failed(74, &["\"code\":74", "already open"]);
    loading.feed("{\"id\": 2}\n");
    drop(loading.child.stdin.take());
    loading.end().done();
    assert_eq!(rig.stored().lines().count(), 2);
}

#[test]
fn a_file_that_is_no_database() {
    let rig = Rig::new();
    std::fs::create_dir(rig.path("data")).unwrap();
    rig.write("data/main.redb", "some notes of mine");
    rig.run(&["check"]).failed(74, &["main.redb is not a trilayer database", "was left as it is"]);
    assert_eq!(rig.read("data/main.redb"), "some notes of mine");
}

/// A limit on the size of files stands in for the full disk; without the trap the kernel
/// would end the process.
#[test]
fn a_full_disk_stops_a_load_that_goes_on_when_there_is_room() {
    let rig = Rig::new();
    rig.load(&lines(1000..1003));
    let text = "v".repeat(100_000);
    let line = |id: u64| format!("{{\"id\": {id}, \"text\": \"{text}\"}}\n");
    rig.write("large.jsonl", (0..200).map(line).collect::<String>());
    let load = ["load", "users", "large.jsonl", "--key", "id", "--concurrency", "8", "--acks"];
    let mut limited = rig.limited("trap '' XFSZ; ulimit -f 8192", &load);
    let ran = Ran::new(limited.output().unwrap());
    let ran = ran.failed(74, &["the load stopped after", "are stored)", "large.jsonl:", "free some space"]);
    let ack = ran.out.lines().last().and_then(|ack| ack.strip_prefix("{\"acknowledged_lines\":"));
    let acknowledged: u64 = ack.unwrap().strip_suffix('}').unwrap().parse().unwrap();
    let stored = rig.stored();
    for id in (0..acknowledged).chain(1000..1003) {
        assert!(stored.contains(&format!("{{\"key\":\"{id}\",")), "{id} of {acknowledged}");
    }
    rig.run(&load).done();
    assert_eq!(rig.stored().lines().count(), 203);
}
