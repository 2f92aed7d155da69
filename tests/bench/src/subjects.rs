//! What is compared.

mod ours;
mod peers;

use std::hint::black_box;

use crate::workload::{Operation, Step};

/// Bytes of each value.
const PAYLOAD_BYTES: usize = 100;

/// The subject all others are measured against: a map and nothing else.
pub(crate) const BASELINE: usize = 0;

/// Something that keeps values by key.
pub(crate) trait Subject: Send + Sync {
    fn name(&self) -> &'static str;

    /// What it keeps for each key.
    fn stores(&self) -> &'static str;

    /// Reads; true if there was something.
    fn get(&self, key: &str) -> bool;

    /// Reads and counts the access; true if there was something.
    fn touch(&self, key: &str) -> bool {
        self.get(key)
    }

    fn put(&self, key: &str, payload: &str);

    /// True if there was something.
    fn remove(&self, key: &str) -> bool;

    /// Ends work it has put off.
    fn settle(&self) {}

    fn len(&self) -> usize;
}

/// A subject behind one call for each chunk, so that its operations are inlined.
pub(crate) trait Runner: Send + Sync {
    fn subject(&self) -> &dyn Subject;

    /// Does the steps; returns how many keys were there.
    fn run(&self, steps: &[Step]) -> usize;
}

impl<S: Subject> Runner for S {
    fn subject(&self) -> &dyn Subject {
        self
    }

    fn run(&self, steps: &[Step]) -> usize {
        let payload = black_box([b'x'; PAYLOAD_BYTES]);
        let payload = str::from_utf8(&payload).unwrap_or_default();
        let mut hits = 0;
        for Step { operation, key } in steps {
            hits += usize::from(match operation {
                Operation::Get => self.get(key),
                Operation::Touch => self.touch(key),
                Operation::Remove => self.remove(key),
                Operation::Put => {
                    self.put(key, payload);
                    false
                }
            });
        }
        hits
    }
}

/// All subjects, the baseline first, ready for that many records at most.
pub(crate) fn all(most: usize) -> Vec<Box<dyn Runner>> {
    vec![
        Box::new(peers::Dash::new()),
        Box::new(peers::Quick::new(most)),
        Box::new(peers::Moka::new(most)),
        Box::new(ours::Engine::new()),
        Box::new(ours::Store::new()),
    ]
}
