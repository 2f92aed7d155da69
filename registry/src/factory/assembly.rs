//! A configuration's components, opened and ready to be made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use trilayer_core::{Clock, ComponentError, ComponentKind, Context, Descriptor, MapDataStore, Opener};

use super::blueprint::EngineMaker;
use super::opening::{Opened, Opening, place_of};
use super::refs::check_circles;
use super::seats::{Seats, Shared};
use super::{Blueprint, FactoryError};
use crate::config::KeyPath;
use crate::names::nearest;
use crate::once::{OnceSlot, lock};
use crate::pattern::{Entries, is_pattern};
use crate::{ComponentSpec, Config, MapConfig, Registry};

/// A configuration's components, opened and ready to be made.
pub(crate) struct Assembly {
    registry: Arc<Registry>,
    config: Arc<Config>,
    entries: Entries,
    context: Context,
    open_timeout_millis: u64,
    /// Each data store once; whoever wraps another comes after it.
    opened: Vec<Opened>,
    /// The data store of each entry of `[maps]`, with its place.
    used: BTreeMap<String, (String, Arc<dyn MapDataStore>)>,
    shared: Shared,
    blueprints: Mutex<HashMap<String, Arc<OnceSlot<Blueprint>>>>,
}

impl Assembly {
    pub(super) async fn open(
        registry: Arc<Registry>,
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        open_timeout_millis: u64,
    ) -> Result<Self, FactoryError> {
        let context = Context::new().with_clock(clock);
        let mut assembly = Self {
            registry,
            context,
            open_timeout_millis,
            config: Arc::default(),
            entries: Entries::default(),
            opened: Vec::new(),
            used: BTreeMap::new(),
            shared: Mutex::default(),
            blueprints: Mutex::default(),
        };
        assembly = assembly.with_config(config).await?;
        if let Err(error) = assembly.make_observers() {
            assembly.close_fresh().await;
            return Err(error);
        }
        Ok(assembly)
    }

    /// The components of another configuration. Data stores that are the same in both stay open and
    /// are in both; all that maps are made of besides is still to be drawn.
    ///
    /// If it fails, nothing is open that was not before.
    pub(crate) async fn with_config(&self, config: Arc<Config>) -> Result<Self, FactoryError> {
        config.check(&self.registry)?;
        check_circles(&config)?;
        let config = Arc::new(config.resolved(&self.registry));
        let opener: Arc<dyn Opener> = Arc::<Registry>::clone(&self.registry);
        let context = self.context.clone().with_base_dir(config.base_dir()).with_opener(opener);
        let mut next = Self {
            registry: Arc::clone(&self.registry),
            context,
            open_timeout_millis: self.open_timeout_millis,
            entries: Entries::of(config.maps.keys().map(String::as_str)),
            config,
            opened: Vec::new(),
            used: BTreeMap::new(),
            shared: Mutex::new(lock(&self.shared).clone()),
            blueprints: Mutex::default(),
        };
        next.try_engines()?;
        next.open_data_stores(self.opened.clone()).await?;
        Ok(next)
    }

    pub(super) fn set_clock(&mut self, clock: Arc<dyn Clock>) {
        self.context = self.context.clone().with_clock(clock);
        lock(&self.blueprints).clear();
    }

    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub(crate) fn opened(&self) -> &[Opened] {
        &self.opened
    }

    /// Closes what was opened for this configuration, which comes to nothing.
    pub(crate) async fn close_fresh(&self) {
        let fresh: Vec<Opened> = self.opened.iter().filter(|opened| opened.fresh).cloned().collect();
        for (place, error) in super::opening::close_all(fresh, self.context.clock(), 10_000).await {
            tracing::warn!(place, error = format!("{error:#}"), "data store not closed in order");
        }
    }

    pub(crate) fn blueprint(&self, map: &str) -> Result<Arc<Blueprint>, FactoryError> {
        let Some((entry, settings)) = self.serving(map) else { return Err(self.unknown(map)) };
        let slot = Arc::clone(lock(&self.blueprints).entry(map.to_owned()).or_default());
        slot.get_or_make(|| self.draw(map, entry, settings, None))
    }

