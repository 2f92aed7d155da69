//! Blocking work away from the executor, and panics as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tokio::runtime::Handle;

use crate::RedbError;

/// Runs `work` on a thread for blocking work if there is a tokio runtime, else right here.
/// A dropped future does not stop work that has begun.
pub(crate) async fn run<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, RedbError> + Send + 'static,
) -> Result<T, RedbError> {
    let Ok(runtime) = Handle::try_current() else { return work() };
    match runtime.spawn_blocking(work).await {
        Ok(done) => done,
        Err(failure) if failure.is_panic() => Err(panicked(path, failure.into_panic())),
        Err(_) => {
            let reason = "the tokio runtime is shutting down".to_owned();
            Err(RedbError::Closed { path: path.to_owned(), reason })
        }
    }
}

/// Does `work`, a panic of it being an error.
pub(crate) fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, RedbError>) -> Result<T, RedbError> {
    // Nothing of this crate is left half changed: what a panic interrupts is a redb
    // transaction, which redb gives up by itself.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(path, payload)))
}

#[expect(clippy::needless_pass_by_value, reason = "the payload ends here")]
fn panicked(path: &Path, payload: Box<dyn std::any::Any + Send>) -> RedbError {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    RedbError::Panicked { path: path.to_owned(), message: text.unwrap_or("no message").to_owned() }
}
