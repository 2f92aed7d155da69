//! What of a map may change while it is used.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use arc_swap::Guard;
use trilayer_core::{DefaultRecordStore, StoreError};

use crate::MapConfig;

/// How large keys and values may be.
#[derive(Debug)]
pub(super) struct Limits {
    key_bytes: AtomicU64,
    value_bytes: AtomicU64,
}

impl Limits {
    pub(super) fn new(settings: &MapConfig) -> Self {
        let (key_bytes, value_bytes) = (settings.max_key_bytes.into(), settings.max_value_bytes.into());
        Self { key_bytes, value_bytes }
    }

    pub(super) fn set(&self, settings: &MapConfig) {
        self.key_bytes.store(settings.max_key_bytes, Ordering::Relaxed);
        self.value_bytes.store(settings.max_value_bytes, Ordering::Relaxed);
    }

    pub(super) fn key_bytes(&self) -> u64 {
        self.key_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn value_bytes(&self) -> u64 {
        self.value_bytes.load(Ordering::Relaxed)
    }
}

const OPEN: u8 = 0;
const REFUSING: u8 = 1;
const REMOVED: u8 = 2;

/// Whether a map takes operations.
#[derive(Debug, Default)]
pub(super) struct Standing(AtomicU8);

impl Standing {
    /// Why it takes none.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self.0.load(Ordering::Acquire) {
            OPEN => Ok(()),
            REFUSING => Err("the maps are being closed"),
            _ => Err("a reload removed it"),
        }
    }

    /// Takes no more operations, for as long as the maps are being closed.
    pub(super) fn refuse(&self) {
        self.change(OPEN, REFUSING);
    }

    /// Takes operations again.
    pub(super) fn resume(&self) {
        self.change(REFUSING, OPEN);
    }

    /// Never takes operations again.
    pub(super) fn remove(&self) {
        self.0.store(REMOVED, Ordering::Release);
    }

    fn change(&self, from: u8, to: u8) {
        // Fails only if it is removed, which it stays, or as it should be.
        let _as_it_was = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// A record store as an operation finds it, without a count that threads would contend for.
pub(super) enum Found {
    Cell(Guard<Option<Arc<DefaultRecordStore>>>),
    Made(Arc<DefaultRecordStore>),
}

impl Found {
    pub(super) fn in_cell(cell: Guard<Option<Arc<DefaultRecordStore>>>) -> Option<Self> {
        cell.is_some().then_some(Self::Cell(cell))
    }

    pub(super) fn into_arc(self) -> Arc<DefaultRecordStore> {
        match self {
            Self::Cell(cell) => Guard::into_inner(cell).expect("only cells that hold a store are found"),
            Self::Made(store) => store,
        }
    }
}

impl Deref for Found {
    type Target = DefaultRecordStore;

    fn deref(&self) -> &DefaultRecordStore {
        match self {
            Self::Cell(cell) => cell.as_ref().expect("only cells that hold a store are found"),
            Self::Made(store) => store,
        }
    }
}

/// Whether an operation met a store that another had taken the place of. Nothing of it has happened,
/// and when this returns its successor is where the store was found.
pub(super) fn was_replaced(store: &DefaultRecordStore, error: &anyhow::Error) -> bool {
    let replaced = matches!(error.downcast_ref(), Some(StoreError::Replaced { .. }));
    if replaced {
        store.await_hand_over();
    }
    replaced
}
