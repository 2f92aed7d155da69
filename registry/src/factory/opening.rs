//! Opening data stores: side by side, inner ones first, all or none.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use serde_json::Value as Json;
use tokio::sync::OnceCell;
use trilayer_core::{
    Clock, ComponentError, ComponentKind, Context, DataStoreFuture, MapDataStore, MutationObserver, Opener,
    StorageEngine,
};

use super::lent::Lent;
use super::{FactoryError, refs};
use crate::config::KeyPath;
use crate::join::join_some;
use crate::once::lock;
use crate::{ComponentSpec, Config, Registry};

/// Data stores opened at one time.
const AT_ONCE: usize = 8;

/// How long closing one may take when others could not be opened, in ms.
const CLOSE_MILLIS: u64 = 10_000;

/// A data store that is open, with what it was opened from.
#[derive(Clone)]
pub(crate) struct Opened {
    /// What the configuration calls it.
    pub(crate) place: String,
    /// The component, with all it wraps: see [`refs::identity`].
    pub(super) identity: Json,
    pub(crate) store: Arc<dyn MapDataStore>,
    /// Whether it was opened for this configuration, rather than kept from the one before.
    pub(super) fresh: bool,
}

impl Opened {
    /// Whether it was opened for this configuration, rather than kept from the one before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }
}

/// Opens the data stores of a configuration.
pub(super) struct Opening {
    config: Arc<Config>,
    registry: Arc<Registry>,
    context: Context,
    timeout_millis: u64,
    cells: BTreeMap<String, OnceCell<Arc<dyn MapDataStore>>>,
    /// In the order they came to be open, so that whoever wraps another comes after it.
    opened: Mutex<Vec<Opened>>,
    /// Those that were open before.
    before: Vec<Opened>,
}

type Place<'c> = (String, &'c ComponentSpec);

impl Opening {
    pub(super) fn new(
        config: &Arc<Config>,
        registry: &Arc<Registry>,
        context: &Context,
        timeout_millis: u64,
        before: Vec<Opened>,
    ) -> Arc<Self> {
        let places = wanted(config).into_iter().map(|(place, _)| place);
        let places = places.chain(config.data_stores.keys().map(|name| instance_place(name)));
        let places = places.map(|place| (place, OnceCell::new())).collect();
        Arc::new(Self {
            config: Arc::clone(config),
            registry: Arc::clone(registry),
            context: context.clone(),
            timeout_millis,
            cells: places,
            opened: Mutex::default(),
            before,
        })
    }

    /// Opens what some map uses, and what that wraps. Of those open before, what is still the same
    /// stays. If some cannot be opened, those that were are closed again, the last first.
    pub(super) async fn open_all(self: &Arc<Self>) -> Result<Vec<Opened>, FactoryError> {
        let places = wanted(&self.config);
        let opening = places.iter().map(|place| self.open(place, Vec::new()));
        let outcomes = join_some(opening, AT_ONCE).await;
        let errors: Vec<FactoryError> = outcomes.into_iter().filter_map(Result::err).collect();
        let opened = std::mem::take(&mut *lock(&self.opened));
        if errors.is_empty() {
            return Ok(opened);
        }
        self.close_fresh(opened).await;
        FactoryError::all(errors).map(|()| Vec::new())
    }

    /// Closes again what was opened for nothing.
    async fn close_fresh(&self, opened: Vec<Opened>) {
        let fresh = opened.into_iter().filter(|opened| opened.fresh).collect();
        for (place, error) in close_all(fresh, self.context.clock(), CLOSE_MILLIS).await {
            tracing::warn!(place, error = format!("{error:#}"), "data store not closed in order");
        }
    }

    async fn open(
        self: &Arc<Self>,
        (place, spec): &Place<'_>,
        within: Vec<String>,
    ) -> Result<Arc<dyn MapDataStore>, FactoryError> {
        let Some(cell) = self.cells.get(place) else {
            return Err(self.failed(place, ComponentError::Unresolved("it is used by no map".to_owned())));
        };
        if within.contains(place) {
            let circle = within.into_iter().skip_while(|passed| passed != place).chain([place.clone()]);
            return Err(FactoryError::Circle { circle: circle.collect() });
        }
        let opened = cell.get_or_try_init(|| self.open_once(place, spec, within)).await?;
        Ok(Arc::clone(opened))
    }

    async fn open_once(
        self: &Arc<Self>,
        place: &str,
        spec: &ComponentSpec,
        mut within: Vec<String>,
    ) -> Result<Arc<dyn MapDataStore>, FactoryError> {
        let identity = refs::identity(&self.config, spec);
        let same = |before: &&Opened| before.place == place && before.identity == identity;
        let kept = self.before.iter().find(same);
        let fresh = kept.is_none();
        let store = match kept {
            Some(before) => Arc::clone(&before.store),
            None => {
                within.push(place.to_owned());
                let opening = self.construct(place, spec, within);
                let opened = within_time(self.context.clock(), self.timeout_millis, opening).await;
                let millis = self.timeout_millis;
                opened.ok_or_else(|| FactoryError::OpenTimeout { place: place.to_owned(), millis })??
            }
        };
        let opened = Opened { place: place.to_owned(), identity, store: Arc::clone(&store), fresh };
        lock(&self.opened).push(opened);
        Ok(store)
    }

