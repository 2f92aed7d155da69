//! Whether a short history is one of an optional value, by trying every order.

/// What an operation did to the key, as its caller saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    /// Found this.
    Read(Option<i64>),
    /// Left this, and told what was there before if it tells.
    Write(Option<i64>, Option<Option<i64>>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) called: usize,
    pub(crate) returned: usize,
    pub(crate) effect: Effect,
    /// It may have happened, at any time since it was called, or not: it failed, or its caller gave up.
    pub(crate) unsure: bool,
}

impl Effect {
    /// The value after it, if it is possible with `value` before it.
    fn apply(self, value: Option<i64>) -> Option<Option<i64>> {
        match self {
            Self::Read(found) => (found == value).then_some(value),
            Self::Write(new, old) => old.is_none_or(|old| old == value).then_some(new),
        }
    }
}

/// Whether the operations can be put in an order that respects who returned before whom was called.
pub(crate) fn is_linearizable(value: Option<i64>, rest: &[Done]) -> bool {
    let sure = rest.iter().filter(|done| !done.unsure);
    let Some(first_return) = sure.map(|done| done.returned).min() else { return true };
    (0..rest.len()).filter(|&at| rest[at].called < first_return).any(|at| {
        let mut others = rest.to_vec();
        let next = others.remove(at);
        next.effect.apply(value).is_some_and(|value| is_linearizable(value, &others))
    })
}

#[cfg(test)]
mod tests {
    use super::{Done, Effect, is_linearizable};

    fn done(called: usize, returned: usize, effect: Effect) -> Done {
        Done { called, returned, effect, unsure: false }
    }

    #[test]
    fn a_stale_read_is_noticed() {
        let put = done(0, 1, Effect::Write(Some(1), Some(None)));
        assert!(is_linearizable(None, &[put, done(2, 3, Effect::Read(Some(1)))]));
        assert!(!is_linearizable(None, &[put, done(2, 3, Effect::Read(None))]));
        assert!(is_linearizable(None, &[done(0, 3, put.effect), done(1, 2, Effect::Read(None))]));
    }

    #[test]
    fn what_may_have_happened_happens_once_at_most() {
        let unsure = Done { unsure: true, ..done(0, 0, Effect::Write(Some(1), None)) };
        let read = |at, found| done(at, at + 1, Effect::Read(found));
        assert!(is_linearizable(None, &[unsure, read(5, None), read(7, Some(1))]));
        assert!(is_linearizable(None, &[unsure, read(5, None)]));
        assert!(!is_linearizable(None, &[unsure, read(5, Some(1)), read(7, None)]));
    }
}
