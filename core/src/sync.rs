//! What the engine and the record store synchronise by, in one place, so that a checker which
//! decides every interleaving can stand in for it: build with `--cfg trilayer_shuttle`.
//!
//! Counters that nothing depends on, clocks, and cells that are set once stay as they are.

pub(crate) use std::sync::atomic::Ordering;

#[cfg(not(trilayer_shuttle))]
pub(crate) use {
    foldhash::fast::RandomState,
    parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard},
    std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize},
    std::thread::yield_now,
    std::thread_local,
    tokio::runtime::Handle,
    tokio::sync::{Mutex as OrderLock, OwnedMutexGuard, oneshot, watch},
    tokio::task::JoinHandle,
};

// The hasher is seeded alike in every run, so that keys fall where they fell and a schedule replays.
#[cfg(trilayer_shuttle)]
pub(crate) use {
    foldhash::fast::FixedState as RandomState,
    shuttle::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize},
    shuttle::thread::yield_now,
    shuttle::thread_local,
    shuttle_parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard},
    shuttle_tokio::runtime::Handle,
    shuttle_tokio::sync::{Mutex as OrderLock, OwnedMutexGuard, oneshot, watch},
    shuttle_tokio::task::JoinHandle,
};
