//! Time, always from outside.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::{NodeId, Timestamp};

/// Tells the time, and never goes backwards.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch, at least as many as any earlier call returned
    /// that happened before this one.
    fn now_millis(&self) -> i64;

    /// Is ready once `millis` ms have passed. Dropping it calls the wait off.
    ///
    /// Needs no runtime: by default one thread of the process keeps all such waits in order of time.
    /// A clock whose time is not the system's says here when its own has passed.
    fn sleep(&self, millis: u64) -> Sleep {
        Box::pin(futures_timer::Delay::new(Duration::from_millis(millis)))
    }
}

/// What [`Clock::sleep`] returns.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The system's wall clock, held still while the system sets it back.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl SystemClock {
    /// A clock that has not told the time yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for SystemClock {
    fn now_millis(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "the one clock that reads the system's")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since_epoch.map_or(0, |span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        // Written once a millisecond, so the line stays shared between cores.
        let latest = self.latest.load(Ordering::Acquire);
        if now <= latest {
            return latest;
        }
        self.latest.fetch_max(now, Ordering::AcqRel).max(now)
    }
}

/// Issues [`Timestamp`]s that follow physical time and never repeat.
///
/// The send and receive rules of Kulkarni et al., "Logical Physical Clocks" (2014).
pub struct HybridClock {
    clock: Arc<dyn Clock>,
    node_id: NodeId,
    latest: Mutex<(u64, u32)>,
}

impl HybridClock {
    /// A clock for the node called `node_id`.
    pub fn new(clock: Arc<dyn Clock>, node_id: impl Into<NodeId>) -> Self {
        Self { clock, node_id: node_id.into(), latest: Mutex::new((0, 0)) }
    }

    /// The next stamp: greater than every stamp issued or observed before.
    #[must_use]
    pub fn stamp(&self) -> Timestamp {
        let (millis, counter) = self.advance((0, 0));
        Timestamp { millis, counter, node_id: self.node_id.clone() }
    }

    /// Takes notice of another node's stamp: later stamps of this clock are greater.
    pub fn observe(&self, seen: &Timestamp) {
        self.advance((seen.millis, seen.counter));
    }

    fn advance(&self, seen: (u64, u32)) -> (u64, u32) {
        let physical = u64::try_from(self.clock.now_millis()).unwrap_or(0);
        let mut latest = self.latest.lock();
        let (millis, counter) = (*latest).max(seen);
        *latest = if physical > millis {
            (physical, 0)
        } else {
            match counter.checked_add(1) {
                Some(counter) => (millis, counter),
                None => (millis.saturating_add(1), 0),
            }
        };
        *latest
    }
}

impl std::fmt::Debug for HybridClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HybridClock").field("node_id", &self.node_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(AtomicI64);

    impl Clock for Fixed {
        fn now_millis(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn stamps_grow_though_physical_time_stands_still() {
        let clock = HybridClock::new(Arc::new(Fixed(AtomicI64::new(5))), "n");
        let stamps: Vec<_> = (0..3).map(|_| clock.stamp()).collect();
        assert!(stamps.windows(2).all(|pair| pair[0] < pair[1]), "{stamps:?}");
    }

    #[test]
    fn a_stamp_follows_every_stamp_observed() {
        let clock = HybridClock::new(Arc::new(Fixed(AtomicI64::new(5))), "n");
        let ahead = Timestamp { millis: 900, counter: u32::MAX, node_id: "other".into() };
        clock.observe(&ahead);
        assert!(clock.stamp() > ahead);
    }

    #[test]
    fn the_system_clock_never_goes_backwards() {
        let clock = SystemClock::new();
        let future = clock.now_millis() + 1_000_000;
        clock.latest.store(future, Ordering::SeqCst);
        assert_eq!(clock.now_millis(), future);
    }
}
