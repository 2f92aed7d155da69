//! Laws of random samples.

use std::collections::BTreeSet;

use trilayer_core::StorageEngine;

use super::MakeEngine;
use super::replay::{filled, keys};
use crate::laws::Law;

/// Engines of several sizes, also one that has shrunk, each with several counts.
fn for_each_count(make: &MakeEngine<'_>, check: impl Fn(&dyn StorageEngine, usize)) {
    for len in [0, 1, 2, 30, 200] {
        let engine = filled(make, len);
        for key in keys(len).iter().skip(1).step_by(3) {
            engine.remove(key);
        }
        for count in (0..40).chain([len as usize, 1000, usize::MAX]) {
            check(engine.as_ref(), count);
        }
    }
}

/// "`random_samples(n)` returns \[...\] entries with distinct keys."
pub fn samples_are_distinct(make: &MakeEngine<'_>) {
    let law = Law {
        name: "samples_are_distinct",
        says: "`random_samples(n)` returns [...] entries with distinct keys",
        loss: "eviction counts one record as several",
    };
    for_each_count(make, |engine, count| {
        let samples = engine.random_samples(count);
        let distinct: BTreeSet<_> = samples.iter().map(|(key, _)| key).collect();
        law.same(&format!("the number of different keys in samples({count})"), distinct.len(), samples.len());
    });
}

/// "`random_samples(n)` returns at most `min(n, len)` entries", also of an empty engine and for
/// counts beyond any memory.
pub fn samples_are_no_more_than_asked_for(make: &MakeEngine<'_>) {
    let law = Law {
        name: "samples_are_no_more_than_asked_for",
        says: "at most `min(n, len)` entries",
        loss: "a few samples cost as much as the whole store, or a large count ends the program",
    };
    for_each_count(make, |engine, count| {
        let samples = law.without_panic("random_samples", || engine.random_samples(count));
        let (found, most) = (samples.len(), count.min(engine.len()));
        law.holds(found <= most, || format!("samples({count}) are {found}, but {most} at most are allowed"));
    });
}

/// "At most `count` entries": each sample is a key that is there, with its record.
pub fn samples_are_what_is_there(make: &MakeEngine<'_>) {
    let law = Law {
        name: "samples_are_what_is_there",
        says: "At most `count` entries picked at random, with distinct keys.",
        loss: "eviction judges records by the age and cost of others",
    };
    for_each_count(make, |engine, count| {
        for (key, record) in engine.random_samples(count) {
            law.same(&format!("the record under the sampled key {key:?}"), engine.get(&key), Some(record));
        }
    });
}

/// "entries picked at random": each key is picked sooner or later.
pub fn samples_reach_every_key(make: &MakeEngine<'_>) {
    let law = Law {
        name: "samples_reach_every_key",
        says: "Each key is picked sooner or later.",
        loss: "some records are never evicted, however old they are",
    };
    let engine = filled(make, 20);
    engine.remove("key 3");
    let draws = (0..2000).flat_map(|_| engine.random_samples(5));
    let reached: BTreeSet<String> = draws.map(|(key, _)| key).collect();
    let missed: Vec<_> =
        keys(20).into_iter().filter(|key| key != "key 3" && !reached.contains(key)).collect();
    law.same("the keys that 2000 times 5 samples never reach", missed, Vec::new());
}
