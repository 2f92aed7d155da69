//! Several futures in one task.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs all futures side by side; returns their outputs in the order given.
///
/// Spawns nothing: dropping the result drops them all.
pub(crate) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Running<F>> =
        futures.into_iter().map(|future| Running::Yes(Box::pin(future))).collect();
    poll_fn(|context| {
        let left = running.iter_mut().filter_map(|one| one.poll(context).is_pending().then_some(())).count();
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(Running::output).collect()
}

enum Running<F: Future> {
    Yes(Pin<Box<F>>),
    No(F::Output),
}

impl<F: Future> Running<F> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Self::Yes(future) = self {
            match future.as_mut().poll(context) {
                Poll::Ready(output) => *self = Self::No(output),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }

    fn output(self) -> Option<F::Output> {
        match self {
            Self::Yes(_) => None,
            Self::No(output) => Some(output),
        }
    }
}
