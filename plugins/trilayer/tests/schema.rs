//! The schema that editors use and the program agree, for every component that is linked.

#![cfg(all(feature = "redb", feature = "stats", feature = "trace"))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::path::Path;

use jsonschema::Validator;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use trilayer::{
    Config, Context, Descriptor, HashMapStorage, Maps, Millis, NoOptions, NullDataStore, Origin, Registry,
    Secret,
};

fn validator(registry: &Registry) -> Validator {
    let schema = registry.schema().to_value();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn json(text: &str) -> Json {
    toml::from_str(text).unwrap()
}

/// What the program makes of a configuration: everything is opened, in a folder of its own.
fn open(registry: &Registry, text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config::from_toml(text).map_err(|error| error.to_string())?;
    let config = config.with_base_dir(folder.path());
    runtime.block_on(async {
        let maps = Maps::open(registry.clone(), config).await.map_err(|error| format!("{error:?}"))?;
        maps.close().await.map_err(|error| format!("{error:?}"))
    })
}

const GOOD: [&str; 9] = [
    "",
    "[maps.a]",
    "[maps.a]\nengine = \"hashmap\"\ndata_store = \"null\"\nobservers = [\"stats\", \"trace\"]",
    "[maps.a]\nengine = { use = \"hashmap\" }\nobservers = [{ use = \"trace\", level = \"warn\", keys = false }]",
    "[data_stores]\nmain = \"null\"\n[maps.a]\ndata_store = \"main\"",
    "[data_stores.main]\nuse = \"redb\"\npath = \"x\"\ncache_size_bytes = \"1.5 MiB\"\n[maps.a]\ndata_store = \"main\"",
    "[maps.a]\ndata_store = { use = \"redb\", path = \"x\", cache_size_bytes = 1000000, verify_on_open = true }",
    "[maps.a]\ndefault_ttl_millis = \"1h30m\"\ndefault_max_idle_millis = 5\ndata_store_timeout_millis = \"0ms\"",
    "[maps.\"s-*\"]\npartitions = 1\nmax_entry_count = 5\nload = \"lazy\"\nmax_key_bytes = \"1 kB\"\nmax_value_bytes = 7",
];

const MISTAKES: [&str; 28] = [
    "map = 1",
    "[map.a]",
    "maps = 1",
    "[maps]\na = 1",
    "[maps.a]\nengin = \"hashmap\"",
    "[maps.a]\nengine = \"hashmpa\"",
    "[maps.a]\nengine = 1",
    "[maps.a]\nengine = {}",
    "[maps.a]\nengine = { us = \"hashmap\" }",
    "[maps.a]\nengine = { use = \"hashmap\", shards = 1 }",
    "[maps.a]\nengine = { use = \"redb\", path = \"x\" }",
    "[maps.a]\ndata_store = { use = \"redb\" }",
    "[maps.a]\ndata_store = { use = \"redb\", paht = \"x\" }",
    "[maps.a]\ndata_store = { use = \"redb\", path = 1 }",
    "[maps.a]\ndata_store = { use = \"redb\", path = \"x\", cache_size_bytes = \"64M\" }",
    "[maps.a]\ndata_store = { use = \"redb\", path = \"x\", cache_size_bytes = -1 }",
    "[data_stores]\nmain = \"redb\"\n[maps.a]\ndata_store = \"main\"",
    "[data_stores]\nmain = \"hashmap\"",
    "[maps.a]\nobservers = \"stats\"",
    "[maps.a]\nobservers = [\"stat\"]",
    "[maps.a]\nobservers = [{ use = \"trace\", level = \"loud\" }]",
    "[maps.a]\nobservers = [{ use = \"stats\", level = \"warn\" }]",
    "[maps.a]\npartitions = 0",
    "[maps.a]\npartitions = 65537",
    "[maps.a]\npartitions = \"4\"",
    "[maps.a]\nload = \"now\"",
    "[maps.a]\ndefault_ttl_millis = \"5 min\"",
    "[maps.a]\nmax_key_bytes = 0",
];

#[test]
fn an_editor_accepts_what_the_program_accepts() {
    let registry = Registry::linked().unwrap();
    let validator = validator(&registry);
    for text in GOOD {
        assert_eq!(open(&registry, text), Ok(()), "{text}");
        let problems: Vec<String> =
            validator.iter_errors(&json(text)).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{text}\n{problems:#?}");
    }
}

#[test]
fn an_editor_marks_what_the_program_refuses() {
    let registry = Registry::linked().unwrap();
    let validator = validator(&registry);
    for text in MISTAKES {
        assert!(open(&registry, text).is_err(), "the program takes {text}");
        assert!(!validator.is_valid(&json(text)), "an editor would not mark {text}");
    }
}

/// Else somebody who begins with the example begins with an error.
#[test]
fn the_example_of_every_component_can_be_used_as_it_is() {
    let registry = Registry::linked().unwrap();
    let validator = validator(&registry);
    let mut seen = 0;
    for (component, _) in registry.list() {
        let example = registry.example(component);
        assert!(validator.is_valid(&json(&example)), "{example}");
        assert_eq!(open(&registry, &example), Ok(()), "{example}");
        let config = Config::from_toml(&example).unwrap();
        let again = Config::from_toml(&config.to_toml().unwrap()).unwrap();
        assert_eq!(config, again, "{example}");
        for option in component.options().iter().filter(|option| option.is_required()) {
            let line = format!("\n{} = ", option.name());
            assert!(example.contains(&line), "{}: no example of option {}", component.name(), option.name());
        }
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

/// A commented line of an example is one that may be used.
#[test]
fn what_an_example_shows_as_a_comment_is_right_too() {
    let registry = odd();
    let validator = validator(&registry);
    for (component, _) in registry.list() {
        let example = registry.example(component);
        let is_option = |line: &str| {
            component.options().iter().any(|it| line.starts_with(&format!("# {} = ", it.name())))
        };
        let uncomment =
            |line: &str| if is_option(line) { format!("{}\n", &line[2..]) } else { format!("{line}\n") };
        let whole: String = example.lines().map(uncomment).collect();
        let problems: Vec<String> =
            validator.iter_errors(&json(&whole)).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{whole}\n{problems:#?}");
    }
}

#[test]
fn every_example_file_names_the_schema_and_fits_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let committed = std::fs::read_to_string(folder.join("trilayer.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&committed).unwrap()).unwrap();
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut seen = 0;
    for file in files.filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        let text = std::fs::read_to_string(&file).unwrap();
        if file.ends_with("Cargo.toml") {
            continue;
        }
        assert!(text.starts_with("#:schema ./trilayer.schema.json\n"), "{}", file.display());
        assert!(validator.is_valid(&json(&text)), "{}", file.display());
        seen += 1;
    }
    assert!(seen > 0, "no example is left");
}

/// Options called like keywords of a schema, an enum, a type that holds itself, a secret, an
/// inner component.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde")]
struct Odd {
    #[schemars(extend("x-component" = "data-store"))]
    #[schemars(example = &"null")]
    inner: Json,
    #[serde(default)]
    default: Option<Tree>,
    #[serde(default)]
    required: Option<Mode>,
    #[serde(default)]
    password: Option<Secret>,
    #[schemars(range(min = 10))]
    #[serde(default)]
    delay_millis: Option<Millis>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by serde")]
struct Tree {
    branches: Vec<Tree>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

fn odd() -> Registry {
    let mut registry = Registry::linked().unwrap();
    let odd = Descriptor::data_store("odd", "Odd options", |_: Context, _: Odd| async {
        Ok(std::sync::Arc::new(NullDataStore) as _)
    });
    let plain = Descriptor::engine("plain", "Another", |_: &Context, _: NoOptions| {
        Ok(Box::new(HashMapStorage::new()))
    });
    for component in [odd, plain] {
        registry.register(component, Origin::Program("this test".to_owned())).unwrap();
    }
    registry
}

#[test]
fn the_schema_of_a_plugin_is_part_of_the_whole() {
    let validator = validator(&odd());
    let fits =
        |options: &str| validator.is_valid(&json(&format!("[data_stores.main]\nuse = \"odd\"\n{options}")));
    for good in [
        "inner = \"null\"",
        "inner = \"main\"",
        "inner = { use = \"redb\", path = \"x\" }\nrequired = \"slow\"",
        "inner = { use = \"odd\", inner = \"null\" }",
        "inner = \"null\"\ndefault = { branches = [{ branches = [] }] }",
        "inner = \"null\"\npassword = \"x\"\ndelay_millis = \"1s\"",
        "inner = \"null\"\npassword = { env = \"X\" }",
        "inner = \"null\"\npassword = { file = \"x\" }\ndelay_millis = 10",
    ] {
        assert!(fits(good), "{good}");
    }
    for wrong in [
        "",
        "inner = 1",
        "inner = { use = \"redb\" }",
        "inner = { use = \"odd\" }",
        "inner = \"null\"\nrequired = \"medium\"",
        "inner = \"null\"\ndefault = { branches = [1] }",
        "inner = \"null\"\npassword = 1",
        "inner = \"null\"\npassword = {}",
        "inner = \"null\"\npassword = { env = \"X\", file = \"x\" }",
        "inner = \"null\"\npassword = { environment = \"X\" }",
        "inner = \"null\"\ndelay_millis = 9",
    ] {
        assert!(!fits(wrong), "{wrong}");
    }
}

#[test]
fn the_schema_of_one_component_stands_alone() {
    let registry = odd();
    for (component, _) in registry.list() {
        let schema = registry.component_schema(component).to_value();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        assert!(validator.is_valid(&json(&component.example())), "{}", component.example());
        assert!(!validator.is_valid(&json("use = \"another\"")), "{schema:#}");
    }
}

#[test]
fn the_reference_names_every_option_and_marks_secrets() {
    let registry = odd();
    let reference = registry.reference();
    for (component, _) in registry.list() {
        assert!(reference.contains(&format!("\n### `{}`\n", component.name())), "{reference}");
        for option in component.options() {
            assert!(reference.contains(&format!("\n| `{}` | ", option.name())), "{reference}");
        }
    }
    for line in [
        "| `password` | secret |  | none |  |  |  |",
        "| `delay_millis` | duration | ms | none | at least 10ms |  |  |",
        "| `inner` | component |  | **required** |  |  |  |",
        "| `required` | `\"fast\"`, `\"slow\"` |  | none |  |  |  |",
    ] {
        assert!(reference.contains(line), "{line}\n{reference}");
    }
}
