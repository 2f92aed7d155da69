//! What is compared after every step.

use std::collections::BTreeMap;
use std::fmt::Debug;

use trilayer_core::{Record, RecordStore, RecordValue};
use trilayer_testkit::EventKind;

use crate::access::number;
use crate::driver::{MAY_WAIT, Pair, at_once};
use crate::model::{Item, Place, Stored};
use crate::ops::KEYS;

pub(crate) fn agree<T: PartialEq + Debug>(store: T, model: T, what: &str) {
    assert_eq!(store, model, "store (left) and model (right) disagree on {what}");
}

/// What is compared of a record: value, version, hits, made, accessed, dirty.
pub(crate) type Told = (i64, u32, u32, i64, i64, bool);

pub(crate) fn told_record(record: Record) -> Told {
    let RecordValue::Lww { .. } = &record.value else { panic!("never put: {record:?}") };
    let metadata = &record.metadata;
    (
        number(&record.value),
        metadata.version,
        metadata.hits,
        metadata.creation_time,
        metadata.last_access_time,
        metadata.is_dirty(),
    )
}

pub(crate) fn told_item(item: &Item) -> Told {
    (item.value, item.version, item.hits, item.created, item.accessed, item.dirty.is_some())
}

impl Pair {
    /// Everything that can be seen without changing anything.
    pub(crate) fn compare(&self) {
        let (store, model) = (&self.rig.store, &self.model);
        for key in KEYS {
            agree(
                store.exists_in_memory(key),
                model.is_live_resident(key),
                &format!("whether {key} is in memory"),
            );
            agree(
                store.has_expired(key, model.now, false),
                model.has_expired(key),
                &format!("has_expired({key})"),
            );
            let resident = store.storage().get(key).map(told_record);
            agree(resident, model.resident(key).map(told_item), &format!("the record of {key}"));
            let stored = match MAY_WAIT.get() {
                true => at_once(store.map_data_store().load_stored("map", key)).expect("load_stored"),
                // Asked for as a call, it would meet the fault meant for the next operation.
                false => self.rig.data.stored("map", key),
            };
            let stored = stored.map(|it| Stored { value: number(&it.value), deadline: it.expiration_time });
            agree(stored, model.keys[key].disk, &format!("what the data store has of {key}"));
        }
        let entries = store.storage().snapshot_iter();
        agree(store.size(), entries.len(), "the size");
        let cost: u64 = entries.iter().map(|(_, record)| record.metadata.cost).sum();
        agree(store.owned_entry_cost(), cost, "the cost");
        self.compare_usage();
        self.compare_reads();
    }

    fn compare_usage(&self) {
        let (usage, model) = (self.rig.store.usage(), &self.model);
        let count = |wanted: &dyn Fn(&Place) -> bool| {
            model.keys.values().filter(|key| wanted(&key.place)).count() as u64
        };
        let dirty =
            count(&|place| matches!(place, Place::Memory(item) if item.dirty.is_some() && !model.null));
        agree(usage.dirty, dirty, "how many records are dirty");
        agree(
            usage.deadlines,
            model.keys.values().filter(|key| key.limits.is_some()).count() as u64,
            "deadlines",
        );
        // Removals of keys the data store never had are remembered too, in both.
        let parked = count(&|place| matches!(place, Place::Parked(_) | Place::Gone));
        agree(usage.parked, parked, "how much the data store has yet to be told");
    }

    fn compare_reads(&self) {
        let live: Vec<&str> = KEYS.into_iter().filter(|key| self.model.is_live_resident(key)).collect();
        let mut seen = Vec::new();
        self.rig.store.for_each_boxed(&mut |key, _| seen.push(key.to_owned()), false);
        seen.sort();
        agree(seen.iter().map(String::as_str).collect(), live, "what for_each shows");
        let model = &self.model;
        let is_unflushed = |key: &&str| match &model.keys[*key].place {
            Place::Memory(item) => item.dirty.is_some(),
            Place::Parked(_) => true,
            _ => false,
        };
        let is_live =
            |key: &&str| !model.keys[*key].limits.is_some_and(|limits| limits.is_expired(model.now));
        let expected: Vec<&str> = KEYS.into_iter().filter(is_unflushed).filter(is_live).collect();
        let mut unflushed: Vec<String> = self.rig.store.unflushed().into_iter().map(|(key, _)| key).collect();
        unflushed.sort();
        agree(unflushed.iter().map(String::as_str).collect(), expected, "what is not flushed");
    }

    /// Observers were told of this step what they had to be, and of nothing else.
    pub(crate) fn compare_events(&mut self) {
        let events = self.rig.events.events();
        let news = events[self.told..].iter().map(|event| (event.kind, event.key.clone()));
        let order = |events: &mut Vec<(EventKind, String)>| {
            events.sort_by_key(|(kind, key)| (key.clone(), format!("{kind:?}")));
        };
        let (mut news, mut expected) = (news.collect(), std::mem::take(&mut self.model.events));
        order(&mut news);
        order(&mut expected);
        agree(news, expected, "the events");
        self.told = events.len();
        let resident: BTreeMap<String, RecordValue> = self.memory();
        agree(self.rig.events.replay(), resident, "memory, as replaying the events rebuilds it");
    }

    fn memory(&self) -> BTreeMap<String, RecordValue> {
        let entries = self.rig.store.storage().snapshot_iter();
        entries.into_iter().map(|(key, record)| (key, record.value)).collect()
    }
}
