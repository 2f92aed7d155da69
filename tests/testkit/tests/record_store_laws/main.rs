//! The laws of record stores hold for the default store, and each catches a fault made for it.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

#[path = "../common/docs.rs"]
mod docs;
mod faulty;
mod plain;
mod retold;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use faulty::{Fault, Faulty};
use trilayer_core::{DefaultRecordStore, HashMapStorage, StorageEngine};
use trilayer_testkit::laws::record_store::{
    DEADLINE_LAWS, LAWS, MakeRecordStore, REFUSAL_LAWS, RESTORING_LAWS, RecordStoreLaw, RecordStoreParts,
};
use trilayer_testkit::record_store_laws;

record_store_laws!(
    default_store,
    |parts| default_store(parts, HashMapStorage::with_shards(1)),
    [deadlines_survive_eviction, restores_deadlines, refuses_observers_that_write],
);
// An engine that is shared, and whose length is not exact while others write.
record_store_laws!(
    over_a_shared_engine,
    |parts| default_store(parts, Arc::new(HashMapStorage::new()) as Arc<dyn StorageEngine>),
    [deadlines_survive_eviction, restores_deadlines, refuses_observers_that_write],
);
// An engine without an atomic update.
record_store_laws!(
    over_a_plain_engine,
    |parts| default_store(parts, plain::Plain::default()),
    [deadlines_survive_eviction, restores_deadlines, refuses_observers_that_write],
);
record_store_laws!(
    wrapped,
    |parts| Faulty::new(Fault::Nothing, parts),
    [deadlines_survive_eviction, restores_deadlines, refuses_observers_that_write],
);

fn default_store(parts: RecordStoreParts, engine: impl StorageEngine) -> DefaultRecordStore {
    DefaultRecordStore::builder(parts.name.as_str(), parts.partition_id)
        .engine(Box::new(engine))
        .observer(parts.composite())
        .data_store(parts.data_store)
        .config(parts.config)
        .clock(parts.clock)
        .build()
}

