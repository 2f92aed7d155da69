//! Numbers with units, read exactly.
//!
//! Everything is a whole number of the base unit; fractions are worked out in `u128`, and what is
//! not a whole number in the end is refused rather than rounded.

use std::borrow::Cow;
use std::fmt;

use schemars::{Schema, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde_json::Value as Json;

/// What a readable quantity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Milliseconds: `"1h30m"`.
    Millis,
    /// Bytes: `"64 MiB"`.
    Bytes,
}

/// Why text is no quantity. Never repeats the text but for a short unit: it may be a secret that
/// was put in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// There is nothing, or nothing a quantity begins with.
    #[error("expected {}", .0.expected())]
    NotOne(Unit),
    /// A number stands without unit.
    #[error("a number in text needs a unit: write {}, or the number of {} without quotes", .0.sample(), .0.plural())]
    NoUnit(Unit),
    /// There is no such unit.
    #[error("unknown unit {found:?}; use {}, as in {}{hint}", .unit.names(), .unit.sample())]
    UnknownUnit {
        /// What is counted.
        unit: Unit,
        /// The unit found.
        found: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// The same unit twice, or a larger one after a smaller.
    #[error("units go from large to small, each once, as in {}", .0.sample())]
    Order(Unit),
    /// A fraction that is finer than the base unit.
    #[error("is not a whole number of {}, which is the finest there is", .0.plural())]
    TooFine(Unit),
    /// More than 64 bits hold.
    #[error("is more than {} {}, the most there is", u64::MAX, .0.plural())]
    TooLarge(Unit),
}

/// Units with what each is in the base unit, largest first.
const DURATIONS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZES: [(&str, u64); 13] = [
    ("EiB", 1 << 60),
    ("EB", 1_000_000_000_000_000_000),
    ("PiB", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];
/// Spellings beside those that are shown.
const ALIASES: [(&str, &str); 2] = [("KB", "kB"), ("kiB", "KiB")];

const DURATION_PATTERN: &str = r"^\s*([0-9]+(\.[0-9]+)?\s*(w|d|h|ms|m|s)\s*)+$";
const SIZE_PATTERN: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*([EPTGM]i?B|[kK]i?B|B)\s*$";

impl Unit {
    /// What a schema's `x-unit` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Millis => "ms",
            Self::Bytes => "bytes",
        }
    }

    /// The unit that `x-unit` of a schema names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Millis, Self::Bytes].into_iter().find(|unit| unit.name() == name)
    }

    /// The number of base units that a value of a configuration comes to: a whole number as it
    /// is, text by its units.
    ///
    /// # Errors
    /// When the value is neither, or not a whole number of base units that fits 64 bits.
    pub fn read(self, value: &Json) -> Result<u64, QuantityError> {
        match value {
            Json::String(text) => self.parse(text),
            other => other.as_u64().ok_or(QuantityError::NotOne(self)),
        }
    }

    /// The number of base units that text comes to.
    ///
    /// # Errors
    /// When it is no quantity, or not a whole number of base units that fits 64 bits.
    pub fn parse(self, text: &str) -> Result<u64, QuantityError> {
        let (mut rest, mut total, mut below) = (text.trim_start(), 0_u64, u64::MAX);
        if rest.is_empty() {
            return Err(QuantityError::NotOne(self));
        }
        while !rest.is_empty() {
            let (number, after) = Number::take(rest).ok_or(QuantityError::NotOne(self))?;
            let (factor, after) = self.take_unit(after)?;
            if factor >= below || (self == Self::Bytes && below != u64::MAX) {
                return Err(QuantityError::Order(self));
            }
            let part = number.times(factor, self)?;
            total = total.checked_add(part).ok_or(QuantityError::TooLarge(self))?;
            (rest, below) = (after.trim_start(), factor);
        }
        Ok(total)
    }

    /// The shortest way to write it that is exact: `1h30m`, `64 MiB`.
    #[must_use]
    pub fn show(self, count: u64) -> String {
        match self {
            Self::Bytes => {
                let exact =
                    SIZES.iter().filter(|(_, factor)| count >= *factor && count.is_multiple_of(*factor));
                let (unit, factor) = exact.min_by_key(|(_, factor)| count / factor).unwrap_or(&("B", 1));
                format!("{} {unit}", count / factor)
            }
            Self::Millis if count == 0 => "0ms".to_owned(),
            Self::Millis => {
                let mut rest = count;
                // Weeks read worse than days, except for who writes them.
                let parts = DURATIONS[1..].iter().filter_map(|(unit, factor)| {
                    let part = rest / factor;
                    rest %= factor;
                    (part > 0).then(|| format!("{part}{unit}"))
                });
                parts.collect()
            }
        }
    }

    /// The schema of a field of this unit: a whole number, or text.
    pub(super) fn schema(self) -> Schema {
        let (pattern, examples) = match self {
            Self::Millis => (DURATION_PATTERN, ["5m", "1h30m", "250ms"]),
            Self::Bytes => (SIZE_PATTERN, ["64 MiB", "1.5 GB", "512 KiB"]),
        };
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": pattern,
            "examples": examples,
            "x-unit": self.name(),
        })
    }

    /// What is expected where this is read, in the words of an error message.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Millis => {
                "a duration such as \"5m\", \"1h30m\" or \"250ms\", or a whole number of milliseconds"
            }
            Self::Bytes => "a size such as \"64 MiB\" or \"1.5 GB\", or a whole number of bytes",
        }
    }

    fn take_unit(self, text: &str) -> Result<(u64, &str), QuantityError> {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        if name.is_empty() {
            let nothing_else = after.is_empty();
            return Err(if nothing_else { QuantityError::NoUnit(self) } else { QuantityError::NotOne(self) });
        }
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, shown)| shown);
        match self.table().iter().find(|(unit, _)| *unit == name) {
            Some((_, factor)) => Ok((*factor, after)),
            None => Err(self.unknown(name)),
        }
    }

    fn unknown(self, name: &str) -> QuantityError {
        const LONGEST_SHOWN: usize = 8;
        if name.chars().count() > LONGEST_SHOWN {
            return QuantityError::NotOne(self);
        }
        QuantityError::UnknownUnit { unit: self, found: name.to_owned(), hint: self.hint(name) }
    }

    /// The units a person may have meant: those that open alike, whatever the case.
    fn hint(self, name: &str) -> String {
        let first = name.chars().next().map(|c| c.to_ascii_lowercase());
        let word = name.to_ascii_lowercase();
        let alike = |(unit, _): &&(&str, u64)| match self {
            Self::Bytes => unit.chars().next().map(|c| c.to_ascii_lowercase()) == first,
            Self::Millis if word.starts_with("mil") || word.starts_with("mse") => *unit == "ms",
            Self::Millis => unit.len() == 1 && unit.chars().next() == first,
        };
        let meant: Vec<String> =
            self.table().iter().filter(alike).map(|(unit, _)| format!("{unit:?}")).collect();
        if meant.is_empty() { String::new() } else { format!("; did you mean {}?", meant.join(" or ")) }
    }

    fn table(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Millis => &DURATIONS,
            Self::Bytes => &SIZES,
        }
    }

    fn sample(self) -> &'static str {
        match self {
            Self::Millis => "\"1h30m\"",
            Self::Bytes => "\"64 MiB\"",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Millis => "milliseconds",
            Self::Bytes => "bytes",
        }
    }

    fn names(self) -> Cow<'static, str> {
        match self {
            Self::Millis => "ms, s, m, h, d or w".into(),
            Self::Bytes => "B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024)".into(),
        }
    }
}

