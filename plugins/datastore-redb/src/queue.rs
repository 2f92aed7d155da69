//! Changes on their way to the writer thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use trilayer_core::RecordValue;

use crate::RedbError;

/// How much may wait, in bytes of keys and values. Whoever would exceed it awaits its turn.
const MAX_QUEUED_BYTES: u32 = 64 << 20;
/// What a change costs besides its key and value.
const OVERHEAD: u64 = 128;

/// One change of one map.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) map: String,
    pub(crate) change: Change,
}

#[derive(Debug)]
pub(crate) enum Change {
    Put {
        key: String,
        bytes: Vec<u8>,
    },
    /// A value without a deadline of its own; `bytes` are for when none is stored.
    PutKeepingDeadline {
        key: String,
        bytes: Vec<u8>,
        value: RecordValue,
    },
    Remove {
        keys: Vec<String>,
    },
}

impl Change {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Put { key, bytes } | Self::PutKeepingDeadline { key, bytes, .. } => key.len() + bytes.len(),
            Self::Remove { keys } => keys.iter().map(String::len).sum(),
        }
    }
}

pub(crate) type Outcome = Result<(), Arc<RedbError>>;

/// An operation in the queue, or, without one, a question whether all before it succeeded.
pub(crate) struct Queued {
    pub(crate) operation: Option<Operation>,
    pub(crate) done: oneshot::Sender<Outcome>,
    /// Gives the room back when the operation is answered.
    pub(crate) _room: OwnedSemaphorePermit,
}

/// The senders' end. The queue ends when this is dropped.
pub(crate) struct Queue {
    room: Arc<Semaphore>,
    pending: Arc<AtomicU64>,
    tail: Mutex<Tail>,
}

struct Tail {
    sender: mpsc::UnboundedSender<Queued>,
    last: u64,
}

/// The writer's end.
pub(crate) struct Receiver {
    receiver: mpsc::UnboundedReceiver<Queued>,
    pending: Arc<AtomicU64>,
}

pub(crate) fn queue() -> (Queue, Receiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let pending = Arc::new(AtomicU64::new(0));
    let queue = Queue {
        room: Arc::new(Semaphore::new(MAX_QUEUED_BYTES as usize)),
        pending: Arc::clone(&pending),
        tail: Mutex::new(Tail { sender, last: 0 }),
    };
    (queue, Receiver { receiver, pending })
}

impl Queue {
    /// Awaits room for `bytes`, first come, first served; what is larger than the queue waits
    /// until it is empty. `None` once the writer is gone.
    pub(crate) async fn room(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes.saturating_add(OVERHEAD)).unwrap_or(u32::MAX).min(MAX_QUEUED_BYTES);
        Arc::clone(&self.room).acquire_many_owned(bytes).await.ok()
    }

    /// Queues an operation, or a question; `None` once the writer is gone.
    pub(crate) fn push(
        &self,
        operation: Option<Operation>,
        room: OwnedSemaphorePermit,
    ) -> Option<oneshot::Receiver<Outcome>> {
        let (done, answer) = oneshot::channel();
        let counts = operation.is_some();
        let mut tail = self.tail.lock();
        if counts {
            self.pending.fetch_add(1, Ordering::Relaxed);
        }
        if tail.sender.send(Queued { operation, done, _room: room }).is_err() {
            return None;
        }
        tail.last += u64::from(counts);
        drop(tail);
        Some(answer)
    }

    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// The number of the operation queued last, counted from 1.
    pub(crate) fn last(&self) -> u64 {
        self.tail.lock().last
    }
}

impl Receiver {
    /// The next operations, at least one; `None` at the end.
    pub(crate) fn next(&mut self, max_operations: usize, max_bytes: usize) -> Option<Vec<Queued>> {
        let first = self.receiver.blocking_recv()?;
        let mut bytes = first.len();
        let mut batch = vec![first];
        while batch.len() < max_operations
            && bytes < max_bytes
            && let Ok(next) = self.receiver.try_recv()
        {
            bytes += next.len();
            batch.push(next);
        }
        Some(batch)
    }

    /// Answers an operation. Whoever no longer waits for it is not told.
    pub(crate) fn answer(&self, queued: Queued, outcome: Outcome) {
        if queued.operation.is_some() {
            self.pending.fetch_sub(1, Ordering::Relaxed);
        }
        drop(queued.done.send(outcome));
    }
}

impl Queued {
    fn len(&self) -> usize {
        self.operation.as_ref().map_or(0, |operation| operation.change.len())
    }
}
