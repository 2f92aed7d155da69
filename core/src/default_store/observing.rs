//! Which stores' observers are running on this thread.

use std::cell::RefCell;

thread_local! {
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Marks, as long as it lives, that observers of a store run on this thread.
pub(super) struct Observing;

impl Observing {
    pub(super) fn enter(store: usize) -> Self {
        RUNNING.with_borrow_mut(|running| running.push(store));
        Self
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(|running| running.pop());
    }
}

/// Whether this code runs inside an observer of the store.
pub(super) fn is_observing(store: usize) -> bool {
    RUNNING.with_borrow(|running| running.contains(&store))
}
