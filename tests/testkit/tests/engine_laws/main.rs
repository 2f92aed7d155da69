//! The laws of engines hold for a right engine, and each catches a fault made for it.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

#[path = "../common/docs.rs"]
mod docs;
mod faulty;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use faulty::{Fault, Faulty};
use trilayer_core::{HashMapStorage, StorageEngine};
use trilayer_testkit::engine_laws;
use trilayer_testkit::laws::engine::{
    ATOMIC_UPDATE_LAWS, EngineLaw, LAWS, MakeEngine, ORDERED_LAWS, capabilities_are_those_declared,
};

engine_laws!(hashmap, HashMapStorage::new, [atomic_update]);
engine_laws!(hashmap_of_one_shard, || HashMapStorage::with_shards(1), [atomic_update]);
engine_laws!(without_update, || Faulty::new(Fault::NoUpdate));

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
fn each_law_catches_its_fault_and_names_itself_the_sentence_and_the_loss() {
    let docs = docs::of(include_str!("../../../../core/src/engine.rs"));
    let mut silent = Vec::new();
    for (name, fault) in CAUGHT {
        let law = laws().find(|law| law.0 == *name).unwrap().1;
        let complaint = complaint(law, *fault);
        if let Some(lacking) = docs::lacking(&complaint, name, &docs) {
            silent.push((name, fault, lacking, complaint));
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
