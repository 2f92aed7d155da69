//! A store under test, with what must outlive it.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use trilayer_core::MapDataStore;

/// Makes one [`StoreFixture`].
pub type StoreFuture = Pin<Box<dyn Future<Output = StoreFixture>>>;

type Opening = Pin<Box<dyn Future<Output = Arc<dyn MapDataStore>>>>;

/// A store under test, with what must outlive it, and how to open it again.
///
/// ```
/// use std::sync::Arc;
/// use trilayer_core::MapDataStore;
/// use trilayer_testkit::{ScriptedDataStore, laws::data_store::StoreFixture};
///
/// # async fn open(_: &std::path::Path) -> Arc<dyn MapDataStore> { ScriptedDataStore::new() }
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
}

impl StoreFixture {
    /// A store that cannot be opened again.
    #[must_use]
    pub fn new(store: Arc<dyn MapDataStore>) -> Self {
        Self { store: Some(store), opener: None, guard: Box::new(()) }
    }

    /// A store that `open` opens, now and, once it is dropped, again.
    pub async fn open<F>(open: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Arc<dyn MapDataStore>> + 'static,
    {
        let store = open().await;
        let opener: Box<dyn Fn() -> Opening> = Box::new(move || Box::pin(open()));
        Self { opener: Some(opener), ..Self::new(store) }
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
        self.store = Some(store);
    }
}

impl<S: MapDataStore + 'static> From<Arc<S>> for StoreFixture {
    fn from(store: Arc<S>) -> Self {
        Self::new(store)
    }
}

impl fmt::Debug for StoreFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreFixture").field("reopens", &self.opener.is_some()).finish_non_exhaustive()
    }
}
