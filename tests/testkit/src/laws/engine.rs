//! The laws of a [`StorageEngine`].
//!
//! Each takes a maker of empty engines and panics if the engine breaks the law that its
//! documentation quotes.

mod concurrency;
mod cursors;
mod operations;
mod replay;
mod samples;
mod updates;
mod walks;

use std::sync::Arc;

use trilayer_core::StorageEngine;

use super::Form;

pub use concurrency::{
    concurrent_puts_hand_over_each_record_once, concurrent_walks_skip_no_key_that_stays,
    counts_are_exact_at_rest, single_key_operations_are_atomic,
};
pub use cursors::{
    damaged_cursors_do_no_harm, finished_cursors_yield_nothing, foreign_cursors_yield_nothing,
    malformed_cursors_yield_nothing,
};
pub use operations::{
    any_text_is_a_key, clear_removes_everything, contains_key_says_whether_there_is_a_record,
    destroy_removes_everything, estimated_cost_is_the_sum_of_costs, get_returns_a_copy,
    is_empty_says_whether_there_are_none, len_counts_the_keys, put_returns_what_it_replaced,
    remove_returns_what_it_removed, snapshots_are_all_entries,
};
pub use samples::{
    samples_are_distinct, samples_are_no_more_than_asked_for, samples_are_what_is_there,
    samples_reach_every_key,
};
pub use updates::{
    capabilities_are_those_declared, updates_change_what_is_there, updates_keep_the_cost_exact,
    updates_lose_no_increment,
};
pub use walks::{
    pages_keep_to_their_size, walks_are_in_key_order, walks_of_entries_see_every_record, walks_see_every_key,
    walks_skip_no_key_that_stays,
};

/// Makes empty engines.
pub type MakeEngine<'a> = dyn Fn() -> Box<dyn StorageEngine> + 'a;

/// A law of engines.
pub type EngineLaw = fn(&MakeEngine<'_>);

/// The laws of every engine, by name.
pub const LAWS: &[(&str, EngineLaw)] = crate::__engine_laws!(base => __law_table);

/// The laws of engines that declare `atomic_update`, by name.
pub const ATOMIC_UPDATE_LAWS: &[(&str, EngineLaw)] = crate::__engine_laws!(atomic_update => __law_table);

/// The laws of engines that declare `ordered`, by name.
pub const ORDERED_LAWS: &[(&str, EngineLaw)] = crate::__engine_laws!(ordered => __law_table);

/// One new engine, held in a form; for [`engine_laws!`](crate::engine_laws).
#[doc(hidden)]
pub fn made<E: StorageEngine>(make: impl Fn() -> E, form: &Form) -> Box<dyn StorageEngine> {
    match form {
        Form::Concrete => Box::new(make()),
        Form::Boxed => Box::new(Box::new(make()) as Box<dyn StorageEngine>),
        Form::Shared => Box::new(Arc::new(make()) as Arc<dyn StorageEngine>),
    }
}

/// Makes a module with one test for each law of engines: for the engine itself (`concrete`), and for
/// it in a `Box<dyn StorageEngine>` (`boxed`) and an `Arc<dyn StorageEngine>` (`shared`).
///
/// Takes the module's name, a closure that makes an empty engine, and the capabilities it has,
/// whose laws come on top:
/// - `atomic_update`: `atomic_update()` is `Some`. An engine that has it and does not declare it
///   fails too.
/// - `ordered`: walks go in the byte order of keys, each key once. No trait asks for it.
///
/// ```
/// trilayer_testkit::engine_laws!(hashmap, trilayer_core::HashMapStorage::new, [atomic_update]);
/// ```
#[macro_export]
macro_rules! engine_laws {
    ($module:ident, $make:expr $(,)?) => {
        $crate::engine_laws!($module, $make, []);
    };
    ($module:ident, $make:expr, [$($group:ident),* $(,)?] $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the maker may need nothing from around it")]
            use super::*;

            fn __make(form: &$crate::laws::Form) -> ::std::boxed::Box<dyn $crate::__private::StorageEngine> {
                $crate::laws::engine::made($make, form)
            }

            $crate::__engine_laws!(forms [$($group),*]);
        }
    };
}

/// The groups of laws; the only list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __engine_laws {
    (forms $groups:tt) => {
        $crate::__law_form!(
            concrete,
            Concrete,
            engine,
            __engine_laws,
            ::std::boxed::Box<dyn $crate::__private::StorageEngine>,
            $groups
        );
        $crate::__law_form!(
            boxed,
            Boxed,
            engine,
            __engine_laws,
            ::std::boxed::Box<dyn $crate::__private::StorageEngine>,
            $groups
        );
        $crate::__law_form!(
            shared,
            Shared,
            engine,
            __engine_laws,
            ::std::boxed::Box<dyn $crate::__private::StorageEngine>,
            $groups
        );
    };
    (base => $then:ident) => {
        $crate::$then! { engine:
            put_returns_what_it_replaced,
            remove_returns_what_it_removed,
            get_returns_a_copy,
            contains_key_says_whether_there_is_a_record,
            len_counts_the_keys,
            is_empty_says_whether_there_are_none,
            estimated_cost_is_the_sum_of_costs,
            clear_removes_everything,
            destroy_removes_everything,
            snapshots_are_all_entries,
            any_text_is_a_key,
            walks_see_every_key,
            walks_of_entries_see_every_record,
            walks_skip_no_key_that_stays,
            pages_keep_to_their_size,
            finished_cursors_yield_nothing,
            foreign_cursors_yield_nothing,
            malformed_cursors_yield_nothing,
            damaged_cursors_do_no_harm,
            samples_are_distinct,
            samples_are_no_more_than_asked_for,
            samples_are_what_is_there,
            samples_reach_every_key,
            single_key_operations_are_atomic,
            concurrent_puts_hand_over_each_record_once,
            concurrent_walks_skip_no_key_that_stays,
            counts_are_exact_at_rest,
        }
    };
    (atomic_update => $then:ident) => {
        $crate::$then! { engine:
            updates_change_what_is_there,
            updates_keep_the_cost_exact,
            updates_lose_no_increment,
        }
    };
    (ordered => $then:ident) => {
        $crate::$then! { engine: walks_are_in_key_order }
    };
    ($other:ident => $then:ident) => {
        compile_error!(concat!(
            "unknown capability of engines `",
            stringify!($other),
            "`; known: atomic_update, ordered"
        ));
    };
}
