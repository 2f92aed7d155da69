//! The laws of a [`MutationObserver`](trilayer_core::MutationObserver).
//!
//! Each takes a maker of observers that were told nothing yet, and panics if the observer breaks
//! the law that its documentation states.

mod any_event;
mod counts;
mod events;
mod fixture;
mod rebuilds;
mod store;
mod threads;

pub use any_event::{
    any_event_in_any_order_is_taken, expiries_are_heard_like_evictions, nothing_after_destroy_does_harm,
    reports_tell_the_same_twice,
};
pub use counts::{
    concurrent_counts_are_exact_at_rest, each_event_is_counted_once, events_of_a_store_are_counted,
};
pub use fixture::{Memory, ObserverFixture, ObserverUnderTest, capabilities_are_those_declared};
pub use rebuilds::{
    any_events_of_a_store_rebuild_memory, concurrent_events_rebuild_memory, replicated_puts_rebuild_memory,
    the_end_of_a_store_leaves_nothing,
};
pub use threads::{
    events_are_taken_from_many_threads, no_event_waits_for_another, no_number_of_events_blocks,
    reports_are_told_while_events_come,
};

use super::Form;

/// Makes observers that were told nothing yet.
pub type MakeObserver<'a> = dyn Fn() -> ObserverUnderTest + 'a;

/// A law of observers.
pub type ObserverLaw = fn(&MakeObserver<'_>);

/// The laws of every observer, by name.
pub const LAWS: &[(&str, ObserverLaw)] = crate::__observer_laws!(base => __law_table);

/// The laws of observers that declare `rebuilds`, by name.
pub const REBUILD_LAWS: &[(&str, ObserverLaw)] = crate::__observer_laws!(rebuilds => __law_table);

/// The laws of observers that declare `counts`, by name.
pub const COUNT_LAWS: &[(&str, ObserverLaw)] = crate::__observer_laws!(counts => __law_table);

/// One new observer, held in a form; for [`observer_laws!`](crate::observer_laws).
#[doc(hidden)]
pub fn made<F: Into<ObserverUnderTest>>(make: impl Fn() -> F, form: &Form) -> ObserverUnderTest {
    make().into().held(*form)
}

/// Makes a module with one test for each law of observers: for the observer itself (`concrete`), and
/// for it in a `Box<dyn MutationObserver>` (`boxed`) and an `Arc<dyn MutationObserver>` (`shared`).
///
/// Takes the module's name, a closure that makes an observer, and the capabilities it has, whose laws
/// come on top. They need an [`ObserverFixture`](crate::laws::observer::ObserverFixture), which says
/// how to look into the observer:
/// - `rebuilds`: it mirrors memory, whole ([`rebuilding`](crate::laws::observer::ObserverFixture::rebuilding))
///   or what it makes of it ([`indexing`](crate::laws::observer::ObserverFixture::indexing)).
/// - `counts`: it counts events ([`counting`](crate::laws::observer::ObserverFixture::counting)).
///
/// ```
/// # fn main() {}
/// use trilayer_testkit::{RecordingObserver, laws::observer::ObserverFixture, observer_laws};
///
/// observer_laws!(
///     recorder,
///     || ObserverFixture::new(RecordingObserver::default())
///         .rebuilding(RecordingObserver::replay)
///         .counting(|recorder, kind| Some(recorder.count(kind) as u64)),
///     [rebuilds, counts],
/// );
/// ```
#[macro_export]
macro_rules! observer_laws {
    ($module:ident, $make:expr $(,)?) => {
        $crate::observer_laws!($module, $make, []);
    };
    ($module:ident, $make:expr, [$($group:ident),* $(,)?] $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the maker may need nothing from around it")]
            use super::*;

            fn __make(form: &$crate::laws::Form) -> $crate::laws::observer::ObserverUnderTest {
                $crate::laws::observer::made($make, form)
            }

            $crate::__observer_laws!(forms [$($group),*]);
        }
    };
}

/// The groups of laws; the only list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __observer_laws {
    (forms $groups:tt) => {
        $crate::__law_form!(
            concrete,
            Concrete,
            observer,
            __observer_laws,
            $crate::laws::observer::ObserverUnderTest,
            $groups
        );
        $crate::__law_form!(
            boxed,
            Boxed,
            observer,
            __observer_laws,
            $crate::laws::observer::ObserverUnderTest,
            $groups
        );
        $crate::__law_form!(
            shared,
            Shared,
            observer,
            __observer_laws,
            $crate::laws::observer::ObserverUnderTest,
            $groups
        );
    };
    (base => $then:ident) => {
        $crate::$then! { observer:
            any_event_in_any_order_is_taken,
            events_are_taken_from_many_threads,
            no_event_waits_for_another,
            no_number_of_events_blocks,
            reports_are_told_while_events_come,
            reports_tell_the_same_twice,
            expiries_are_heard_like_evictions,
            nothing_after_destroy_does_harm,
        }
    };
    (rebuilds => $then:ident) => {
        $crate::$then! { observer:
            any_events_of_a_store_rebuild_memory,
            concurrent_events_rebuild_memory,
            replicated_puts_rebuild_memory,
            the_end_of_a_store_leaves_nothing,
        }
    };
    (counts => $then:ident) => {
        $crate::$then! { observer:
            each_event_is_counted_once,
            events_of_a_store_are_counted,
            concurrent_counts_are_exact_at_rest,
        }
    };
    ($other:ident => $then:ident) => {
        compile_error!(concat!(
            "unknown capability of observers `",
            stringify!($other),
            "`; known: rebuilds, counts"
        ));
    };
}
