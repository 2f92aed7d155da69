//! The default engine: sharded hash tables over slabs.

mod shard;

use std::collections::HashSet;
use std::hash::BuildHasher;

use self::shard::Shard;
use super::slab::Entry;
use super::{AtomicUpdate, FetchResult, IterationCursor, StorageEngine};
use crate::sync::{Ordering, RandomState};
use crate::{Record, RecordMetadata};

/// Records in sharded hash tables; the default engine.
///
/// - Reads of different keys share a lock of their shard, writes hold it alone.
/// - `len`, `estimated_cost`, one sample and one page cost the same at any size. After heavy removal a
///   sample and a page skip free slots, 64 at a step.
/// - Memory: one 128-byte slot, one table word and the key's block for each record. Slots of
///   removed records are reused, and given back once the slots after them are free too.
/// - Iteration is in slot order, which says nothing about keys. A record that stays is never
///   skipped; one put meanwhile may or may not be seen.
/// - Samples are uniform while most slots are occupied; after heavy removal, records with few
///   neighbours are picked more often.
#[derive(Debug)]
pub struct HashMapStorage {
    /// Tells this engine's cursors from another's.
    id: u64,
    hasher: RandomState,
    shards: Box<[Shard]>,
}

impl HashMapStorage {
    /// An empty engine with as many shards as suit this machine.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(4, usize::from);
        Self::with_shards(4 * cores)
    }

    /// An empty engine with `shards` shards, rounded up to a power of two of at most 1024.
    #[must_use]
    pub fn with_shards(shards: usize) -> Self {
        static NEXT_ID: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let shards = shards.clamp(1, 1024).next_power_of_two();
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            hasher: RandomState::default(),
            shards: (0..shards).map(|_| Shard::default()).collect(),
        }
    }

    /// The hash of a key and its shard. A table finds buckets by the hash's low bits and
    /// tags them with its top seven; taking the shard from either would make every table
    /// of the shard collide.
    fn locate(&self, key: &str) -> (u64, &Shard) {
        let hash = self.hasher.hash_one(key);
        let middle = usize::try_from((hash >> 32) & 0x3ff).unwrap_or(0);
        (hash, &self.shards[middle & (self.shards.len() - 1)])
    }

    /// One page of `pick`ed entries.
    fn page<T>(&self, cursor: &IterationCursor, size: usize, pick: impl Fn(&Entry) -> T) -> FetchResult<T> {
        let Some(mut place) = self.place(cursor) else { return FetchResult::end() };
        let mut items = Vec::with_capacity(size.min(1024));
        while let Some(shard) = self.shards.get(place.shard as usize) {
            let shard = shard.read();
            while let Some((slot, entry)) = shard.slab().next_occupied(place.slot) {
                place.slot = slot;
                if items.len() == size {
                    return FetchResult { items, next_cursor: self.cursor(place) };
                }
                items.push(pick(entry));
                place.slot = slot + 1;
            }
            place = Place { shard: place.shard + 1, slot: 0 };
        }
        FetchResult { items, next_cursor: IterationCursor::end() }
    }

    fn cursor(&self, place: Place) -> IterationCursor {
        let mut state = Vec::with_capacity(16);
        state.extend(self.id.to_le_bytes());
        state.extend(place.shard.to_le_bytes());
        state.extend(place.slot.to_le_bytes());
        IterationCursor { state, finished: false }
    }

    fn place(&self, cursor: &IterationCursor) -> Option<Place> {
        if cursor.finished {
            return None;
        }
        if cursor.state.is_empty() {
            return Some(Place { shard: 0, slot: 0 });
        }
        let (id, place) = cursor.state.split_first_chunk::<8>()?;
        let (shard, slot) = place.split_first_chunk::<4>()?;
        let place =
            Place { shard: u32::from_le_bytes(*shard), slot: u32::from_le_bytes(slot.try_into().ok()?) };
        (u64::from_le_bytes(*id) == self.id).then_some(place)
    }

    /// The shard that holds the `nth` record, counting shard by shard.
    fn shard_of(&self, mut nth: usize) -> Option<usize> {
        for (index, shard) in self.shards.iter().enumerate() {
            match nth.checked_sub(shard.len()) {
                Some(rest) => nth = rest,
                None => return Some(index),
            }
        }
        None
    }
}

impl Default for HashMapStorage {
    fn default() -> Self {
        Self::new()
    }
}

/// Where an iteration stands: the next slot to look at.
#[derive(Clone, Copy)]
struct Place {
    shard: u32,
    slot: u32,
}

impl StorageEngine for HashMapStorage {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        let (hash, shard) = self.locate(key);
        shard.put(hash, key, record)
    }

    fn get(&self, key: &str) -> Option<Record> {
        let (hash, shard) = self.locate(key);
        shard.read().find(hash, key).map(|entry| entry.record.clone())
    }

    fn remove(&self, key: &str) -> Option<Record> {
        let (hash, shard) = self.locate(key);
        shard.remove(hash, key)
    }

    fn contains_key(&self, key: &str) -> bool {
        let (hash, shard) = self.locate(key);
        shard.read().find(hash, key).is_some()
    }

    fn len(&self) -> usize {
        self.shards.iter().map(Shard::len).sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn clear(&self) {
        for shard in &self.shards {
            shard.clear();
        }
    }

    fn destroy(&self) {
        self.clear();
    }

    fn estimated_cost(&self) -> u64 {
        self.shards.iter().map(Shard::cost).fold(0, u64::saturating_add)
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        self.page(cursor, size, |entry| entry.key.to_string())
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.page(cursor, size, copy)
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.page(&IterationCursor::start(), usize::MAX, copy).items
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        if count >= self.len() {
            let mut all = self.snapshot_iter();
            all.truncate(count);
            return all;
        }
        let (mut seen, mut samples) = (HashSet::with_capacity(count), Vec::with_capacity(count));
        // Picks repeat the more often the nearer `count` comes to all there are; past a few
        // tries each, fewer samples are an honest answer.
        for _ in 0..count.saturating_mul(8) {
            let len = self.len();
            if samples.len() == count || len == 0 {
                break;
            }
            let Some(index) = self.shard_of(fastrand::usize(..len)) else { continue };
            let shard = self.shards[index].read();
            if let Some((_, entry)) = shard.slab().sample().filter(|(slot, _)| seen.insert((index, *slot))) {
                samples.push(copy(entry));
            }
        }
        samples
    }

    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        Some(self)
    }
}

impl AtomicUpdate for HashMapStorage {
    fn update_metadata(&self, key: &str, change: &mut dyn FnMut(&mut RecordMetadata)) -> Option<Record> {
        let (hash, shard) = self.locate(key);
        shard.update(hash, key, change)
    }
}

fn copy(entry: &Entry) -> (String, Record) {
    (entry.key.to_string(), entry.record.clone())
}
