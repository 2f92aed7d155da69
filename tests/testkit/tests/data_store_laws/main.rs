//! The laws of data stores hold for right stores, and each catches a fault made for it.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

#[path = "../common/docs.rs"]
mod docs;
mod faulty;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use faulty::{Fault, Faulty};
use trilayer_testkit::laws::data_store::{
    DEADLINE_LAWS, DURABLE_LAWS, LAWS, MakeStore, SCAN_LAWS, StoreFixture, StoreLaw,
    capabilities_are_those_declared,
};
use trilayer_testkit::{ScriptedDataStore, data_store_laws};

data_store_laws!(scripted, || async { ScriptedDataStore::new() }, [scans]);
data_store_laws!(
    scripted_with_deadlines,
    || async { ScriptedDataStore::keeping_deadlines() },
    [keeps_deadlines, scans]
);
data_store_laws!(scripted_without_scans, not_scanning);
data_store_laws!(reopened, || fixture(Fault::Nothing), [keeps_deadlines, scans, durable]);

async fn not_scanning() -> Arc<ScriptedDataStore> {
    let store = ScriptedDataStore::new();
    store.stop_scanning();
    store
}

/// A store in memory, which counts as opened again as long as it is the same one.
async fn fixture(fault: Fault) -> StoreFixture {
    let store = Cell::new(None::<Arc<Faulty>>);
    let open = move || {
        let kept = store.take().filter(|_| fault != Fault::ReopensEmpty);
        let opened = kept.unwrap_or_else(|| Arc::new(Faulty::new(fault)));
        store.set(Some(Arc::clone(&opened)));
        async move { opened }
    };
    StoreFixture::open(open).await
}

/// Each law with a fault that it must catch.
const CAUGHT: &[(&str, Fault)] = &[
    ("what_was_added_is_found", Fault::AddIsLost),
    ("later_adds_replace", Fault::FirstAddStays),
    ("what_was_removed_is_gone", Fault::RemoveIsLost),
    ("removing_a_missing_key_is_ok", Fault::RemoveOfMissingFails),
    ("maps_do_not_see_each_other", Fault::MapsAreOne),
    ("load_all_is_what_load_finds", Fault::LoadAllMissesOne),
    ("remove_all_removes_those_and_no_others", Fault::RemoveAllRemovesOne),
    ("backups_are_found_and_removed", Fault::BackupsAreLost),
    ("flushed_keys_are_found", Fault::FlushesAreLost),
    ("every_value_comes_back", Fault::TimestampsAreLost),
    ("unusual_keys_are_kept_or_refused", Fault::LongKeysAreCut),
    ("sequences_match_a_model", Fault::SecondRemoveIsLost),
    ("deadlines_are_kept_or_reported_as_none", Fault::DeadlinesAreMadeUp),
    ("nothing_is_pending_after_a_hard_flush", Fault::AlwaysPending),
    ("concurrent_adds_are_all_found", Fault::AddsRace),
    ("dropped_futures_do_no_harm", Fault::DroppedAddBlocks),
    ("adding_again_replaces_the_deadline", Fault::AddKeepsTheDeadline),
    ("flush_key_leaves_the_deadline", Fault::FlushKeyLosesTheDeadline),
    ("flush_stored_sets_the_deadline", Fault::FlushStoredLosesTheDeadline),
    ("scans_are_in_byte_order", Fault::ScansGoBackwards),
    ("scans_give_what_was_asked_for", Fault::ScansIgnoreThePrefix),
    ("scans_of_no_items_say_whether_there_are_any", Fault::ScansOfNoneSayNone),
    ("scans_page_by_page_give_each_key_once", Fault::ScansEndAfterOnePage),
    ("reopening_keeps_what_was_flushed", Fault::ReopensEmpty),
];

fn laws() -> impl Iterator<Item = &'static (&'static str, StoreLaw)> {
    [LAWS, DEADLINE_LAWS, SCAN_LAWS, DURABLE_LAWS].into_iter().flatten()
}

/// What a law says of a fault; empty if it holds.
fn complaint(law: impl Fn(&MakeStore<'_>), fault: Fault) -> String {
    match catch_unwind(AssertUnwindSafe(|| law(&|| Box::pin(fixture(fault))))) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn each_law_catches_its_fault_and_names_itself_the_sentence_and_the_loss() {
    let docs = docs::of(include_str!("../../../../core/src/data_store.rs"));
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
    for (declared, complains) in [
        (&["keeps_deadlines", "scans"][..], ""),
        (&["scans"], "keeps_deadlines() is true, but should be false"),
        (&["keeps_deadlines"], "is_scannable() is true, but should be false"),
    ] {
        let found = complaint(|make| capabilities_are_those_declared(make, declared), Fault::Nothing);
        assert!(found.contains(complains) && found.is_empty() == complains.is_empty(), "{found}");
    }
}

#[test]
fn a_durable_store_must_say_how_to_open_it_again() {
    let (name, law) = DURABLE_LAWS[0];
    let make = || Box::pin(async { StoreFixture::new(ScriptedDataStore::keeping_deadlines()) }) as _;
    let panic = catch_unwind(AssertUnwindSafe(|| law(&make))).expect_err("it cannot be opened again");
    let found = panic.downcast_ref::<String>().unwrap();
    assert!(found.contains(name) && found.contains("StoreFixture::open"), "{found}");
}
