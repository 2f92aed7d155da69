//! How long to wait for the data store, and what is said when it takes longer.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

use super::hold::Hold;
use super::inner::Inner;
use crate::observer::panic_text;
use crate::sync::{Mutex, Ordering};
use crate::{Clock, Sleep, StoreError};

/// The longest wait for one call of the data store, and for an operation of it.
pub(super) struct Patience {
    clock: Arc<dyn Clock>,
    /// In ms; 0 = without end.
    millis: AtomicU64,
    /// Calls of the data store that took longer.
    pub(super) timeouts: AtomicU64,
    /// What the data store said last that was no good, and when.
    last_error: Mutex<Option<(i64, String)>>,
}

impl Patience {
    pub(super) fn new(clock: Arc<dyn Clock>, millis: u64) -> Self {
        Self {
            clock,
            millis: AtomicU64::new(millis),
            timeouts: AtomicU64::new(0),
            last_error: Mutex::new(None),
        }
    }

    /// As patient as another, with what that one has counted.
    pub(super) fn after(other: &Self) -> Self {
        let timeouts = AtomicU64::new(other.timeouts.load(Ordering::Relaxed));
        let last_error = Mutex::new(other.last_error());
        Self { timeouts, last_error, ..Self::new(Arc::clone(&other.clock), other.millis()) }
    }

    pub(super) fn last_error(&self) -> Option<(i64, String)> {
        self.last_error.lock().clone()
    }

    fn note(&self, error: &impl std::fmt::Display) {
        *self.last_error.lock() = Some((self.clock.now_millis(), format!("{error:#}")));
    }

    fn millis(&self) -> u64 {
        self.millis.load(Ordering::Relaxed)
    }

    /// For waits that begin from now on.
    pub(super) fn set_millis(&self, millis: u64) {
        self.millis.store(millis, Ordering::Relaxed);
    }

    /// Waits for work; `None` if that takes too long. What is ready at once costs no timer.
    pub(super) async fn wait<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.wait_for(pin!(work)).await
    }

    /// As [`wait`](Self::wait), for work that may go on afterwards.
    async fn wait_for<T>(&self, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        let mut sleep: Option<Sleep> = None;
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.is_over(&mut sleep, context) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    fn is_over(&self, sleep: &mut Option<Sleep>, context: &mut Context<'_>) -> bool {
        let millis = self.millis();
        if millis == 0 && sleep.is_none() {
            return false;
        }
        let sleep = sleep.get_or_insert_with(|| self.clock.sleep(millis));
        sleep.as_mut().poll(context).is_ready()
    }
}

impl Inner {
    /// Awaits a call of the data store that changes nothing there: past the store's patience it is
    /// dropped. A panic in it becomes an error.
    pub(super) async fn ask<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        if let Some(outcome) = self.patience.wait(self.guard(operation, call)).await {
            return outcome;
        }
        let (map, partition, timeout_millis) = (&*self.name, self.partition_id, self.patience.millis());
        self.patience.timeouts.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(map, partition, operation, timeout_millis, "the data store did not answer in time");
        let overdue = self.overdue(operation, true);
        self.patience.note(&overdue);
        Err(overdue.into())
    }

    /// Awaits a call of the data store that changes something there. It may still happen however
    /// late it is, so it is never dropped: past the store's patience it keeps its keys and lets
    /// go of their stripe.
    pub(super) async fn tell<T>(
        self: &Arc<Self>,
        operation: &'static str,
        hold: &mut Hold,
        call: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let mut call = pin!(self.guard(operation, call));
        if let Some(outcome) = self.patience.wait_for(call.as_mut()).await {
            return outcome;
        }
        let begun = self.clock.now_millis();
        let (map, partition, timeout_millis) = (&*self.name, self.partition_id, self.patience.millis());
        let key = hold.first_key();
        self.patience.timeouts.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            map,
            partition,
            operation,
            key,
            timeout_millis,
            "the data store did not answer in time; the write goes on and keeps its key"
        );
        self.patience.note(&self.overdue(operation, true));
        hold.let_go_of_stripe(self);
        let outcome = call.await;
        let (late_millis, failed) = (self.clock.now_millis().saturating_sub(begun), outcome.is_err());
        let key = hold.first_key();
        tracing::warn!(map, partition, operation, key, late_millis, failed, "the data store answered late");
        outcome
    }

    /// Awaits a call of the data store; a panic in it becomes an error.
    async fn guard<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let mut call = pin!(call);
        let outcome = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
            polled.unwrap_or_else(|payload| Poll::Ready(Err(self.panicked(operation, &*payload).into())))
        })
        .await;
        outcome.inspect_err(|error| self.patience.note(error))
    }

    fn panicked(&self, operation: &'static str, payload: &(dyn std::any::Any + Send)) -> StoreError {
        let (map, message) = (self.name.to_string(), panic_text(payload).to_owned());
        let partition = self.partition_id;
        tracing::error!(map, partition, operation, message, "data store panicked");
        StoreError::DataStorePanicked { map, operation, message }
    }

    /// The error of an operation that ended without an outcome.
    pub(super) fn cut_off(&self, operation: &'static str) -> StoreError {
        StoreError::CutOff { map: self.name.to_string(), operation }
    }

    /// The error of an operation that waited too long.
    pub(super) fn overdue(&self, operation: &'static str, begun: bool) -> StoreError {
        StoreError::Overdue {
            map: self.name.to_string(),
            operation,
            timeout_millis: self.patience.millis(),
            begun,
        }
    }
}
