//! Sequences of operations, done to an engine and to a model of it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trilayer_core::{Record, RecordMetadata, StorageEngine, Value};

use super::MakeEngine;
use crate::laws::law::{Law, Verdict};
use crate::lww;

pub(super) type Model = BTreeMap<String, Record>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Put,
    Remove,
    Clear,
}

/// One operation; its key and number mean nothing to a clear.
#[derive(Debug, Clone)]
pub(super) struct Step {
    operation: Operation,
    key: &'static str,
    number: u32,
}

/// Engine and model after a step, with what the step returned.
pub(super) struct After<'a> {
    pub(super) engine: &'a dyn StorageEngine,
    pub(super) model: &'a Model,
    pub(super) operation: Operation,
    pub(super) key: &'static str,
    pub(super) returned: Option<Record>,
    pub(super) expected: Option<Record>,
}

const KEYS: [&str; 7] = ["", "a", "ab", "b", "ba", "é", "𝄞"];

/// A record each of whose parts tells `number`.
pub(super) fn numbered(number: u32) -> Record {
    let time = i64::from(number);
    let mut metadata = RecordMetadata::new(time, u64::from(number));
    metadata.last_stored_time = time;
    (metadata.version, metadata.hits) = (number, number);
    Record { value: lww(Value::Int(time)), metadata }
}

/// An engine with a record under each of `len` keys, which have different lengths.
pub(super) fn filled(make: &MakeEngine<'_>, len: u32) -> Box<dyn StorageEngine> {
    let engine = make();
    for number in 0..len {
        engine.put(&key(number), numbered(number));
    }
    engine
}

pub(super) fn key(number: u32) -> String {
    format!("key {number}")
}

pub(super) fn keys(len: u32) -> Vec<String> {
    (0..len).map(key).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let operation = prop_oneof![
        6 => Just(Operation::Put),
        4 => Just(Operation::Remove),
        1 => Just(Operation::Clear),
    ];
    let step = (operation, prop::sample::select(&KEYS[..]), 0_u32..1000)
        .prop_map(|(operation, key, number)| Step { operation, key, number });
    prop::collection::vec(step, 1..40)
}

impl Law {
    /// Does many sequences of steps; `check` looks on after each step.
    pub(super) fn after_each_step(&self, make: &MakeEngine<'_>, check: impl Fn(&After<'_>) -> Verdict) {
        self.for_all(96, &steps(), |steps| {
            let (engine, mut model) = (make(), Model::new());
            steps.iter().try_for_each(|step| {
                let (returned, expected) = step.take(engine.as_ref(), &mut model);
                let &Step { operation, key, .. } = step;
                check(&After { engine: engine.as_ref(), model: &model, operation, key, returned, expected })
            })
        });
    }
}

impl Step {
    fn take(&self, engine: &dyn StorageEngine, model: &mut Model) -> (Option<Record>, Option<Record>) {
        match self.operation {
            Operation::Put => (
                engine.put(self.key, numbered(self.number)),
                model.insert(self.key.to_owned(), numbered(self.number)),
            ),
            Operation::Remove => (engine.remove(self.key), model.remove(self.key)),
            Operation::Clear => {
                engine.clear();
                model.clear();
                (None, None)
            }
        }
    }
}
