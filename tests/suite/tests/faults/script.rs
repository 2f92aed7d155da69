//! The faults, and where they strike.

use std::sync::Arc;

use parking_lot::Mutex;
use trilayer_suite::rig::Rig;
use trilayer_testkit::{Call, Gate, Plan};

/// Every call a data store can be asked.
pub(crate) const KINDS: [&str; 11] = [
    "add",
    "add_backup",
    "remove",
    "remove_backup",
    "load",
    "load_all",
    "remove_all",
    "flush_key",
    "soft_flush",
    "hard_flush",
    "scan",
];

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    ErrorBefore,
    ErrorAfter,
    Panic,
    /// The call never answers, and its caller leaves.
    Hang,
    /// The call succeeds once its caller has left.
    Late,
    /// The call takes longer than the store waits, then succeeds.
    Overdue,
    /// The call takes longer than the store waits, then fails.
    OverdueFails,
    /// The connection is lost: whether the call happened nobody knows, and the next ones fail.
    Disconnect,
}

impl Fault {
    /// Whether the store's patience ends it.
    pub(crate) fn is_overdue(self) -> bool {
        matches!(self, Self::Overdue | Self::OverdueFails)
    }

    /// Whether calls may have happened though their callers were told that they failed.
    pub(crate) fn may_have_happened(self) -> bool {
        matches!(self, Self::ErrorAfter | Self::Disconnect)
    }
}

/// Calls of any kind that fail until the connection is back.
const DOWN_FOR: usize = 3;

/// Lets faults strike, and remembers what they struck.
pub(crate) struct Striker {
    /// The calls struck since they were last asked for.
    struck: Mutex<Vec<Call>>,
    seen: Mutex<usize>,
    /// Calls that will fail because the connection is lost.
    down: Mutex<usize>,
    /// Where late calls wait.
    gate: Mutex<Gate>,
}

impl Striker {
    /// Strikes the `nth` call of a kind, and all after it if `for_ever`.
    pub(crate) fn at(rig: &Rig, kind: &'static str, fault: Fault, nth: usize, for_ever: bool) -> Arc<Self> {
        let gate = Mutex::new(Gate::closed());
        let (struck, seen, down) = Default::default();
        let striker = Arc::new(Self { struck, seen, down, gate });
        let inside = Arc::clone(&striker);
        rig.data.script(move |call| {
            if inside.is_down() {
                inside.struck.lock().push(call.clone());
                return Plan::Fail("struck before");
            }
            if call.operation != kind {
                return Plan::Work;
            }
            let mut seen = inside.seen.lock();
            *seen += 1;
            if *seen == nth || (for_ever && *seen > nth) {
                inside.struck.lock().push(call.clone());
                inside.plan(fault, *seen)
            } else {
                Plan::Work
            }
        });
        striker
    }

    fn plan(&self, fault: Fault, seen: usize) -> Plan {
        let gate = self.gate.lock().clone();
        match fault {
            Fault::ErrorBefore => Plan::Fail("struck before"),
            Fault::ErrorAfter => Plan::WorkThenFail("struck after"),
            Fault::Panic => Plan::Panic,
            Fault::Hang => Plan::Hang,
            Fault::Late if seen.is_multiple_of(2) => Plan::WorkAfter(gate),
            Fault::Late => Plan::WorkThenWait(gate),
            Fault::Overdue => Plan::WorkAfter(gate),
            Fault::OverdueFails => Plan::FailAfter(gate, "struck late"),
            Fault::Disconnect => {
                *self.down.lock() = DOWN_FOR;
                if seen.is_multiple_of(2) {
                    Plan::Fail("struck before")
                } else {
                    Plan::WorkThenFail("struck after")
                }
            }
        }
    }

    fn is_down(&self) -> bool {
        let mut down = self.down.lock();
        let is_down = *down > 0;
        *down = down.saturating_sub(1);
        is_down
    }

    /// The calls struck since the last time.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.struck.lock())
    }

    /// Lets the calls that wait go on; later ones wait at a new gate.
    pub(crate) fn let_go(&self) {
        std::mem::replace(&mut *self.gate.lock(), Gate::closed()).open();
    }
}
