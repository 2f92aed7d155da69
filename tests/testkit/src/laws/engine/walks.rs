//! Laws of walks from the first cursor to the last.

use std::collections::{BTreeMap, BTreeSet};

use trilayer_core::{FetchResult, IterationCursor, Record, StorageEngine};

use super::MakeEngine;
use super::replay::{filled, key, keys, numbered};
use crate::laws::Law;
use crate::laws::law::{Verdict, same};

/// Walks may have empty pages; this many pages are no walk any more.
const MOST_PAGES: usize = 100_000;

/// What a walk yields, page by page, with a look at each page.
pub(super) fn walk<T>(
    mut fetch: impl FnMut(&IterationCursor) -> FetchResult<T>,
    mut look: impl FnMut(&[T]) -> Verdict,
) -> Result<Vec<T>, String> {
    let (mut cursor, mut all) = (IterationCursor::start(), Vec::new());
    for _ in 0..MOST_PAGES {
        let FetchResult { items, next_cursor } = fetch(&cursor);
        look(&items)?;
        all.extend(items);
        if next_cursor.finished {
            return Ok(all);
        }
        cursor = next_cursor;
    }
    Err(format!("after {MOST_PAGES} pages a walk is still not finished"))
}

/// The keys of a walk of pages of `size`.
pub(super) fn walked_keys(engine: &dyn StorageEngine, size: usize) -> Result<Vec<String>, String> {
    walk(|cursor| engine.fetch_keys(cursor, size), |_| Ok(()))
}

/// "A walk by `fetch_keys` \[...\] until `finished` yields each key that was there throughout at
/// least once", whatever the size of its pages.
pub fn walks_see_every_key(make: &MakeEngine<'_>) {
    let law = Law {
        name: "walks_see_every_key",
        says: "yields each key that was there throughout at least once",
        loss: "eviction, expiry and scans never come to some records",
    };
    for len in [0, 1, 2, 33] {
        let engine = filled(make, len);
        let expected: BTreeSet<String> = keys(len).into_iter().collect();
        for size in (1..=len as usize + 1).chain([1000, usize::MAX]) {
            let seen = walked_keys(engine.as_ref(), size).map(BTreeSet::from_iter);
            law.judge(seen.and_then(|seen| same(&format!("a walk by {size}"), &seen, &expected)));
        }
    }
}

/// "A walk by \[...\] `fetch_entries` \[...\] yields each key that was there throughout at least
/// once", with its record.
pub fn walks_of_entries_see_every_record(make: &MakeEngine<'_>) {
    let law = Law {
        name: "walks_of_entries_see_every_record",
        says: "A walk by `fetch_keys` or `fetch_entries` from `IterationCursor::start` until `finished` yields each key that was there throughout at least once",
        loss: "scans, exports and sweeps miss records, or take one for another",
    };
    let engine = filled(make, 33);
    let expected: BTreeMap<String, Record> = (0..33).map(|n| (key(n), numbered(n))).collect();
    for size in (1..=34).chain([usize::MAX]) {
        let seen = walk(|cursor| engine.fetch_entries(cursor, size), |_| Ok(()));
        let seen = seen.map(BTreeMap::from_iter);
        law.judge(seen.and_then(|seen| same(&format!("a walk of entries by {size}"), &seen, &expected)));
    }
}

/// "yields each key that was there throughout at least once, whatever else is inserted or
/// removed meanwhile".
pub fn walks_skip_no_key_that_stays(make: &MakeEngine<'_>) {
    let law = Law {
        name: "walks_skip_no_key_that_stays",
        says: "yields each key that was there throughout at least once, whatever else is inserted or removed meanwhile",
        loss: "sweeps that remove as they go leave expired records behind",
    };
    for size in [1, 2, 3, 7, 20] {
        law.judge(removing_what_was_seen(filled(make, 100).as_ref(), size));
        law.judge(churning(filled(make, 100).as_ref(), size));
    }
}

/// Removes each key it sees: each key stays until then, so all must be seen.
fn removing_what_was_seen(engine: &dyn StorageEngine, size: usize) -> Verdict {
    let remove = |seen: &[String]| {
        seen.iter().for_each(|key| drop(engine.remove(key)));
        Ok(())
    };
    let seen: BTreeSet<_> = walk(|cursor| engine.fetch_keys(cursor, size), remove)?.into_iter().collect();
    let missed: Vec<_> = keys(100).into_iter().filter(|key| !seen.contains(key)).collect();
    same(&format!("what a walk by {size} that removes what it has seen skips"), &missed, &Vec::new())
}

/// Between pages removes odd keys, seen or not, and inserts others; even keys stay.
fn churning(engine: &dyn StorageEngine, size: usize) -> Verdict {
    let mut page = 0;
    let churn = |_: &[String]| {
        if page < 50 {
            engine.remove(&key(page * 37 % 50 * 2 + 1));
            engine.put(&format!("new {page}"), numbered(page));
        }
        page += 1;
        Ok(())
    };
    let seen: BTreeSet<_> = walk(|cursor| engine.fetch_keys(cursor, size), churn)?.into_iter().collect();
    let missed: Vec<_> = keys(100).into_iter().step_by(2).filter(|key| !seen.contains(key)).collect();
    same(&format!("what a walk by {size} skips while others come and go"), &missed, &Vec::new())
}

/// "The next page of at most `size` keys"; "A page may hold fewer items than asked for, even
/// none", and a page of size 0 does, without losing the walk's place.
pub fn pages_keep_to_their_size(make: &MakeEngine<'_>) {
    let law = Law {
        name: "pages_keep_to_their_size",
        says: "The next page of at most `size` keys.",
        loss: "a caller that asked for little gets much at once, or a walk loses its place",
    };
    let engine = filled(make, 50);
    for size in 0..=51 {
        law.judge(no_more_than(size, engine.fetch_keys(&IterationCursor::start(), size).items.len()));
        law.judge(no_more_than(size, engine.fetch_entries(&IterationCursor::start(), size).items.len()));
    }
    let mut size = 5;
    let alternating = |cursor: &IterationCursor| {
        size = 5 - size;
        engine.fetch_keys(cursor, size)
    };
    let seen = walk(alternating, |_| Ok(())).map(BTreeSet::from_iter);
    let expected = keys(50).into_iter().collect();
    law.judge(seen.and_then(|seen| same("a walk by pages of 0 and 5 in turn", &seen, &expected)));
}

fn no_more_than(size: usize, found: usize) -> Verdict {
    if found <= size { Ok(()) } else { Err(format!("a page of at most {size} has {found} items")) }
}

/// What `ordered` declares: walks go in the byte order of keys, each key once.
pub fn walks_are_in_key_order(make: &MakeEngine<'_>) {
    let law = Law {
        name: "walks_are_in_key_order",
        says: "An engine may keep its keys in order: then walks go in the byte order of keys, each key once.",
        loss: "a listing that relies on the declared order is jumbled",
    };
    let engine = filled(make, 120);
    for extra in ["", "Z", "a", "é", "𝄞", "key"] {
        engine.put(extra, numbered(1));
    }
    let mut expected: Vec<String> = engine.snapshot_iter().into_iter().map(|(key, _)| key).collect();
    expected.sort();
    for size in [1, 7, 1000] {
        let seen = walked_keys(engine.as_ref(), size);
        law.judge(seen.and_then(|seen| same(&format!("a walk by {size}"), &seen, &expected)));
    }
}
