//! The description of one component: its name, its options, how it is made.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{ComponentError, ComponentKind, Context, OptionProperty, Scope};
use crate::{MapDataStore, MutationObserver, StorageEngine};

/// Typed options of a component: any type that serde reads and schemars describes.
///
/// Unknown keys are refused whether or not the type asks serde for that.
pub trait Options: DeserializeOwned + JsonSchema + Send + 'static {}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Options for T {}

/// The options of a component that has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct NoOptions {}

/// A data store being opened.
pub type DataStoreFuture =
    Pin<Box<dyn Future<Output = Result<Arc<dyn MapDataStore>, ComponentError>> + Send>>;

type Json = serde_json::Value;

/// The key of an observer's table that says whom it is made for.
const SCOPE: &str = "scope";
type MakeEngine = dyn Fn(&Context, Json) -> anyhow::Result<Box<dyn StorageEngine>> + Send + Sync;
type OpenDataStore = dyn Fn(Context, Json) -> OpeningDataStore + Send + Sync;
type OpeningDataStore = Pin<Box<dyn Future<Output = anyhow::Result<Arc<dyn MapDataStore>>> + Send>>;
type MakeObserver = dyn Fn(&Context, Json) -> anyhow::Result<Arc<dyn MutationObserver>> + Send + Sync;

#[derive(Clone)]
enum Constructor {
    Engine(Arc<MakeEngine>),
    DataStore(Arc<OpenDataStore>),
    Observer(Arc<MakeObserver>),
}

/// Describes one component: kind, name, version, summary, options, constructor.
///
/// Constructors run when a configuration names the component: engines once per record
/// store, data stores once per instance, observers as their [`Scope`] says. They may be called from
/// several threads at once and must not hold on to the context longer than they need.
#[derive(Clone)]
pub struct Descriptor {
    name: String,
    version: String,
    summary: String,
    schema: fn() -> Schema,
    read: fn(Json) -> Result<(), OptionsProblem>,
    /// The default first.
    scopes: Vec<Scope>,
    constructor: Constructor,
}

impl Descriptor {
    /// An engine, made synchronously.
    pub fn engine<O, F>(name: &str, summary: &str, create: F) -> Self
    where
        O: Options,
        F: Fn(&Context, O) -> anyhow::Result<Box<dyn StorageEngine>> + Send + Sync + 'static,
    {
        let create = move |context: &Context, options: Json| create(context, read_options(options)?);
        Self::new::<O>(name, summary, Constructor::Engine(Arc::new(create)))
    }

    /// A data store, opened asynchronously inside the host's tokio runtime.
    pub fn data_store<O, F, Opening>(name: &str, summary: &str, open: F) -> Self
    where
        O: Options,
        F: Fn(Context, O) -> Opening + Send + Sync + 'static,
        Opening: Future<Output = anyhow::Result<Arc<dyn MapDataStore>>> + Send + 'static,
    {
        let open = move |context: Context, options: Json| -> OpeningDataStore {
            match read_options(options) {
                Ok(options) => Box::pin(open(context, options)),
                Err(problem) => Box::pin(async { Err(problem.into()) }),
            }
        };
        Self::new::<O>(name, summary, Constructor::DataStore(Arc::new(open)))
    }

    /// An observer, made synchronously.
    pub fn observer<O, F>(name: &str, summary: &str, create: F) -> Self
    where
        O: Options,
        F: Fn(&Context, O) -> anyhow::Result<Arc<dyn MutationObserver>> + Send + Sync + 'static,
    {
        let create = move |context: &Context, options: Json| create(context, read_options(options)?);
        Self::new::<O>(name, summary, Constructor::Observer(Arc::new(create)))
    }

    fn new<O: Options>(name: &str, summary: &str, constructor: Constructor) -> Self {
        Self {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: summary.to_owned(),
            schema: || schema_for!(O),
            read: |options| read_options::<O>(options).map(drop),
            scopes: vec![Scope::default()],
            constructor,
        }
    }

    /// With the plugin's own version (`env!("CARGO_PKG_VERSION")`) in place of trilayer's.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Of an observer: whom one is made for, and what else `scope` in its table may say. Without
    /// this, one for each map, and nothing else.
    #[must_use]
    pub fn scopes(mut self, default: Scope, others: &[Scope]) -> Self {
        self.scopes = std::iter::once(default).chain(others.iter().copied()).collect();
        self
    }

