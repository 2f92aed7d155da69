//! No secret is in any output, whatever is wrong around it.

use trilayer_registry::{Config, ConfigLoader, Registry};

use crate::parts;

const SECRET: &str = "CANARY-5f2d";

/// The secret in every place where one may stand, written in every way.
const WHOLE: &str = r#"
[data_stores.main]
use = "file" # the file
path = "data/x"
token = "CANARY-5f2d" # was CANARY-5f2d0
retry = { attempts = 3, factor = 1.5 }

[data_stores.outer]
use = "wrap"
inner = { use = "wrap", inner = { use = "file", token = 'CANARY-5f2d', path = "y", tags = ["a"] } }

[maps.places]
engine = { use = "btree", fanout = 4 }
data_store = { use = "file", path = "z", token = """CANARY-5f2d""" }
observers = ["trace", { use = "trace", level = "debug" }]
partitions = 4

[maps."s-*".data_store]
token = "CANARY-5f2d"
use = "file"
path = "w"

[maps.users]
data_store = "main"

[maps.others]
data_store = "outer"
"#;

fn outputs(registry: &Registry, loader: ConfigLoader) -> (bool, String) {
    let debug = format!("{loader:?}");
    match loader.load() {
        Ok(config) => (true, debug + &shown(registry, &config)),
        Err(error) => {
            let json = serde_json::to_string(error.problems()).unwrap();
            (false, format!("{debug}{error}{error:?}{}{}{json}", error.render(false), error.render(true)))
        }
    }
}

fn shown(registry: &Registry, config: &Config) -> String {
    let explained = config.explain(registry, None).unwrap();
    let json = serde_json::to_string(&explained).unwrap();
    format!("{explained}{explained:?}{json}{config:?}{:?}", config.problems(registry))
}

#[track_caller]
fn hides(registry: &Registry, text: &str, variables: &[(String, String)]) {
    for with_registry in [true, false] {
        let loader = ConfigLoader::new().text(text).env(variables.to_vec());
        let loader = if with_registry { loader.registry(registry) } else { loader };
        let (_, output) = outputs(registry, loader);
        assert!(!output.contains(&SECRET[..6]), "{text}\n  {variables:?} gives\n{output}");
    }
}

#[test]
fn a_configuration_that_is_right_shows_no_secret() {
    let registry = parts::registry();
    let (right, output) = outputs(&registry, ConfigLoader::new().text(WHOLE).registry(&registry));
    assert!(right, "{output}");
    assert!(output.contains("***") && !output.contains(SECRET), "{output}");
}

/// Each character removed, each doubled by something that upsets what follows, and the text cut off.
#[test]
fn a_slip_at_any_place_shows_no_secret() {
    let registry = parts::registry();
    for (at, c) in WHOLE.char_indices() {
        let (before, after) = (&WHOLE[..at], &WHOLE[at + c.len_utf8()..]);
        hides(&registry, &format!("{before}{after}"), &[]);
        for upset in ["\"", "'", "\n", "x", "=", "{", "]", ",", "#", ".", "\\"] {
            // What cuts the secret itself in two makes something else of it.
            hides(&registry, &format!("{before}{upset}{c}{after}"), &[]);
        }
        hides(&registry, before, &[]);
    }
}

#[test]
fn no_variable_shows_a_secret() {
    let registry = parts::registry();
    let names = [
        "DATA_STORES__MAIN__TOKEN",
        "DATA_STORES__MAIN__TOKN",
        "DATA_STORES__MAIN__TOKEN__X",
        "DATA_STORES__MIAN__TOKEN",
        "DATA_STORES__OUTER__INNER__TOKEN",
        "DATA_STORES__MAIN__RETRY__SECRET",
        "MAPS__PLACES__SECRET",
        "SECRET",
        "MAPS____SECRET",
    ];
    for name in names {
        for value in [
            "CANARY-5f2d",
            "[\"CANARY-5f2d\"]",
            "{ a = \"CANARY-5f2d\" }",
            "{ CANARY-5f2d",
            "\"CANARY-5f2d",
            "\0CANARY-5f2d",
        ] {
            hides(&registry, WHOLE, &[(format!("TRILAYER__{name}"), value.to_owned())]);
        }
    }
}
