//! The laws of a [`RecordStore`].
//!
//! Each takes a maker of record stores from [`RecordStoreParts`], and panics if the store breaks the
//! law that its documentation states. They run on tokio runtimes of their own.

mod backups;
mod cancel;
mod ends;
mod evict;
mod expiry;
mod loads;
mod parts;
mod reads;
mod rig;
mod sweep;
mod telling;
mod waits;
mod writes;

use trilayer_core::RecordStore;

pub use backups::{
    backups_are_kept_as_they_are, backups_are_told_as_backups, only_clients_and_merges_reach_the_data_store,
};
pub use cancel::{
    a_caller_who_is_gone_holds_up_nobody, dropped_loads_answer_the_others,
    dropped_writes_are_whole_or_not_at_all,
};
pub use ends::{
    after_destroy_operations_are_errors, clear_says_how_much_there_was, ends_are_one_event_each,
    ends_leave_the_data_store_alone, loads_under_way_install_nothing_after_destroy,
};
pub use evict::{
    evicted_records_come_back, evictions_say_what_left, failed_flushes_lose_nothing,
    soft_flush_persists_what_was_evicted, the_bound_holds, unpersisted_values_survive_eviction,
    what_was_just_written_stays,
};
pub use expiry::{
    each_put_replaces_the_expiry, idle_records_expire_and_touches_keep_them, never_means_never,
    no_read_shows_an_expired_record, no_write_returns_an_expired_value,
    puts_without_an_expiry_take_the_defaults, records_live_through_their_last_millisecond,
};
pub use loads::{
    a_failing_load_reaches_every_waiter, late_loads_overwrite_nothing, late_loads_revive_nothing,
    misses_are_loaded, one_load_answers_all,
};
pub use parts::RecordStoreParts;
pub use reads::{
    get_all_is_in_order_of_first_mention, get_all_loads_its_misses_with_one_call,
    memory_is_counted_and_walked, other_reads_leave_no_trace, touches_count_and_move_the_access,
    touches_undo_no_write,
};
pub use sweep::{
    a_store_knows_whether_its_records_expire, deadlines_of_the_data_store_hold, deadlines_survive_eviction,
    expiries_are_told_once_as_expiries, has_expired_says_why, sweeps_take_a_share_soonest_first,
};
pub use telling::{
    commits_are_told_once, events_tell_the_exact_values, observers_are_told_in_order_of_registration,
    observers_that_write_are_refused, panicking_observers_do_no_harm, replaying_the_events_rebuilds_memory,
};
pub use waits::{
    at_rest_the_data_store_has_what_memory_has, calls_that_hang_hold_up_few_other_keys,
    hits_wait_for_no_data_store_call,
};
pub use writes::{
    costs_are_those_of_memory, names_and_parts_are_those_given, old_values_are_returned,
    old_values_come_from_the_data_store_too, refused_writes_change_nothing, the_data_store_comes_first,
    versions_count_up_and_hits_stay, what_was_put_is_read,
};

use super::Form;

/// Makes record stores.
pub type MakeRecordStore<'a> = dyn Fn(RecordStoreParts) -> Box<dyn RecordStore> + 'a;

/// A law of record stores.
pub type RecordStoreLaw = fn(&MakeRecordStore<'_>);

/// The laws of every record store, by name.
pub const LAWS: &[(&str, RecordStoreLaw)] = crate::__record_store_laws!(base => __law_table);

/// The laws of record stores that declare `deadlines_survive_eviction`, by name.
pub const DEADLINE_LAWS: &[(&str, RecordStoreLaw)] =
    crate::__record_store_laws!(deadlines_survive_eviction => __law_table);

/// The laws of record stores that declare `restores_deadlines`, by name.
pub const RESTORING_LAWS: &[(&str, RecordStoreLaw)] =
    crate::__record_store_laws!(restores_deadlines => __law_table);

/// The laws of record stores that declare `refuses_observers_that_write`, by name.
pub const REFUSAL_LAWS: &[(&str, RecordStoreLaw)] =
    crate::__record_store_laws!(refuses_observers_that_write => __law_table);

/// One new store, held in a form; for [`record_store_laws!`](crate::record_store_laws).
#[doc(hidden)]
pub fn made<S: RecordStore + 'static>(
    make: impl Fn(RecordStoreParts) -> S,
    form: &Form,
    parts: RecordStoreParts,
) -> Box<dyn RecordStore> {
    match form {
        Form::Concrete => Box::new(make(parts)),
        Form::Boxed | Form::Shared => Box::new(Box::new(make(parts)) as Box<dyn RecordStore>),
    }
}

