//! A clock that moves when told.

use std::sync::Arc;

use tokio::sync::watch;
use trilayer_core::{Clock, Sleep};

/// A clock that stands still until it is moved forward; those who sleep by it wait as long.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<i64>);

impl ManualClock {
    /// A clock that shows `now` (ms since the epoch).
    #[must_use]
    pub fn at(now: i64) -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(now)))
    }

    /// Moves it forward, and wakes those whose time has come.
    pub fn advance(&self, millis: u32) {
        self.0.send_modify(|now| *now = now.saturating_add(millis.into()));
    }
}

impl Clock for ManualClock {
    fn now_millis(&self) -> i64 {
        *self.0.borrow()
    }

    fn sleep(&self, millis: u64) -> Sleep {
        let until = self.now_millis().saturating_add_unsigned(millis);
        let mut seen = self.0.subscribe();
        Box::pin(async move {
            // The clock may be dropped first: then its time does not come.
            if seen.wait_for(|now| *now >= until).await.is_err() {
                std::future::pending().await
            }
        })
    }
}