/// Each law with a fault that it must catch.
const CAUGHT: &[(&str, Fault)] = &[
    ("names_and_parts_are_those_given", Fault::NameIsConstant),
    ("what_was_put_is_read", Fault::SecondPutIsLost),
    ("old_values_are_returned", Fault::OldValuesAreForgotten),
    ("old_values_come_from_the_data_store_too", Fault::OldValuesAreThoseOfMemory),
    ("the_data_store_comes_first", Fault::MemoryFirst),
    ("refused_writes_change_nothing", Fault::RefusedWritesStay),
    ("versions_count_up_and_hits_stay", Fault::VersionsStandStill),
    ("costs_are_those_of_memory", Fault::CostsAreGuessed),
    ("only_clients_and_merges_reach_the_data_store", Fault::EveryonePersists),
    ("backups_are_kept_as_they_are", Fault::BackupsBeginAnew),
    ("backups_are_told_as_backups", Fault::BackupsArePrimaries),
    ("at_rest_the_data_store_has_what_memory_has", Fault::WritesRace),
    ("calls_that_hang_hold_up_few_other_keys", Fault::OneLock),
    ("hits_wait_for_no_data_store_call", Fault::ReadsTakeTheLock),
    ("misses_are_loaded", Fault::MissesAreMisses),
    ("one_load_answers_all", Fault::EachLoadsItself),
    ("a_failing_load_reaches_every_waiter", Fault::FailedLoadsAreMisses),
    ("late_loads_overwrite_nothing", Fault::LoadsInstallBlindly),
    ("late_loads_revive_nothing", Fault::LoadsInstallBlindly),
    ("get_all_loads_its_misses_with_one_call", Fault::GetAllLoadsOneByOne),
    ("get_all_is_in_order_of_first_mention", Fault::GetAllSorts),
    ("touches_count_and_move_the_access", Fault::TouchIsIgnored),
    ("other_reads_leave_no_trace", Fault::EveryReadTouches),
    ("touches_undo_no_write", Fault::TouchReadsThenWrites),
    ("memory_is_counted_and_walked", Fault::PagesLoseOne),
    ("evicted_records_come_back", Fault::EvictionIsDeletion),
    ("unpersisted_values_survive_eviction", Fault::EvictionForgetsTheUnpersisted),
    ("soft_flush_persists_what_was_evicted", Fault::SoftFlushDoesNothing),
    ("failed_flushes_lose_nothing", Fault::FlushErrorsAreHidden),
    ("evictions_say_what_left", Fault::EvictAllMiscounts),
    ("the_bound_holds", Fault::BoundIsIgnored),
    ("what_was_just_written_stays", Fault::NewestLeavesFirst),
    ("clear_says_how_much_there_was", Fault::ClearMiscounts),
    ("ends_are_one_event_each", Fault::ClearEvictsEach),
    ("ends_leave_the_data_store_alone", Fault::ResetReachesTheDataStore),
    ("after_destroy_operations_are_errors", Fault::DestroyIsClear),
    ("loads_under_way_install_nothing_after_destroy", Fault::LoadsInstallBlindly),
    ("records_live_through_their_last_millisecond", Fault::ExpiresEarly),
    ("idle_records_expire_and_touches_keep_them", Fault::TouchIsIgnored),
    ("puts_without_an_expiry_take_the_defaults", Fault::DefaultsAreIgnored),
    ("never_means_never", Fault::NeverIsTheDefault),
    ("each_put_replaces_the_expiry", Fault::FirstExpiryStays),
    ("no_read_shows_an_expired_record", Fault::ExistsShowsExpired),
    ("no_read_shows_an_expired_record", Fault::ForEachShowsExpired),
    ("no_read_shows_an_expired_record", Fault::GetAllShowsExpired),
    ("no_write_returns_an_expired_value", Fault::OldValuesMayBeExpired),
    ("expiries_are_told_once_as_expiries", Fault::ExpiriesAreEvictions),
    ("has_expired_says_why", Fault::ReasonIsAlwaysTtl),
    ("sweeps_take_a_share_soonest_first", Fault::SmallSweepsTakeNone),
    ("a_store_knows_whether_its_records_expire", Fault::NothingExpires),
    ("commits_are_told_once", Fault::PutsAreToldTwice),
    ("events_tell_the_exact_values", Fault::UpdatesTellTheNewAsOld),
    ("observers_are_told_in_order_of_registration", Fault::ObserversAreReversed),
    ("replaying_the_events_rebuilds_memory", Fault::EvictionIsSilent),
    ("panicking_observers_do_no_harm", Fault::PutsAreToldTwice),
    ("dropped_writes_are_whole_or_not_at_all", Fault::WritesRace),
    ("dropped_loads_answer_the_others", Fault::DroppedLoadsBlock),
    ("a_caller_who_is_gone_holds_up_nobody", Fault::OneLock),
    ("deadlines_survive_eviction", Fault::LoadsForgetDeadlines),
    ("deadlines_of_the_data_store_hold", Fault::LoadsForgetDeadlines),
    ("observers_that_write_are_refused", Fault::RefusalsAreHidden),
];

fn laws() -> impl Iterator<Item = &'static (&'static str, RecordStoreLaw)> {
    [LAWS, DEADLINE_LAWS, RESTORING_LAWS, REFUSAL_LAWS].into_iter().flatten()
}

/// What a law says of a fault; empty if it holds.
fn complaint(law: impl Fn(&MakeRecordStore<'_>), fault: Fault) -> String {
    match catch_unwind(AssertUnwindSafe(|| law(&|parts| Box::new(Faulty::new(fault, parts))))) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn each_law_catches_its_fault_and_names_itself_the_sentence_and_the_loss() {
    let docs = docs::of(include_str!("../../../../core/src/record_store.rs"));
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
