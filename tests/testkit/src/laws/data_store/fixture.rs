//! A store under test, with what must outlive it.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use trilayer_core::MapDataStore;

use crate::laws::Form;

/// Makes one [`StoreFixture`].
pub type StoreFuture = Pin<Box<dyn Future<Output = StoreFixture>>>;

type Opening = Pin<Box<dyn Future<Output = Arc<dyn MapDataStore>>>>;

/// A store under test, with what must outlive it, and how to open it again.
///
/// ```
/// use std::sync::Arc;
/// use trilayer_testkit::{ScriptedDataStore, laws::data_store::StoreFixture};
///
/// # async fn open(_: &std::path::Path) -> Arc<ScriptedDataStore> { ScriptedDataStore::new() }
/// # async fn make() -> StoreFixture {
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().to_owned();
/// StoreFixture::open(move || { let path = path.clone(); async move { open(&path).await } })
///     .await
///     .guarded_by(folder)
/// # }
/// ```
pub struct StoreFixture {
    // Dropped first.
    store: Option<Arc<dyn MapDataStore>>,
    opener: Option<Box<dyn Fn() -> Opening>>,
    guard: Box<dyn Any>,
    form: Form,
}

impl StoreFixture {
    /// A store that cannot be opened again.
    #[must_use]
    pub fn new(store: impl MapDataStore + 'static) -> Self {
        let store: Arc<dyn MapDataStore> = Arc::new(store);
        Self { store: Some(store), opener: None, guard: Box::new(()), form: Form::Concrete }
    }

    /// A store that `open` opens, now and, once it is dropped, again.
    pub async fn open<F>(open: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output: MapDataStore + 'static> + 'static,
    {
        let store = open().await;
        let opener: Box<dyn Fn() -> Opening> = Box::new(move || {
            let opening = open();
            Box::pin(async move { Arc::new(opening.await) as Arc<dyn MapDataStore> })
        });
        Self { opener: Some(opener), ..Self::new(store) }
    }

    /// Holds the store in a form.
    pub(super) fn held(mut self, form: Form) -> Self {
        self.form = form;
        if let Some(store) = self.store.take() {
            self.opened(store);
        }
        self
    }

    /// Keeps `guard`, a temporary folder for one, for longer than the store.
    #[must_use]
    pub fn guarded_by(self, guard: impl Any) -> Self {
        Self { guard: Box::new((self.guard, guard)), ..self }
    }

    pub(super) fn store(&self) -> Option<&Arc<dyn MapDataStore>> {
        self.store.as_ref()
    }

    /// Drops the store; what is returned opens it again, if that can be done.
    pub(super) fn close(&mut self) -> Option<Opening> {
        drop(self.store.take());
        self.opener.as_ref().map(|open| open())
    }

    pub(super) fn opened(&mut self, store: Arc<dyn MapDataStore>) {
        self.store = Some(match self.form {
            Form::Concrete => store,
            Form::Boxed => Arc::new(Box::new(store) as Box<dyn MapDataStore>),
            Form::Shared => Arc::new(store),
        });
    }
}

impl<S: MapDataStore + 'static> From<S> for StoreFixture {
    fn from(store: S) -> Self {
        Self::new(store)
    }
}

impl fmt::Debug for StoreFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreFixture").field("reopens", &self.opener.is_some()).finish_non_exhaustive()
    }
}
