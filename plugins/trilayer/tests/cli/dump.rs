//! Dumps: complete or as before, and good to load again.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::json;

use crate::rig::{Ran, Rig, files_like, lines};

#[test]
fn a_dump_loads_again_to_the_same() {
    let rig = Rig::new();
    let odd = "{\"id\": \"ö \\\"\\n\", \"deep\": {\"a\": [1, 2.5, null, true, {}]}, \"big\": -9223372036854775808}\n";
    rig.load(&(lines(0..2000) + odd));
    let ran = rig.run(&["dump", "users", "users.dump"]).done();
    assert!(ran.err.starts_with("2001 records of map \"users\" in ") && ran.out.is_empty(), "{ran:?}");
    assert_eq!(rig.read("users.dump"), rig.stored());
    rig.run(&["load", "others", "users.dump", "--key", "key", "--value", "value"]).done();
    assert_eq!(rig.run(&["dump", "others", "-"]).done().out, rig.read("users.dump"));
}

#[test]
fn a_dump_tells_what_it_did_as_json() {
    let rig = Rig::new();
    rig.load(&lines(0..3));
    let told = rig.run(&["dump", "users", "users.dump", "--json"]).done().json();
    assert_eq!((&told["records"], &told["file"]), (&json!(3), &json!("users.dump")));
}

/// The dump does not fit, so the file is as it was and nothing is left beside it.
#[test]
fn a_dump_that_fails_leaves_the_old_one() {
    let rig = Rig::new();
    rig.load(&lines(0..2000));
    rig.write("users.dump", "the old one");
    let mut limited = rig.limited("trap '' XFSZ; ulimit -f 16", &["dump", "users", "users.dump"]);
    let ran = Ran::new(limited.output().unwrap());
    ran.failed(74, &["cannot write the dump to users.dump; what was there is as it was", "File too large"]);
    assert_eq!(rig.read("users.dump"), "the old one");
    assert_eq!(files_like(&rig.path(""), "dump"), 1);
}

#[test]
fn a_dump_to_a_place_that_is_not_there() {
    let rig = Rig::new();
    rig.load(&lines(0..3));
    rig.run(&["dump", "users", "no/users.dump"])
        .failed(74, &["cannot write the dump to no/users.dump", "No such file"]);
    rig.run(&["dump", "users", "."]).failed(74, &["cannot write the dump to ."]);
}

#[test]
fn a_dump_keeps_links_permissions_and_devices() {
    let rig = Rig::new();
    rig.load(&lines(0..3));
    rig.write("real.dump", "");
    std::fs::set_permissions(rig.path("real.dump"), Permissions::from_mode(0o640)).unwrap();
    symlink("real.dump", rig.path("link.dump")).unwrap();
    rig.run(&["dump", "users", "link.dump"]).done();
    assert!(rig.path("link.dump").is_symlink());
    assert_eq!(rig.read("real.dump").lines().count(), 3);
    let mode = std::fs::metadata(rig.path("real.dump")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let ran = rig.run(&["dump", "users", "/dev/stdout"]).done();
    assert_eq!(ran.out, rig.stored());
}
