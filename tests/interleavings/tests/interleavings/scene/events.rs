//! What the observers were told must make sense as a whole.

use std::collections::BTreeMap;

use trilayer_core::RecordValue;
use trilayer_testkit::{Event, EventKind};

type Memory = BTreeMap<String, RecordValue>;

/// Replays events from empty memory; each must follow from those before it.
pub(super) fn replay(events: &[Event]) -> Memory {
    let mut memory = Memory::new();
    for event in events {
        assert!(
            follow(&mut memory, event),
            "{event:?} does not follow: memory is {memory:?}, after {events:?}"
        );
    }
    memory
}

/// Whether an event fits memory as the events before it left it.
fn follow(memory: &mut Memory, event: &Event) -> bool {
    let value = event.record.as_ref().map(|record| record.value.clone());
    match (event.kind, value) {
        (EventKind::Clear | EventKind::Reset | EventKind::Destroy, None) => {
            memory.clear();
            true
        }
        (EventKind::Put, Some(value)) => {
            // A value that was not in memory may be told as the old one, too.
            let before = memory.insert(event.key.clone(), value);
            before.is_none() || before == event.old
        }
        (EventKind::Update, Some(value)) => {
            let before = memory.insert(event.key.clone(), value);
            before.is_some() && before == event.old
        }
        (EventKind::Load, Some(value)) => memory.insert(event.key.clone(), value).is_none(),
        (EventKind::Remove, value) => {
            let before = memory.remove(&event.key);
            before.is_none() || before == value
        }
        (EventKind::Evict | EventKind::Expire, Some(value)) => memory.remove(&event.key) == Some(value),
        _ => false,
    }
}