    /// The scopes an observer allows, the default first.
    #[must_use]
    pub fn allowed_scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// What the component is.
    #[must_use]
    pub fn kind(&self) -> ComponentKind {
        match self.constructor {
            Constructor::Engine(_) => ComponentKind::Engine,
            Constructor::DataStore(_) => ComponentKind::DataStore,
            Constructor::Observer(_) => ComponentKind::Observer,
        }
    }

    /// The name a configuration uses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the plugin.
    #[must_use]
    pub fn plugin_version(&self) -> &str {
        &self.version
    }

    /// One line about it.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The JSON Schema of its options, and of an observer's `scope`.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let mut schema = (self.schema)();
        if self.takes_scope() {
            let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.name()).collect();
            let scope = serde_json::json!({
                "description": "Whom one is made for: all maps that name it alike, each map, or each record store.",
                "type": "string",
                "enum": scopes,
                "default": scopes[0],
            });
            let properties = schema
                .ensure_object()
                .entry("properties")
                .or_insert_with(|| Json::Object(Default::default()));
            if let Some(properties) = properties.as_object_mut() {
                properties.insert(SCOPE.to_owned(), scope);
            }
        }
        schema
    }

    /// Whether `scope` in its table says whom it is made for: so it is for observers without an
    /// option of that name.
    #[must_use]
    pub fn takes_scope(&self) -> bool {
        let own = || (self.schema)().get("properties").is_some_and(|options| options.get(SCOPE).is_some());
        self.kind() == ComponentKind::Observer && !own()
    }

    /// The options without what is not the component's business.
    fn own(&self, mut options: Json) -> Json {
        if let Some(table) = options.as_object_mut()
            && table.contains_key(SCOPE)
            && self.takes_scope()
        {
            table.remove(SCOPE);
        }
        options
    }

    /// What the schema says of each option.
    #[must_use]
    pub fn options(&self) -> Vec<OptionProperty> {
        OptionProperty::all(&self.schema())
    }

    /// Reads options without making anything.
    ///
    /// # Errors
    /// When the options are not right. The message may quote them.
    pub fn check_options(&self, options: Json) -> Result<(), ComponentError> {
        self.check_keys(&options)?;
        (self.read)(self.own(options)).map_err(|problem| self.failure(problem.into()))
    }

    /// Makes an engine.
    ///
    /// # Errors
    /// When this is no engine, the options are not right, or the constructor fails.
    pub fn create_engine(
        &self,
        context: &Context,
        options: Json,
    ) -> Result<Box<dyn StorageEngine>, ComponentError> {
        let Constructor::Engine(create) = &self.constructor else {
            return Err(self.wrong_kind(ComponentKind::Engine));
        };
        self.check(&options)?;
        create(context, options).map_err(|error| self.failure(error))
    }

    /// Opens a data store.
    ///
    /// # Errors
    /// When this is no data store, the options are not right, or the constructor fails.
    pub async fn open_data_store(
        &self,
        context: Context,
        options: Json,
    ) -> Result<Arc<dyn MapDataStore>, ComponentError> {
        let Constructor::DataStore(open) = &self.constructor else {
            return Err(self.wrong_kind(ComponentKind::DataStore));
        };
        self.check(&options)?;
        open(context, options).await.map_err(|error| self.failure(error))
    }

    /// Makes an observer.
    ///
    /// # Errors
    /// When this is no observer, the options are not right, or the constructor fails.
    pub fn create_observer(
        &self,
        context: &Context,
        options: Json,
    ) -> Result<Arc<dyn MutationObserver>, ComponentError> {
        let Constructor::Observer(create) = &self.constructor else {
            return Err(self.wrong_kind(ComponentKind::Observer));
        };
        let options = self.own(options);
        self.check(&options)?;
        create(context, options).map_err(|error| self.failure(error))
    }

    fn wrong_kind(&self, wanted: ComponentKind) -> ComponentError {
        ComponentError::WrongKind { kind: self.kind(), name: self.name.clone(), wanted }
    }

    fn failure(&self, error: anyhow::Error) -> ComponentError {
        let (kind, name) = (self.kind(), self.name.clone());
        match error.downcast::<OptionsProblem>() {
            Ok(OptionsProblem::Unknown(option)) => {
                ComponentError::UnknownOption { kind, name, option, known: self.option_names() }
            }
            Ok(OptionsProblem::Invalid(problem)) => ComponentError::BadOptions { kind, name, problem },
            Err(source) => ComponentError::Constructor { kind, name, source },
        }
    }

    /// Refuses by the schema what serde does not know of, or would say less well.
    fn check(&self, options: &Json) -> Result<(), ComponentError> {
        self.check_keys(options)?;
        self.check_ranges(options)
    }

    fn check_ranges(&self, options: &Json) -> Result<(), ComponentError> {
        let properties = self.options();
        let mut given =
            properties.iter().filter_map(|property| Some((property, options.get(property.name())?)));
        match given.find_map(|(property, value)| property.out_of_range(value)) {
            None => Ok(()),
            Some(problem) => {
                Err(ComponentError::BadOptions { kind: self.kind(), name: self.name.clone(), problem })
            }
        }
    }

    /// Refuses unknown keys where the options refuse them themselves: serde would stop at the
    /// first thing wrong.
    fn check_keys(&self, options: &Json) -> Result<(), ComponentError> {
        let closed = self.schema().get("additionalProperties") == Some(&Json::Bool(false));
        let Some(options) = options.as_object().filter(|_| closed) else { return Ok(()) };
        let known = self.option_names();
        match options.keys().find(|key| !known.contains(key)) {
            None => Ok(()),
            Some(option) => Err(ComponentError::UnknownOption {
                kind: self.kind(),
                name: self.name.clone(),
                option: option.clone(),
                known,
            }),
        }
    }

    fn option_names(&self) -> Vec<String> {
        let schema = self.schema();
        let properties = schema.get("properties").and_then(Json::as_object);
        properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
    }
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor")
            .field("kind", &self.kind())
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What is wrong with options, until the descriptor that knows the component's name reports it.
#[derive(Debug, thiserror::Error)]
enum OptionsProblem {
    #[error("unknown option {0:?}")]
    Unknown(String),
    #[error("{0}")]
    Invalid(String),
}

