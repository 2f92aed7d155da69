//! Laws of keys: what was stored is found, and nothing else.

use trilayer_core::StoredValue;

use super::MakeStore;
use super::rig::Rig;
use crate::laws::Law;
use crate::lww;

/// "What `add` said `Ok` to, `load` finds".
pub fn what_was_added_is_found(make: &MakeStore<'_>) {
    let law = Law {
        name: "what_was_added_is_found",
        says: "What `add` said `Ok` to, `load` finds",
        loss: "acknowledged writes are lost",
    };
    let rig = Rig::new(law, make);
    rig.finds("of an empty store", "m", "a", None);
    for (key, value) in [("a", 1), ("b", 2), ("a b/c", 3)] {
        rig.add("m", key, &lww(value));
        rig.finds("after add", "m", key, Some(lww(value)));
    }
    rig.finds("after other keys were added", "m", "a", Some(lww(1)));
    rig.finds("never added", "m", "c", None);
}

/// "`load` finds \[it\], until a later `add` \[...\] of that key."
pub fn later_adds_replace(make: &MakeStore<'_>) {
    let law = Law {
        name: "later_adds_replace",
        says: "`load` finds, until a later `add` or `remove` of that key",
        loss: "an overwritten value comes back",
    };
    let rig = Rig::new(law, make);
    for value in ["first", "second", "a value that is much longer than the others were", ""] {
        rig.add("m", "k", &lww(value));
        rig.finds("after it was added again", "m", "k", Some(lww(value)));
    }
}

/// "`load` finds \[it\], until a later \[...\] `remove` of that key."
pub fn what_was_removed_is_gone(make: &MakeStore<'_>) {
    let law = Law {
        name: "what_was_removed_is_gone",
        says: "`load` finds, until a later `add` or `remove` of that key",
        loss: "removed data comes back",
    };
    let rig = Rig::new(law, make);
    rig.add("m", "k", &lww(1));
    rig.add("m", "l", &lww(2));
    rig.remove("m", "k");
    rig.finds("after remove", "m", "k", None);
    rig.finds("after another key was removed", "m", "l", Some(lww(2)));
    rig.add("m", "k", &lww(3));
    rig.finds("removed and added again", "m", "k", Some(lww(3)));
}

/// "`remove` of a key that is not there is `Ok`."
pub fn removing_a_missing_key_is_ok(make: &MakeStore<'_>) {
    let law = Law {
        name: "removing_a_missing_key_is_ok",
        says: "`remove` of a key that is not there is `Ok`.",
        loss: "removing what another has removed, or repeating a remove, is an error to the user",
    };
    let rig = Rig::new(law, make);
    rig.remove("unknown map", "k");
    rig.remove_backup("unknown map", "k");
    rig.remove_all("unknown map", &["k", "l"]);
    rig.add("m", "k", &lww(1));
    rig.remove("m", "k");
    rig.remove("m", "k");
    rig.remove_backup("m", "k");
    rig.remove_all("m", &[]);
    rig.remove_all("m", &["k", "missing"]);
    rig.finds("never added", "unknown map", "k", None);
}

/// "Maps do not see each other's keys."
pub fn maps_do_not_see_each_other(make: &MakeStore<'_>) {
    let law = Law {
        name: "maps_do_not_see_each_other",
        says: "Maps do not see each other's keys.",
        loss: "one map's data appears in, or is lost by, another",
    };
    let rig = Rig::new(law, make);
    // Names that run together with the keys, if a store joins them carelessly.
    let places =
        [("m", "a/b"), ("m/a", "b"), ("m", "ab"), ("ma", "b"), ("", "mab"), ("M", "ab"), ("mab", "")];
    for (number, (map, key)) in (0_i64..).zip(places) {
        rig.finds("never added there", map, key, None);
        rig.add(map, key, &lww(number));
    }
    for (number, (map, key)) in (0_i64..).zip(places) {
        rig.finds("beside other maps", map, key, Some(lww(number)));
    }
    rig.law.same("load_all of other maps' keys", rig.load_all("ma", &["ab", "mab", "a/b"]), Vec::new());
    rig.remove("m", "ab");
    rig.remove_all("m", &["b", "mab"]);
    rig.finds("after a remove in another map", "M", "ab", Some(lww(5)));
    rig.finds("after a remove_all in another map", "ma", "b", Some(lww(3)));
}

