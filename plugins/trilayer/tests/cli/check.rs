//! `check` finds what is damaged.

use crate::rig::{Rig, lines};

/// Changes one byte of a text wherever it is in the database file.
fn damage(rig: &Rig, text: &str) {
    let mut bytes = std::fs::read(rig.path("data/main.redb")).unwrap();
    let mut found = 0;
    for at in 0..bytes.len() - text.len() {
        if bytes[at..].starts_with(text.as_bytes()) {
            bytes[at] ^= 1;
            found += 1;
        }
    }
    assert!(found > 0, "{text:?} is not in the file");
    rig.write("data/main.redb", bytes);
}

#[test]
fn everything_is_opened_and_read() {
    let rig = Rig::new();
    rig.load(&lines(0..3000));
    let ran = rig.run(&["check"]).done();
    let users = "users: engine hashmap, data store main, observers stats, 3000 values read\n";
    assert_eq!(
        ran.out,
        format!("others: engine hashmap, data store main, observers none, 0 values read\n{users}")
    );
    let checked = rig.run(&["check", "--json"]).done().json();
    assert_eq!(checked[1]["read"], 3000);
}

#[test]
fn every_damaged_value_is_told_and_the_others_stay_readable() {
    let rig = Rig::new();
    rig.load(&lines(0..3000));
    for text in ["user 17\u{0}", "user 2500"].map(|text| text.trim_end_matches('\0')) {
        rig.run(&["put", "users", text, &format!("\"text of {text}\"")]).done();
    }
    damage(&rig, "text of user 17");
    damage(&rig, "text of user 2500");
    let ran = rig.run(&["check"]).failed(74, &["2 problems found"]);
    for key in ["user 17", "user 2500"] {
        let problem =
            format!("  problem: map \"users\": scan failed: the value of key {key:?} of map \"users\" in ");
        assert!(ran.out.contains(&problem), "{problem:?} is not in {}", ran.out);
    }
    rig.run(&["get", "users", "user 17"])
        .failed(74, &["is damaged", "put or remove the key, or restore the file"]);
    rig.run(&["get", "users", "17"]).done();
    rig.run(&["scan", "users"]).failed(74, &["is damaged"]);
}
