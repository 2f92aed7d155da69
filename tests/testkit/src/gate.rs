//! A place where calls wait until they are let through.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

/// A place where calls wait until a test lets them through. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate {
    passes: Arc<Semaphore>,
    arrived: watch::Sender<usize>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self { passes: Arc::new(Semaphore::new(0)), arrived: watch::Sender::new(0) }
    }

    /// A gate that opens by itself, once the runtime has run something else: a call that is
    /// not ready at once.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn opening() -> Self {
        let gate = Self::closed();
        let opener = gate.clone();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            opener.open();
        });
        gate
    }

    /// Waits to be let through.
    pub async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        if let Ok(pass) = self.passes.acquire().await {
            pass.forget();
        }
    }

    /// Waits until `count` calls in all have come to the gate.
    pub async fn arrived(&self, count: usize) {
        // The sender is part of the gate, so the wait cannot fail.
        drop(self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await);
    }

    /// How many calls have come to the gate.
    #[must_use]
    pub fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Lets one call through.
    pub fn admit_one(&self) {
        self.passes.add_permits(1);
    }

    /// Lets everyone through from now on.
    pub fn open(&self) {
        self.passes.close();
    }
}
