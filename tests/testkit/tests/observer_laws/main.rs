//! The laws of observers hold for right observers, and each catches a fault made for it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail it")]

#[path = "../common/docs.rs"]
mod docs;
mod faulty;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use faulty::{Fault, Faulty};
use trilayer_core::{CompositeMutationObserver, MutationObserver, RecordValue};
use trilayer_testkit::laws::observer::{
    COUNT_LAWS, LAWS, MakeObserver, ObserverFixture, ObserverLaw, REBUILD_LAWS,
    capabilities_are_those_declared,
};
use trilayer_testkit::{EventKind, RecordingObserver, observer_laws};

observer_laws!(replica, || Faulty::fixture(Fault::Nothing), [rebuilds, counts]);
observer_laws!(recorder, recorder, [rebuilds, counts]);
observer_laws!(nobody, CompositeMutationObserver::default);
observer_laws!(composite, composite, [counts]);

fn recorder() -> ObserverFixture<RecordingObserver> {
    ObserverFixture::new(RecordingObserver::default())
        .rebuilding(RecordingObserver::replay)
        .counting(|recorder, kind| Some(recorder.count(kind) as u64))
}

/// What its second observer was told.
fn composite() -> ObserverFixture<CompositeMutationObserver> {
    let second = RecordingObserver::new();
    let observers: Vec<Arc<dyn MutationObserver>> = vec![RecordingObserver::new(), Arc::clone(&second) as _];
    ObserverFixture::new(CompositeMutationObserver::new(observers))
        .counting(move |_, kind| Some(second.count(kind) as u64))
}

/// Each law with a fault that it must catch.
const CAUGHT: &[(&str, Fault)] = &[
    ("any_event_in_any_order_is_taken", Fault::LongKeysAreCut),
    ("any_event_in_any_order_is_taken", Fault::HitsOverflow),
    ("events_are_taken_from_many_threads", Fault::OneAtATime),
    ("no_event_waits_for_another", Fault::LockIsKept),
    ("no_number_of_events_blocks", Fault::QueueIsBounded),
    ("reports_are_told_while_events_come", Fault::ReportWaitsForQuiet),
    ("reports_tell_the_same_twice", Fault::ReportCountsReports),
    ("expiries_are_heard_like_evictions", Fault::ExpiriesAreIgnored),
    ("nothing_after_destroy_does_harm", Fault::DestroyIsTheEnd),
    ("any_events_of_a_store_rebuild_memory", Fault::EvictionsAreIgnored),
    ("concurrent_events_rebuild_memory", Fault::ReadThenWrite),
    ("replicated_puts_rebuild_memory", Fault::ReplicationIsIgnored),
    ("the_end_of_a_store_leaves_nothing", Fault::DestroyIsIgnored),
    ("each_event_is_counted_once", Fault::UpdatesCountTwice),
    ("events_of_a_store_are_counted", Fault::LoadsCountAsPuts),
    ("concurrent_counts_are_exact_at_rest", Fault::CountsRace),
];

fn laws() -> impl Iterator<Item = &'static (&'static str, ObserverLaw)> {
    [LAWS, REBUILD_LAWS, COUNT_LAWS].into_iter().flatten()
}

/// What a law says of a maker; empty if it holds.
fn complaint(law: impl Fn(&MakeObserver<'_>), make: &MakeObserver<'_>) -> String {
    match catch_unwind(AssertUnwindSafe(|| law(make))) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn each_law_catches_its_fault_and_names_itself_the_sentence_and_the_loss() {
    let docs = docs::of(include_str!("../../../../core/src/observer.rs"));
    let check = |name: &str, fault: Fault| {
        let law = laws().find(|law| law.0 == name).unwrap().1;
        let complaint = complaint(law, &|| Faulty::fixture(fault).into());
        docs::lacking(&complaint, name, &docs)
            .map(|lacking| format!("{name}, {fault:?}: {lacking}: {complaint}"))
    };
    // At once, since some wait for what never comes.
    let silent: Vec<String> = std::thread::scope(|scope| {
        let check = &check;
        let checks: Vec<_> =
            CAUGHT.iter().map(|(name, fault)| scope.spawn(move || check(name, *fault))).collect();
        checks.into_iter().filter_map(|check| check.join().unwrap()).collect()
    });
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn each_law_has_a_fault() {
    let caught: BTreeSet<_> = CAUGHT.iter().map(|(name, _)| *name).collect();
    assert_eq!(laws().map(|law| law.0).collect::<BTreeSet<_>>(), caught);
}

#[test]
fn what_is_declared_must_be_there_and_what_is_there_declared() {
    let all = |make: &MakeObserver<'_>| capabilities_are_those_declared(make, &["rebuilds", "counts"]);
    let none = |make: &MakeObserver<'_>| capabilities_are_those_declared(make, &[]);
    let blind = || Faulty::new(Fault::Nothing).into();
    assert_eq!(complaint(all, &|| Faulty::fixture(Fault::Nothing).into()), "");
    assert_eq!(complaint(none, &blind), "");
    assert!(complaint(none, &|| Faulty::fixture(Fault::Nothing).into()).contains("can rebuild is true"));
    for (name, law) in REBUILD_LAWS.iter().chain(COUNT_LAWS) {
        assert!(complaint(law, &blind).contains("but its fixture has "), "{name}");
    }
}

#[test]
fn an_observer_that_no_value_matters_to_proves_nothing() {
    let deaf = || {
        let fixture = ObserverFixture::new(Faulty::new(Fault::Nothing));
        fixture
            .indexing(|_| 0, |_| 0)
            .with_values(|_| RecordValue::OrTombstones { tags: Vec::new().into() })
            .into()
    };
    for (name, law) in REBUILD_LAWS.iter().filter(|(name, _)| !name.starts_with("concurrent")) {
        assert!(complaint(law, &deaf).contains("give the fixture values"), "{name}");
    }
}

#[test]
fn an_observer_that_counts_expiries_as_evictions_says_so() {
    let simple = || {
        let fixture = ObserverFixture::new(RecordingObserver::default());
        fixture
            .counting(|recorder, kind| match kind {
                EventKind::Expire => None,
                EventKind::Evict => {
                    Some((recorder.count(EventKind::Evict) + recorder.count(EventKind::Expire)) as u64)
                }
                kind => Some(recorder.count(kind) as u64),
            })
            .into()
    };
    for (name, law) in COUNT_LAWS {
        assert_eq!(complaint(law, &simple), "", "{name}");
    }
}
