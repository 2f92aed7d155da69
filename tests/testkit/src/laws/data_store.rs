//! The laws of a [`MapDataStore`](trilayer_core::MapDataStore).
//!
//! Each takes a maker of [`StoreFixture`]s, which are empty stores with what keeps them alive,
//! and panics if the store breaks the law that its documentation quotes. They run on a tokio
//! runtime of their own.

mod concurrency;
mod deadlines;
mod fixture;
mod keys;
mod rig;
mod scans;
mod sequences;
mod values;

use super::Form;

pub use concurrency::{concurrent_adds_are_all_found, dropped_futures_do_no_harm};
pub use deadlines::{
    adding_again_replaces_the_deadline, capabilities_are_those_declared,
    deadlines_are_kept_or_reported_as_none, flush_key_leaves_the_deadline, flush_stored_sets_the_deadline,
};
pub use fixture::{StoreFixture, StoreFuture};
pub use keys::{
    backups_are_found_and_removed, flushed_keys_are_found, later_adds_replace, load_all_is_what_load_finds,
    maps_do_not_see_each_other, nothing_is_pending_after_a_hard_flush,
    remove_all_removes_those_and_no_others, removing_a_missing_key_is_ok, what_was_added_is_found,
    what_was_removed_is_gone,
};
pub use scans::{
    scans_are_in_byte_order, scans_give_what_was_asked_for, scans_of_no_items_say_whether_there_are_any,
    scans_page_by_page_give_each_key_once,
};
pub use sequences::{reopening_keeps_what_was_flushed, sequences_match_a_model};
pub use values::{every_value_comes_back, unusual_keys_are_kept_or_refused};

/// Makes empty data stores.
pub type MakeStore<'a> = dyn Fn() -> StoreFuture + 'a;

/// A law of data stores.
pub type StoreLaw = fn(&MakeStore<'_>);

/// The laws of every data store, by name.
pub const LAWS: &[(&str, StoreLaw)] = crate::__data_store_laws!(base => __law_table);

/// The laws of data stores that declare `keeps_deadlines`, by name.
pub const DEADLINE_LAWS: &[(&str, StoreLaw)] = crate::__data_store_laws!(keeps_deadlines => __law_table);

/// The laws of data stores that declare `scans`, by name.
pub const SCAN_LAWS: &[(&str, StoreLaw)] = crate::__data_store_laws!(scans => __law_table);

/// The laws of data stores that declare `durable`, by name.
pub const DURABLE_LAWS: &[(&str, StoreLaw)] = crate::__data_store_laws!(durable => __law_table);

/// One new store, held in a form; for [`data_store_laws!`](crate::data_store_laws).
#[doc(hidden)]
pub fn made<F>(make: impl Fn() -> F, form: &Form) -> StoreFuture
where
    F: Future<Output: Into<StoreFixture>> + 'static,
{
    let (making, form) = (make(), *form);
    Box::pin(async move { making.await.into().held(form) })
}

/// Makes a module with one test for each law of data stores: for the store itself (`concrete`), and
/// for it in a `Box<dyn MapDataStore>` (`boxed`) and an `Arc<dyn MapDataStore>` (`shared`).
///
/// Takes the module's name, an asynchronous function that makes an empty store (or a
/// [`StoreFixture`](crate::laws::data_store::StoreFixture) if something must outlive it), and
/// the capabilities it has, whose laws come on top:
/// - `keeps_deadlines`: `keeps_deadlines()` is true. It is checked that what has it declares it.
/// - `scans`: `is_scannable()` is true. It is checked that what has it declares it.
/// - `durable`: what was flushed is there when the store is opened again; needs a fixture made by
///   [`StoreFixture::open`](crate::laws::data_store::StoreFixture::open).
///
/// ```
/// trilayer_testkit::data_store_laws!(
///     scripted,
///     || async { trilayer_testkit::ScriptedDataStore::new() },
///     [scans],
/// );
/// ```
#[macro_export]
macro_rules! data_store_laws {
    ($module:ident, $make:expr $(,)?) => {
        $crate::data_store_laws!($module, $make, []);
    };
    ($module:ident, $make:expr, [$($group:ident),* $(,)?] $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the maker may need nothing from around it")]
            use super::*;

            fn __make(form: &$crate::laws::Form) -> $crate::laws::data_store::StoreFuture {
                $crate::laws::data_store::made($make, form)
            }

            $crate::__data_store_laws!(forms [$($group),*]);
        }
    };
}

/// The groups of laws; the only list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __data_store_laws {
    (forms $groups:tt) => {
        $crate::__law_form!(
            concrete,
            Concrete,
            data_store,
            __data_store_laws,
            $crate::laws::data_store::StoreFuture,
            $groups
        );
        $crate::__law_form!(
            boxed,
            Boxed,
            data_store,
            __data_store_laws,
            $crate::laws::data_store::StoreFuture,
            $groups
        );
        $crate::__law_form!(
            shared,
            Shared,
            data_store,
            __data_store_laws,
            $crate::laws::data_store::StoreFuture,
            $groups
        );
    };
    (base => $then:ident) => {
        $crate::$then! { data_store:
            what_was_added_is_found,
            later_adds_replace,
            what_was_removed_is_gone,
            removing_a_missing_key_is_ok,
            maps_do_not_see_each_other,
            load_all_is_what_load_finds,
            remove_all_removes_those_and_no_others,
            backups_are_found_and_removed,
            flushed_keys_are_found,
            every_value_comes_back,
            unusual_keys_are_kept_or_refused,
            sequences_match_a_model,
            deadlines_are_kept_or_reported_as_none,
            nothing_is_pending_after_a_hard_flush,
            concurrent_adds_are_all_found,
            dropped_futures_do_no_harm,
        }
    };
    (keeps_deadlines => $then:ident) => {
        $crate::$then! { data_store:
            adding_again_replaces_the_deadline,
            flush_key_leaves_the_deadline,
            flush_stored_sets_the_deadline,
        }
    };
    (scans => $then:ident) => {
        $crate::$then! { data_store:
            scans_are_in_byte_order,
            scans_give_what_was_asked_for,
            scans_of_no_items_say_whether_there_are_any,
            scans_page_by_page_give_each_key_once,
        }
    };
    (durable => $then:ident) => {
        $crate::$then! { data_store: reopening_keeps_what_was_flushed }
    };
    ($other:ident => $then:ident) => {
        compile_error!(concat!(
            "unknown capability of data stores `",
            stringify!($other),
            "`; known: keeps_deadlines, scans, durable"
        ));
    };
}
