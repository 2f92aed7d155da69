//! An observer under test, with how to look into it.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

use trilayer_core::{MutationObserver, RecordValue};

use super::MakeObserver;
use crate::laws::Form;
use crate::laws::law::{Law, Verdict, same};
use crate::{EventKind, lww};

/// What is in memory, by key.
pub type Memory = BTreeMap<String, RecordValue>;

/// Whether the observer is what memory makes it; and that, as text.
type Mirror = Arc<dyn Fn(&Memory) -> (Verdict, String) + Send + Sync>;
type Count = Arc<dyn Fn(EventKind) -> Option<u64> + Send + Sync>;
type Values = Arc<dyn Fn(u32) -> RecordValue + Send + Sync>;

/// An observer under test, with how to look into it.
pub struct ObserverFixture<O> {
    observer: Arc<O>,
    subject: ObserverUnderTest,
}

impl<O: MutationObserver + 'static> ObserverFixture<O> {
    /// An observer that nobody can look into.
    #[must_use]
    pub fn new(observer: O) -> Self {
        let observer = Arc::new(observer);
        let told: Arc<dyn MutationObserver> = Arc::<O>::clone(&observer);
        Self { subject: ObserverUnderTest::new(told), observer }
    }

    /// For `rebuilds`: `rebuild` gives the map that the observer believes to be in memory.
    #[must_use]
    pub fn rebuilding(self, rebuild: impl Fn(&O) -> Memory + Send + Sync + 'static) -> Self {
        self.indexing(rebuild, Memory::clone)
    }

    /// For `rebuilds`: what `found` gives of the observer should be what `expected` makes of memory.
    #[must_use]
    pub fn indexing<T: PartialEq + Debug>(
        mut self,
        found: impl Fn(&O) -> T + Send + Sync + 'static,
        expected: impl Fn(&Memory) -> T + Send + Sync + 'static,
    ) -> Self {
        let observer = Arc::clone(&self.observer);
        self.subject.mirror = Some(Arc::new(move |memory| {
            let expected = expected(memory);
            (same("what the observer has", &found(&observer), &expected), format!("{expected:?}"))
        }));
        self
    }

    /// For `counts`: `count` gives how many events of a kind the observer was told; `None` for kinds
    /// it does not count. An observer without an `on_expire` of its own counts expiries as evictions.
    #[must_use]
    pub fn counting(mut self, count: impl Fn(&O, EventKind) -> Option<u64> + Send + Sync + 'static) -> Self {
        let observer = Arc::clone(&self.observer);
        self.subject.count = Some(Arc::new(move |kind| count(&observer, kind)));
        self
    }

    /// The values that events tell of, by number, if numbers themselves mean nothing to the observer.
    #[must_use]
    pub fn with_values(mut self, values: impl Fn(u32) -> RecordValue + Send + Sync + 'static) -> Self {
        self.subject.values = Arc::new(values);
        self
    }
}

impl<O> Debug for ObserverFixture<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subject.fmt(f)
    }
}

/// What an [`ObserverFixture`] or an observer becomes for its laws.
#[derive(Clone)]
pub struct ObserverUnderTest {
    pub(super) observer: Arc<dyn MutationObserver>,
    mirror: Option<Mirror>,
    count: Option<Count>,
    pub(super) values: Values,
}

impl ObserverUnderTest {
    fn new(observer: Arc<dyn MutationObserver>) -> Self {
        Self { observer, mirror: None, count: None, values: Arc::new(lww) }
    }

    pub(super) fn held(self, form: Form) -> Self {
        let observer: Arc<dyn MutationObserver> = match form {
            Form::Concrete => self.observer,
            Form::Boxed => Arc::new(Box::new(self.observer) as Box<dyn MutationObserver>),
            Form::Shared => Arc::new(self.observer),
        };
        Self { observer, ..self }
    }

    pub(super) fn mirror(&self, law: Law) -> &Mirror {
        self.mirror.as_ref().unwrap_or_else(|| {
            law.broken(
                "the observer declares `rebuilds`, but its fixture has neither rebuilding nor indexing",
            )
        })
    }

    pub(super) fn count(&self, law: Law) -> &Count {
        self.count
            .as_ref()
            .unwrap_or_else(|| law.broken("the observer declares `counts`, but its fixture has no counting"))
    }

    /// Fails a law whose values make no difference to the observer: it would hold of anything.
    pub(super) fn must_tell_apart(&self, law: Law, memory: &Memory) {
        let mirror = self.mirror(law);
        law.holds(mirror(memory).1 != mirror(&Memory::new()).1, || {
            "cannot be checked: what was put makes no difference to the observer; \
             give the fixture values that do, by with_values"
                .to_owned()
        });
    }
}

impl<O: MutationObserver + 'static> From<ObserverFixture<O>> for ObserverUnderTest {
    fn from(fixture: ObserverFixture<O>) -> Self {
        fixture.subject
    }
}

impl<O: MutationObserver + 'static> From<O> for ObserverUnderTest {
    fn from(observer: O) -> Self {
        Self::new(Arc::new(observer))
    }
}

impl Debug for ObserverUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverUnderTest")
            .field("rebuilds", &self.mirror.is_some())
            .field("counts", &self.count.is_some())
            .finish_non_exhaustive()
    }
}

/// What the fixture can look into is what was declared to the macro.
pub fn capabilities_are_those_declared(make: &MakeObserver<'_>, declared: &[&str]) {
    let law = Law {
        name: "capabilities_are_those_declared",
        says: "One that mirrors memory is equal to it after any events of a store, and one that counts \
               counts each event once",
        loss: "the laws of a capability are not checked",
    };
    let subject = make();
    law.same("whether the fixture can rebuild", subject.mirror.is_some(), declared.contains(&"rebuilds"));
    law.same("whether the fixture can count", subject.count.is_some(), declared.contains(&"counts"));
}
