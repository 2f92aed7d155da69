//! Writes that failed, and may have happened all the same.
//!
//! A data store that forgets deadlines gives such a value back without its own, and the store
//! would take it for the value it knows, with that one's deadline. So the deadlines of writes in
//! doubt are remembered, until the data store is known again.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher as _};
use std::io;

use super::expiry::Expiry;
use super::inner::Inner;
use crate::{RecordValue, SharedStr};

type Hasher = crate::sync::RandomState;

/// Keys in doubt that a stripe remembers; a data store that fails for long is not to fill memory.
const MOST_KEYS: usize = 1024;

/// Writes in doubt that are remembered of a key; the oldest give way.
const MOST_WRITES: usize = 8;

/// The writes in doubt of a stripe's keys, each as a fingerprint of its value and its expiry.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    by_key: HashMap<SharedStr, Vec<(u64, Expiry)>, Hasher>,
    hasher: Hasher,
}

impl Doubts {
    fn note(&mut self, key: &SharedStr, value: &RecordValue, expiry: Expiry) {
        if self.by_key.len() >= MOST_KEYS && !self.by_key.contains_key(key) {
            return;
        }
        let write = (self.fingerprint(value), expiry);
        let writes = self.by_key.entry(key.clone()).or_default();
        if writes.len() >= MOST_WRITES {
            writes.remove(0);
        }
        writes.push(write);
    }

    /// What the data store has of a key is known from here on.
    pub(super) fn settle(&mut self, key: &str) {
        if !self.by_key.is_empty() {
            self.by_key.remove(key);
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_key.clear();
    }

    /// The expiry of the last write in doubt of this value.
    pub(super) fn expiry_of(&self, key: &str, value: &RecordValue) -> Option<Expiry> {
        let writes = self.by_key.get(key)?;
        let print = self.fingerprint(value);
        writes.iter().rev().find(|(of, _)| *of == print).map(|(_, expiry)| *expiry)
    }

    fn fingerprint(&self, value: &RecordValue) -> u64 {
        let mut print = Print(self.hasher.build_hasher());
        // Writing into a hasher cannot fail, and what cannot be told apart shares a fingerprint.
        drop(serde_json::to_writer(&mut print, value));
        print.0.finish()
    }
}

struct Print(foldhash::fast::FoldHasher<'static>);

impl io::Write for Print {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A write about to be made: unless it is said to have ended well, it stays in doubt.
pub(super) struct Doubt<'a> {
    store: &'a Inner,
    key: &'a SharedStr,
    value: &'a RecordValue,
    expiry: Expiry,
}

impl<'a> Doubt<'a> {
    pub(super) fn new(
        store: &'a Inner,
        key: &'a SharedStr,
        value: &'a RecordValue,
        expiry: Expiry,
    ) -> Option<Self> {
        (!store.comes_back(expiry)).then(|| Self { store, key, value, expiry })
    }

    /// The data store said that the write has happened; its commit settles all doubt of the key.
    pub(super) fn resolve(self) {
        std::mem::forget(self);
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        self.store.stripe(self.key).lock().doubts.note(self.key, self.value, self.expiry);
    }
}
