//! Concurrent histories of each key, checked: every one is a history of an optional value with a
//! deadline, for every engine over every data store.
//!
//! Clients get, put, set, remove and back up a few keys of one store while the clock moves, records are
//! evicted, flushed and loaded again, and the data store is slow or fails. `porcupine` searches each
//! recorded history for an order of operations that explains what they were told. One that has none is
//! made smaller and drawn.
//!
//! - `TRILAYER_HISTORY_OPERATIONS` is how many operations are tried, over all combinations.
//! - `TRILAYER_SEED` is where their choices come from. The same choices need not meet in the same order:
//!   a failure says how to play its history again and again.

mod checker;
mod client;
#[path = "../../../../examples/custom_engine.rs"]
mod custom_engine;
mod history;
mod model;
mod play;
mod request;
mod run;
mod shrink;
mod timeline;
mod unhurried;
mod weather;
mod world;

/// A test of each engine over each data store.
macro_rules! matrix {
    (engines: [$($engine:ident),+], stores: $stores:tt) => {
        const ENGINES: u64 = [$(stringify!($engine)),+].len() as u64;
        matrix!(@weights $stores);
        $(mod $engine { matrix!(@tests $engine $stores); })+
    };
    (@weights [$($store:ident),+]) => {
        const WEIGHTS: u64 = ENGINES * (0 $(+ crate::world::stores::$store.weight)+);
    };
    (@tests $engine:ident [$($store:ident),+]) => {
        $(#[test]
        fn $store() {
            crate::run::Combination {
                name: concat!(stringify!($engine), "::", stringify!($store)),
                engine: crate::world::engines::$engine,
                store: crate::world::stores::$store,
                weights: crate::WEIGHTS,
            }
            .check();
        })+
    };
}

// A new engine or data store is a name here and a few lines in `world.rs`.
matrix!(engines: [hashmap, plain, ordered], stores: [null, forgetting, keeping, redb]);
