//! Laws of observers that count.

use std::collections::BTreeMap;

use super::events::Happening;
use super::store::{World, steps};
use super::threads::{in_threads, live};
use super::{MakeObserver, ObserverUnderTest};
use crate::EventKind;
use crate::laws::Law;
use crate::laws::law::{Verdict, same};

const LOSS: &str = "rates and alarms that are made of the counts are wrong";

type Counts = BTreeMap<EventKind, u64>;

/// Compares what is counted with what was told. Kinds that are not counted may be counted as none;
/// expiries, as evictions.
fn counted(law: Law, subject: &ObserverUnderTest, mut told: Counts) -> Verdict {
    let count = subject.count(law);
    if count(EventKind::Expire).is_none() {
        let expired = told.remove(&EventKind::Expire).unwrap_or(0);
        *told.entry(EventKind::Evict).or_default() += expired;
    }
    let mut none = true;
    for kind in EventKind::ALL {
        let Some(found) = count(kind) else { continue };
        none = false;
        same(&format!("the count of {kind:?}"), &found, &told.get(&kind).copied().unwrap_or(0))?;
    }
    if none { Err("no kind of event is counted".to_owned()) } else { Ok(()) }
}

/// As itself, and as nothing else.
pub fn each_event_is_counted_once(make: &MakeObserver<'_>) {
    let law = Law {
        name: "each_event_is_counted_once",
        says: "one that counts counts each event once",
        loss: LOSS,
    };
    let (subject, mut told) = (make(), Counts::new());
    for (times, kind) in (1_u64..).zip(EventKind::ALL) {
        for number in 0..times {
            let key = format!("k{number}");
            Happening::of(kind, &key, (subject.values)(1)).tell(subject.observer.as_ref());
        }
        told.insert(kind, times);
        law.judge(counted(law, &subject, told.clone()));
    }
}

/// What a real store tells is counted, whatever is done to it.
pub fn events_of_a_store_are_counted(make: &MakeObserver<'_>) {
    let law = Law {
        name: "events_of_a_store_are_counted",
        says: "one that counts counts each event once",
        loss: LOSS,
    };
    law.for_all(24, &steps(), |steps| {
        let subject = make();
        let world = World::over(&subject, steps.bound);
        steps.taken_in(&world);
        let kinds = EventKind::ALL.map(|kind| (kind, world.recorder.count(kind) as u64));
        counted(law, &subject, kinds.into_iter().collect())
    });
}

/// No count is lost when threads count at once.
pub fn concurrent_counts_are_exact_at_rest(make: &MakeObserver<'_>) {
    let law = Law {
        name: "concurrent_counts_are_exact_at_rest",
        says: "counts each event once, whatever the number of threads",
        loss: LOSS,
    };
    let subject = make();
    let told = subject.clone();
    in_threads(law, "events at once", move |thread| live(&told, thread, 500));
    let kinds = [
        EventKind::Put,
        EventKind::Update,
        EventKind::Evict,
        EventKind::Load,
        EventKind::Expire,
        EventKind::ReplicationPut,
        EventKind::Remove,
    ];
    law.judge(counted(law, &subject, kinds.map(|kind| (kind, 4 * 500)).into_iter().collect()));
}
