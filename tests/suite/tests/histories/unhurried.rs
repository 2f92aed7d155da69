//! An engine that lets other threads go first now and then, so that few cores overlap as many do.

use trilayer_core::{AtomicUpdate, FetchResult, IterationCursor, Record, RecordMetadata, StorageEngine};

/// An engine, and pauses before and after what it does.
pub(crate) struct Unhurried(pub(crate) Box<dyn StorageEngine>);

fn pausing<T>(work: impl FnOnce() -> T) -> T {
    pause();
    let done = work();
    pause();
    done
}

/// Mostly too short for the system to notice: a thread that yields on a busy machine is gone for long.
fn pause() {
    match fastrand::u8(..) {
        0 => std::thread::yield_now(),
        draw @ 1..32 => (0..u32::from(draw) * 8).for_each(|_| std::hint::spin_loop()),
        _ => {}
    }
}

impl StorageEngine for Unhurried {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        pausing(|| self.0.put(key, record))
    }

    fn get(&self, key: &str) -> Option<Record> {
        pausing(|| self.0.get(key))
    }

    fn remove(&self, key: &str) -> Option<Record> {
        pausing(|| self.0.remove(key))
    }

    fn contains_key(&self, key: &str) -> bool {
        pausing(|| self.0.contains_key(key))
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn destroy(&self) {
        self.0.destroy();
    }

    fn estimated_cost(&self) -> u64 {
        self.0.estimated_cost()
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        pausing(|| self.0.fetch_keys(cursor, size))
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        pausing(|| self.0.fetch_entries(cursor, size))
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.0.snapshot_iter()
    }

    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        pausing(|| self.0.random_samples(count))
    }

    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        self.0.atomic_update().map(|_| self as _)
    }
}

impl AtomicUpdate for Unhurried {
    fn update_metadata(&self, key: &str, change: &mut dyn FnMut(&mut RecordMetadata)) -> Option<Record> {
        pausing(|| self.0.atomic_update()?.update_metadata(key, change))
    }
}
