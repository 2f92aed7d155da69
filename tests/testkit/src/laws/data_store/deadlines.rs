//! Laws of deadlines, and of what a store declares.

use trilayer_core::{ScanRequest, StoredValue};

use super::MakeStore;
use super::rig::Rig;
use crate::laws::Law;
use crate::lww;

/// "Whether the store gives back \[...\] the expiration time it was given" and "Whether `scan`
/// works" are as declared to the macro; a store that does not scan answers `Err`.
pub fn capabilities_are_those_declared(make: &MakeStore<'_>, declared: &[&str]) {
    let law = Law {
        name: "capabilities_are_those_declared",
        says: "Whether the store gives back, with `load_stored`, the expiration time it was given. [...] Whether `scan` works.",
        loss: "the laws of a capability are not checked, or record stores do without it",
    };
    let rig = Rig::new(law, make);
    law.same("keeps_deadlines()", rig.store().keeps_deadlines(), declared.contains(&"keeps_deadlines"));
    law.same("is_scannable()", rig.store().is_scannable(), declared.contains(&"scans"));
    law.same("is_null() of a store that keeps values", rig.store().is_null(), false);
    let request = ScanRequest { limit: 1, ..ScanRequest::default() };
    let scans = rig.run(rig.store().scan("m", &request)).is_ok();
    law.same("whether scan is Ok", scans, declared.contains(&"scans"));
}

/// "When it expires \[...\]; 0 = never, or the store does not know": the deadline that was given if
/// `keeps_deadlines()`, else 0.
pub fn deadlines_are_kept_or_reported_as_none(make: &MakeStore<'_>) {
    let law = Law {
        name: "deadlines_are_kept_or_reported_as_none",
        says: "When it expires, in ms since the epoch; 0 = never, or the store does not know.",
        loss: "records expire at a time that nobody gave, or never",
    };
    let rig = Rig::new(law, make);
    let keeps = rig.store().keeps_deadlines();
    for (key, deadline) in [("none", 0), ("soon", 1_001), ("late", 4_102_444_800_000), ("last", i64::MAX)] {
        rig.add_until("m", key, &lww(key), deadline);
        let expected = StoredValue { value: lww(key), expiration_time: if keeps { deadline } else { 0 } };
        law.same(&format!("load_stored of {key:?}"), rig.load_stored("m", key), Some(expected.clone()));
        let all = rig.load_all_stored("m", &[key, "missing"]);
        law.same(&format!("load_all_stored of {key:?}"), all, vec![(key.to_owned(), expected)]);
        rig.finds("with a deadline", "m", key, Some(lww(key)));
    }
    law.same("load_stored of a missing key", rig.load_stored("m", "missing"), None);
}

fn deadline(rig: &Rig, when: &str, expected: i64) {
    let found = rig.load_stored("m", "k").map(|stored| stored.expiration_time);
    rig.law.same(&format!("the deadline {when}"), found, Some(expected));
}

/// "`expiration_time` is absolute, in ms since the epoch; 0 = none", of the last `add`.
pub fn adding_again_replaces_the_deadline(make: &MakeStore<'_>) {
    let law = Law {
        name: "adding_again_replaces_the_deadline",
        says: "`expiration_time` is absolute, in ms since the epoch; 0 = none.",
        loss: "a value that was renewed expires with the one it replaced",
    };
    let rig = Rig::new(law, make);
    for expected in [5_000, 9_000, 0, 7_000] {
        rig.add_until("m", "k", &lww(1), expected);
        deadline(&rig, "after it was added again", expected);
    }
    rig.remove("m", "k");
    rig.add("m", "k", &lww(2));
    deadline(&rig, "after it was removed and added without one", 0);
}

/// `flush_key` "tells no deadline: a store that keeps deadlines leaves the one it has."
pub fn flush_key_leaves_the_deadline(make: &MakeStore<'_>) {
    let law = Law {
        name: "flush_key_leaves_the_deadline",
        says: "The call tells no deadline: a store that keeps deadlines leaves the one it has.",
        loss: "an evicted record never expires again",
    };
    let rig = Rig::new(law, make);
    rig.add_until("m", "k", &lww(1), 5_000);
    rig.flush_key("m", "k", &lww(2));
    deadline(&rig, "after flush_key", 5_000);
    rig.finds("after flush_key", "m", "k", Some(lww(2)));
    rig.remove("m", "k");
    rig.flush_key("m", "k", &lww(3));
    deadline(&rig, "after flush_key of a key that was removed", 0);
}

/// `flush_stored` is "As `flush_key`, with the expiration time."
pub fn flush_stored_sets_the_deadline(make: &MakeStore<'_>) {
    let law = Law {
        name: "flush_stored_sets_the_deadline",
        says: "As `flush_key`, with the expiration time.",
        loss: "a record evicted before it was persisted never expires, or too early",
    };
    let rig = Rig::new(law, make);
    for expected in [5_000, 9_000, 0] {
        let stored = StoredValue { value: lww(expected), expiration_time: expected };
        rig.flush_stored("m", "k", &stored);
        law.same("load_stored after flush_stored", rig.load_stored("m", "k"), Some(stored));
    }
}
