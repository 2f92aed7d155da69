//! Laws of events from many threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use super::events::Happening;
use super::{MakeObserver, ObserverUnderTest};
use crate::EventKind;
use crate::laws::Law;

/// What happens to a key between an insert and its end.
const LIFE: [EventKind; 7] = [
    EventKind::Put,
    EventKind::Update,
    EventKind::Evict,
    EventKind::Load,
    EventKind::Expire,
    EventKind::ReplicationPut,
    EventKind::Remove,
];

const THREADS: u32 = 4;

/// Tells of the lives of `lives` keys that are this thread's own.
pub(super) fn live(subject: &ObserverUnderTest, thread: u32, lives: u32) {
    for number in 0..lives {
        let key = format!("{thread}/{}", number % 10);
        for kind in LIFE {
            Happening::of(kind, &key, (subject.values)(number)).tell(subject.observer.as_ref());
        }
    }
}

/// Runs `work` in several threads at once, each with its number.
pub(super) fn in_threads(law: Law, what: &str, work: impl Fn(u32) + Send + Sync + 'static) {
    law.ends(what, move || {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|number| {
                    scope.spawn({
                        let work = &work;
                        move || work(number)
                    })
                })
                .collect();
            for thread in threads {
                if let Err(panic) = thread.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
    });
}

/// Keys are locked each for itself, so their events come at the same time.
pub fn events_are_taken_from_many_threads(make: &MakeObserver<'_>) {
    let law = Law {
        name: "events_are_taken_from_many_threads",
        says: "It takes events of different keys from several threads at once",
        loss: "under load events are lost in panics, and what the observer tells is wrong",
    };
    let subject = make();
    let told = subject.clone();
    in_threads(law, "events of different keys at once", move |thread| live(&told, thread, 300));
    law.same("the report", subject.observer.report(), subject.observer.report());
}

/// An operator looks when the store is busiest.
pub fn reports_are_told_while_events_come(make: &MakeObserver<'_>) {
    let law = Law {
        name: "reports_are_told_while_events_come",
        says: "tells its report meanwhile",
        loss: "looking at a busy store stops it",
    };
    let (subject, looking) = (make(), Arc::new(AtomicBool::new(true)));
    in_threads(law, "events and reports at once", move |thread| {
        if thread == 0 {
            (0..300).for_each(|_| drop(subject.observer.report()));
            looking.store(false, Ordering::SeqCst);
        }
        while looking.load(Ordering::SeqCst) {
            live(&subject, thread, 10);
        }
    });
}

/// A thread tells an event and then does something else for long: others must not notice.
pub fn no_event_waits_for_another(make: &MakeObserver<'_>) {
    let law = Law {
        name: "no_event_waits_for_another",
        says: "No event waits for another: nothing is held from one call to the next",
        loss: "one caller who is slow, or gone, stops every other",
    };
    for kind in EventKind::ALL {
        let (subject, (release, held)) = (make(), mpsc::channel::<()>());
        let first = subject.clone();
        let (told, heard) = mpsc::channel();
        let idle = thread::spawn(move || {
            Happening::of(kind, "0/1", (first.values)(1)).tell(first.observer.as_ref());
            told.send(()).is_ok() && held.recv().is_ok()
        });
        law.holds(heard.recv().is_ok(), || format!("{kind:?} panicked"));
        law.ends(&format!("an event after {kind:?} in another thread"), move || {
            live(&subject, 0, 3);
            subject.observer.report()
        });
        drop(release);
        drop(idle.join());
    }
}

/// Nobody has to take from the observer what it was told.
pub fn no_number_of_events_blocks(make: &MakeObserver<'_>) {
    let law = Law {
        name: "no_number_of_events_blocks",
        says: "no number of events without somebody who listens makes one block",
        loss: "a store stops when its observer's queue is full",
    };
    let subject = make();
    law.ends("70000 events without a listener", move || live(&subject, 0, 10_000));
}
