//! The observers of a map: whom each is made for, and which stay when the configuration changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use serde_json::{Map as JsonMap, Value as Json};
use trilayer_core::{
    ComponentError, ComponentKind, CompositeMutationObserver, Context, Descriptor, MutationObserver, Scope,
};

use super::FactoryError;
use crate::config::KeyPath;
use crate::once::lock;
use crate::{ComponentSpec, Registry};

/// The option of every observer that says whom it is made for.
const SCOPE: &str = "scope";

/// An observer and the name of its component.
#[derive(Clone)]
pub(crate) struct NamedObserver {
    pub(crate) name: String,
    pub(crate) observer: Arc<dyn MutationObserver>,
}

/// Observers that several maps share, by all that the configuration says of them.
pub(super) type Shared = Mutex<HashMap<String, Arc<dyn MutationObserver>>>;

/// One observer in a map's list.
struct Seat {
    spec: ComponentSpec,
    place: String,
    descriptor: Descriptor,
    options: Json,
    scope: Scope,
    /// Of an observer that is one for the map, or for all.
    one: Option<Arc<dyn MutationObserver>>,
    /// Of one for each record store: by partition.
    each: Mutex<BTreeMap<u32, Arc<dyn MutationObserver>>>,
}

/// The observers of a map, in the order they are told.
pub(crate) struct Seats {
    seats: Vec<Seat>,
    context: Context,
    /// Those of the whole map as one; all composites of the map count panics together.
    common: Arc<CompositeMutationObserver>,
}

impl Seats {
    /// Of a map that no configuration describes.
    pub(super) fn fixed(observers: Vec<Arc<dyn MutationObserver>>, context: Context) -> Self {
        Self { seats: Vec::new(), context, common: Arc::new(CompositeMutationObserver::new(observers)) }
    }

    /// Makes the observers of a map. Those that `before` has alike stay, each once.
    pub(super) fn make(
        registry: &Registry,
        entry: &str,
        specs: &[ComponentSpec],
        context: Context,
        shared: &Shared,
        before: Option<&Self>,
    ) -> Result<Self, FactoryError> {
        let mut free: Vec<&Seat> = before.into_iter().flat_map(|before| &before.seats).collect();
        let (mut seats, mut errors) = (Vec::new(), Vec::new());
        for (index, spec) in specs.iter().enumerate() {
            let place = KeyPath::of(["maps", entry, "observers"]).index(index).to_string();
            let kept = free.iter().position(|seat| seat.spec == *spec).map(|at| free.remove(at));
            let seat =
                Seat::plan(registry, spec, place.clone()).and_then(|seat| seat.fill(&context, shared, kept));
            match seat {
                Ok(seat) => seats.push(seat),
                Err(source) => errors.push(FactoryError::Component { place, source }),
            }
        }
        FactoryError::all(errors)?;
        let ones = seats.iter().filter_map(|seat| seat.one.clone()).collect();
        let common = match before {
            Some(before) => before.common.with_others(ones),
            None => CompositeMutationObserver::new(ones),
        };
        Ok(Self { seats, context, common: Arc::new(common) })
    }

    /// Who is told of a record store's commits; makes those of that store alone.
    pub(crate) fn of_store(&self, partition: u32) -> Result<Arc<CompositeMutationObserver>, FactoryError> {
        if self.seats.iter().all(|seat| seat.one.is_some()) {
            return Ok(Arc::clone(&self.common));
        }
        let one = |seat: &Seat| seat.of_store(&self.context, partition);
        let all: Result<Vec<_>, _> = self.seats.iter().map(one).collect();
        Ok(Arc::new(self.common.with_others(all?)))
    }

    /// How many of their calls panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.common.panics()
    }

    /// Each with its name; those of one record store with their partition.
    pub(crate) fn named(&self) -> Vec<NamedObserver> {
        self.seats.iter().flat_map(Seat::named).collect()
    }

    /// Whether both tell the same observers in the same order.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.seats.iter().map(|seat| &seat.spec).eq(other.seats.iter().map(|seat| &seat.spec))
    }

    /// Those that all maps share, by what the configuration says of them.
    pub(super) fn shared(&self) -> impl Iterator<Item = String> {
        self.seats.iter().filter(|seat| seat.scope == Scope::Shared).map(|seat| seat.key())
    }
}

