//! The operations, and how sequences of them are drawn.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use trilayer_core::{CallerProvenance, ExpiryPolicy, Record, RecordMetadata};
use trilayer_suite::rig::{Backup, Client, CrdtMerge, Replication};
use trilayer_testkit::lww;

/// The keys: few, so that operations meet.
pub(crate) const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// When the data store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Before anything happened.
    Before,
    /// After everything happened.
    After,
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Get(&'static str, bool),
    GetAll(Vec<&'static str>),
    Put(&'static str, i64, ExpiryPolicy, CallerProvenance),
    Set(&'static str, i64, ExpiryPolicy, CallerProvenance),
    Remove(&'static str, CallerProvenance),
    /// The number of ms that the record is older than now, and the hits it brings.
    PutBackup(&'static str, i64, Age, CallerProvenance),
    RemoveBackup(&'static str, CallerProvenance),
    Evict(&'static str),
    EvictAll,
    /// The share, and how far ahead of the clock the sweep is.
    EvictExpired(u32, i64),
    IsForgotten(&'static str),
    SoftFlush,
    HardFlush,
    Clear,
    ClearThrough,
    Advance(u32),
    /// The next call of the data store fails.
    Fail(Fault),
}

/// How old a backup's record is, and how often it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age {
    pub(crate) millis: i64,
    pub(crate) hits: u32,
}

impl Age {
    /// The record of a backup that arrives at `now`.
    pub(crate) fn record(self, value: i64, now: i64) -> Record {
        let mut metadata = RecordMetadata::new(now - self.millis, 0);
        metadata.hits = self.hits;
        Record { value: lww(value), metadata }
    }
}

fn key() -> impl Strategy<Value = &'static str> {
    select(&KEYS[..])
}

fn provenance() -> impl Strategy<Value = CallerProvenance> {
    prop_oneof![
        4 => Just(Client),
        1 => Just(CrdtMerge),
        2 => Just(Replication),
        2 => Just(Backup),
    ]
}

fn expiry() -> impl Strategy<Value = ExpiryPolicy> {
    prop_oneof![
        4 => Just(ExpiryPolicy::NONE),
        2 => (1..12_u64).prop_map(ExpiryPolicy::ttl),
        2 => (1..12_u64).prop_map(ExpiryPolicy::max_idle),
        1 => Just(ExpiryPolicy { ttl_millis: 9, max_idle_millis: 4 }),
        1 => Just(ExpiryPolicy::NEVER),
    ]
}

fn operation() -> impl Strategy<Value = Op> {
    let value = 0..1_000_i64;
    let age = (0..8_i64, 0..3_u32).prop_map(|(millis, hits)| Age { millis, hits });
    prop_oneof![
        12 => (key(), any::<bool>()).prop_map(|(key, touch)| Op::Get(key, touch)),
        3 => vec(key(), 0..6).prop_map(Op::GetAll),
        12 => (key(), value.clone(), expiry(), provenance()).prop_map(|(k, v, e, p)| Op::Put(k, v, e, p)),
        4 => (key(), value.clone(), expiry(), provenance()).prop_map(|(k, v, e, p)| Op::Set(k, v, e, p)),
        5 => (key(), provenance()).prop_map(|(key, provenance)| Op::Remove(key, provenance)),
        4 => (key(), value, age, provenance()).prop_map(|(k, v, a, p)| Op::PutBackup(k, v, a, p)),
        2 => (key(), provenance()).prop_map(|(key, provenance)| Op::RemoveBackup(key, provenance)),
        6 => key().prop_map(Op::Evict),
        1 => Just(Op::EvictAll),
        3 => (select(&[0, 1, 30, 50, 100, 250][..]), select(&[0, 0, 0, 5][..]))
            .prop_map(|(percentage, ahead)| Op::EvictExpired(percentage, ahead)),
        1 => key().prop_map(Op::IsForgotten),
        3 => Just(Op::SoftFlush),
        2 => Just(Op::HardFlush),
        1 => Just(Op::Clear),
        1 => Just(Op::ClearThrough),
        8 => (1..7_u32).prop_map(Op::Advance),
        4 => select(&[Fault::Before, Fault::After][..]).prop_map(Op::Fail),
    ]
}

/// Sequences of operations.
pub(crate) fn operations() -> impl Strategy<Value = Vec<Op>> {
    vec(operation(), 1..50)
}
