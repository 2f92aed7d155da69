//! Calls that a test lets go in an order of its own.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{Call, Gate};

/// The calls that wait since [`ScriptedDataStore::hold`](crate::ScriptedDataStore::hold), in the
/// order they came. Clones are the same calls.
#[derive(Debug, Clone, Default)]
pub struct HeldCalls {
    calls: Arc<Mutex<Vec<(Call, Gate)>>>,
    arrived: watch::Sender<usize>,
}

impl HeldCalls {
    pub(crate) fn take(&self, call: &Call) -> Gate {
        let gate = Gate::closed();
        self.calls.lock().push((call.clone(), gate.clone()));
        self.arrived.send_modify(|arrived| *arrived += 1);
        gate
    }

    /// Every call that came so far, let go or not.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().iter().map(|(call, _)| call.clone()).collect()
    }

    /// Waits until `count` calls in all have come.
    pub async fn arrived(&self, count: usize) {
        // The sender is part of this, so the wait cannot fail.
        drop(self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await);
    }

    /// Lets the call go that came as number `position`, from 0.
    ///
    /// # Panics
    /// If no such call came yet.
    pub fn release(&self, position: usize) {
        let calls = self.calls.lock();
        match calls.get(position) {
            Some((_, gate)) => gate.open(),
            None => panic!("call {position} cannot be let go: {} came so far", calls.len()),
        }
    }
}
