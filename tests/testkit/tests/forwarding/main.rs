//! A pointer to a plugin forwards every method, provided ones included. One that is left out falls
//! back to the trait's default: an engine in a `Box` loses its atomic update, a data store its deadlines.

mod calls;
mod spy;

use std::collections::BTreeSet;
use std::sync::Arc;

use spy::Spy;
use trilayer_core::{MapDataStore, MutationObserver, RecordStore, StorageEngine};

/// The methods of a trait, from its source.
fn methods(source: &str, name: &str) -> BTreeSet<String> {
    let start = source.find(&format!("pub trait {name}:")).expect("the trait is in its file");
    let body = source[start..].split("\n}").next().expect("there is a first");
    let method = |line: &str| {
        let declared = line.strip_prefix("    ")?;
        let declared = declared.strip_prefix("async ").unwrap_or(declared);
        Some(declared.strip_prefix("fn ")?.split('(').next()?.to_owned())
    };
    body.lines().filter_map(method).collect()
}

fn all_are_called(source: &str, name: &str, call: impl Fn(Arc<Spy>)) {
    let spy = Arc::new(Spy::default());
    call(Arc::clone(&spy));
    let (called, declared) = (spy.called(), methods(source, name));
    assert!(declared.len() > 10, "{declared:?}");
    assert_eq!(called, declared, "the methods of {name} that reach it, and those there are");
}

const ENGINE: &str = include_str!("../../../../core/src/engine.rs");
const DATA_STORE: &str = include_str!("../../../../core/src/data_store.rs");
const OBSERVER: &str = include_str!("../../../../core/src/observer.rs");
const RECORD_STORE: &str = include_str!("../../../../core/src/record_store.rs");

#[test]
fn an_engine_behind_a_pointer_keeps_all_it_can_do() {
    all_are_called(ENGINE, "StorageEngine", |spy| calls::engine(&(Box::new(spy) as Box<dyn StorageEngine>)));
    all_are_called(ENGINE, "StorageEngine", |spy| calls::engine(&(spy as Arc<dyn StorageEngine>)));
    all_are_called(ENGINE, "StorageEngine", |spy| calls::engine(&spy));
}

#[test]
fn a_data_store_behind_a_pointer_keeps_all_it_can_do() {
    all_are_called(DATA_STORE, "MapDataStore", |spy| {
        calls::data_store(&(Box::new(spy) as Box<dyn MapDataStore>))
    });
    all_are_called(DATA_STORE, "MapDataStore", |spy| calls::data_store(&(spy as Arc<dyn MapDataStore>)));
    all_are_called(DATA_STORE, "MapDataStore", |spy| calls::data_store(&spy));
}

#[test]
fn an_observer_behind_a_pointer_hears_all_it_can() {
    let boxed = |spy| calls::observer(&(Box::new(spy) as Box<dyn MutationObserver>));
    all_are_called(OBSERVER, "MutationObserver", boxed);
    all_are_called(OBSERVER, "MutationObserver", |spy| calls::observer(&(spy as Arc<dyn MutationObserver>)));
    all_are_called(OBSERVER, "MutationObserver", |spy| calls::observer(&spy));
}

#[test]
fn a_record_store_behind_a_box_keeps_all_it_can_do() {
    let boxed = |spy| calls::record_store(&mut (Box::new(spy::Shared(spy)) as Box<dyn RecordStore>));
    all_are_called(RECORD_STORE, "RecordStore", boxed);
}
