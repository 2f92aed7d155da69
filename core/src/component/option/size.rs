//! A size in a configuration.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::quantity::{QuantityError, Unit, deserialize, serialize};

/// A size in whole bytes, for options whose name ends in `_bytes`.
///
/// Written as text, `"64 MiB"` (powers of 1024: KiB, MiB, GiB, TiB) or `"1.5 GB"` (powers of 1000: kB,
/// MB, GB, TB), or as a plain whole number of bytes. Exact: a fraction must come to whole bytes.
/// Serialised as a plain number.
///
/// ```
/// use trilayer_core::ByteSize;
///
/// assert_eq!("64 MiB".parse(), Ok(ByteSize(64 << 20)));
/// assert_eq!("1.5 GB".parse(), Ok(ByteSize(1_500_000_000)));
/// assert_eq!(ByteSize(64 << 20).to_string(), "64 MiB");
/// let refusal = "64M".parse::<ByteSize>().unwrap_err().to_string();
/// assert!(refusal.ends_with(r#"did you mean "MiB" or "MB"?"#), "{refusal}");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Unit::Bytes.parse(text).map(Self)
    }
}

/// The shortest way to write it that is exact.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Unit::Bytes.show(self.0))
    }
}

impl fmt::Debug for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ByteSize({self})")
    }
}

impl From<u64> for ByteSize {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<ByteSize> for u64 {
    fn from(quantity: ByteSize) -> Self {
        quantity.0
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(Unit::Bytes, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(Unit::Bytes, deserializer).map(Self)
    }
}

impl JsonSchema for ByteSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Unit::Bytes.schema()
    }
}

/// Reads and writes a field that is a `u64` as [`ByteSize`]: `#[serde(with = "byte_size")]`.
pub mod byte_size {
    use serde::{Deserializer, Serializer};

    use super::Unit;

    /// Writes a whole number.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(count: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize(Unit::Bytes, *count, serializer)
    }

    /// Reads a whole number, or text with units.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        super::deserialize(Unit::Bytes, deserializer)
    }
}