/// "`load_all` returns exactly the keys that `load` would find, each once, in any order."
pub fn load_all_is_what_load_finds(make: &MakeStore<'_>) {
    let law = Law {
        name: "load_all_is_what_load_finds",
        says: "`load_all` returns exactly the keys that `load` would find, each once, in any order.",
        loss: "warming up misses keys, or makes some up",
    };
    let rig = Rig::new(law, make);
    let keys: Vec<String> = (0..40).map(|number| format!("k{number:02}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for key in keys.iter().step_by(2) {
        rig.add("m", key, &lww(*key));
    }
    rig.remove("m", "k04");
    let find = |key: &&str| Some(((*key).to_owned(), rig.load("m", key)?));
    let expected: Vec<_> = keys.iter().filter_map(find).collect();
    rig.law.same("load_all", rig.load_all("m", &keys), expected.clone());
    let stored =
        rig.load_all_stored("m", &keys).into_iter().map(|(key, stored)| (key, stored.value)).collect();
    rig.law.same("load_all_stored", stored, expected);
    rig.law.same("load_all of no keys", rig.load_all("m", &[]), Vec::new());
    rig.law.same("load_all of an unknown map", rig.load_all("unknown map", &keys), Vec::new());
}

/// `remove_all` "Removes several keys."
pub fn remove_all_removes_those_and_no_others(make: &MakeStore<'_>) {
    let law = Law {
        name: "remove_all_removes_those_and_no_others",
        says: "Removes several keys.",
        loss: "after a bulk remove data is left, or other data is gone",
    };
    let rig = Rig::new(law, make);
    for key in ["a", "b", "c", "d"] {
        rig.add("m", key, &lww(key));
    }
    rig.remove_all("m", &["a", "missing", "c"]);
    let left = ["b", "d"].map(|key| (key.to_owned(), lww(key))).to_vec();
    rig.law.same("what is left", rig.load_all("m", &["a", "b", "c", "d"]), left);
    rig.remove_all("m", &["b", "d"]);
    rig.finds("after remove_all", "m", "b", None);
    rig.finds("after remove_all", "m", "d", None);
}

/// `add_backup` "Persists a backup's value"; `remove_backup` "Removes a backup's key."
pub fn backups_are_found_and_removed(make: &MakeStore<'_>) {
    let law = Law {
        name: "backups_are_found_and_removed",
        says: "Persists a backup's value. [...] Removes a backup's key.",
        loss: "a backup that takes over finds nothing, or what was removed",
    };
    let rig = Rig::new(law, make);
    rig.add_backup("m", "k", &lww(1));
    rig.finds("after add_backup", "m", "k", Some(lww(1)));
    rig.add_backup("m", "k", &lww(2));
    rig.finds("after a later add_backup", "m", "k", Some(lww(2)));
    rig.remove_backup("m", "k");
    rig.finds("after remove_backup", "m", "k", None);
}

/// `flush_key` and `flush_stored` "Persist the value of a key that leaves memory".
pub fn flushed_keys_are_found(make: &MakeStore<'_>) {
    let law = Law {
        name: "flushed_keys_are_found",
        says: "Persists the value of a key that leaves memory before it was persisted.",
        loss: "what is evicted before it was persisted is lost",
    };
    let rig = Rig::new(law, make);
    rig.flush_key("m", "k", &lww(1));
    rig.finds("after flush_key", "m", "k", Some(lww(1)));
    rig.flush_key("m", "k", &lww(2));
    rig.finds("after a later flush_key", "m", "k", Some(lww(2)));
    let stored = |value| StoredValue { value: lww(value), expiration_time: 0 };
    rig.flush_stored("m", "l", &stored(3));
    rig.finds("after flush_stored", "m", "l", Some(lww(3)));
    rig.flush_stored("m", "k", &stored(4));
    rig.finds("after a later flush_stored", "m", "k", Some(lww(4)));
}

/// `hard_flush` "Makes everything accepted so far durable before it returns", and so nothing is
/// "accepted but not yet durable".
pub fn nothing_is_pending_after_a_hard_flush(make: &MakeStore<'_>) {
    let law = Law {
        name: "nothing_is_pending_after_a_hard_flush",
        says: "Operations accepted but not yet durable. [...] Makes everything accepted so far durable before it returns.",
        loss: "a shutdown that waits for pending operations waits for ever, or too short",
    };
    let rig = Rig::new(law, make);
    rig.hard_flush();
    for key in ["a", "b", "c"] {
        rig.add("m", key, &lww(key));
        rig.soft_flush();
    }
    rig.remove("m", "a");
    rig.hard_flush();
    rig.law.same("pending_operation_count", rig.store().pending_operation_count(), 0);
    rig.finds("after hard_flush", "m", "a", None);
    rig.finds("after hard_flush", "m", "b", Some(lww("b")));
}
