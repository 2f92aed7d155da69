//! One shard: a table from hashes to slots, the slots, and their sums.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as TableEntry;

use crate::engine::slab::{Entry, Slab};
use crate::sync::{AtomicU64, AtomicUsize, Ordering, RwLock, RwLockReadGuard};
use crate::{Record, RecordMetadata};

/// The sums stand outside the lock, so that reading them waits for nobody; they change
/// only under it.
#[derive(Debug, Default)]
pub(super) struct Shard {
    content: RwLock<Content>,
    len: AtomicUsize,
    cost: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Content {
    table: HashTable<u32>,
    slab: Slab,
}

impl Content {
    pub(super) fn slab(&self) -> &Slab {
        &self.slab
    }

    pub(super) fn find(&self, hash: u64, key: &str) -> Option<&Entry> {
        let slot = self.table.find(hash, |&slot| is(&self.slab, slot, key))?;
        self.slab.get(*slot)
    }
}

fn is(slab: &Slab, slot: u32, key: &str) -> bool {
    slab.get(slot).is_some_and(|entry| entry.key == *key)
}

impl Shard {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read()
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(super) fn cost(&self) -> u64 {
        self.cost.load(Ordering::Acquire)
    }

    pub(super) fn put(&self, hash: u64, key: &str, record: Record) -> Option<Record> {
        let cost = record.metadata.cost;
        let mut content = self.content.write();
        let Content { table, slab } = &mut *content;
        let rehash = |&slot: &u32| slab.get(slot).map_or(0, |entry| entry.hash);
        let old = match table.entry(hash, |&slot| is(slab, slot, key), rehash) {
            TableEntry::Occupied(slot) => {
                let slot = *slot.get();
                slab.get_mut(slot).map(|entry| std::mem::replace(&mut entry.record, record))
            }
            TableEntry::Vacant(place) => {
                let slot = slab.insert(Entry { hash, key: key.into(), record });
                place.insert(slot);
                self.len.fetch_add(1, Ordering::AcqRel);
                None
            }
        };
        self.change_cost(old.as_ref().map_or(0, |old| old.metadata.cost), cost);
        old
    }

    pub(super) fn remove(&self, hash: u64, key: &str) -> Option<Record> {
        let mut content = self.content.write();
        let Content { table, slab } = &mut *content;
        let found = table.find_entry(hash, |&slot| is(slab, slot, key)).ok()?;
        let (slot, _) = found.remove();
        let record = slab.remove(slot)?.record;
        self.len.fetch_sub(1, Ordering::AcqRel);
        self.cost.fetch_sub(record.metadata.cost, Ordering::AcqRel);
        Some(record)
    }

    pub(super) fn update(
        &self,
        hash: u64,
        key: &str,
        change: &mut dyn FnMut(&mut RecordMetadata),
    ) -> Option<Record> {
        let mut content = self.content.write();
        let Content { table, slab } = &mut *content;
        let slot = *table.find(hash, |&slot| is(slab, slot, key))?;
        let record = &mut slab.get_mut(slot)?.record;
        let before = record.metadata.cost;
        change(&mut record.metadata);
        self.change_cost(before, record.metadata.cost);
        Some(record.clone())
    }

    /// Most changes leave the cost as it was, and the shared line alone.
    fn change_cost(&self, before: u64, after: u64) {
        if before != after {
            self.cost.fetch_add(after.wrapping_sub(before), Ordering::AcqRel);
        }
    }

    pub(super) fn clear(&self) {
        let mut content = self.content.write();
        let gone = std::mem::take(&mut *content);
        self.len.store(0, Ordering::Release);
        self.cost.store(0, Ordering::Release);
        drop(content);
        // The records' destructors run outside the lock.
        drop(gone);
    }
}
