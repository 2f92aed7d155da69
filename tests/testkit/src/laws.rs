//! The laws of the traits, each a function that panics if the plugin breaks it.
//!
//! [`engine_laws!`](crate::engine_laws), [`data_store_laws!`](crate::data_store_laws),
//! [`observer_laws!`](crate::observer_laws) and [`record_store_laws!`](crate::record_store_laws) make a
//! test of each, for the type itself and for it behind a `Box<dyn _>` and an `Arc<dyn _>`. A panic names
//! the law, says what was found, which sentence of the trait's documentation it breaks and what a
//! user would lose by it.
//!
//! Property tests draw from a fixed seed: a law that fails fails again. `TRILAYER_SEED` picks other cases,
//! `TRILAYER_LAW_TIMES` that many times as many.

pub mod data_store;
pub mod engine;
mod form;
mod law;
pub mod observer;
pub mod record_store;

pub use form::Form;
use law::Law;

/// One test for each law of a list; used by the macros of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __law_tests {
    ($kind:ident: $($law:ident),* $(,)?) => {$(
        #[test]
        fn $law() {
            $crate::laws::$kind::$law(&__make_under_test);
        }
    )*};
}

/// A module with the laws of some groups for one form of what is under test; used by this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __law_form {
    ($module:ident, $form:ident, $kind:ident, $laws:ident, $made:ty, [$($group:ident),*]) => {
        mod $module {
            fn __make_under_test() -> $made {
                super::__make(&$crate::laws::Form::$form)
            }

            #[test]
            fn capabilities_are_those_declared() {
                let declared = [$(stringify!($group)),*];
                $crate::laws::$kind::capabilities_are_those_declared(&__make_under_test, &declared);
            }

            $crate::$laws!(base => __law_tests);
            $($crate::$laws!($group => __law_tests);)*
        }
    };
}

/// As `__law_form`, where the maker is given something and nothing says what it can do.
#[doc(hidden)]
#[macro_export]
macro_rules! __law_form_of {
    ($module:ident, $form:ident, $laws:ident, $given:ty => $made:ty, [$($group:ident),*]) => {
        mod $module {
            fn __make_under_test(given: $given) -> $made {
                super::__make(&$crate::laws::Form::$form, given)
            }

            $crate::$laws!(base => __law_tests);
            $($crate::$laws!($group => __law_tests);)*
        }
    };
}

/// The laws of a list with their names; used by this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __law_table {
    ($kind:ident: $($law:ident),* $(,)?) => {
        &[$((stringify!($law), $crate::laws::$kind::$law)),*]
    };
}
