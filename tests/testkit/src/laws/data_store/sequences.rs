//! Laws of many operations: against a model, and across an end of the store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use trilayer_core::RecordValue;

use super::MakeStore;
use super::rig::Rig;
use crate::laws::Law;
use crate::laws::law::{Verdict, same};
use crate::lww;

const KEYS: [&str; 4] = ["", "a", "ab", "é"];

type Model = BTreeMap<&'static str, RecordValue>;

#[derive(Debug, Clone)]
enum Step {
    Add(&'static str, i64),
    FlushKey(&'static str, i64),
    Remove(&'static str),
    RemoveAll(&'static str, &'static str),
    SoftFlush,
    HardFlush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || prop::sample::select(&KEYS[..]);
    let step = prop_oneof![
        5 => (key(), 0_i64..100).prop_map(|(key, value)| Step::Add(key, value)),
        2 => (key(), 0_i64..100).prop_map(|(key, value)| Step::FlushKey(key, value)),
        3 => key().prop_map(Step::Remove),
        1 => (key(), key()).prop_map(|(one, two)| Step::RemoveAll(one, two)),
        1 => Just(Step::SoftFlush),
        1 => Just(Step::HardFlush),
    ];
    prop::collection::vec(step, 1..12)
}

/// "What `add` said `Ok` to, `load` finds, until a later `add` or `remove` of that key", in any
/// order of operations.
pub fn sequences_match_a_model(make: &MakeStore<'_>) {
    let law = Law {
        name: "sequences_match_a_model",
        says: "What `add` said `Ok` to, `load` finds, until a later `add` or `remove` of that key.",
        loss: "after a certain order of writes, removes and flushes data is lost or comes back",
    };
    let rig = Rig::new(law, make);
    let cases = AtomicU64::new(0);
    law.for_all(48, &steps(), |steps| {
        // Each case has a map of its own, so that one store does for all.
        let map = format!("case {}", cases.fetch_add(1, Ordering::Relaxed));
        let mut model = Model::new();
        steps.iter().try_for_each(|step| {
            step.take(&rig, &map, &mut model);
            matches(&rig, &map, &model)
        })
    });
}

fn matches(rig: &Rig, map: &str, model: &Model) -> Verdict {
    for key in KEYS {
        same(&format!("load of {key:?}"), &rig.load(map, key), &model.get(key).cloned())?;
    }
    let expected = model.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    same("load_all", &rig.load_all(map, &KEYS), &expected)
}

impl Step {
    fn take(&self, rig: &Rig, map: &str, model: &mut Model) {
        match *self {
            Self::Add(key, value) => {
                rig.add(map, key, &lww(value));
                model.insert(key, lww(value));
            }
            Self::FlushKey(key, value) => {
                rig.flush_key(map, key, &lww(value));
                model.insert(key, lww(value));
            }
            Self::Remove(key) => {
                rig.remove(map, key);
                model.remove(key);
            }
            Self::RemoveAll(one, two) => {
                let keys: &[&str] = if one == two { &[one] } else { &[one, two] };
                rig.remove_all(map, keys);
                model.retain(|key, _| !keys.contains(key));
            }
            Self::SoftFlush => rig.soft_flush(),
            Self::HardFlush => rig.hard_flush(),
        }
    }
}

/// `hard_flush` "Makes everything accepted so far durable before it returns."
pub fn reopening_keeps_what_was_flushed(make: &MakeStore<'_>) {
    let law = Law {
        name: "reopening_keeps_what_was_flushed",
        says: "Makes everything accepted so far durable before it returns.",
        loss: "after a restart data is lost, removed data is back, or nothing expires any more",
    };
    let mut rig = Rig::new(law, make);
    for number in 0..30 {
        rig.add_until("m", &format!("k{number}"), &lww(number), number * 1_000_000);
        rig.add("other", &format!("k{number}"), &lww("other"));
    }
    rig.add("m", "k1", &lww("overwritten"));
    rig.flush_key("m", "k2", &lww("flushed"));
    rig.add_backup("m", "backup", &lww("backup"));
    rig.remove("m", "k3");
    rig.remove_all("other", &["k4", "k5"]);
    rig.hard_flush();
    let before = everything(&rig);
    rig.law.same("the number of keys before", before.len(), 58);
    for time in ["first", "second"] {
        rig.reopen();
        rig.law.same(
            &format!("what is there when opened again for the {time} time"),
            everything(&rig),
            before.clone(),
        );
    }
    rig.add("m", "k3", &lww("again"));
    rig.finds("added after opening again", "m", "k3", Some(lww("again")));
}

fn everything(rig: &Rig) -> Vec<(String, trilayer_core::StoredValue)> {
    let keys: Vec<String> = (0..30).map(|number| format!("k{number}")).chain(["backup".to_owned()]).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    [rig.load_all_stored("m", &keys), rig.load_all_stored("other", &keys)].concat()
}
