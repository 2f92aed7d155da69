//! A line as a key and a value.

use trilayer::Value;

/// Which fields of a line are what, and how large they may be.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    pub(crate) max_line_bytes: u64,
    pub(crate) max_key_bytes: u64,
    pub(crate) max_value_bytes: u64,
}

/// What is wrong with a line, and what would work.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum BadLine {
    #[error("the line has more than {0} bytes; split it, or raise the map's max_value_bytes")]
    TooLong(u64),
    #[error("the line is not UTF-8 from byte {0} on; convert the file to UTF-8")]
    NotUtf8(usize),
    #[error("the line is not JSON: {message} (byte {column}); each line is one JSON object")]
    NotJson { message: String, column: usize },
    #[error("the line is {0}; each line is one JSON object, such as {{\"id\": 1}}")]
    NotAnObject(&'static str),
    #[error("the line has no field {field:?}, which is to be the {role}; it has {}", names(.has))]
    NoField { field: String, role: &'static str, has: Vec<String> },
    #[error("field {field:?} is {found}; a key is a string, an integer of 64 bits or a boolean")]
    NotAKey { field: String, found: &'static str },
    #[error("field {0:?} is empty; a key has at least 1 byte")]
    EmptyKey(String),
    #[error("the key has {bytes} bytes, {limit} are allowed; shorten it, or raise the map's max_key_bytes")]
    KeyTooLong { bytes: u64, limit: u64 },
    #[error(
        "the value takes {bytes} bytes, {limit} are allowed; split it, or raise the map's max_value_bytes"
    )]
    ValueTooLarge { bytes: u64, limit: u64 },
}

/// Reads a line; `None` if there is nothing in it.
pub(crate) fn parse(line: &[u8], number: u64, shape: &Shape) -> Result<Option<(String, Value)>, BadLine> {
    let text = str::from_utf8(line).map_err(|error| BadLine::NotUtf8(error.valid_up_to() + 1))?;
    // Some programs open a file with a byte order mark.
    let text = if number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    let object: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let key = key_of(&object, shape)?;
    let value = match &shape.value {
        Some(name) => field(&object, name, "value")?.clone(),
        None => object,
    };
    let (bytes, limit) = (value.heap_bytes(), shape.max_value_bytes);
    if bytes > limit {
        return Err(BadLine::ValueTooLarge { bytes, limit });
    }
    Ok(Some((key, value)))
}

fn key_of(object: &Value, shape: &Shape) -> Result<String, BadLine> {
    let key = match field(object, &shape.key, "key")? {
        Value::String(text) => text.as_str().to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        other => {
            return Err(BadLine::NotAKey { field: shape.key.clone(), found: describe(other) });
        }
    };
    let (bytes, limit) = (key.len() as u64, shape.max_key_bytes);
    match bytes {
        0 => Err(BadLine::EmptyKey(shape.key.clone())),
        _ if bytes > limit => Err(BadLine::KeyTooLong { bytes, limit }),
        _ => Ok(key),
    }
}

fn field<'v>(object: &'v Value, name: &str, role: &'static str) -> Result<&'v Value, BadLine> {
    let Value::Map(fields) = object else { return Err(BadLine::NotAnObject(describe(object))) };
    fields.get(name).ok_or_else(|| BadLine::NoField {
        field: name.to_owned(),
        role,
        has: fields.iter().map(|(name, _)| name.to_owned()).collect(),
    })
}

/// The message without the position, whose line is always 1.
fn not_json(error: &serde_json::Error) -> BadLine {
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.strip_suffix(&position).unwrap_or(&message).to_owned();
    BadLine::NotJson { message, column: error.column() }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) => "an integer",
        Value::Float(_) => "a number that is no integer of 64 bits",
        Value::String(_) => "a string",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "a list",
        Value::Map(_) => "an object",
    }
}

/// Some field names; there may be many, and long ones.
fn names(has: &[String]) -> String {
    const SHOWN: usize = 10;
    if has.is_empty() {
        return "no fields".to_owned();
    }
    let shown: Vec<String> = has.iter().take(SHOWN).map(|name| format!("{:?}", shortened(name))).collect();
    let rest = if has.len() > SHOWN { format!(" and {} more", has.len() - SHOWN) } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

fn shortened(name: &str) -> String {
    const SHOWN: usize = 40;
    if name.chars().count() <= SHOWN {
        return name.to_owned();
    }
    name.chars().take(SHOWN).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            key: "id".to_owned(),
            value: None,
            max_line_bytes: 1000,
            max_key_bytes: 5,
            max_value_bytes: 400,
        }
    }

    fn key(line: &str) -> String {
        parse(line.as_bytes(), 1, &shape()).unwrap().unwrap().0
    }

    fn refusal(line: &[u8]) -> String {
        parse(line, 1, &shape()).unwrap_err().to_string()
    }

    #[test]
    fn strings_integers_and_booleans_are_keys() {
        assert_eq!(key(r#"{"id": "a"}"#), "a");
        assert_eq!(key(r#"{"id": -7}"#), "-7");
        assert_eq!(key("\u{feff}{\"id\": true}\r"), "true");
    }

    #[test]
    fn other_keys_are_refused() {
        assert!(refusal(br#"{"id": null}"#).starts_with("field \"id\" is null; a key is a string"));
        assert!(refusal(br#"{"id": 1.5}"#).contains("is a number that is no integer of 64 bits"));
        assert!(refusal(br#"{"id": 18446744073709551615}"#).contains("no integer of 64 bits"));
        assert!(refusal(br#"{"id": ""}"#).contains("is empty"));
        assert!(refusal(br#"{"id": "123456"}"#).contains("has 6 bytes, 5 are allowed"));
    }

    #[test]
    fn a_missing_field_is_told_with_those_there_are() {
        let message = refusal(br#"{"b": 1, "a": 2}"#);
        assert_eq!(message, r#"the line has no field "id", which is to be the key; it has "a", "b""#);
        let many: Vec<String> = (10..30).map(|n| format!("\"{n}\": 1")).collect();
        assert!(refusal(format!("{{{}}}", many.join(",")).as_bytes()).ends_with("\"19\" and 10 more"));
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        assert!(refusal(b"[1]").starts_with("the line is a list; each line is one JSON object"));
        assert!(
            refusal(b"{\"id\": 1").starts_with("the line is not JSON: EOF while parsing an object (byte 8)")
        );
        assert!(refusal(b"{\"id\": \"\xff\"}").starts_with("the line is not UTF-8 from byte 9 on"));
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let deep = format!("{{\"id\": 1, \"a\": {}", "[".repeat(900));
        assert!(refusal(deep.as_bytes()).contains("recursion limit exceeded"));
    }

    #[test]
    fn one_field_can_be_the_value() {
        let shape = Shape { value: Some("v".to_owned()), ..shape() };
        let (_, value) = parse(br#"{"id": 1, "v": [2]}"#, 1, &shape).unwrap().unwrap();
        assert_eq!(value, Value::from_iter([Value::from(2)]));
        let refused = parse(br#"{"id": 1}"#, 1, &shape).unwrap_err().to_string();
        assert!(refused.contains("no field \"v\", which is to be the value"), "{refused}");
    }

    #[test]
    fn blank_lines_hold_nothing() {
        assert_eq!(parse(b" \t\r", 3, &shape()), Ok(None));
    }
}
