//! Sequences over a store with a bound. Which record leaves is the store's choice, so only what
//! holds whatever it chooses is checked.

use std::collections::{BTreeMap, BTreeSet};

use trilayer_core::{ExpiryPolicy, RecordStore, RecordValue};
use trilayer_suite::rig::Rig;
use trilayer_testkit::lww;

use crate::driver::{Data, Setting, at_once};
use crate::ops::{KEYS, Op};

/// Runs the sequence, without faults.
pub(crate) fn run(setting: &Setting, operations: &[Op]) {
    let rig = setting.parts().build();
    let mut written = BTreeMap::new();
    let mut lasting = BTreeSet::new();
    for operation in operations {
        let before = rig.store.size();
        step(&rig, operation, &mut written);
        note_lasting(setting, operation, &mut lasting);
        check_bound(&rig, setting, before);
        check_memory(&rig, setting, &written);
    }
    if setting.data != Data::Null {
        check_values(&rig, &written, &lasting);
    }
}

/// The last acknowledged value of each key, `None` once removed.
type Written = BTreeMap<&'static str, Option<RecordValue>>;

fn step(rig: &Rig, operation: &Op, written: &mut Written) {
    let store = &rig.store;
    match operation {
        &Op::Get(key, touch) => {
            let found = at_once(store.get(key, touch)).expect("get").map(|record| record.value);
            let last = written.get(key).cloned().flatten();
            assert!(found.is_none() || found == last, "{key}: {found:?} was read, {last:?} written");
        }
        Op::GetAll(keys) => {
            let names: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
            for (key, record) in at_once(store.get_all(&names)).expect("get_all") {
                assert_eq!(written.get(key.as_str()), Some(&Some(record.value)), "{key}");
            }
        }
        &Op::Put(key, value, expiry, by) => {
            let last = written.insert(key, Some(lww(value))).flatten();
            let old = at_once(store.put(key, lww(value), expiry, by)).expect("put");
            assert!(old.is_none() || old == last, "{key}: {old:?} was replaced, {last:?} written");
        }
        &Op::Set(key, value, expiry, by) => {
            written.insert(key, Some(lww(value)));
            at_once(store.set(key, lww(value), expiry, by)).expect("set");
        }
        &Op::Remove(key, by) => {
            let last = written.insert(key, None).flatten();
            let old = at_once(store.remove(key, by)).expect("remove");
            assert!(old.is_none() || old == last, "{key}: {old:?} was removed, {last:?} written");
        }
        &Op::PutBackup(key, value, age, by) => {
            written.insert(key, Some(lww(value)));
            let now = store_time(rig);
            at_once(store.put_backup(key, age.record(value, now), by)).expect("put_backup");
        }
        &Op::RemoveBackup(key, by) => {
            written.insert(key, None);
            at_once(store.remove_backup(key, by)).expect("remove_backup");
        }
        operation => upkeep(rig, operation, written),
    }
}

fn upkeep(rig: &Rig, operation: &Op, written: &mut Written) {
    let store = &rig.store;
    match operation {
        Op::Evict(key) => drop(store.evict(key, false)),
        Op::EvictAll => drop(store.evict_all(false)),
        Op::EvictExpired(percentage, ahead) => {
            store.evict_expired(*percentage, store_time(rig) + ahead, false);
        }
        Op::SoftFlush => drop(at_once(store.soft_flush()).expect("soft_flush")),
        Op::HardFlush => at_once(store.hard_flush()).expect("hard_flush"),
        // A clear goes back to what is persisted, which `written` does not know.
        Op::Clear | Op::ClearThrough => {
            at_once(store.clear_through(false)).expect("clear_through");
            written.clear();
        }
        Op::Advance(millis) => rig.clock.advance(*millis),
        _ => {}
    }
}

fn store_time(rig: &Rig) -> i64 {
    trilayer_core::Clock::now_millis(&*rig.clock)
}

/// Only dirty records push a store over its bound, and nothing grows that is over already.
fn check_bound(rig: &Rig, setting: &Setting, before: usize) {
    let bound = usize::try_from(setting.config.max_entry_count).expect("small");
    let size = rig.store.size();
    let dirty = usize::try_from(rig.store.usage().dirty).expect("small");
    let allowed = bound.max(dirty + 1).max(before);
    let allowed = if setting.data == Data::Null { bound } else { allowed };
    assert!(size <= allowed, "{size} records, {dirty} dirty, {before} before, bound {bound}");
}

/// What is in memory was written, is what the events tell, and what the data store has if clean.
fn check_memory(rig: &Rig, setting: &Setting, written: &Written) {
    let mut memory = BTreeMap::new();
    let mut cost = 0;
    for (key, record) in rig.store.storage().snapshot_iter() {
        assert_eq!(written.get(key.as_str()), Some(&Some(record.value.clone())), "{key} in memory");
        if setting.data != Data::Null && !record.metadata.is_dirty() {
            assert_eq!(rig.stored(&key).as_ref(), Some(&record.value), "{key} is clean");
        }
        cost += record.metadata.cost;
        memory.insert(key, record.value);
    }
    assert_eq!((rig.store.size(), rig.store.owned_entry_cost()), (memory.len(), cost));
    assert_eq!(rig.events.replay(), memory, "the events rebuild memory");
}

/// Keeps track of the keys whose last value never expires.
fn note_lasting(setting: &Setting, operation: &Op, lasting: &mut BTreeSet<&'static str>) {
    let config = &setting.config;
    let defaults = config.default_ttl_millis > 0 || config.default_max_idle_millis > 0;
    let (key, expiry) = match operation {
        &Op::Put(key, _, expiry, _) | &Op::Set(key, _, expiry, _) => (key, expiry),
        &Op::PutBackup(key, ..) => (key, ExpiryPolicy::NONE),
        _ => return,
    };
    if expiry == ExpiryPolicy::NEVER || (expiry == ExpiryPolicy::NONE && !defaults) {
        lasting.insert(key);
    } else {
        lasting.remove(key);
    }
}

/// With a data store no value is lost to the bound: it is read, or it may have expired.
fn check_values(rig: &Rig, written: &Written, lasting: &BTreeSet<&str>) {
    for key in KEYS {
        let found = at_once(rig.store.get(key, false)).expect("get").map(|record| record.value);
        let last = written.get(key).cloned().flatten();
        let may_expire = found.is_none() && !lasting.contains(key);
        assert!(found == last || may_expire, "{key}: {found:?} instead of {last:?}");
    }
    at_once(rig.store.hard_flush()).expect("hard_flush");
    for (key, last) in written {
        let found = at_once(rig.store.get(key, false)).expect("get").map(|record| record.value);
        assert_eq!(found, rig.stored(key), "{key} after a flush, written last: {last:?}");
    }
}
