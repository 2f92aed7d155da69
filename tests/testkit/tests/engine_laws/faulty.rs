//! An engine with one fault.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::yield_now;

use trilayer_core::{
    AtomicUpdate, FetchResult, HashMapStorage, IterationCursor, Record, RecordMetadata, StorageEngine,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    PutReturnsNothing,
    RemoveReturnsNothing,
    GetForgetsHits,
    ContainsAnything,
    LenCountsPuts,
    NeverEmpty,
    CostOfOverwrittenStays,
    ClearLeavesOne,
    DestroyDoesNothing,
    SnapshotMissesOne,
    LongKeysAreCut,
    FullPagesLoseOne,
    EntriesTakeEachOther,
    CursorsAreIndices,
    PagesHoldOneMore,
    FinishedBeginsAgain,
    ForeignBeginsAgain,
    MalformedBeginsAgain,
    DamagedPanics,
    SamplesRepeat,
    OneSampleTooMany,
    SamplesTakeEachOther,
    SamplesAreTheFirst,
    PutInTwoSteps,
    PutReadsThenWrites,
    LenRaces,
    UpdatesTwice,
    UpdatesForgetCost,
    UpdateReadsThenWrites,
    NoUpdate,
}

use Fault::*;

/// A right engine, but for its fault.
pub(crate) struct Faulty {
    inner: HashMapStorage,
    fault: Fault,
    /// How far `len` or `estimated_cost` is off, or for a racing `len` all of it.
    off: AtomicI64,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { inner: HashMapStorage::new(), fault, off: AtomicI64::new(0) }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn key<'a>(&self, key: &'a str) -> &'a str {
        if self.is(LongKeysAreCut) && key.len() > 1 << 16 { &key[..1 << 16] } else { key }
    }

    fn count(&self, delta: i64) {
        let before = self.off.load(Ordering::SeqCst);
        yield_now();
        self.off.store(before + delta, Ordering::SeqCst);
    }

    fn off<T: TryFrom<i64> + TryInto<i64>>(&self, number: T) -> T {
        let off = number.try_into().unwrap_or(0) + self.off.load(Ordering::SeqCst);
        T::try_from(off.max(0)).unwrap_or_else(|_| panic!("{off} is no count"))
    }

    /// Where a fault makes a walk begin instead.
    fn cursor(&self, cursor: &IterationCursor) -> IterationCursor {
        let own_length = cursor.state.len() == 16;
        assert!(!self.is(DamagedPanics) || cursor.state.len() != 15, "a damaged cursor");
        let again = match self.fault {
            FinishedBeginsAgain => cursor.finished,
            ForeignBeginsAgain => own_length && self.inner.fetch_keys(cursor, 1).items.is_empty(),
            MalformedBeginsAgain => !own_length && !cursor.finished,
            _ => false,
        };
        if again { IterationCursor::start() } else { cursor.clone() }
    }

    fn by_index(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        let all = self.inner.snapshot_iter();
        let from = cursor.state.first_chunk().map_or(0, |bytes| usize::from_le_bytes(*bytes));
        let to = from.saturating_add(size).min(all.len());
        let next_cursor = IterationCursor { state: to.to_le_bytes().to_vec(), finished: to == all.len() };
        FetchResult { items: all.get(from..to).unwrap_or_default().to_vec(), next_cursor }
    }
}

