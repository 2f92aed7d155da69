//! The laws of observers, as the testkit has them.

use trilayer_observer_stats::StatsObserver;
use trilayer_testkit::laws::observer::ObserverFixture;
use trilayer_testkit::{EventKind, observer_laws};

fn stats() -> ObserverFixture<StatsObserver> {
    ObserverFixture::new(StatsObserver::new()).counting(|stats, kind| {
        let counts = stats.counts();
        Some(match kind {
            EventKind::Put => counts.put,
            EventKind::Update => counts.update,
            EventKind::Remove => counts.remove,
            EventKind::Evict => counts.evict,
            EventKind::Expire => counts.expire,
            EventKind::Load => counts.load,
            EventKind::ReplicationPut => counts.replication_put,
            EventKind::Clear => counts.clear,
            EventKind::Reset => counts.reset,
            EventKind::Destroy => counts.destroy,
        })
    })
}

observer_laws!(laws, stats, [counts]);
