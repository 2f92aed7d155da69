//! The laws of the traits, each a function that panics if the plugin breaks it.
//!
//! [`engine_laws!`](crate::engine_laws) and [`data_store_laws!`](crate::data_store_laws) make a
//! test of each. A panic names the law, says what was found and what a user would lose by it.
//!
//! Property tests draw from a fixed seed: a law that fails fails again.

pub mod data_store;
pub mod engine;
mod law;

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

/// The laws of a list with their names; used by this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __law_table {
    ($kind:ident: $($law:ident),* $(,)?) => {
        &[$((stringify!($law), $crate::laws::$kind::$law)),*]
    };
}
