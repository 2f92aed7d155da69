//! Operations that either never start or run to their end, whatever becomes of the caller.
//!
//! An operation is polled once where it is called: with a data store that answers at once it
//! ends there, without a task. Otherwise the unfinished rest becomes a task of its own, so
//! that a caller who stops polling neither leaves the operation half done nor keeps a
//! stripe's lock while nobody polls. A caller who drops it while it still queues for the
//! lock calls it off.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tracing::Instrument;

use super::inner::Inner;
use crate::sync::{AtomicU8, Handle, JoinHandle, Ordering, oneshot};

const QUEUED: u8 = 0;
const STARTED: u8 = 1;
const CALLED_OFF: u8 = 2;

/// Decides between an operation that starts and a caller who calls it off: one of them wins.
#[derive(Debug)]
pub(super) struct Ticket(AtomicU8);

impl Default for Ticket {
    fn default() -> Self {
        Self(AtomicU8::new(QUEUED))
    }
}

impl Ticket {
    /// From here on the operation runs to its end. False if it was called off.
    pub(super) fn start(&self) -> bool {
        self.settle(STARTED)
    }

    /// A ticket of what has begun already.
    pub(super) fn started() -> Arc<Self> {
        Arc::new(Self(AtomicU8::new(STARTED)))
    }

    fn is_started(&self) -> bool {
        self.0.load(Ordering::Acquire) == STARTED
    }

    fn call_off(&self) -> bool {
        self.settle(CALLED_OFF)
    }

    fn settle(&self, outcome: u8) -> bool {
        self.0.compare_exchange(QUEUED, outcome, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

type Operation<T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send>>;

impl Inner {
    /// As [`run_to_end`](Self::run_to_end), for a caller who waits no longer than the store has
    /// patience. Past that the operation is called off if it has not begun, and else goes on.
    pub(super) async fn run_in_time<T: Send + 'static>(
        &self,
        name: &'static str,
        ticket: Arc<Ticket>,
        operation: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        let begun = Arc::clone(&ticket);
        match self.patience.wait(self.run_to_end(name, ticket, operation)).await {
            Some(outcome) => outcome,
            None => Err(self.overdue(name, begun.is_started()).into()),
        }
    }

    /// Runs an operation to its end, unless it is dropped before its ticket is started.
    pub(super) async fn run_to_end<T: Send + 'static>(
        &self,
        name: &'static str,
        ticket: Arc<Ticket>,
        operation: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        let mut operation: Operation<T> = Box::pin(operation);
        let polled = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await;
        match polled {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => self.hand_over(name, ticket, operation).await,
        }
    }

    async fn hand_over<T: Send + 'static>(
        &self,
        name: &'static str,
        ticket: Arc<Ticket>,
        operation: Operation<T>,
    ) -> anyhow::Result<T> {
        let (answer, outcome) = oneshot::channel();
        let rest = async move {
            // The caller may be gone; the outcome is then nobody's.
            drop(answer.send(operation.await));
        };
        let _caller = Caller { task: spawn(rest.in_current_span())?, ticket };
        outcome.await.unwrap_or_else(|_| Err(self.cut_off(name).into()))
    }
}

/// Starts an operation that runs to its end whatever becomes of the caller: polls it once, and lets
/// a task have the rest. Never waits.
pub(super) async fn start(operation: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let mut operation = Box::pin(operation);
    let polled = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await;
    if polled.is_pending() {
        drop(spawn(operation.in_current_span())?);
    }
    Ok(())
}

/// Stands for a caller who still wants the outcome.
struct Caller {
    task: JoinHandle<()>,
    ticket: Arc<Ticket>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.ticket.call_off() {
            self.task.abort();
        }
    }
}

/// On the caller's runtime; for callers without one, on one that they share.
fn spawn(rest: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<JoinHandle<()>> {
    let runtime = match Handle::try_current() {
        Ok(runtime) => runtime,
        Err(_) => shared_runtime()?,
    };
    Ok(runtime.spawn(rest))
}

/// A thread that polls what callers without a runtime leave unfinished; started by the first.
#[cfg(not(trilayer_shuttle))]
fn shared_runtime() -> anyhow::Result<Handle> {
    static SHARED: parking_lot::Mutex<Option<Handle>> = parking_lot::Mutex::new(None);
    let mut shared = SHARED.lock();
    if let Some(runtime) = &*shared {
        return Ok(runtime.clone());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let handle = runtime.handle().clone();
    let drive = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("trilayer-rest".to_owned()).spawn(drive)?;
    Ok(shared.insert(handle).clone())
}

/// Under the checker every caller has a runtime.
#[cfg(trilayer_shuttle)]
fn shared_runtime() -> anyhow::Result<Handle> {
    anyhow::bail!("no runtime")
}
