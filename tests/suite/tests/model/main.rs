//! Random sequences of operations of one caller, checked step by step against a plain model.
//!
//! Every test runs 200 sequences for each setting; `MODEL_CASES` in the environment asks for another number,
//! `TRILAYER_SEED` for others.

mod access;
mod bounded;
mod bundled;
mod compare;
mod driver;
mod model;
mod ops;
mod upkeep;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use trilayer_core::StorageConfig;
use trilayer_testkit::evidence;

use crate::driver::{Data, Setting};

/// How many sequences the `nth` setting of a test runs, and from which seed: its own, so that no two
/// settings are tried by the same.
pub(crate) fn cases(nth: usize) -> ProptestConfig {
    let cases = u32::try_from(evidence::amount("MODEL_CASES", 200)).unwrap_or(u32::MAX);
    let seed = evidence::seed().wrapping_mul(1_000).wrapping_add(nth as u64);
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Default::default() }
}

/// Runs sequences over each setting.
fn over(settings: &[Setting], first: usize, run: impl Fn(&Setting, &[ops::Op])) {
    for (nth, setting) in settings.iter().enumerate() {
        let cases = cases(first + nth);
        let tried = u64::from(cases.cases);
        proptest!(cases, |(operations in ops::operations())| run(setting, &operations));
        evidence::tried("model-sequences", tried);
    }
}

/// No default limits, a default time to live, a default limit on idle time.
fn limits() -> [StorageConfig; 3] {
    [(0, 0), (10, 0), (0, 6)].map(|(default_ttl_millis, default_max_idle_millis)| StorageConfig {
        default_ttl_millis,
        default_max_idle_millis,
        max_entry_count: 0,
    })
}

/// Every default and both engines over one kind of data store.
pub(crate) fn settings(data: Data) -> Vec<Setting> {
    let with =
        |config: StorageConfig| [false, true].map(|plain| Setting { plain, data, config: config.clone() });
    limits().into_iter().flat_map(with).collect()
}

fn check(data: Data) {
    over(&settings(data), 100 * data as usize, driver::run);
}

#[test]
fn a_store_without_a_data_store_is_the_map_it_says_it_is() {
    check(Data::Null);
}

#[test]
fn nothing_acknowledged_is_lost_over_a_data_store_that_forgets_deadlines() {
    check(Data::Forgets);
}

#[test]
fn nothing_acknowledged_is_lost_over_a_data_store_that_keeps_deadlines() {
    check(Data::Keeps);
}

#[test]
fn a_bounded_store_loses_nothing_and_keeps_its_bound() {
    for data in [Data::Null, Data::Forgets, Data::Keeps] {
        let bounded = |setting: Setting| {
            let config = StorageConfig { max_entry_count: 2, ..setting.config };
            Setting { config, ..setting }
        };
        let settings: Vec<_> = settings(data).into_iter().map(bounded).collect();
        over(&settings, 300 + 100 * data as usize, bounded::run);
    }
}

/// Every engine over every data store beside every observer that a program has by linking trilayer.
#[test]
fn every_combination_of_bundled_components_is_the_map_it_says_it_is() {
    bundled::check();
}
