//! Laws of cursors that stand nowhere.

use proptest::prelude::*;
use trilayer_core::{HashMapStorage, IterationCursor, StorageEngine};

use super::MakeEngine;
use super::replay::{filled, key};
use crate::laws::Law;

const LOSS: &str =
    "a client that sends a cursor of its own making reads what it should not, or stops the server";

fn yields_nothing(law: Law, engine: &dyn StorageEngine, cursor: &IterationCursor, kind: &str) {
    for size in [0, 1, 5, usize::MAX] {
        let keys = law.without_panic(kind, || engine.fetch_keys(cursor, size));
        let entries = law.without_panic(kind, || engine.fetch_entries(cursor, size));
        law.same(&format!("the keys at {kind}"), keys.items, Vec::new());
        law.same(&format!("the entries at {kind}"), entries.items, Vec::new());
        let finished = keys.next_cursor.finished && entries.next_cursor.finished;
        law.same(&format!("`finished` after {kind}"), finished, true);
    }
}

/// "A cursor past the end \[...\] yields no items and is `finished`."
pub fn finished_cursors_yield_nothing(make: &MakeEngine<'_>) {
    let law = Law {
        name: "finished_cursors_yield_nothing",
        says: "A cursor past the end [...] yields no items and is `finished`.",
        loss: "a walk that is over begins again, for ever",
    };
    let engine = filled(make, 10);
    let mut cursor = engine.fetch_keys(&IterationCursor::start(), 4).next_cursor;
    cursor.finished = true;
    for cursor in [IterationCursor::end(), cursor] {
        yields_nothing(law, engine.as_ref(), &cursor, "a finished cursor");
    }
}

/// "A cursor \[...\] foreign \[...\] yields no items and is `finished`." Foreign is what an engine of
/// another kind made.
pub fn foreign_cursors_yield_nothing(make: &MakeEngine<'_>) {
    let law = Law {
        name: "foreign_cursors_yield_nothing",
        says: "A cursor past the end, foreign or malformed yields no items and is `finished`.",
        loss: LOSS,
    };
    let engine = filled(make, 10);
    for shards in [1, 64] {
        let other = HashMapStorage::with_shards(shards);
        for number in 0..100 {
            other.put(&key(number), super::replay::numbered(number));
        }
        for size in [0, 1, 50, 99] {
            let foreign = other.fetch_keys(&IterationCursor::start(), size).next_cursor;
            yields_nothing(law, engine.as_ref(), &foreign, "a foreign cursor");
        }
    }
}

/// "A cursor \[...\] malformed yields no items and is `finished`."
pub fn malformed_cursors_yield_nothing(make: &MakeEngine<'_>) {
    let law = Law {
        name: "malformed_cursors_yield_nothing",
        says: "A cursor past the end, foreign or malformed yields no items and is `finished`.",
        loss: LOSS,
    };
    let engine = filled(make, 10);
    let check = |state: Vec<u8>| {
        let cursor = IterationCursor { state, finished: false };
        yields_nothing(law, engine.as_ref(), &cursor, "a malformed cursor");
    };
    for len in (1..40).chain([1 << 20]) {
        check(vec![0xff; len]);
        check(vec![0x80; len]);
    }
    let noise = prop::collection::vec(any::<u8>(), 3..64).prop_map(|mut state| {
        // No text, so that an engine whose cursors are keys can tell.
        state.push(0xff);
        state
    });
    law.for_all(128, &noise, |state| {
        check(state);
        Ok(())
    });
}

/// A cursor of the engine's own, cut, lengthened or with a bit flipped, may stand anywhere, but
/// causes no panic and yields nothing that is not there.
pub fn damaged_cursors_do_no_harm(make: &MakeEngine<'_>) {
    let law = Law {
        name: "damaged_cursors_do_no_harm",
        says: "A damaged cursor of the engine's own may stand anywhere, but does no harm.",
        loss: LOSS,
    };
    let engine = filled(make, 40);
    let state = engine.fetch_keys(&IterationCursor::start(), 7).next_cursor.state;
    for damaged in damages(&state) {
        let cursor = IterationCursor { state: damaged, finished: false };
        let keys = law.without_panic("a damaged cursor", || engine.fetch_keys(&cursor, 9));
        let entries = law.without_panic("a damaged cursor", || engine.fetch_entries(&cursor, 9));
        let all = keys.items.into_iter().chain(entries.items.into_iter().map(|(key, _)| key));
        for key in all {
            law.holds(engine.contains_key(&key), || {
                format!("after a damaged cursor comes {key:?}, which is not there")
            });
        }
    }
}

fn damages(state: &[u8]) -> Vec<Vec<u8>> {
    let mut damages: Vec<_> = (0..state.len()).map(|end| state[..end].to_vec()).collect();
    damages.extend([0, b'x', 0xff].map(|byte| [state, &[byte]].concat()));
    for bit in 0..state.len() * 8 {
        let mut damaged = state.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        damages.push(damaged);
    }
    damages
}
