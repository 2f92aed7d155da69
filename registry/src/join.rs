//! Several futures in one task.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use crate::once::lock;

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

/// As [`join_all`], at most `at_once` at a time.
pub(crate) async fn join_some<F: Future>(
    futures: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    let queue: Mutex<VecDeque<(usize, F)>> = Mutex::new(futures.into_iter().enumerate().collect());
    let workers = (0..at_once.max(1)).map(|_| async {
        let mut done = Vec::new();
        loop {
            let next = lock(&queue).pop_front();
            let Some((place, future)) = next else { return done };
            done.push((place, future.await));
        }
    });
    let mut done: Vec<_> = join_all(workers).await.into_iter().flatten().collect();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
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
