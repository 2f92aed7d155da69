//! Into and out of `Value`.

use std::collections::BTreeMap;

use super::{SharedMap, Value};
use crate::{SharedBytes, SharedSlice, SharedStr};

macro_rules! value_from {
    ($($source:ty => |$from:ident| $value:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($from: $source) -> Self {
                $value
            }
        }
    )*};
}

value_from! {
    () => |_nothing| Value::Null;
    bool => |flag| Value::Bool(flag);
    i8 => |number| Value::Int(number.into());
    i16 => |number| Value::Int(number.into());
    i32 => |number| Value::Int(number.into());
    i64 => |number| Value::Int(number);
    u8 => |number| Value::Int(number.into());
    u16 => |number| Value::Int(number.into());
    u32 => |number| Value::Int(number.into());
    f32 => |number| Value::Float(number.into());
    f64 => |number| Value::Float(number);
    &str => |text| Value::String(text.into());
    String => |text| Value::String(text.into());
    &String => |text| Value::String(text.into());
    SharedStr => |text| Value::String(text);
    &[u8] => |bytes| Value::Bytes(bytes.into());
    Vec<u8> => |bytes| Value::Bytes(bytes.into());
    SharedBytes => |bytes| Value::Bytes(bytes);
    Vec<Value> => |items| Value::Array(items.into());
    SharedSlice<Value> => |items| Value::Array(items);
    SharedMap => |map| Value::Map(map);
    BTreeMap<String, Value> => |map| map.into_iter().collect();
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

impl<K: Into<SharedStr>, V: Into<Value>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::Map(pairs.into_iter().collect())
    }
}

/// A whole number that no `i64` holds becomes the nearest `f64`, as JSON readers do.
#[cfg(feature = "json")]
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => text.into(),
            Json::Array(items) => items.into_iter().map(Self::from).collect(),
            Json::Object(entries) => entries.into_iter().collect(),
        }
    }
}

/// Bytes become a list of numbers; numbers that JSON cannot write (NaN, infinities) become null.
#[cfg(feature = "json")]
impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => (*flag).into(),
            Value::Int(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::String(text) => text.as_str().into(),
            Value::Bytes(bytes) => bytes.iter().copied().collect(),
            Value::Array(items) => items.iter().map(Self::from).collect(),
            Value::Map(map) => map.iter().map(|(name, value)| (name.to_owned(), Self::from(value))).collect(),
        }
    }
}