    /// The blueprint of a map that had another, whose observers stay as far as they are the same.
    /// `None` if no entry serves it any more.
    pub(crate) fn redraw(&self, before: &Blueprint) -> Result<Option<Arc<Blueprint>>, FactoryError> {
        let Some((entry, settings)) = self.serving(&before.map) else { return Ok(None) };
        let slot = Arc::clone(lock(&self.blueprints).entry(before.map.clone()).or_default());
        let draw = || self.draw(&before.map, entry, settings, Some(&before.observers));
        slot.get_or_make(draw).map(Some)
    }

    /// Forgets shared observers that no map has any more.
    pub(crate) fn forget_unshared(&self) {
        let slots: Vec<_> = lock(&self.blueprints).values().filter_map(|slot| slot.get().cloned()).collect();
        let used: BTreeSet<String> = slots.iter().flat_map(|made| made.observers.shared()).collect();
        lock(&self.shared).retain(|key, _| used.contains(key));
    }

    /// The blueprints that were drawn so far.
    pub(crate) fn drawn(&self) -> Vec<Arc<Blueprint>> {
        let slots: Vec<_> = lock(&self.blueprints).values().cloned().collect();
        slots.iter().filter_map(|slot| slot.get().cloned()).collect()
    }

    fn serving(&self, map: &str) -> Option<(&String, &MapConfig)> {
        self.config.maps.get_key_value(self.entries.serving(map)?)
    }

    fn unknown(&self, map: &str) -> FactoryError {
        let known: Vec<String> = self.config.maps.keys().cloned().collect();
        let nearest = nearest(map, known.iter().map(String::as_str));
        FactoryError::UnknownMap { map: map.to_owned(), known, nearest }
    }

    /// Engines come first: making one is cheap and leaves nothing behind.
    fn try_engines(&self) -> Result<(), FactoryError> {
        let attempt = |(entry, settings): (&String, &MapConfig)| {
            let context = self.context.clone().for_map(entry).for_partition(0);
            self.engine(entry, &settings.engine).and_then(|engine| engine.make(&context)).err()
        };
        FactoryError::all(self.config.maps.iter().filter_map(attempt).collect())
    }

    async fn open_data_stores(&mut self, mut before: Vec<Opened>) -> Result<(), FactoryError> {
        before.iter_mut().for_each(|opened| opened.fresh = false);
        let timeout = self.open_timeout_millis;
        let opening = Opening::new(&self.config, &self.registry, &self.context, timeout, before);
        self.opened = opening.open_all().await?;
        let by_place: HashMap<&str, _> =
            self.opened.iter().map(|opened| (opened.place.as_str(), &opened.store)).collect();
        for (entry, settings) in &self.config.maps {
            let (place, _) = place_of(&self.config, entry, &settings.data_store);
            if let Some(store) = by_place.get(place.as_str()) {
                self.used.insert(entry.clone(), (place, Arc::clone(store)));
            }
        }
        Ok(())
    }

    pub(crate) fn make_observers(&self) -> Result<(), FactoryError> {
        let exact = self.config.maps.keys().filter(|entry| !is_pattern(entry));
        FactoryError::all(exact.filter_map(|map| self.blueprint(map).err()).collect())
    }

    fn draw(
        &self,
        map: &str,
        entry: &str,
        settings: &MapConfig,
        before: Option<&Seats>,
    ) -> Result<Blueprint, FactoryError> {
        let Some((place, data_store)) = self.used.get(entry) else { return Err(self.unknown(map)) };
        let context = self.context.clone().for_map(map);
        let observers =
            Seats::make(&self.registry, entry, &settings.observers, context, &self.shared, before)?;
        Ok(Blueprint {
            map: map.to_owned(),
            storage: settings.storage(),
            settings: settings.clone(),
            data_store: Arc::clone(data_store),
            data_store_place: place.clone(),
            observers,
            engine: self.engine(entry, &settings.engine)?,
            context: self.context.clone(),
            unbounded: false,
        })
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
