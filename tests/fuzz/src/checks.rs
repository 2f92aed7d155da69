//! What must hold of any input. Fuzzers look for an input of which it does not; tests run the
//! corpora. Each function panics if something does not hold.

#![allow(dead_code, reason = "each fuzz target uses one of these, a test all")]

use std::collections::BTreeMap;

use serde_json::Value as Json;
use trilayer_core::{ByteSize, Context, Millis, Secret};
use trilayer_registry::{Config, ConfigError, ConfigLoader, MapConfig, Registry};

/// The text of a configuration file. What is accepted reads back equal, through TOML; what is
/// refused says why, one line for each problem.
pub(crate) fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    settle(ConfigLoader::new().text(text).load());
}

/// Environment variables, `NAME=value` parted by NUL, over a file that has some of the keys.
pub(crate) fn environment(input: &[u8]) {
    const FILE: &str =
        "[data_stores.Main-Store]\nuse = \"null\"\n[maps.city-map]\n[maps.\"session-*\"]\npartitions = 3\n";
    let text = String::from_utf8_lossy(input);
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    let pairs: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    settle(ConfigLoader::new().text(FILE).env(pairs.clone()).load());
    settle(ConfigLoader::new().env(pairs).load());
}

fn settle(loaded: Result<Config, ConfigError>) {
    match loaded {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(config) => {
            let _sound_or_not = config.check(&Registry::with_builtin()).map_err(|error| error.to_string());
            // An option may hold what TOML cannot write: a null from no file, a number beyond 64 bits.
            let Ok(written) = config.to_toml() else { return };
            match Config::from_toml(&written) {
                Ok(again) => assert!(again == config || has_nan(&config), "{written}"),
                Err(error) => panic!("{error}\nwas written:\n{written}"),
            }
        }
    }
}

/// What is not a number is not equal to itself.
fn has_nan(config: &Config) -> bool {
    format!("{config:?}").contains("NaN")
}

/// Options that are read from text with units, and secrets.
pub(crate) fn values(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(millis) = text.parse::<Millis>() {
        assert_eq!(millis.to_string().parse(), Ok(millis));
        assert_eq!(round_trip(&millis), millis);
    }
    if let Ok(size) = text.parse::<ByteSize>() {
        assert_eq!(size.to_string().parse(), Ok(size));
        assert_eq!(round_trip(&size), size);
    }
    secret(&Json::from(text));
    if let Ok(value) = serde_json::from_str::<Json>(text) {
        let _refused_or_not = (
            serde_json::from_value::<Millis>(value.clone()).is_ok(),
            serde_json::from_value::<ByteSize>(value.clone()).is_ok(),
        );
        secret(&value);
    }
}

fn round_trip<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let json = serde_json::to_string(value).expect("plain data");
    serde_json::from_str(&json).expect("what was written")
}

/// Text is kept to the letter, and shown by nothing.
fn secret(value: &Json) {
    const SHORTEST_TOLD_APART: usize = 24;
    let Ok(secret) = serde_json::from_value::<Secret>(value.clone()) else { return };
    let Some(text) = value.as_str() else { return };
    let read = secret.read(&Context::new()).expect("it is text");
    assert_eq!(read.expose(), text);
    let shown =
        format!("{secret} {secret:?} {read:?} {}", serde_json::to_string(&secret).expect("plain data"));
    assert!(text.len() < SHORTEST_TOLD_APART || !shown.contains(text), "{shown}");
}

/// Names of `[maps]` and a map's name, one a line, the map's last. The entry that serves it is one
/// that matches, the exact one if there is one; no match is overlooked.
pub(crate) fn patterns(input: &[u8]) {
    const LONGEST: usize = 512;
    let Ok(text) = std::str::from_utf8(input) else { return };
    let lines: Vec<&str> = text.lines().filter(|line| line.len() <= LONGEST).take(16).collect();
    let Some((name, entries)) = lines.split_last() else { return };
    let mut config = Config::default();
    config.maps =
        entries.iter().map(|entry| ((*entry).to_owned(), MapConfig::default())).collect::<BTreeMap<_, _>>();
    let is_pattern = |entry: &str| entry.contains(['*', '?']);
    let fits = |entry: &&&str| *entry == name || (is_pattern(entry) && matches(entry, name));
    let serving = config.serving(name).map(|(entry, _)| entry);
    if is_pattern(name) {
        assert_eq!(serving, None, "a pattern is no map");
    } else if entries.contains(name) {
        assert_eq!(serving, Some(*name), "the exact entry comes first");
    } else {
        assert_eq!(serving.is_some(), entries.iter().any(|entry| fits(&entry)), "{entries:?} {name:?}");
        assert!(serving.is_none_or(|entry| matches(entry, name)), "{serving:?} {name:?}");
    }
}

/// By a table of which part of the pattern matches which part of the name: slow and plain.
fn matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut reached: Vec<bool> = (0..=name.len()).map(|at| at == 0).collect();
    for part in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match part {
                '*' => reached[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && reached[at - 1],
                exact => at > 0 && reached[at - 1] && name[at - 1] == exact,
            };
        }
        reached = next;
    }
    reached[name.len()]
}
