//! `Value`: plain data, as a record holds it.

mod convert;
#[cfg(feature = "serde")]
mod serde_impls;

use std::fmt;

use crate::{SharedBytes, SharedSlice, SharedStr};

/// Plain data, 16 bytes wide, cheap to clone.
///
/// With the `serde` feature a value is serialized as the data it is (a string as a
/// string, a map as a map), so MessagePack and JSON readers see nothing of this type.
///
/// ```
/// use trilayer_abi::Value;
///
/// let place = Value::from_iter([("name", Value::from("Oslo")), ("people", 717_710.into())]);
/// assert_eq!(place.get("people"), Some(&Value::Int(717_710)));
/// ```
#[derive(Clone, Default, PartialEq)]
#[repr(C, u8)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    String(SharedStr),
    /// Bytes.
    Bytes(SharedBytes),
    /// A list.
    Array(SharedSlice<Value>),
    /// Named values, ordered by name.
    Map(SharedMap),
}

impl Value {
    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The entry called `name`, if this is a map that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// Bytes on the heap for everything reachable, each shared block counted each time it
    /// is reached.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 0,
            Self::String(text) => text.heap_bytes(),
            Self::Bytes(bytes) => bytes.heap_bytes(),
            Self::Array(items) => items.heap_bytes() + items.iter().map(Self::heap_bytes).sum::<u64>(),
            Self::Map(map) => map.heap_bytes(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(flag) => flag.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::String(text) => text.fmt(f),
            Self::Bytes(bytes) => bytes.fmt(f),
            Self::Array(items) => items.fmt(f),
            Self::Map(map) => map.fmt(f),
        }
    }
}

/// One named value of a [`SharedMap`].
#[derive(Clone, PartialEq)]
#[repr(C)]
pub struct MapEntry {
    /// The name, unique in its map.
    pub name: SharedStr,
    /// The value.
    pub value: Value,
}

impl fmt::Debug for MapEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.name, self.value)
    }
}

/// A shared, immutable map from names to values, ordered by name.
///
/// Made by collecting pairs; of two pairs with the same name the later one stays.
#[derive(Clone, Default, PartialEq)]
#[repr(transparent)]
pub struct SharedMap(SharedSlice<MapEntry>);

impl SharedMap {
    /// The value called `name`, by binary search.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        Some(&self.0[at].value)
    }

    /// Names and values in order of name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|entry| (entry.name.as_str(), &entry.value))
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes on the heap for everything reachable.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        let inside = |entry: &MapEntry| entry.name.heap_bytes() + entry.value.heap_bytes();
        self.0.heap_bytes() + self.0.iter().map(inside).sum::<u64>()
    }
}

impl<K: Into<SharedStr>, V: Into<Value>> FromIterator<(K, V)> for SharedMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let entry = |(name, value): (K, V)| MapEntry { name: name.into(), value: value.into() };
        let mut entries: Vec<MapEntry> = pairs.into_iter().map(entry).collect();
        // A stable sort keeps equal names in the order given, so the last of a run is the latest.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Self(entries.into())
    }
}

impl fmt::Debug for SharedMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
