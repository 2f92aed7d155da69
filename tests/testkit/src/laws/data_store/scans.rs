//! Laws of scans.

use proptest::prelude::*;

use super::MakeStore;
use super::rig::Rig;
use crate::laws::Law;
use crate::laws::law::same;
use crate::lww;

/// In byte order.
const KEYS: [&str; 12] = ["", "\0", "A", "a", "a\0", "a/1", "a/2", "aa", "b", "é", "\u{ffff}", "𝄞"];

/// A store with `KEYS` in map `m`, and other keys in maps beside it.
fn filled(law: Law, make: &MakeStore<'_>) -> Rig {
    let rig = Rig::new(law, make);
    for key in KEYS.iter().rev() {
        rig.add("m", key, &lww(*key));
        rig.add("l", &format!("{key}l"), &lww(0));
        rig.add("ma", &format!("{key}n"), &lww(0));
    }
    rig.add("m", "gone", &lww(0));
    rig.remove("m", "gone");
    rig
}

/// "One page of a map's keys and values, in order of key"; "Keys are ordered by their bytes."
pub fn scans_are_in_byte_order(make: &MakeStore<'_>) {
    let law = Law {
        name: "scans_are_in_byte_order",
        says: "One page of a map's keys and values, in order of key. [...] Keys are ordered by their bytes.",
        loss: "paging by the last key skips keys",
    };
    let rig = filled(law, make);
    let page = rig.scan("m", "", None, 100);
    let found: Vec<_> = page.items.into_iter().map(|(key, stored)| (key, stored.value)).collect();
    law.same("a scan of everything", found, KEYS.map(|key| (key.to_owned(), lww(key))).to_vec());
    law.same("a scan of an unknown map", rig.scan("unknown map", "", None, 100).items, Vec::new());
}

/// "Only keys that start with this"; "Only keys greater than this"; "At most this many items";
/// "Whether more may follow".
pub fn scans_give_what_was_asked_for(make: &MakeStore<'_>) {
    let law = Law {
        name: "scans_give_what_was_asked_for",
        says: "Only keys that start with this. [...] Only keys greater than this",
        loss: "listings by prefix or page show other keys than asked for",
    };
    let rig = filled(law, make);
    let text = prop::sample::select([&KEYS[..], &["a/", "b0", "z", "𝄞𝄞"]].concat());
    let requests = (text.clone(), prop::option::of(text), 1_usize..15);
    law.for_all(256, &requests, |(prefix, after, limit)| {
        let fits = |key: &&str| key.starts_with(prefix) && after.is_none_or(|after| *key > after);
        let mut expected: Vec<_> = KEYS.into_iter().filter(fits).collect();
        let page = rig.scan("m", prefix, after, limit);
        let found: Vec<_> = page.items.iter().map(|(key, _)| key.as_str()).collect();
        if expected.len() > limit && !page.more {
            return Err(format!("`more` is false, but {:?} is still to come", expected[limit]));
        }
        expected.truncate(limit);
        same("the keys of a scan", &found, &expected)
    });
}

/// "A limit of 0 gives no items, and says whether there are any."
pub fn scans_of_no_items_say_whether_there_are_any(make: &MakeStore<'_>) {
    let law = Law {
        name: "scans_of_no_items_say_whether_there_are_any",
        says: "A limit of 0 gives no items, and says whether there are any.",
        loss: "a map with data is taken for an empty one",
    };
    let rig = filled(law, make);
    let cases = [
        ("m", "", None, true),
        ("m", "a/", Some("a/1"), true),
        ("m", "a/", Some("a/2"), false),
        ("m", "z", None, false),
        ("m", "", Some("𝄞"), false),
        ("unknown map", "", None, false),
    ];
    for (map, prefix, after, more) in cases {
        let page = rig.scan(map, prefix, after, 0);
        let what = format!("items and `more` of no items of {map:?} with prefix {prefix:?} after {after:?}");
        law.same(&what, (page.items.len(), page.more), (0, more));
    }
}

/// "Whether more may follow; pass the last key as `ScanRequest::after`."
pub fn scans_page_by_page_give_each_key_once(make: &MakeStore<'_>) {
    let law = Law {
        name: "scans_page_by_page_give_each_key_once",
        says: "Whether more may follow; pass the last key as `ScanRequest::after`.",
        loss: "an export misses keys, doubles them, or never ends",
    };
    let rig = filled(law, make);
    for limit in [1, 2, 5, KEYS.len(), 100] {
        let (mut found, mut after, mut more) = (Vec::new(), None, true);
        while more && found.len() <= KEYS.len() {
            let page = rig.scan("m", "", after.as_deref(), limit);
            found.extend(page.items.into_iter().map(|(key, _)| key));
            law.holds(!page.more || found.last() != after.as_ref(), || {
                format!("a page of {limit} after {after:?} is empty, but says that more follow")
            });
            (after, more) = (found.last().cloned(), page.more);
        }
        law.same(&format!("all pages of {limit}"), found, KEYS.map(str::to_owned).to_vec());
    }
}