fn read_options<O: Options>(options: Json) -> Result<O, OptionsProblem> {
    let mut unknown = None;
    let read = serde_ignored::deserialize(options, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    match (unknown, read) {
        (Some(option), _) => Err(OptionsProblem::Unknown(option)),
        (None, Ok(options)) => Ok(options),
        (None, Err(problem)) => Err(OptionsProblem::Invalid(problem.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize, JsonSchema)]
    struct Sized {
        #[expect(dead_code, reason = "read by serde")]
        shards: u32,
    }

    fn sized() -> Descriptor {
        Descriptor::engine("sized", "An engine with options", |_: &Context, _: Sized| {
            Ok(Box::new(crate::HashMapStorage::new()))
        })
    }

    fn refusal(options: Json) -> String {
        match sized().create_engine(&Context::new(), options) {
            Ok(_) => panic!("made in spite of its options"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_unknown_option_is_refused_with_the_known_ones() {
        let message = refusal(json!({ "shards": 4, "shard": 4 }));
        assert_eq!(message, r#"engine "sized" has no option "shard"; it has shards"#);
    }

    #[test]
    fn options_that_refuse_unknown_keys_themselves_are_reported_alike() {
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct Strict {
            #[expect(dead_code, reason = "read by serde")]
            shards: u32,
        }
        let strict = Descriptor::engine("strict", "", |_: &Context, _: Strict| {
            Ok(Box::new(crate::HashMapStorage::new()))
        });
        let error = strict.create_engine(&Context::new(), json!({ "shard": 4 })).err().expect("refused");
        assert_eq!(error.to_string(), r#"engine "strict" has no option "shard"; it has shards"#);
    }

    #[test]
    fn a_missing_or_mistyped_option_says_which() {
        assert!(refusal(json!({})).contains("missing field `shards`"));
        assert!(refusal(json!({ "shards": "many" })).contains("invalid type: string \"many\", expected u32"));
    }

    #[test]
    fn a_component_of_another_kind_is_refused() {
        let error = sized().create_observer(&Context::new(), json!({})).err().expect("no observer");
        assert_eq!(error.to_string(), r#""sized" is of kind engine, not observer"#);
    }
}
