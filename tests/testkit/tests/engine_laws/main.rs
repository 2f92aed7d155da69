//! The laws of engines hold for a right engine, and each catches a fault made for it.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod faulty;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use faulty::{Fault, Faulty};
use trilayer_core::{AtomicUpdate, FetchResult, HashMapStorage, IterationCursor, Record, StorageEngine};
use trilayer_testkit::engine_laws;
use trilayer_testkit::laws::engine::{
    ATOMIC_UPDATE_LAWS, EngineLaw, LAWS, MakeEngine, ORDERED_LAWS, capabilities_are_those_declared,
};

engine_laws!(hashmap, || Box::new(HashMapStorage::new()), [atomic_update]);
engine_laws!(hashmap_of_one_shard, || Box::new(HashMapStorage::with_shards(1)), [atomic_update]);
engine_laws!(shared, || Box::new(Shared(Arc::new(HashMapStorage::new()))), [atomic_update]);
engine_laws!(without_update, || Box::new(Faulty::new(Fault::NoUpdate)));

/// An engine behind an `Arc<dyn _>`, as a grid that shares it would have it.
struct Shared(Arc<dyn StorageEngine>);

impl StorageEngine for Shared {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        self.0.put(key, record)
    }
    fn get(&self, key: &str) -> Option<Record> {
        self.0.get(key)
    }
    fn remove(&self, key: &str) -> Option<Record> {
        self.0.remove(key)
    }
    fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn clear(&self) {
        self.0.clear();
    }
    fn destroy(&self) {
        self.0.destroy();
    }
    fn estimated_cost(&self) -> u64 {
        self.0.estimated_cost()
    }
    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        self.0.fetch_keys(cursor, size)
    }
    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.0.fetch_entries(cursor, size)
    }
    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.0.snapshot_iter()
    }
    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        self.0.random_samples(count)
    }
    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        self.0.atomic_update()
    }
}

/// Each law with a fault that it must catch.
const CAUGHT: &[(&str, Fault)] = &[
    ("put_returns_what_it_replaced", Fault::PutReturnsNothing),
    ("remove_returns_what_it_removed", Fault::RemoveReturnsNothing),
    ("get_returns_a_copy", Fault::GetForgetsHits),
    ("contains_key_says_whether_there_is_a_record", Fault::ContainsAnything),
    ("len_counts_the_keys", Fault::LenCountsPuts),
    ("is_empty_says_whether_there_are_none", Fault::NeverEmpty),
    ("estimated_cost_is_the_sum_of_costs", Fault::CostOfOverwrittenStays),
    ("clear_removes_everything", Fault::ClearLeavesOne),
    ("destroy_removes_everything", Fault::DestroyDoesNothing),
    ("snapshots_are_all_entries", Fault::SnapshotMissesOne),
    ("any_text_is_a_key", Fault::LongKeysAreCut),
    ("walks_see_every_key", Fault::FullPagesLoseOne),
    ("walks_of_entries_see_every_record", Fault::EntriesTakeEachOther),
    ("walks_skip_no_key_that_stays", Fault::CursorsAreIndices),
    ("pages_keep_to_their_size", Fault::PagesHoldOneMore),
    ("finished_cursors_yield_nothing", Fault::FinishedBeginsAgain),
    ("foreign_cursors_yield_nothing", Fault::ForeignBeginsAgain),
    ("malformed_cursors_yield_nothing", Fault::MalformedBeginsAgain),
    ("damaged_cursors_do_no_harm", Fault::DamagedPanics),
    ("samples_are_distinct", Fault::SamplesRepeat),
    ("samples_are_no_more_than_asked_for", Fault::OneSampleTooMany),
    ("samples_are_what_is_there", Fault::SamplesTakeEachOther),
    ("samples_reach_every_key", Fault::SamplesAreTheFirst),
    ("single_key_operations_are_atomic", Fault::PutInTwoSteps),
    ("concurrent_puts_hand_over_each_record_once", Fault::PutReadsThenWrites),
    ("concurrent_walks_skip_no_key_that_stays", Fault::CursorsAreIndices),
    ("counts_are_exact_at_rest", Fault::LenRaces),
    ("updates_change_what_is_there", Fault::UpdatesTwice),
    ("updates_keep_the_cost_exact", Fault::UpdatesForgetCost),
    ("updates_lose_no_increment", Fault::UpdateReadsThenWrites),
    // Right, but in no order.
    ("walks_are_in_key_order", Fault::Nothing),
];

fn laws() -> impl Iterator<Item = &'static (&'static str, EngineLaw)> {
    [LAWS, ATOMIC_UPDATE_LAWS, ORDERED_LAWS].into_iter().flatten()
}

/// What a law says of a fault; empty if it holds.
fn complaint(law: impl Fn(&MakeEngine<'_>), fault: Fault) -> String {
    let make = || Box::new(Faulty::new(fault)) as Box<dyn StorageEngine>;
    match catch_unwind(AssertUnwindSafe(|| law(&make))) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn each_law_catches_its_fault_and_names_itself_and_the_loss() {
    let mut silent = Vec::new();
    for (name, fault) in CAUGHT {
        let law = laws().find(|law| law.0 == *name).unwrap().1;
        let complaint = complaint(law, *fault);
        if !complaint.contains(&format!("law `{name}` is broken")) || !complaint.contains("what it costs: ") {
            silent.push((name, fault, complaint));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn each_law_has_a_fault() {
    let caught: BTreeSet<_> = CAUGHT.iter().map(|(name, _)| *name).collect();
    assert_eq!(laws().map(|law| law.0).collect::<BTreeSet<_>>(), caught);
}

#[test]
fn what_is_declared_must_be_there_and_what_is_there_declared() {
    let declared = |make: &MakeEngine<'_>| capabilities_are_those_declared(make, &["atomic_update"]);
    let silent = |make: &MakeEngine<'_>| capabilities_are_those_declared(make, &[]);
    assert_eq!(complaint(declared, Fault::Nothing), "");
    assert_eq!(complaint(silent, Fault::NoUpdate), "");
    assert!(complaint(declared, Fault::NoUpdate).contains("atomic_update() is Some is false"));
    assert!(complaint(silent, Fault::Nothing).contains("atomic_update() is Some is true"));
    for (name, law) in ATOMIC_UPDATE_LAWS {
        assert!(complaint(law, Fault::NoUpdate).contains("declares `atomic_update`"), "{name}");
    }
}
