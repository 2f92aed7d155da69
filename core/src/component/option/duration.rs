//! A duration in a configuration.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::quantity::{QuantityError, Unit, deserialize, serialize};

/// A duration in whole milliseconds, for options whose name ends in `_millis`.
///
/// Written as text, `"5m"`, `"1h30m"`, `"250ms"`, with the units w, d, h, m, s and ms from large to
/// small, or as a plain whole number of milliseconds. Exact: a fraction must come to whole
/// milliseconds. Serialised as a plain number.
///
/// ```
/// use trilayer_core::Millis;
///
/// assert_eq!("1h30m".parse(), Ok(Millis(5_400_000)));
/// assert_eq!(Millis(5_400_000).to_string(), "1h30m");
/// let refusal = "5 min".parse::<Millis>().unwrap_err().to_string();
/// assert!(refusal.ends_with(r#"did you mean "m"?"#), "{refusal}");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl FromStr for Millis {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Unit::Millis.parse(text).map(Self)
    }
}

/// The shortest way to write it that is exact.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Unit::Millis.show(self.0))
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Millis({self})")
    }
}

impl From<u64> for Millis {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<Millis> for u64 {
    fn from(quantity: Millis) -> Self {
        quantity.0
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(Unit::Millis, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(Unit::Millis, deserializer).map(Self)
    }
}

impl JsonSchema for Millis {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Unit::Millis.schema()
    }
}

/// Reads and writes a field that is a `u64` as [`Millis`]: `#[serde(with = "millis")]`.
pub mod millis {
    use serde::{Deserializer, Serializer};

    use super::Unit;

    /// Writes a whole number.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(count: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize(Unit::Millis, *count, serializer)
    }

    /// Reads a whole number, or text with units.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        super::deserialize(Unit::Millis, deserializer)
    }
}
