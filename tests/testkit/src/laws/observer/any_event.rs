//! Laws of events one after another.

use super::events::{Happening, any_events};
use super::{MakeObserver, ObserverUnderTest};
use crate::EventKind;
use crate::laws::Law;
use crate::laws::law::{attempt, same};

/// Nothing that a store can tell is too strange: the empty key, long ones, times at the ends of time.
pub fn any_event_in_any_order_is_taken(make: &MakeObserver<'_>) {
    let law = Law {
        name: "any_event_in_any_order_is_taken",
        says: "It takes any event in any order, whatever the key and the record are, without a panic.",
        loss: "one strange record makes the observer miss events, and what it tells is wrong from then on",
    };
    law.for_all(64, &any_events(), |events| {
        let subject = make();
        attempt("an event", || events.iter().for_each(|event| event.tell(subject.observer.as_ref())))?;
        attempt("report", || drop(subject.observer.report()))
    });
}

/// A report is what happened, not what was asked.
pub fn reports_tell_the_same_twice(make: &MakeObserver<'_>) {
    let law = Law {
        name: "reports_tell_the_same_twice",
        says: "`report` may be asked for at any time, changes nothing, and tells the same twice",
        loss: "an operator who looks twice sees two truths",
    };
    let subject = make();
    for kind in EventKind::ALL {
        let [first, second] = [(); 2].map(|()| law.without_panic("report", || subject.observer.report()));
        law.same(&format!("the second report before {kind:?}"), second, first);
        Happening::of(kind, "k", (subject.values)(1)).tell(subject.observer.as_ref());
    }
    law.same("the last report", subject.observer.report(), subject.observer.report());
}

/// If an eviction shows in the report, so does an expiry.
pub fn expiries_are_heard_like_evictions(make: &MakeObserver<'_>) {
    let law = Law {
        name: "expiries_are_heard_like_evictions",
        says: "What hears of evictions hears of expiries.",
        loss: "expired records stay in the index for ever",
    };
    let after = |kinds: &[EventKind]| {
        let subject = make();
        kinds.iter().for_each(|kind| tell(&subject, *kind));
        subject.observer.report()
    };
    let put = after(&[EventKind::Put]);
    let evicted = after(&[EventKind::Put, EventKind::Evict]);
    let expired = after(&[EventKind::Put, EventKind::Expire]);
    law.holds(evicted == put || expired != put, || {
        format!("an eviction changes the report to {evicted:?}, an expiry leaves it at {expired:?}")
    });
}

fn tell(subject: &ObserverUnderTest, kind: EventKind) {
    Happening::of(kind, "k", (subject.values)(1)).tell(subject.observer.as_ref());
}

/// A shutdown may be told before the last changes of other partitions.
pub fn nothing_after_destroy_does_harm(make: &MakeObserver<'_>) {
    let law = Law {
        name: "nothing_after_destroy_does_harm",
        says: "After `on_destroy` further calls do no harm.",
        loss: "a map whose partitions end one after another fails at the second",
    };
    for is_shutdown in [true, false] {
        let subject = make();
        tell(&subject, EventKind::Put);
        subject.observer.on_destroy(is_shutdown);
        for kind in EventKind::ALL.iter().chain(&EventKind::ALL) {
            let told = attempt(&format!("{kind:?} after on_destroy"), || tell(&subject, *kind));
            law.judge(told);
        }
        law.judge(same("the report", &subject.observer.report(), &subject.observer.report()));
    }
}
