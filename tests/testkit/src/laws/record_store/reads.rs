//! Laws of reads.

use std::collections::BTreeSet;

use trilayer_core::{FetchResult, IterationCursor};

use super::MakeRecordStore;
use super::rig::{Rig, over};
use crate::laws::Law;
use crate::lww;

/// One call, and one for a single miss may be a `load`.
pub fn get_all_loads_its_misses_with_one_call(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "get_all_loads_its_misses_with_one_call",
        says: "`get_all` loads its misses with one call of `load_all`",
        loss: "reading many keys takes as many round trips",
    };
    over(law).run(make, async move |rig| {
        rig.put("resident", 0).await;
        for number in 1..30 {
            rig.store_behind(&format!("k{number}"), number);
        }
        let mut keys: Vec<String> = (1..30).map(|number| format!("k{number}")).collect();
        keys.extend(["resident".to_owned(), "missing".to_owned()]);
        let before = rig.data.count("load");
        let found = rig.done("get_all", rig.store.get_all(&keys).await);
        law.same("how many are found", found.len(), 30);
        let calls = (rig.data.count("load_all"), rig.data.count("load") - before);
        law.same("calls of load_all and load", calls, (1, 0));
        let asked = rig.data.calls().into_iter().find(|call| call.operation == "load_all");
        let asked: BTreeSet<_> = asked.into_iter().flat_map(|call| call.keys).collect();
        law.same("whether it asks for what is in memory", asked.contains("resident"), false);
        rig.done("get_all", rig.store.get_all(&keys[..29]).await);
        law.same("calls of load_all when all is in memory", rig.data.count("load_all"), 1);
    });
}

/// Those in memory and those that are loaded alike.
pub fn get_all_is_in_order_of_first_mention(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "get_all_is_in_order_of_first_mention",
        says: "gives each key once, in the order of its first mention",
        loss: "who joins the answer with the question gets other records' values",
    };
    over(law).run(make, async move |rig| {
        rig.put("d", 4).await;
        rig.store_behind("c", 3);
        rig.put("b", 2).await;
        rig.store_behind("a", 1);
        for _ in 0..2 {
            let found = rig.get_all(&["d", "missing", "a", "d", "c", "a", "b", "missing"]).await;
            let expected = [("d", 4), ("a", 1), ("c", 3), ("b", 2)];
            law.same("get_all", found, expected.map(|(key, value)| (key.to_owned(), lww(value))).to_vec());
        }
        law.same("get_all of no keys", rig.get_all(&[]).await, Vec::new());
    });
}

/// In the record that is returned, too.
pub fn touches_count_and_move_the_access(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "touches_count_and_move_the_access",
        says: "A touch counts the hit and moves the time of access",
        loss: "eviction takes what is used most",
    };
    over(law).null().run(make, async move |rig| {
        rig.put("k", 1).await;
        for hits in 1..4_u32 {
            rig.clock.advance(7);
            let seen = |it: trilayer_core::Record| (it.metadata.hits, it.metadata.last_access_time);
            let expected = Some((hits, super::rig::START + 7 * i64::from(hits)));
            law.same("hits and access of a touch", rig.record("k", true).await.map(seen), expected);
            law.same("hits and access afterwards", rig.record("k", false).await.map(seen), expected);
        }
    });
}

/// Neither in the record nor with observers; no read is told.
pub fn other_reads_leave_no_trace(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "other_reads_leave_no_trace",
        says: "Other reads leave no trace.",
        loss: "looking at a store changes what it evicts",
    };
    over(law).null().run(make, async move |rig| {
        rig.put("k", 1).await;
        rig.events.take();
        rig.clock.advance(7);
        let before = rig.store.storage().get("k");
        rig.record("k", false).await;
        rig.get_all(&["k"]).await;
        rig.store.exists_in_memory("k");
        rig.store.for_each_boxed(&mut |_, _| {}, false);
        rig.store.fetch_entries(&IterationCursor::start(), 9);
        law.same("the record after reads that do not touch", rig.store.storage().get("k"), before);
        rig.record("k", true).await;
        law.same("the events of reads", rig.events.take(), Vec::new());
    });
}

/// Reads that touch at the same time as puts.
pub fn touches_undo_no_write(make: &MakeRecordStore<'_>) {
    const ROUNDS: u32 = 2_000;
    let law = Law {
        name: "touches_undo_no_write",
        says: "undoes no write",
        loss: "a read takes an acknowledged write back",
    };
    for setup in [over(law), over(law).null()] {
        let rig = setup.made(make);
        rig.in_parallel(3, move |rig, task| async move {
            for round in 0..ROUNDS {
                if task == 0 {
                    let old = rig.put("k", round).await;
                    let last = round.checked_sub(1).map(lww);
                    law.same("what the one writer's put replaces", old, last);
                } else {
                    rig.record("k", true).await;
                }
                tokio::task::yield_now().await;
            }
        });
        law.same("the last value", rig.resident("k"), Some(lww(ROUNDS - 1)));
    }
}

/// `size`, `is_empty`, `exists_in_memory`, `for_each_boxed`, `fetch_keys` and `fetch_entries` agree.
pub fn memory_is_counted_and_walked(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "memory_is_counted_and_walked",
        says: "How many records are in memory. [...] A walk by `fetch_keys` or `fetch_entries` comes to every key in memory.",
        loss: "exports and scans miss records, and limits count wrong",
    };
    over(law).run(make, async move |rig| {
        law.same("size and is_empty of nothing", (rig.store.size(), rig.store.is_empty()), (0, true));
        rig.store_behind("not in memory", 0);
        for number in 0..50 {
            rig.put(&format!("k{number}"), number).await;
        }
        rig.remove("k7").await;
        rig.store.evict("k8", false);
        let expected: BTreeSet<String> =
            (0..50).filter(|number| ![7, 8].contains(number)).map(|number| format!("k{number}")).collect();
        law.same("size and is_empty", (rig.store.size(), rig.store.is_empty()), (48, false));
        for size in [1, 7, 100] {
            law.same(
                "a walk of keys",
                walked(&rig, |cursor| rig.store.fetch_keys(cursor, size)),
                expected.clone(),
            );
            let entries = |cursor: &IterationCursor| {
                let page = rig.store.fetch_entries(cursor, size);
                let items = page.items.into_iter().map(|(key, _)| key).collect();
                FetchResult { items, next_cursor: page.next_cursor }
            };
            law.same("a walk of entries", walked(&rig, entries), expected.clone());
        }
        let mut seen = BTreeSet::new();
        rig.store.for_each_boxed(&mut |key, _| seen.extend([key.to_owned()]), false);
        law.same("for_each_boxed", seen, expected);
        for (key, there) in [("k0", true), ("k7", false), ("k8", false), ("not in memory", false)] {
            law.same(&format!("exists_in_memory of {key}"), rig.store.exists_in_memory(key), there);
        }
    });
}

fn walked(rig: &Rig, fetch: impl Fn(&IterationCursor) -> FetchResult<String>) -> BTreeSet<String> {
    let (mut cursor, mut keys) = (IterationCursor::start(), BTreeSet::new());
    for _ in 0..10_000 {
        let page = fetch(&cursor);
        keys.extend(page.items);
        cursor = page.next_cursor;
        if cursor.finished {
            return keys;
        }
    }
    rig.law.broken("a walk does not end")
}