/// Digits before and after a point.
struct Number<'t> {
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Number<'t> {
    fn take(text: &'t str) -> Option<(Self, &'t str)> {
        let (whole, rest) = digits(text)?;
        let point = rest.strip_prefix('.').map(digits);
        match point {
            None => Some((Self { whole, fraction: "" }, rest)),
            Some(Some((fraction, rest))) => Some((Self { whole, fraction }, rest)),
            Some(None) => None,
        }
    }

    fn times(&self, factor: u64, unit: Unit) -> Result<u64, QuantityError> {
        let too_large = || QuantityError::TooLarge(unit);
        let whole: u64 = self.whole.parse().map_err(|_| too_large())?;
        let whole = whole.checked_mul(factor).ok_or_else(too_large)?;
        let part = self.part(factor).ok_or(QuantityError::TooFine(unit))?;
        whole.checked_add(part).ok_or_else(too_large)
    }

    /// The fraction of `factor`, if it is a whole number.
    fn part(&self, factor: u64) -> Option<u64> {
        let digits = self.fraction.trim_end_matches('0');
        if digits.is_empty() {
            return Some(0);
        }
        // What overflows 128 bits is finer than any of the units, but for sixty digits after an EiB.
        let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
        let product = digits.parse::<u128>().ok()?.checked_mul(u128::from(factor))?;
        (product % scale == 0).then(|| u64::try_from(product / scale).ok()).flatten()
    }
}

/// The digits a text opens with, if any, and the rest.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Writes a plain number, and what TOML's integers cannot hold as text.
pub(super) fn serialize<S: Serializer>(unit: Unit, count: u64, serializer: S) -> Result<S::Ok, S::Error> {
    match i64::try_from(count) {
        Ok(_) => serializer.serialize_u64(count),
        Err(_) => serializer.serialize_str(&unit.show(count)),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(unit: Unit, deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Quantity(unit))
}

struct Quantity(Unit);

impl Visitor<'_> for Quantity {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.expected())
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<u64, E> {
        Ok(count)
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<u64, E> {
        u64::try_from(count).map_err(|_| E::custom(QuantityError::NotOne(self.0)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        self.0.parse(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests;