impl Seat {
    fn plan(registry: &Registry, spec: &ComponentSpec, place: String) -> Result<Self, ComponentError> {
        let descriptor = registry.get(ComponentKind::Observer, &spec.name);
        let descriptor = descriptor.map_err(|error| ComponentError::Unresolved(error.to_string()))?.clone();
        let mut options = spec.options.clone();
        let scope = scope_of(&descriptor, &mut options)?;
        let (options, each) = (Json::Object(options), Mutex::default());
        Ok(Self { spec: spec.clone(), place, descriptor, options, scope, one: None, each })
    }

    fn fill(
        mut self,
        context: &Context,
        shared: &Shared,
        kept: Option<&Self>,
    ) -> Result<Self, ComponentError> {
        match self.scope {
            Scope::PerRecordStore => {
                if let Some(kept) = kept {
                    self.each = Mutex::new(lock(&kept.each).clone());
                } else {
                    // To see that it can be made; those of the stores come with them.
                    drop(self.create(&context.clone().for_partition(0))?);
                }
            }
            Scope::PerMap => {
                let kept = kept.and_then(|kept| kept.one.clone());
                self.one = Some(kept.map_or_else(|| self.create(context), Ok)?);
            }
            Scope::Shared => {
                let there = lock(shared).get(&self.key()).cloned();
                let one = there.map_or_else(|| self.create(&context.clone().for_all_maps()), Ok)?;
                // Of racing maps' observers one stays.
                self.one = Some(Arc::clone(lock(shared).entry(self.key()).or_insert(one)));
            }
        }
        Ok(self)
    }

    fn key(&self) -> String {
        format!("{} {}", self.spec.name, self.options)
    }

    fn create(&self, context: &Context) -> Result<Arc<dyn MutationObserver>, ComponentError> {
        self.descriptor.create_observer(context, self.options.clone())
    }

    fn of_store(&self, context: &Context, partition: u32) -> Result<Arc<dyn MutationObserver>, FactoryError> {
        if let Some(one) = &self.one {
            return Ok(Arc::clone(one));
        }
        if let Some(made) = lock(&self.each).get(&partition) {
            return Ok(Arc::clone(made));
        }
        let made = self.create(&context.clone().for_partition(partition));
        let made = made.map_err(|source| FactoryError::Component { place: self.place.clone(), source })?;
        Ok(Arc::clone(lock(&self.each).entry(partition).or_insert(made)))
    }

    fn named(&self) -> Vec<NamedObserver> {
        let name = &self.spec.name;
        if let Some(observer) = &self.one {
            return vec![NamedObserver { name: name.clone(), observer: Arc::clone(observer) }];
        }
        let each = lock(&self.each);
        let named = |(partition, observer): (&u32, &Arc<dyn MutationObserver>)| NamedObserver {
            name: format!("{name} of partition {partition}"),
            observer: Arc::clone(observer),
        };
        each.iter().map(named).collect()
    }
}

/// Takes `scope` out of an observer's options, unless it is an option of its own.
fn scope_of(descriptor: &Descriptor, options: &mut JsonMap<String, Json>) -> Result<Scope, ComponentError> {
    let allowed = descriptor.allowed_scopes();
    let default = allowed.first().copied().unwrap_or_default();
    if !descriptor.takes_scope() || !options.contains_key(SCOPE) {
        return Ok(default);
    }
    let refused = |problem: String| ComponentError::BadOptions {
        kind: ComponentKind::Observer,
        name: descriptor.name().to_owned(),
        problem,
    };
    let named = options.remove(SCOPE);
    let named = named.as_ref().and_then(Json::as_str).unwrap_or_default();
    let scope: Scope =
        named.parse().map_err(|unknown: trilayer_core::UnknownScope| refused(unknown.to_string()))?;
    if allowed.contains(&scope) {
        return Ok(scope);
    }
    let allowed: Vec<&str> = allowed.iter().map(|scope| scope.name()).collect();
    Err(refused(format!("its scope cannot be {scope}, only {}", crate::names::list(allowed))))
}