    async fn construct(
        self: &Arc<Self>,
        place: &str,
        spec: &ComponentSpec,
        within: Vec<String>,
    ) -> Result<Arc<dyn MapDataStore>, FactoryError> {
        let descriptor = self.registry.get(ComponentKind::DataStore, &spec.name);
        let descriptor =
            descriptor.map_err(|error| self.failed(place, ComponentError::Unresolved(error.to_string())))?;
        let opener = Instances { opening: Arc::clone(self), within };
        let context = self.context.clone().with_opener(Arc::new(opener));
        let opened = descriptor.open_data_store(context, Json::Object(spec.options.clone())).await;
        let store = opened.map_err(|source| self.failed(place, source))?;
        tracing::info!(place, component = spec.name, "data store opened");
        Ok(store)
    }

    fn failed(&self, place: &str, source: ComponentError) -> FactoryError {
        FactoryError::Component { place: place.to_owned(), source }
    }
}

/// The data stores to open, each once: by the entry that uses it alone, or by instance.
fn wanted(config: &Config) -> Vec<Place<'_>> {
    let (mut places, mut inner) = (BTreeMap::new(), BTreeSet::new());
    for (entry, settings) in &config.maps {
        let (place, spec) = place_of(config, entry, &settings.data_store);
        refs::all_inner(config, spec, &mut inner);
        places.insert(place, spec);
    }
    let inner =
        inner.into_iter().filter_map(|name| Some((instance_place(name), config.data_stores.get(name)?)));
    places.extend(inner);
    places.into_iter().collect()
}

/// Where the data store of an entry stands, and what it is.
pub(super) fn place_of<'c>(config: &'c Config, entry: &str, spec: &'c ComponentSpec) -> Place<'c> {
    match config.instance(spec) {
        Some((instance, spec)) => (instance_place(instance), spec),
        None => (KeyPath::of(["maps", entry, "data_store"]).to_string(), spec),
    }
}

fn instance_place(name: &str) -> String {
    KeyPath::of(["data_stores", name]).to_string()
}

/// Opens inner components for a data store that is being opened: text names an instance first.
struct Instances {
    opening: Arc<Opening>,
    /// Who is being opened around it.
    within: Vec<String>,
}

impl Opener for Instances {
    fn engine(&self, context: &Context, spec: &Json) -> Result<Box<dyn StorageEngine>, ComponentError> {
        self.opening.registry.engine(context, spec)
    }

    fn data_store(&self, context: &Context, spec: &Json) -> DataStoreFuture {
        let instance = spec.as_str().filter(|name| self.opening.config.data_stores.contains_key(*name));
        let Some(name) = instance.map(str::to_owned) else {
            return self.opening.registry.data_store(context, spec);
        };
        let (opening, within) = (Arc::clone(&self.opening), self.within.clone());
        Box::pin(async move {
            let config = Arc::clone(&opening.config);
            let Some(spec) = config.data_stores.get(&name) else {
                return Err(ComponentError::Unresolved(format!("there is no instance {name:?}")));
            };
            // Boxed by the caller: an instance may wrap another.
            let opened = opening.open(&(instance_place(&name), spec), within).await;
            let opened = opened.map_err(|error| ComponentError::Unresolved(super::chain(&error)))?;
            Ok(Arc::new(Lent(opened)) as Arc<dyn MapDataStore>)
        })
    }

    fn observer(&self, context: &Context, spec: &Json) -> Result<Arc<dyn MutationObserver>, ComponentError> {
        self.opening.registry.observer(context, spec)
    }
}

/// Closes data stores, the last opened first; returns what failed.
pub(crate) async fn close_all(
    mut opened: Vec<Opened>,
    clock: &Arc<dyn Clock>,
    millis: u64,
) -> Vec<(String, anyhow::Error)> {
    let mut failures = Vec::new();
    while let Some(one) = opened.pop() {
        let closed = within_time(clock, millis, one.store.close()).await;
        let outcome = closed.unwrap_or_else(|| Err(anyhow::anyhow!("it was not closed within {millis} ms")));
        match outcome {
            Ok(()) => tracing::info!(place = one.place, "data store closed"),
            Err(error) => failures.push((one.place, error)),
        }
    }
    failures
}

/// Does work, unless it takes longer than that many ms of the clock; 0 = without end.
pub(crate) async fn within_time<T>(
    clock: &Arc<dyn Clock>,
    millis: u64,
    work: impl Future<Output = T>,
) -> Option<T> {
    let (mut work, mut sleep) = (pin!(work), None);
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if millis == 0 {
            return Poll::Pending;
        }
        let sleep = sleep.get_or_insert_with(|| clock.sleep(millis));
        sleep.as_mut().poll(context).map(|()| None)
    })
    .await
}
