//! What disturbs the operations of a history, drawn from its seed.

use trilayer_core::{ExpiryPolicy, StorageConfig};
use trilayer_testkit::{Gate, Plan};

use crate::model::Limits;

/// Which deadlines values have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deadlines {
    None,
    Ttl,
    Idle,
    Both,
}

/// What disturbs the operations. Shares are in percent.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// Clients on threads; else in turns on one.
    pub(crate) racing: bool,
    pub(crate) clients: u32,
    pub(crate) keys: usize,
    /// Operations of each client.
    pub(crate) rounds: usize,
    pub(crate) deadlines: Deadlines,
    pub(crate) config: StorageConfig,
    pub(crate) stripes: usize,
    /// Operations dropped or aborted before they end.
    pub(crate) left: u8,
    /// Writes that are not persisted.
    pub(crate) dirty: u8,
    /// Operations followed by an eviction, a flush, a tick of the clock.
    pub(crate) evicting: u8,
    pub(crate) flushing: u8,
    pub(crate) ticking: u8,
    pub(crate) faults: Faults,
}

/// What becomes of calls of the data store. Shares are in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) slow: u8,
    pub(crate) failing_before: u8,
    pub(crate) failing_after: u8,
}

impl Weather {
    /// The weather of a seed, over a data store that has these traits.
    pub(crate) fn of(random: &mut fastrand::Rng, is_null: bool) -> Self {
        let deadlines = match random.u8(..4) {
            0 => Deadlines::None,
            1 => Deadlines::Ttl,
            2 => Deadlines::Idle,
            _ => Deadlines::Both,
        };
        let config = config(random, deadlines);
        let faults = Faults {
            slow: often(random, 2, 40),
            failing_before: often(random, 3, 6),
            failing_after: often(random, 3, 6),
        };
        let mut weather = Self {
            racing: is_null || random.bool(),
            clients: random.u32(3..=6),
            keys: random.usize(1..=3),
            rounds: 100,
            deadlines,
            stripes: if random.bool() { 1 } else { 64 },
            left: often(random, 3, 6),
            dirty: often(random, 2, 50),
            evicting: often(random, 2, 30),
            flushing: often(random, 2, 10),
            ticking: often(random, 1, 30),
            config,
            faults,
        };
        // Clients in turns meet only while the data store keeps one waiting.
        if !weather.racing {
            weather.faults.slow = weather.faults.slow.max(20);
        }
        // Each operation of unknown outcome may have happened at any later time.
        if weather.left > 0 || weather.faults.failing_before > 0 || weather.faults.failing_after > 0 {
            weather.rounds = 40;
        }
        weather
    }

    pub(crate) fn policy(&self, random: &mut fastrand::Rng) -> ExpiryPolicy {
        let millis = random.u64(1..=12);
        match (self.deadlines, random.u8(..8)) {
            (Deadlines::None, _) | (_, 0..2) => ExpiryPolicy::NONE,
            (_, 2) => ExpiryPolicy::NEVER,
            (Deadlines::Ttl, _) => ExpiryPolicy::ttl(millis),
            (Deadlines::Idle, _) => ExpiryPolicy::max_idle(millis),
            (Deadlines::Both, _) => ExpiryPolicy { ttl_millis: random.u64(1..=20), max_idle_millis: millis },
        }
    }

    /// What a policy comes to in this store.
    pub(crate) fn limits(&self, policy: ExpiryPolicy) -> Limits {
        let defaults = ExpiryPolicy {
            ttl_millis: self.config.default_ttl_millis,
            max_idle_millis: self.config.default_max_idle_millis,
        };
        let policy = if policy == ExpiryPolicy::NONE { defaults } else { policy };
        let limit = |millis: u64| match millis {
            0 | u64::MAX => None,
            millis => i64::try_from(millis).ok(),
        };
        Limits { ttl: limit(policy.ttl_millis), idle: limit(policy.max_idle_millis) }
    }
}

fn config(random: &mut fastrand::Rng, deadlines: Deadlines) -> StorageConfig {
    let mut default = |applies: bool| if applies && random.u8(..3) == 0 { random.u64(3..=15) } else { 0 };
    let default_ttl_millis = default(matches!(deadlines, Deadlines::Ttl | Deadlines::Both));
    let default_max_idle_millis = default(matches!(deadlines, Deadlines::Idle | Deadlines::Both));
    let max_entry_count = if random.u8(..3) == 0 { random.u64(1..=2) } else { 0 };
    StorageConfig { default_ttl_millis, default_max_idle_millis, max_entry_count }
}

/// A share of 1 to `most` percent, in one of `odds` histories; else none.
fn often(random: &mut fastrand::Rng, odds: u8, most: u8) -> u8 {
    if random.u8(..odds) == 0 { random.u8(1..=most) } else { 0 }
}

impl Faults {
    /// What becomes of a call.
    pub(crate) fn plan(self, random: &mut fastrand::Rng) -> Plan {
        let slow = random.u8(..100) < self.slow;
        let mut draw = random.u8(..100);
        let mut falls = |share: u8| {
            let falls = draw < share;
            draw = draw.saturating_sub(share);
            falls
        };
        match (falls(self.failing_before), falls(self.failing_after)) {
            (true, _) if slow => Plan::FailAfter(Gate::opening(), "before it happened"),
            (true, _) => Plan::Fail("before it happened"),
            (_, true) => Plan::WorkThenFail("after it happened"),
            _ if slow && random.bool() => Plan::WorkThenWait(Gate::opening()),
            _ if slow => Plan::WorkAfter(Gate::opening()),
            _ => Plan::Work,
        }
    }
}
