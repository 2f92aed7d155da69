//! `check` finds what is damaged.

use crate::rig::{CONFIG, Rig, lines};

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
    assert_eq!((&checked["ok"], &checked["maps"][1]["read"]), (&true.into(), &3000.into()));
}

#[test]
fn every_damaged_value_is_told_and_the_others_stay_readable() {
    let rig = Rig::new();
    rig.load(&lines(0..3000));
    for text in ["user 17", "user 2500"] {
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
    let ran = rig.run(&["check", "--json"]).failed(74, &["\"code\":74"]);
    let checked = ran.json();
    assert_eq!((&checked["ok"], ran.err.lines().count()), (&false.into(), 1));
    assert_eq!(checked["maps"][1]["problems"].as_array().unwrap().len(), 2);
    rig.run(&["get", "users", "user 17"])
        .failed(74, &["is damaged", "put or remove the key, or restore the file"]);
    rig.run(&["get", "users", "17"]).done();
    rig.run(&["scan", "users"]).failed(74, &["is damaged"]);
}

#[test]
fn what_a_pattern_names_is_checked_too() {
    let pattern = "[maps.\"session-*\"]\nobservers = [{ use = \"trace\", level = \"loud\" }]\n";
    let rig = Rig::with_config(&format!("{CONFIG}\n{pattern}"));
    let said = ["maps.\"session-*\".observers[0].level: expected one of", "found text \"loud\""];
    rig.run(&["check"]).failed(78, &said);
}
