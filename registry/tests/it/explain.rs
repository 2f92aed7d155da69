//! Who said what.

use trilayer_registry::{Config, ConfigLoader, ExplainedValue, Explanation, Layer};

use crate::parts;

const TEXT: &str = r#"
[data_stores.main]
use = "file"
path = "a b"
token = "hunter2"

[maps."session-*"]
engine = { use = "btree", fanout = 4 }
data_store = "main"
observers = ["count", { use = "trace", level = "debug" }]

[maps.users]
"#;

fn config() -> Config {
    let environment = [("TRILAYER__MAPS__SESSION_X2D_X2A__PARTITIONS".to_owned(), "3".to_owned())];
    ConfigLoader::new().text(TEXT).env(environment).registry(&parts::registry()).load().unwrap()
}

#[track_caller]
fn value<'e>(explanation: &'e Explanation, path: &str) -> &'e ExplainedValue {
    explanation
        .values
        .iter()
        .find(|value| value.path == path)
        .unwrap_or_else(|| panic!("no {path}: {explanation}"))
}

fn place(line: usize, column: usize) -> Layer {
    Layer::Place { file: "text".to_owned(), line, column }
}

#[test]
fn each_value_tells_the_layer_it_comes_from() {
    let mut config = config();
    config.maps.get_mut("users").unwrap().max_entry_count = 1000;
    let all = config.explain(&parts::registry(), None).unwrap();
    assert_eq!(value(&all, "data_stores.main.path").place, place(4, 1));
    assert_eq!(value(&all, "maps.\"session-*\".engine.fanout").place, place(8, 27));
    assert_eq!(value(&all, "maps.\"session-*\".engine.ordered").place, Layer::Default);
    assert_eq!(value(&all, "maps.\"session-*\".observers[1].level").place, place(10, 40));
    let variable = "TRILAYER__MAPS__SESSION_X2D_X2A__PARTITIONS".to_owned();
    assert_eq!(value(&all, "maps.\"session-*\".partitions").place, Layer::Environment { variable });
    assert_eq!(value(&all, "maps.users.max_entry_count").place, Layer::Program);
    assert_eq!(value(&all, "maps.users.engine").place, Layer::Default);
}

#[test]
fn each_component_tells_where_it_comes_from_and_secrets_are_masked() {
    let all = config().explain(&parts::registry(), None).unwrap();
    let file = value(&all, "data_stores.main.use").component.clone().unwrap();
    assert_eq!(
        (file.kind.as_str(), file.name.as_str(), file.origin.as_str()),
        ("data store", "file", "the tests")
    );
    let token = value(&all, "data_stores.main.token");
    assert!(token.masked && token.value == "***" && token.place == place(5, 1));
    assert!(!all.to_string().contains("hunter2"));
}

#[test]
fn of_one_map_its_entry_and_its_data_store_are_explained() {
    let config = config();
    let one = config.explain(&parts::registry(), Some("session-7")).unwrap();
    assert_eq!(value(&one, "data_stores.main.path").value, "a b");
    assert_eq!(value(&one, "maps.\"session-*\".partitions").value, 3);
    assert!(!one.to_string().contains("users"), "{one}");
    assert!(config.explain(&parts::registry(), Some("others")).is_none());
}

#[test]
fn an_explanation_is_a_configuration_that_comes_to_the_same() {
    let config = config();
    let text = config.explain(&parts::registry(), None).unwrap().to_string();
    let again = ConfigLoader::new().text(text.replace("***", "hunter2")).registry(&parts::registry()).load();
    let again = again.unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(again.maps["session-*"].partitions, 3);
    assert_eq!(again.maps["session-*"].observers.len(), 2);
    for (option, value) in &config.data_stores["main"].options {
        assert_eq!(again.data_stores["main"].options[option], *value);
    }
}
