//! Components by kind and name.
//!
//! Knows descriptors and makes single components from a spec. It leaves to
//! [`RecordStoreFactory`](crate::RecordStoreFactory) which instances are shared by whom.

mod error;
mod opener;

pub use error::RegistryError;

use std::collections::BTreeMap;
use std::sync::Arc;

use trilayer_core::{ComponentKind, Descriptor, Linked, Origin, builtin};

use crate::names::{is_lower_kebab, nearest};

/// The components a program can name in a configuration.
///
/// A value, not a global: two registries know nothing of each other. Clones share what is
/// registered until one of them registers more, so cloning costs one reference count.
/// Reading takes no lock; constructors run outside of it altogether.
///
/// ```
/// use trilayer_core::{ComponentKind, Context, Descriptor, HashMapStorage, NoOptions, Origin};
/// use trilayer_registry::Registry;
///
/// let mut registry = Registry::with_builtin();
/// let mine = Descriptor::engine("mine", "An engine of mine", |_: &Context, _: NoOptions| {
///     Ok(Box::new(HashMapStorage::new()))
/// });
/// registry.register(mine, Origin::Program("this example".to_owned()))?;
/// assert_eq!(registry.get(ComponentKind::Engine, "mine")?.summary(), "An engine of mine");
///
/// let refused = registry.get(ComponentKind::Engine, "hashmpa").unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     r#"there is no engine "hashmpa"; known: "hashmap", "mine"; did you mean "hashmap"?"#,
/// );
/// # Ok::<(), trilayer_registry::RegistryError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    components: Arc<BTreeMap<(ComponentKind, String), Registered>>,
}

#[derive(Debug, Clone)]
struct Registered {
    descriptor: Descriptor,
    origin: Origin,
}

impl Registry {
    /// A registry that knows nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A registry of the components that need no plugin: `hashmap` and `null`.
    #[must_use]
    pub fn with_builtin() -> Self {
        let entry = |descriptor: Descriptor| {
            let key = (descriptor.kind(), descriptor.name().to_owned());
            (key, Registered { descriptor, origin: Origin::Program("trilayer itself".to_owned()) })
        };
        Self { components: Arc::new(builtin().into_iter().map(entry).collect()) }
    }

    /// The builtin components and every plugin linked into the program.
    ///
    /// # Errors
    /// When two of them have the same kind and name, or a name is not lower-kebab.
    pub fn linked() -> Result<Self, RegistryError> {
        let mut registry = Self::with_builtin();
        registry.register_all(Linked::all().collect())?;
        Ok(registry)
    }

    /// Adds a component.
    ///
    /// # Errors
    /// When its kind and name are taken, or the name is not lower-kebab; then nothing changes.
    pub fn register(&mut self, descriptor: Descriptor, origin: Origin) -> Result<(), RegistryError> {
        self.register_all(vec![(descriptor, origin)])
    }

    /// Adds several components: all of them, or none.
    ///
    /// # Errors
    /// As [`register`](Self::register), for any of them; then nothing changes.
    pub fn register_all(&mut self, components: Vec<(Descriptor, Origin)>) -> Result<(), RegistryError> {
        let mut added = (*self.components).clone();
        for (descriptor, origin) in components {
            add(&mut added, descriptor, origin)?;
        }
        self.components = Arc::new(added);
        Ok(())
    }

    /// The component of that kind and name.
    ///
    /// # Errors
    /// When there is none; the error lists those there are.
    pub fn get(&self, kind: ComponentKind, name: &str) -> Result<&Descriptor, RegistryError> {
        self.find(kind, name).map(|found| &found.descriptor)
    }

    /// Where the component of that kind and name comes from.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn origin(&self, kind: ComponentKind, name: &str) -> Result<&Origin, RegistryError> {
        self.find(kind, name).map(|found| &found.origin)
    }

    /// Every component with its origin, sorted by kind and name.
    pub fn list(&self) -> impl Iterator<Item = (&Descriptor, &Origin)> {
        self.components.values().map(|found| (&found.descriptor, &found.origin))
    }

    /// The names of one kind, sorted.
    pub fn names(&self, kind: ComponentKind) -> impl Iterator<Item = &str> {
        self.components.keys().filter(move |key| key.0 == kind).map(|key| key.1.as_str())
    }

    fn find(&self, kind: ComponentKind, name: &str) -> Result<&Registered, RegistryError> {
        self.components.get(&(kind, name.to_owned())).ok_or_else(|| RegistryError::Unknown {
            kind,
            name: name.to_owned(),
            known: self.names(kind).map(str::to_owned).collect(),
            nearest: nearest(name, self.names(kind)),
        })
    }
}

fn add(
    components: &mut BTreeMap<(ComponentKind, String), Registered>,
    descriptor: Descriptor,
    origin: Origin,
) -> Result<(), RegistryError> {
    let (kind, name) = (descriptor.kind(), descriptor.name().to_owned());
    if !is_lower_kebab(&name) {
        return Err(RegistryError::BadName { kind, name, origin });
    }
    if let Some(there) = components.get(&(kind, name.clone())) {
        let (first, second) = (Box::new(there.origin.clone()), Box::new(origin));
        return Err(RegistryError::Duplicate { kind, name, first, second });
    }
    components.insert((kind, name), Registered { descriptor, origin });
    Ok(())
}
