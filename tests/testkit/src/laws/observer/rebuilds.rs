//! Laws of observers that mirror memory.

use std::sync::Arc;

use trilayer_core::{CallerProvenance, RecordStore};

use super::events::Happening;
use super::store::{Step, World, steps};
use super::threads::in_threads;
use super::{MakeObserver, Memory};
use crate::EventKind;
use crate::laws::Law;

const SAYS: &str = "One that mirrors memory is equal to it after any events of a store";
const LOSS: &str = "a query by the index or the replica finds what is gone, or misses what is there";

/// Puts, updates, removals, evictions, expiries, loads, backups, clears, resets, in any order.
pub fn any_events_of_a_store_rebuild_memory(make: &MakeObserver<'_>) {
    let law = Law { name: "any_events_of_a_store_rebuild_memory", says: SAYS, loss: LOSS };
    let subject = make();
    let some: Memory =
        (0..6).map(|key| (super::store::name(key), (subject.values)(u32::from(key) + 1))).collect();
    subject.must_tell_apart(law, &some);
    law.for_all(64, &steps(), |steps| {
        let subject = make();
        let world = World::over(&subject, steps.bound);
        steps.each().try_for_each(|step| {
            world.take(step);
            subject.mirror(law)(&world.memory()).0.map_err(|found| format!("after {step:?} {found}"))
        })
    });
}

/// Threads that change different keys at once.
pub fn concurrent_events_rebuild_memory(make: &MakeObserver<'_>) {
    let law = Law { name: "concurrent_events_rebuild_memory", says: SAYS, loss: LOSS };
    for bound in [0, 8] {
        let subject = make();
        let world = Arc::new(World::over(&subject, bound));
        let shared = Arc::clone(&world);
        in_threads(law, "changes at once", move |thread| {
            for number in 0..300_u32 {
                // A step of a key of this thread, or of all threads.
                let key = u8::try_from((number / 3 % 4 * 4 + thread) % 251).unwrap_or(0);
                shared.take(Step::Put(key, number, CallerProvenance::Client));
                match number % 3 {
                    0 => shared.take(Step::Evict(key)),
                    1 => shared.take(Step::Get(key)),
                    _ => shared.take(Step::Remove((key + 1) % 16, CallerProvenance::Client)),
                }
            }
        });
        law.judge(subject.mirror(law)(&world.memory()).0);
    }
}

/// A grid that applies replication streams itself tells of them by `on_replication_put`.
pub fn replicated_puts_rebuild_memory(make: &MakeObserver<'_>) {
    let law = Law {
        name: "replicated_puts_rebuild_memory",
        says: "A replication stream wrote a key. [...] replaying events rebuilds the map",
        loss: LOSS,
    };
    let (subject, mut memory) = (make(), Memory::new());
    for number in 1..20 {
        let (key, value) = (format!("k{}", number % 7), (subject.values)(number));
        let mut event = Happening::of(EventKind::ReplicationPut, &key, value.clone());
        event.flag = true;
        event.tell(subject.observer.as_ref());
        memory.insert(key, value);
        law.judge(subject.mirror(law)(&memory).0);
    }
    subject.must_tell_apart(law, &memory);
}

/// Clear, reset and destroy each leave nothing.
pub fn the_end_of_a_store_leaves_nothing(make: &MakeObserver<'_>) {
    let law = Law {
        name: "the_end_of_a_store_leaves_nothing",
        says: "Everything left memory. [...] The store came to its end.",
        loss: "an index of a map that is gone answers queries",
    };
    let clear = |world: &World| {
        world.store.clear(false);
    };
    let ends: [fn(&World); 3] = [clear, |world| world.store.reset(), |world| world.store.destroy()];
    for end in ends {
        let subject = make();
        let world = World::over(&subject, 0);
        for key in 0..6 {
            world.take(Step::Put(key, u32::from(key) + 1, CallerProvenance::Client));
        }
        subject.must_tell_apart(law, &world.memory());
        law.judge(subject.mirror(law)(&world.memory()).0);
        end(&world);
        law.judge(subject.mirror(law)(&Memory::new()).0);
    }
}
