//! Entries in numbered slots that never move.
//!
//! A slot keeps its number as long as its entry lives, so a walk by slot number cannot miss
//! an entry however many others come and go, and any page of it costs the same. Slots lie in
//! chunks of 64 with one bit each, so that holes are skipped 64 at a time.

use std::collections::BTreeSet;

use crate::{Record, SharedStr};

const CHUNK: usize = 64;

/// Random slots tried before an occupied one is looked for.
const TRIES: usize = 4;

/// A key, its hash and its record.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) hash: u64,
    pub(super) key: SharedStr,
    pub(super) record: Record,
}

#[derive(Debug)]
struct Chunk {
    live: u64,
    slots: Box<[Option<Entry>]>,
}

#[derive(Debug, Default)]
pub(super) struct Slab {
    chunks: Vec<Chunk>,
    /// Chunks with a free slot; the lowest is filled first, so that the tail empties.
    spare: BTreeSet<u32>,
}

#[expect(clippy::cast_possible_truncation, reason = "a slot number is below 2^32 by construction")]
impl Slab {
    /// Puts an entry into a free slot and returns its number.
    ///
    /// # Panics
    /// At 2³² entries.
    pub(super) fn insert(&mut self, entry: Entry) -> u32 {
        let chunk_index = self.spare.first().copied().unwrap_or_else(|| self.grow());
        let chunk = &mut self.chunks[chunk_index as usize];
        let bit = (!chunk.live).trailing_zeros();
        chunk.live |= 1 << bit;
        chunk.slots[bit as usize] = Some(entry);
        if chunk.live == u64::MAX {
            self.spare.remove(&chunk_index);
        }
        chunk_index * CHUNK as u32 + bit
    }

    fn grow(&mut self) -> u32 {
        let index = self.chunks.len();
        assert!(index < u32::MAX as usize / CHUNK, "an engine shard holds fewer than 2^32 records");
        self.chunks.push(Chunk { live: 0, slots: (0..CHUNK).map(|_| None).collect() });
        self.spare.insert(index as u32);
        index as u32
    }

    /// Takes the entry out of a slot. Trailing empty chunks are given back.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Entry> {
        let chunk_index = slot / CHUNK as u32;
        let chunk = self.chunks.get_mut(chunk_index as usize)?;
        let entry = chunk.slots[slot as usize % CHUNK].take()?;
        chunk.live &= !(1 << (slot as usize % CHUNK));
        self.spare.insert(chunk_index);
        while self.chunks.last().is_some_and(|chunk| chunk.live == 0) {
            self.chunks.pop();
            self.spare.remove(&(self.chunks.len() as u32));
        }
        Some(entry)
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Entry> {
        self.chunks.get(slot as usize / CHUNK)?.slots[slot as usize % CHUNK].as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.chunks.get_mut(slot as usize / CHUNK)?.slots[slot as usize % CHUNK].as_mut()
    }

    /// The first occupied slot at or after `from`.
    pub(super) fn next_occupied(&self, from: u32) -> Option<(u32, &Entry)> {
        let mut mask = u64::MAX << (from as usize % CHUNK);
        for index in from as usize / CHUNK..self.chunks.len() {
            let live = self.chunks[index].live & mask;
            if live != 0 {
                let slot = (index * CHUNK) as u32 + live.trailing_zeros();
                return self.get(slot).map(|entry| (slot, entry));
            }
            mask = u64::MAX;
        }
        None
    }

    /// An entry picked at random. Uniform while at least some slots are occupied all over; the
    /// emptier the slab, the more its emptier chunks are favoured.
    pub(super) fn sample(&self) -> Option<(u32, &Entry)> {
        let end = (self.chunks.len() * CHUNK) as u32;
        if end == 0 {
            return None;
        }
        for _ in 0..TRIES {
            let slot = fastrand::u32(..end);
            if let Some(entry) = self.get(slot) {
                return Some((slot, entry));
            }
        }
        let start = fastrand::usize(..self.chunks.len());
        let mut chunks = (start..self.chunks.len()).chain(0..start);
        let index = chunks.find(|&index| self.chunks[index].live != 0)?;
        let mut live = self.chunks[index].live;
        for _ in 0..fastrand::u32(..live.count_ones()) {
            live &= live - 1;
        }
        let slot = (index * CHUNK) as u32 + live.trailing_zeros();
        self.get(slot).map(|entry| (slot, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordMetadata, RecordValue, SharedSlice};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn entry(hash: u64) -> Entry {
        let value = RecordValue::OrTombstones { tags: SharedSlice::new() };
        Entry { hash, key: "k".into(), record: Record { value, metadata: RecordMetadata::default() } }
    }

    #[test]
    fn an_entry_costs_no_more_than_its_fields() {
        assert_eq!(size_of::<Option<Entry>>(), size_of::<Entry>());
    }

    /// Else memory would grow with every record that ever was.
    #[test]
    fn slots_of_a_chunk_that_was_full_are_used_again() {
        let mut slab = Slab::default();
        let slots: Vec<u32> = (0..2 * CHUNK as u64).map(|hash| slab.insert(entry(hash))).collect();
        for _ in 0..3 {
            slots[..CHUNK].iter().for_each(|&slot| drop(slab.remove(slot)));
            for hash in 0..CHUNK as u64 {
                slab.insert(entry(hash));
            }
        }
        assert_eq!(slab.chunks.len(), 2);
    }

    proptest! {
        #[test]
        fn slots_keep_their_entries_and_holes_are_reused(steps in proptest::collection::vec((any::<bool>(), any::<u16>()), 0..600)) {
            let (mut slab, mut model, mut next) = (Slab::default(), BTreeMap::new(), 0);
            let mut most = 0;
            for (insert, pick) in steps {
                if insert {
                    let slot = slab.insert(entry(next));
                    prop_assert!(model.insert(slot, next).is_none(), "slot {} was taken", slot);
                    next += 1;
                } else if let Some((&slot, &hash)) = model.iter().nth(usize::from(pick) % model.len().max(1)) {
                    prop_assert_eq!(slab.remove(slot).map(|entry| entry.hash), Some(hash));
                    model.remove(&slot);
                }
                most = most.max(model.len());
                let (mut walk, mut from) = (Vec::new(), 0);
                while let Some((slot, entry)) = slab.next_occupied(from) {
                    walk.push((slot, entry.hash));
                    from = slot + 1;
                }
                prop_assert_eq!(walk, model.iter().map(|(&slot, &hash)| (slot, hash)).collect::<Vec<_>>());
                prop_assert!(slab.chunks.len() * CHUNK <= most.next_multiple_of(CHUNK));
                prop_assert_eq!(slab.sample().map(|(slot, entry)| model.get(&slot) == Some(&entry.hash)), (!model.is_empty()).then_some(true));
            }
        }
    }
}
