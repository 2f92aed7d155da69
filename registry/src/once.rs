//! Things made once, by constructors that may fail.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A place for one shared thing, made by the first caller that succeeds.
///
/// Racing callers wait for the constructor that runs; after it reading takes no lock. A
/// failure is not kept: the next caller tries again.
#[derive(Debug)]
pub(crate) struct OnceSlot<T> {
    made: OnceLock<Arc<T>>,
    making: Mutex<()>,
}

impl<T> OnceSlot<T> {
    /// Of what was made already.
    pub(crate) fn of(made: Arc<T>) -> Self {
        Self { made: OnceLock::from(made), making: Mutex::new(()) }
    }

    /// What was made, if it was.
    pub(crate) fn get(&self) -> Option<&Arc<T>> {
        self.made.get()
    }

    /// What was made, or is now. `make` runs under this slot's own lock, which nothing it
    /// is given can reach.
    pub(crate) fn get_or_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(made) = self.made.get() {
            return Ok(Arc::clone(made));
        }
        let _making = lock(&self.making);
        if let Some(made) = self.made.get() {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(make()?);
        Ok(Arc::clone(self.made.get_or_init(|| made)))
    }

    /// What was made, once a constructor that runs has ended.
    pub(crate) fn settled(&self) -> Option<Arc<T>> {
        let _making = lock(&self.making);
        self.made.get().cloned()
    }
}

impl<T> Default for OnceSlot<T> {
    fn default() -> Self {
        Self { made: OnceLock::new(), making: Mutex::new(()) }
    }
}

/// Locks though a panic happened under the lock: what it guards here is whole at all times.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_not_kept_and_a_panic_does_not_lock_others_out() {
        let slot = OnceSlot::default();
        assert_eq!(slot.get_or_make(|| Err("no")), Err("no"));
        let panicked = std::thread::scope(|scope| {
            scope.spawn(|| slot.get_or_make(|| -> Result<u8, ()> { panic!("constructor") })).join()
        });
        assert!(panicked.is_err());
        assert_eq!(slot.get_or_make(|| Ok::<_, ()>(1)), Ok(Arc::new(1)));
        assert_eq!(slot.get_or_make(|| Ok::<_, ()>(2)), Ok(Arc::new(1)));
    }
}
