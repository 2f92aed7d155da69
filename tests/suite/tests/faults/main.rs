//! Every call of the data store, failing in every way, at each of its first six times, once and
//! for ever, under a fixed workload. No operation may hang that has nothing to do with the call.

mod rounds;
mod scenario;
mod script;
mod verdict;

use crate::scenario::{Scenario, injected};
use crate::script::{Fault, KINDS};

/// At which of its calls, counted from 1, a kind fails.
const TIMES: std::ops::RangeInclusive<usize> = 1..=6;

/// Runs a fault at every call; returns how often it was injected.
async fn everywhere(fault: Fault) -> usize {
    let (mut count, mut scenarios) = (0, 0);
    for kind in KINDS {
        for nth in TIMES {
            for for_ever in [false, true] {
                let scenario = Scenario { kind, fault, nth, for_ever };
                let times = injected(scenario).await;
                assert!(times > 0, "never came to pass: {scenario:?}");
                count += times;
                scenarios += 1;
            }
        }
    }
    println!("{fault:?}: {count} faults in {scenarios} scenarios");
    count
}

/// Eight tests of at least 200 faults each: at least 1,600 in all.
async fn at_least_two_hundred(fault: Fault) {
    let count = everywhere(fault).await;
    assert!(count >= 200, "only {count} faults of {fault:?}");
    trilayer_testkit::evidence::tried("injected-faults", count as u64);
}

#[tokio::test]
async fn an_error_before_the_effect_changes_nothing_and_reaches_its_caller() {
    at_least_two_hundred(Fault::ErrorBefore).await;
}

#[tokio::test]
async fn an_error_after_the_effect_confuses_its_own_key_only() {
    at_least_two_hundred(Fault::ErrorAfter).await;
}

#[tokio::test]
async fn a_panic_in_the_data_store_kills_neither_caller_nor_store() {
    at_least_two_hundred(Fault::Panic).await;
}

#[tokio::test]
async fn a_call_that_never_answers_holds_up_its_own_keys_only() {
    at_least_two_hundred(Fault::Hang).await;
}

#[tokio::test]
async fn a_call_that_answers_after_its_caller_left_ends_what_it_began() {
    at_least_two_hundred(Fault::Late).await;
}

#[tokio::test]
async fn a_call_that_answers_after_the_store_gave_up_on_it_ends_what_it_began() {
    at_least_two_hundred(Fault::Overdue).await;
}

#[tokio::test]
async fn a_call_that_fails_after_the_store_gave_up_on_it_changes_nothing() {
    at_least_two_hundred(Fault::OverdueFails).await;
}

#[tokio::test]
async fn a_lost_connection_is_an_error_for_each_caller_until_it_is_back() {
    at_least_two_hundred(Fault::Disconnect).await;
}
