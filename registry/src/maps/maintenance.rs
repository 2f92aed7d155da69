//! Maintenance in the background.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::{Inner, Maps};

/// Longer ones than this (30 years) would overflow the runtime's clock.
const LONGEST: Duration = Duration::from_secs(30 * 365 * 86_400);

/// Maintenance running in the background; dropping it ends that.
///
/// It holds no maps: they are dropped when their last owner drops them.
#[derive(Debug)]
pub struct Maintenance {
    task: JoinHandle<()>,
}

impl Maintenance {
    pub(super) fn spawn(maps: Weak<Inner>, period: Duration) -> Self {
        let period = period.clamp(Duration::from_millis(1), LONGEST);
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { task: tokio::spawn(run(maps, ticks)) }
    }

    /// Whether it has ended because the maps were closed or dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(maps: Weak<Inner>, mut ticks: Interval) {
    loop {
        ticks.tick().await;
        let Some(inner) = maps.upgrade() else { return };
        let maps = Maps { inner };
        if maps.inner.closed.initialized() {
            return;
        }
        if maps.inner.ending.load(Ordering::Acquire) {
            // A close that fails lets the maps go on.
            continue;
        }
        if let Err(error) = maps.maintain().await {
            tracing::warn!(%error, "maintenance of the maps");
        }
    }
}