impl StorageEngine for Faulty {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        let key = self.key(key);
        let before = self.inner.get(key);
        if self.is(PutReadsThenWrites) {
            yield_now();
        }
        if self.is(PutInTwoSteps) {
            let value = before.as_ref().map_or(&record.value, |before| &before.value).clone();
            self.inner.put(key, Record { value, metadata: record.metadata.clone() });
            yield_now();
        }
        let old = self.inner.put(key, record);
        match self.fault {
            PutReturnsNothing => return None,
            PutInTwoSteps | PutReadsThenWrites => return before,
            LenCountsPuts => self.count(i64::from(old.is_some())),
            LenRaces => self.count(i64::from(old.is_none())),
            CostOfOverwrittenStays => {
                self.count(old.as_ref().map_or(0, |old| i64::try_from(old.metadata.cost).unwrap()));
            }
            _ => {}
        }
        old
    }

    fn get(&self, key: &str) -> Option<Record> {
        let mut record = self.inner.get(self.key(key))?;
        if self.is(GetForgetsHits) {
            record.metadata.hits = 0;
        }
        Some(record)
    }

    fn remove(&self, key: &str) -> Option<Record> {
        let old = self.inner.remove(self.key(key));
        if self.is(LenRaces) {
            // Exact, so that what puts lose is not made up for by what removes lose.
            self.off.fetch_sub(i64::from(old.is_some()), Ordering::SeqCst);
        }
        old.filter(|_| !self.is(RemoveReturnsNothing))
    }

    fn contains_key(&self, key: &str) -> bool {
        self.inner.contains_key(self.key(key)) || self.is(ContainsAnything)
    }

    fn len(&self) -> usize {
        match self.fault {
            LenCountsPuts => self.off(self.inner.len()),
            LenRaces => self.off(0),
            _ => self.inner.len(),
        }
    }

    fn is_empty(&self) -> bool {
        self.inner.is_empty() && !self.is(NeverEmpty)
    }

    fn clear(&self) {
        let one = self.inner.random_samples(1).pop();
        self.inner.clear();
        if let Some((key, record)) = one.filter(|_| self.is(ClearLeavesOne)) {
            self.inner.put(&key, record);
        }
    }

    fn destroy(&self) {
        if !self.is(DestroyDoesNothing) {
            self.inner.clear();
        }
    }

    fn estimated_cost(&self) -> u64 {
        match self.fault {
            CostOfOverwrittenStays | UpdatesForgetCost => self.off(self.inner.estimated_cost()),
            _ => self.inner.estimated_cost(),
        }
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        let FetchResult { items, next_cursor } = self.fetch_entries(cursor, size);
        FetchResult { items: items.into_iter().map(|(key, _)| key).collect(), next_cursor }
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        if self.is(CursorsAreIndices) {
            return self.by_index(cursor, size);
        }
        let size = size.saturating_add(usize::from(self.is(PagesHoldOneMore)));
        let mut page = self.inner.fetch_entries(&self.cursor(cursor), size);
        if self.is(FullPagesLoseOne) && page.items.len() == size {
            page.items.pop();
        }
        if self.is(EntriesTakeEachOther) {
            mix_up(&mut page.items);
        }
        page
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.inner.snapshot_iter().split_off(usize::from(self.is(SnapshotMissesOne)).min(self.inner.len()))
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        let count = count.saturating_add(usize::from(self.is(OneSampleTooMany)));
        let mut samples = self.inner.random_samples(count);
        match self.fault {
            SamplesRepeat if samples.len() > 1 => samples[1] = samples[0].clone(),
            SamplesTakeEachOther => mix_up(&mut samples),
            SamplesAreTheFirst => samples = self.inner.fetch_entries(&IterationCursor::start(), count).items,
            _ => {}
        }
        samples
    }

    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        if self.is(NoUpdate) { None } else { Some(self) }
    }
}

/// Gives each key the first one's record.
fn mix_up(entries: &mut [(String, Record)]) {
    if let Some((_, first)) = entries.first().cloned() {
        entries.iter_mut().for_each(|(_, record)| *record = first.clone());
    }
}

impl AtomicUpdate for Faulty {
    fn update_metadata(&self, key: &str, change: &mut dyn FnMut(&mut RecordMetadata)) -> Option<Record> {
        if self.is(UpdateReadsThenWrites) {
            let mut record = self.inner.get(key)?;
            yield_now();
            change(&mut record.metadata);
            self.inner.put(key, record.clone());
            return Some(record);
        }
        let mut off = 0;
        let updated = self.inner.atomic_update()?.update_metadata(key, &mut |metadata| {
            off += i64::try_from(metadata.cost).unwrap();
            change(metadata);
            off -= i64::try_from(metadata.cost).unwrap();
            if self.is(UpdatesTwice) {
                change(metadata);
            }
        });
        self.off.fetch_add(off, Ordering::SeqCst);
        updated
    }
}
