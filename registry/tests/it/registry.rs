use std::sync::Arc;

use serde_json::json;
use trilayer_core::{
    ComponentKind, Context, Descriptor, HashMapStorage, Linked, NoOptions, Opener, Origin, register,
};
use trilayer_registry::{Registry, RegistryError};

use crate::support::{self, Made};

register! { engine("linked-in-the-tests") }

fn engine(name: &str) -> Descriptor {
    Descriptor::engine(name, "For tests", |_: &Context, _: NoOptions| Ok(Box::new(HashMapStorage::new())))
}

fn origin(what: &str) -> Origin {
    Origin::Program(what.to_owned())
}

#[test]
fn a_duplicate_is_refused_and_both_origins_are_named() {
    let mut registry = Registry::with_builtin();
    registry.register(engine("mine"), origin("plugin a")).unwrap();
    let refusal = registry.register(engine("mine"), origin("plugin b")).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        r#"engine "mine" is registered twice: by plugin a and by plugin b; rename or drop one of them"#,
    );
    assert_eq!(registry.origin(ComponentKind::Engine, "mine").unwrap(), &origin("plugin a"));
    assert!(
        registry.register(engine("hashmap"), origin("plugin b")).is_err(),
        "a builtin is not overwritten"
    );
}

#[test]
fn one_name_may_stand_for_components_of_different_kinds() {
    let mut registry = Registry::with_builtin();
    registry.register(engine("null"), origin("a")).unwrap();
    let kinds: Vec<_> = registry.list().map(|(found, _)| (found.kind(), found.name().to_owned())).collect();
    let (engine, store) = (ComponentKind::Engine, ComponentKind::DataStore);
    assert_eq!(kinds, [(engine, "hashmap".into()), (engine, "null".into()), (store, "null".into())]);
}

#[test]
fn an_unknown_name_lists_what_there_is_and_suggests_the_nearest() {
    let refusal = Registry::with_builtin().get(ComponentKind::DataStore, "nul").unwrap_err();
    assert_eq!(refusal.to_string(), r#"there is no data store "nul"; known: "null"; did you mean "null"?"#,);
    let refusal = Registry::empty().get(ComponentKind::Engine, "hashmap").unwrap_err();
    assert_eq!(refusal.to_string(), r#"there is no engine "hashmap"; known: none"#);
}

#[test]
fn a_name_that_is_not_lower_kebab_is_refused_with_an_example() {
    let refusal = Registry::empty().register(engine("My_Engine"), origin("plugin a")).unwrap_err();
    assert!(matches!(refusal, RegistryError::BadName { .. }));
    let message = refusal.to_string();
    assert!(message.contains(r#""My_Engine", registered by plugin a, is not lower-kebab"#), "{message}");
    assert!(message.contains("write-behind"), "{message}");
}

#[test]
fn a_plugin_is_registered_as_a_whole_or_not_at_all() {
    let mut registry = Registry::with_builtin();
    let components = ["one", "two", "hashmap"].map(|name| (engine(name), origin("plugin")));
    registry.register_all(components.into()).unwrap_err();
    assert!(registry.get(ComponentKind::Engine, "one").is_err());
    let twice = ["one", "one"].map(|name| (engine(name), origin("plugin")));
    registry.register_all(twice.into()).unwrap_err();
    assert!(registry.get(ComponentKind::Engine, "one").is_err());
}

#[test]
fn two_registries_do_not_see_each_other() {
    let mut first = Registry::with_builtin();
    let second = first.clone();
    first.register(engine("mine"), origin("a")).unwrap();
    assert!(first.get(ComponentKind::Engine, "mine").is_ok());
    assert!(second.get(ComponentKind::Engine, "mine").is_err());
    assert!(Registry::with_builtin().get(ComponentKind::Engine, "mine").is_err());
}

#[test]
fn what_is_linked_is_found_with_its_origin() {
    let registry = Registry::linked().unwrap();
    assert!(registry.get(ComponentKind::Engine, "hashmap").is_ok());
    let origin = registry.origin(ComponentKind::Engine, "linked-in-the-tests").unwrap().to_string();
    assert!(origin.starts_with("crate trilayer-registry "), "{origin}");
    assert_eq!(registry.list().count(), 2 + Linked::all().count());
}

#[tokio::test]
async fn a_decorator_opens_what_it_wraps_by_name_or_table() {
    let made = Arc::new(Made::default());
    let registry = support::registry(&made);
    let context = Context::new();
    registry.engine(&context, &json!("hashmap")).unwrap();
    registry.engine(&context, &json!({ "use": "counted" })).unwrap();
    assert!(registry.data_store(&context, &json!("memory")).await.is_ok());
    assert!(registry.observer(&context, &json!({ "use": "count" })).is_ok());

    let refusal = |spec| registry.engine(&context, &spec).err().unwrap().to_string();
    assert!(refusal(json!("hashmpa")).contains(r#"did you mean "hashmap"?"#));
    assert!(refusal(json!({ "shards": 4 })).contains("no `use`"));
    assert!(refusal(json!(7)).contains("found a number"));
    assert!(refusal(json!({ "use": "hashmap", "shards": 4 })).contains(r#"has no option "shards""#));
}
