//! A configuration's components, opened and ready to be made.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use trilayer_core::{
    Clock, ComponentError, ComponentKind, CompositeMutationObserver, Context, Descriptor, MapDataStore,
    Opener,
};

use super::blueprint::EngineMaker;
use super::{Blueprint, FactoryError, NamedObserver};
use crate::config::KeyPath;
use crate::names::nearest;
use crate::once::{OnceSlot, lock};
use crate::pattern::{Entries, is_pattern};
use crate::{ComponentSpec, Config, MapConfig, Registry};

/// A configuration's components, opened and ready to be made.
pub(super) struct Assembly {
    registry: Arc<Registry>,
    config: Config,
    entries: Entries,
    context: Context,
    /// Each data store once, by its place in the configuration.
    opened: Vec<(String, Arc<dyn MapDataStore>)>,
    /// The data store of each entry of `[maps]`.
    used: BTreeMap<String, Arc<dyn MapDataStore>>,
    blueprints: Mutex<HashMap<String, Arc<OnceSlot<Arc<Blueprint>>>>>,
}

impl Assembly {
    pub(super) async fn open(
        registry: Arc<Registry>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FactoryError> {
        let opener: Arc<dyn Opener> = Arc::<Registry>::clone(&registry);
        let context = Context::new().with_clock(clock).with_base_dir(config.base_dir()).with_opener(opener);
        let (opened, used) = (Vec::new(), BTreeMap::new());
        let entries = Entries::of(config.maps.keys().map(String::as_str));
        let mut assembly =
            Self { registry, config, entries, context, opened, used, blueprints: Mutex::default() };
        assembly.try_engines()?;
        assembly.open_data_stores().await?;
        assembly.make_observers()?;
        Ok(assembly)
    }

    pub(super) fn set_clock(&mut self, clock: Arc<dyn Clock>) {
        self.context = self.context.clone().with_clock(clock);
        lock(&self.blueprints).clear();
    }

    pub(super) fn data_stores(&self) -> &[(String, Arc<dyn MapDataStore>)] {
        &self.opened
    }

    pub(super) fn blueprint(&self, map: &str) -> Result<Arc<Blueprint>, FactoryError> {
        let serving = self.entries.serving(map).and_then(|entry| self.config.maps.get_key_value(entry));
        let Some((entry, settings)) = serving else { return Err(self.unknown(map)) };
        let slot = Arc::clone(lock(&self.blueprints).entry(map.to_owned()).or_default());
        let made = slot.get_or_make(|| self.draw(map, entry, settings).map(Arc::new))?;
        Ok(Arc::clone(&made))
    }

    fn unknown(&self, map: &str) -> FactoryError {
        let known: Vec<String> = self.config.maps.keys().cloned().collect();
        let nearest = nearest(map, known.iter().map(String::as_str));
        FactoryError::UnknownMap { map: map.to_owned(), known, nearest }
    }

    /// Engines come first: making one is cheap and leaves nothing behind.
    fn try_engines(&self) -> Result<(), FactoryError> {
        for (entry, settings) in &self.config.maps {
            let context = self.context.clone().for_map(entry).for_partition(0);
            drop(self.engine(entry, &settings.engine)?.make(&context)?);
        }
        Ok(())
    }

    async fn open_data_stores(&mut self) -> Result<(), FactoryError> {
        let mut shared: HashMap<String, Arc<dyn MapDataStore>> = HashMap::new();
        for (entry, settings) in &self.config.maps {
            let (place, spec) = match self.config.instance(&settings.data_store) {
                Some((instance, spec)) => (KeyPath::of(["data_stores", instance]), spec),
                None => (KeyPath::of(["maps", entry, "data_store"]), &settings.data_store),
            };
            let place = place.to_string();
            let data_store = match shared.get(&place) {
                Some(data_store) => Arc::clone(data_store),
                None => {
                    let data_store = self.open_data_store(&place, spec).await?;
                    shared.insert(place.clone(), Arc::clone(&data_store));
                    self.opened.push((place, Arc::clone(&data_store)));
                    data_store
                }
            };
            self.used.insert(entry.clone(), data_store);
        }
        Ok(())
    }

    async fn open_data_store(
        &self,
        place: &str,
        spec: &ComponentSpec,
    ) -> Result<Arc<dyn MapDataStore>, FactoryError> {
        let (descriptor, options) = self.component(ComponentKind::DataStore, spec, place)?;
        let data_store = descriptor
            .open_data_store(self.context.clone(), options)
            .await
            .map_err(|source| FactoryError::Component { place: place.to_owned(), source })?;
        tracing::info!(place, component = spec.name, "data store opened");
        Ok(data_store)
    }

    fn make_observers(&self) -> Result<(), FactoryError> {
        let mut exact = self.config.maps.keys().filter(|entry| !is_pattern(entry));
        exact.try_for_each(|map| self.blueprint(map).map(drop))
    }

    fn draw(&self, map: &str, entry: &str, settings: &MapConfig) -> Result<Blueprint, FactoryError> {
        let Some(data_store) = self.used.get(entry) else { return Err(self.unknown(map)) };
        let observers = self.observers(map, entry, settings)?;
        let each = observers.iter().map(|named| Arc::clone(&named.observer)).collect();
        Ok(Blueprint {
            map: map.to_owned(),
            storage: settings.storage(),
            settings: settings.clone(),
            data_store: Arc::clone(data_store),
            observer: Arc::new(CompositeMutationObserver::new(each)),
            observers,
            engine: self.engine(entry, &settings.engine)?,
            context: self.context.clone(),
            unbounded: false,
        })
    }

    fn observers(
        &self,
        map: &str,
        entry: &str,
        settings: &MapConfig,
    ) -> Result<Vec<NamedObserver>, FactoryError> {
        let context = self.context.clone().for_map(map);
        let one = |(index, spec): (usize, &ComponentSpec)| {
            let place = KeyPath::of(["maps", entry, "observers"]).index(index).to_string();
            let (descriptor, options) = self.component(ComponentKind::Observer, spec, &place)?;
            let observer = descriptor
                .create_observer(&context, options)
                .map_err(|source| FactoryError::Component { place, source })?;
            Ok(NamedObserver { name: spec.name.clone(), observer })
        };
        settings.observers.iter().enumerate().map(one).collect()
    }

    fn engine(&self, entry: &str, spec: &ComponentSpec) -> Result<EngineMaker, FactoryError> {
        let place = KeyPath::of(["maps", entry, "engine"]);
        let (descriptor, options) = self.component(ComponentKind::Engine, spec, &place.to_string())?;
        Ok(EngineMaker::Component { descriptor: descriptor.clone(), options, place })
    }

    fn component(
        &self,
        kind: ComponentKind,
        spec: &ComponentSpec,
        place: &str,
    ) -> Result<(&Descriptor, Json), FactoryError> {
        let descriptor = self.registry.get(kind, &spec.name).map_err(|error| FactoryError::Component {
            place: place.to_owned(),
            source: ComponentError::Unresolved(error.to_string()),
        })?;
        Ok((descriptor, Json::Object(spec.options.clone())))
    }
}
