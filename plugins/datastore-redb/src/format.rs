//! How a value is written: a format byte, a checksum, MessagePack.

use serde::{Deserialize, Serialize};
use trilayer_core::{RecordValue, StoredValue, Value};

/// The format of values: checksum and MessagePack.
const MESSAGE_PACK: u8 = 1;
/// Format byte and checksum.
const HEADER: usize = 5;
/// The longest value, with its header; below redb's own bound of 3 GiB for values.
const MAX_BYTES: usize = 2 << 30;
/// Lists and maps inside each other; reading is recursive, so there must be a bound, and
/// what could not be read back must not be written.
const MAX_DEPTH: usize = 256;
/// `MAX_DEPTH` and the layers of `RecordValue` around the value.
const MAX_READ_DEPTH: usize = MAX_DEPTH + 16;

#[derive(Serialize)]
struct EntryRef<'a> {
    value: &'a RecordValue,
    expiration_time: i64,
}

#[derive(Deserialize)]
struct Entry {
    value: RecordValue,
    expiration_time: i64,
}

/// The bytes for a value; `Err` says why it cannot be stored.
pub(crate) fn encode(key: &str, value: &RecordValue, expiration_time: i64) -> Result<Vec<u8>, String> {
    if !is_shallow(value) {
        return Err(format!("its lists and maps are nested deeper than {MAX_DEPTH}"));
    }
    let mut bytes = vec![0; HEADER];
    rmp_serde::encode::write_named(&mut bytes, &EntryRef { value, expiration_time })
        .map_err(|error| error.to_string())?;
    if bytes.len() + key.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, and {MAX_BYTES} is the most with its key", bytes.len()));
    }
    let sum = checksum(key, &bytes[HEADER..]);
    bytes[0] = MESSAGE_PACK;
    bytes[1..HEADER].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// The value in `bytes`; `Err` says what is wrong with them.
pub(crate) fn decode(key: &str, bytes: &[u8]) -> Result<StoredValue, String> {
    let [format, a, b, c, d, payload @ ..] = bytes else {
        return Err(format!("it has {} bytes, too few for a value", bytes.len()));
    };
    if *format != MESSAGE_PACK {
        return Err(format!("its format is {format}, and this build knows format {MESSAGE_PACK} only"));
    }
    if checksum(key, payload) != u32::from_le_bytes([*a, *b, *c, *d]) {
        return Err("its checksum is not right".to_owned());
    }
    let mut reader = rmp_serde::Deserializer::from_read_ref(payload);
    reader.set_max_depth(MAX_READ_DEPTH);
    let entry = Entry::deserialize(&mut reader).map_err(|error| error.to_string())?;
    Ok(StoredValue { value: entry.value, expiration_time: entry.expiration_time })
}

fn checksum(key: &str, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(payload);
    hasher.finalize()
}

fn is_shallow(value: &RecordValue) -> bool {
    match value {
        RecordValue::Lww { value, .. } => is_within(value, MAX_DEPTH),
        RecordValue::OrMap { records } => records.iter().all(|entry| is_within(&entry.value, MAX_DEPTH)),
        RecordValue::OrTombstones { .. } => true,
    }
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_within(item, depth - 1)),
        Value::Map(map) => depth > 0 && map.iter().all(|(_, item)| is_within(item, depth - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilayer_core::Timestamp;

    fn lww(value: Value) -> RecordValue {
        RecordValue::Lww { value, timestamp: Timestamp::default() }
    }

    fn nested(depth: usize) -> RecordValue {
        lww((0..depth).fold(Value::Null, |inner, _| vec![inner].into()))
    }

    #[test]
    fn the_format_stays_as_it_is() {
        let bytes = encode("k", &lww(1.into()), 7).unwrap();
        let payload = &bytes[HEADER..];
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[1..HEADER], crc32fast::hash(&[b"k", payload].concat()).to_le_bytes());
        let text = b"\x82\xa5value\x81\xa3lww\x82\xa5value\x01\xa9timestamp\x83\xa6millis\x00\xa7counter\x00\
            \xa6nodeId\xa0\xafexpiration_time\x07";
        assert_eq!(payload, text);
    }

    #[test]
    fn the_deepest_value_that_is_written_can_be_read() {
        let deepest = nested(MAX_DEPTH);
        let bytes = encode("k", &deepest, 0).unwrap();
        assert_eq!(decode("k", &bytes).unwrap().value, deepest);
    }

    #[test]
    fn a_value_too_deep_to_be_read_is_not_written() {
        assert_eq!(
            encode("k", &nested(MAX_DEPTH + 1), 0).unwrap_err(),
            "its lists and maps are nested deeper than 256"
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = encode("k", &lww("some text".into()), 7).unwrap();
        for at in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            decode("k", &damaged).unwrap_err();
        }
        for length in 0..bytes.len() {
            decode("k", &bytes[..length]).unwrap_err();
        }
    }

    #[test]
    fn a_value_under_another_key_is_noticed() {
        let bytes = encode("k", &lww(1.into()), 7).unwrap();
        assert_eq!(decode("l", &bytes).unwrap_err(), "its checksum is not right");
    }

    #[test]
    fn an_unknown_format_is_named() {
        let message = decode("k", &[9, 0, 0, 0, 0]).unwrap_err();
        assert_eq!(message, "its format is 9, and this build knows format 1 only");
    }
}
