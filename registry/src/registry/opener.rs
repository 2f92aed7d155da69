//! Components from a spec, for decorators and for the factory.

use std::sync::Arc;

use serde_json::Value as Json;
use trilayer_core::{
    ComponentError, ComponentKind, Context, DataStoreFuture, Descriptor, MutationObserver, Opener,
    StorageEngine,
};

use super::Registry;
use crate::config::ComponentSpec;

/// Opens inner components by spec: text names a component; a table has `use` and options.
impl Opener for Registry {
    fn engine(&self, context: &Context, spec: &Json) -> Result<Box<dyn StorageEngine>, ComponentError> {
        let (descriptor, options) = self.resolve(ComponentKind::Engine, spec)?;
        descriptor.create_engine(context, options)
    }

    fn data_store(&self, context: &Context, spec: &Json) -> DataStoreFuture {
        match self.resolve(ComponentKind::DataStore, spec) {
            Ok((descriptor, options)) => {
                let context = context.clone();
                Box::pin(async move { descriptor.open_data_store(context, options).await })
            }
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn observer(&self, context: &Context, spec: &Json) -> Result<Arc<dyn MutationObserver>, ComponentError> {
        let (descriptor, options) = self.resolve(ComponentKind::Observer, spec)?;
        descriptor.create_observer(context, options)
    }
}

impl Registry {
    fn resolve(&self, kind: ComponentKind, spec: &Json) -> Result<(Descriptor, Json), ComponentError> {
        let spec = ComponentSpec::from_json(spec).map_err(|problem| {
            ComponentError::Unresolved(format!("cannot open an inner {kind}: {problem}"))
        })?;
        let descriptor = self.get(kind, &spec.name);
        let descriptor = descriptor.map_err(|error| ComponentError::Unresolved(error.to_string()))?;
        Ok((descriptor.clone(), Json::Object(spec.options)))
    }
}
