//! Operations that either never start or run to their end, whatever becomes of the caller.
//!
//! An operation is polled once where it is called: with a data store that answers at once it
//! ends there, without a task. Otherwise the unfinished rest becomes a task of its own, so
//! that a caller who stops polling neither leaves the operation half done nor keeps a
//! stripe's lock while nobody polls. A caller who drops it while it still queues for the
//! lock calls it off.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use tracing::Instrument;

use crate::StoreError;
use crate::observer::panic_text;
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

    fn call_off(&self) -> bool {
        self.settle(CALLED_OFF)
    }

    fn settle(&self, outcome: u8) -> bool {
        self.0.compare_exchange(QUEUED, outcome, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

type Operation<T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send>>;

/// Names an operation in errors.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) map: Arc<str>,
    pub(super) operation: &'static str,
}

impl Called {
    /// The error of an operation that ended without an outcome.
    pub(super) fn cut_off(&self) -> StoreError {
        StoreError::CutOff { map: self.map.to_string(), operation: self.operation }
    }

    /// Awaits a call of the data store; a panic in it becomes an error.
    pub(super) async fn guard<T>(&self, call: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let mut call = pin!(call);
        poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
            polled.unwrap_or_else(|payload| Poll::Ready(Err(self.panicked(&*payload).into())))
        })
        .await
    }

    fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> StoreError {
        let message = panic_text(payload).to_owned();
        tracing::error!(map = &*self.map, operation = self.operation, message, "data store panicked");
        StoreError::DataStorePanicked { map: self.map.to_string(), operation: self.operation, message }
    }
}

/// Runs an operation to its end, unless it is dropped before its ticket is started.
pub(super) async fn run_to_end<T: Send + 'static>(
    called: Called,
    ticket: Arc<Ticket>,
    operation: impl Future<Output = anyhow::Result<T>> + Send + 'static,
) -> anyhow::Result<T> {
    let mut operation: Operation<T> = Box::pin(operation);
    let polled = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await;
    match polled {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => hand_over(called, ticket, operation).await,
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

async fn hand_over<T: Send + 'static>(
    called: Called,
    ticket: Arc<Ticket>,
    operation: Operation<T>,
) -> anyhow::Result<T> {
    let (answer, outcome) = oneshot::channel();
    let rest = async move {
        // The caller may be gone; the outcome is then nobody's.
        drop(answer.send(operation.await));
    };
    let _caller = Caller { task: spawn(rest.in_current_span())?, ticket };
    outcome.await.unwrap_or_else(|_| Err(called.cut_off().into()))
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
