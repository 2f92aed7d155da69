//! Values from the command line and standard input.

use std::io::{self, Read as _};

use trilayer::{Config, MapConfig, Value};

use crate::failure::{Exit, Failure};

/// The most bytes of JSON that are read for one value, or one line of a file.
///
/// JSON may be longer than the value it stands for (escapes, long numbers), so this is twice
/// the largest value and some room for the key and the other fields.
pub(crate) fn max_json_bytes(settings: &MapConfig) -> u64 {
    const ROOM: u64 = 64 << 10;
    settings.max_value_bytes.saturating_mul(2).saturating_add(settings.max_key_bytes).saturating_add(ROOM)
}

/// The settings that serve a map.
pub(crate) fn settings_of(config: &Config, map: &str) -> MapConfig {
    config.serving(map).map(|(_, settings)| settings.clone()).unwrap_or_default()
}

/// The value of an argument that is JSON, or `-` for standard input.
pub(crate) async fn value_of(argument: String, settings: MapConfig) -> Result<Value, Failure> {
    if argument != "-" {
        return parse(&argument);
    }
    let reading = tokio::task::spawn_blocking(move || read_all(max_json_bytes(&settings)));
    parse(&reading.await.map_err(|error| Failure::new(Exit::Other, error))??)
}

fn read_all(limit: u64) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| {
        Failure::new(Exit::NoInput, anyhow::Error::from(error).context("cannot read standard input"))
    })?;
    if bytes.len() as u64 > limit {
        let message = format!(
            "standard input holds more than {limit} bytes; raise the map's max_value_bytes to store it"
        );
        return Err(Failure::message(Exit::BadData, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        let message = format!("standard input is not UTF-8 from byte {at} on; convert it to UTF-8");
        Failure::message(Exit::BadData, message)
    })
}

fn parse(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!("the value is not JSON: {error}; text needs quotes, as in '\"text\"'");
        Failure::message(Exit::BadData, message)
    })
}