/// Makes a module with one test for each law of record stores: for the store itself (`concrete`) and for
/// it in a `Box<dyn RecordStore>` (`boxed`).
///
/// Takes the module's name, a closure that makes a store from
/// [`RecordStoreParts`](crate::laws::record_store::RecordStoreParts), and what it can do beyond what every
/// store must:
/// - `deadlines_survive_eviction`: a record evicted and loaded again expires when it would have.
/// - `restores_deadlines`: deadlines that the data store kept hold for what is loaded.
/// - `refuses_observers_that_write`: an observer that changes its own store gets an error.
///
/// ```
/// # fn main() {}
/// use trilayer_core::DefaultRecordStore;
///
/// trilayer_testkit::record_store_laws!(
///     default_store,
///     |parts| {
///         DefaultRecordStore::builder(parts.name.as_str(), parts.partition_id)
///             .observer(parts.composite())
///             .data_store(parts.data_store)
///             .config(parts.config)
///             .clock(parts.clock)
///             .build()
///     },
///     [deadlines_survive_eviction, restores_deadlines, refuses_observers_that_write],
/// );
/// ```
#[macro_export]
macro_rules! record_store_laws {
    ($module:ident, $make:expr $(,)?) => {
        $crate::record_store_laws!($module, $make, []);
    };
    ($module:ident, $make:expr, [$($group:ident),* $(,)?] $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the maker may need nothing from around it")]
            use super::*;

            fn __make(
                form: &$crate::laws::Form,
                parts: $crate::laws::record_store::RecordStoreParts,
            ) -> ::std::boxed::Box<dyn $crate::__private::RecordStore> {
                $crate::laws::record_store::made($make, form, parts)
            }

            $crate::__record_store_laws!(forms [$($group),*]);
        }
    };
}

/// The groups of laws; the only list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_store_laws {
    (forms $groups:tt) => {
        $crate::__law_form_of!(concrete, Concrete, __record_store_laws, $crate::laws::record_store::RecordStoreParts => ::std::boxed::Box<dyn $crate::__private::RecordStore>, $groups);
        $crate::__law_form_of!(boxed, Boxed, __record_store_laws, $crate::laws::record_store::RecordStoreParts => ::std::boxed::Box<dyn $crate::__private::RecordStore>, $groups);
    };
    (base => $then:ident) => {
        $crate::$then! { record_store:
            names_and_parts_are_those_given,
            what_was_put_is_read,
            old_values_are_returned,
            old_values_come_from_the_data_store_too,
            the_data_store_comes_first,
            refused_writes_change_nothing,
            versions_count_up_and_hits_stay,
            costs_are_those_of_memory,
            only_clients_and_merges_reach_the_data_store,
            backups_are_kept_as_they_are,
            backups_are_told_as_backups,
            at_rest_the_data_store_has_what_memory_has,
            calls_that_hang_hold_up_few_other_keys,
            hits_wait_for_no_data_store_call,
            misses_are_loaded,
            one_load_answers_all,
            a_failing_load_reaches_every_waiter,
            late_loads_overwrite_nothing,
            late_loads_revive_nothing,
            get_all_loads_its_misses_with_one_call,
            get_all_is_in_order_of_first_mention,
            touches_count_and_move_the_access,
            other_reads_leave_no_trace,
            touches_undo_no_write,
            memory_is_counted_and_walked,
            evicted_records_come_back,
            unpersisted_values_survive_eviction,
            soft_flush_persists_what_was_evicted,
            failed_flushes_lose_nothing,
            evictions_say_what_left,
            the_bound_holds,
            what_was_just_written_stays,
            clear_says_how_much_there_was,
            ends_are_one_event_each,
            ends_leave_the_data_store_alone,
            after_destroy_operations_are_errors,
            loads_under_way_install_nothing_after_destroy,
            records_live_through_their_last_millisecond,
            idle_records_expire_and_touches_keep_them,
            puts_without_an_expiry_take_the_defaults,
            never_means_never,
            each_put_replaces_the_expiry,
            no_read_shows_an_expired_record,
            no_write_returns_an_expired_value,
            expiries_are_told_once_as_expiries,
            has_expired_says_why,
            sweeps_take_a_share_soonest_first,
            a_store_knows_whether_its_records_expire,
            commits_are_told_once,
            events_tell_the_exact_values,
            observers_are_told_in_order_of_registration,
            replaying_the_events_rebuilds_memory,
            panicking_observers_do_no_harm,
            dropped_writes_are_whole_or_not_at_all,
            dropped_loads_answer_the_others,
            a_caller_who_is_gone_holds_up_nobody,
        }
    };
    (deadlines_survive_eviction => $then:ident) => {
        $crate::$then! { record_store: deadlines_survive_eviction }
    };
    (restores_deadlines => $then:ident) => {
        $crate::$then! { record_store: deadlines_of_the_data_store_hold }
    };
    (refuses_observers_that_write => $then:ident) => {
        $crate::$then! { record_store: observers_that_write_are_refused }
    };
    ($other:ident => $then:ident) => {
        compile_error!(concat!(
            "unknown capability of record stores `",
            stringify!($other),
            "`; known: deadlines_survive_eviction, restores_deadlines, refuses_observers_that_write"
        ));
    };
}
