//! Which stores' observers are running on this thread.

use std::cell::RefCell;

use crate::sync::thread_local;

thread_local! {
    #[cfg_attr(not(trilayer_shuttle), expect(clippy::missing_const_for_thread_local, reason = "the checker's thread_local has no const form"))]
    static RUNNING: RefCell<Vec<usize>> = RefCell::new(Vec::new());
}

/// Marks, as long as it lives, that observers of a store run on this thread.
pub(super) struct Observing;

impl Observing {
    pub(super) fn enter(store: usize) -> Self {
        RUNNING.with(|running| running.borrow_mut().push(store));
        Self
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        RUNNING.with(|running| running.borrow_mut().pop());
    }
}

/// Whether this code runs inside an observer of the store.
pub(super) fn is_observing(store: usize) -> bool {
    RUNNING.with(|running| running.borrow().contains(&store))
}
