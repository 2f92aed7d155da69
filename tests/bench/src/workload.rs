//! Which operations on which keys.

use fastrand::Rng;

use crate::zipf::Zipf;

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A read that leaves no trace, where there is such a thing.
    Get,
    /// A read that counts as an access, where there is such a thing.
    Touch,
    /// Stores a fresh payload.
    Put,
    Remove,
}

/// An operation and its key.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) operation: Operation,
    pub(crate) key: String,
}

impl Step {
    /// Whether the key is there before, and the subject says so.
    pub(crate) fn is_hit(&self) -> bool {
        self.operation != Operation::Put
    }
}

/// A named mixture of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    Get,
    Touch,
    Insert,
    Overwrite,
    Remove,
    YcsbA,
    YcsbB,
    YcsbC,
}

impl Workload {
    /// All, in the order of each round: what is inserted is outweighed by what is removed.
    pub(crate) const ALL: [Self; 8] = [
        Self::Get,
        Self::Touch,
        Self::Insert,
        Self::Overwrite,
        Self::Remove,
        Self::YcsbA,
        Self::YcsbB,
        Self::YcsbC,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get hit",
            Self::Touch => "get + touch",
            Self::Insert => "put, new key",
            Self::Overwrite => "put, overwrite",
            Self::Remove => "remove",
            Self::YcsbA => "YCSB A (50 % reads)",
            Self::YcsbB => "YCSB B (95 % reads)",
            Self::YcsbC => "YCSB C (reads)",
        }
    }
}

/// The keys every subject holds, and chunks of operations on them.
pub(crate) struct Keys {
    resident: Vec<u64>,
    next: u64,
    zipf: Zipf,
    rng: Rng,
}

impl Keys {
    pub(crate) fn new(records: usize) -> Self {
        Self { resident: Vec::new(), next: 0, zipf: Zipf::new(records), rng: Rng::with_seed(0x7ca1) }
    }

    /// Makes popularity have nothing to do with the order of insertion.
    pub(crate) fn shuffle(&mut self) {
        self.rng.shuffle(&mut self.resident);
    }

    /// The next operations of a workload. Every subject is to do them.
    pub(crate) fn chunk(&mut self, workload: Workload, size: usize) -> Vec<Step> {
        (0..size).map(|_| self.step(workload)).collect()
    }

    fn step(&mut self, workload: Workload) -> Step {
        match workload {
            Workload::Get => self.uniform(Operation::Get),
            Workload::Touch => self.uniform(Operation::Touch),
            Workload::Overwrite => self.uniform(Operation::Put),
            Workload::Insert => {
                self.resident.push(self.next);
                self.next += 1;
                step(Operation::Put, self.next - 1)
            }
            Workload::Remove => {
                let place = self.rng.usize(..self.resident.len());
                step(Operation::Remove, self.resident.swap_remove(place))
            }
            Workload::YcsbA => self.skewed(50),
            Workload::YcsbB => self.skewed(95),
            Workload::YcsbC => self.skewed(100),
        }
    }

    fn uniform(&mut self, operation: Operation) -> Step {
        step(operation, self.resident[self.rng.usize(..self.resident.len())])
    }

    fn skewed(&mut self, reads_percent: u32) -> Step {
        let operation = if self.rng.u32(..100) < reads_percent { Operation::Touch } else { Operation::Put };
        let rank = self.zipf.draw(&mut self.rng).min(self.resident.len() - 1);
        step(operation, self.resident[rank])
    }
}

/// 20 bytes; neighbours in number share no more than the prefix.
fn step(operation: Operation, number: u64) -> Step {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Step { operation, key: format!("user{scattered:016x}") }
}
