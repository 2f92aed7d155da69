//! Hybrid logical clock stamps and the ids of the nodes that issue them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::SharedStr;

/// A hybrid logical clock stamp, ordered by `(millis, counter, node_id)`.
///
/// `millis` is physical time in milliseconds since the Unix epoch, `counter` orders
/// events within one millisecond, and `node_id` breaks the remaining ties
/// (Kulkarni et al., "Logical Physical Clocks", 2014).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[repr(C)]
pub struct Timestamp {
    /// Milliseconds since the Unix epoch.
    pub millis: u64,
    /// Logical counter within the millisecond.
    pub counter: u32,
    /// The node that issued the stamp.
    pub node_id: NodeId,
}

/// The longest node id, in bytes of UTF-8, that is kept inline as it is.
const INLINE: usize = 22;
const UUID_TEXT: usize = 36;

/// The name of a node: any text, kept inline when short.
///
/// Ids of up to 22 bytes and UUIDs (in the usual lower-case form with hyphens) are held
/// inline: cloning them copies 24 bytes and touches no shared counter. Longer ids are
/// shared text and cloned by counting. Two ids are equal, ordered and hashed as their texts.
///
/// ```
/// use trilayer_abi::NodeId;
///
/// let node = NodeId::from("0e2f6c1a-93c4-4c2e-8f2b-6d6c3c1b9a77");
/// assert_eq!(node.to_string(), "0e2f6c1a-93c4-4c2e-8f2b-6d6c3c1b9a77");
/// assert!(NodeId::from("alpha") < NodeId::from("beta"));
/// ```
#[derive(Clone)]
pub struct NodeId(Repr);

/// Each text has exactly one representation, so that derived equality is equality of texts.
#[derive(Clone, PartialEq, Eq)]
#[repr(u8)]
enum Repr {
    Inline { len: u8, text: [u8; INLINE] },
    Uuid([u8; 16]),
    Shared(SharedStr),
}

impl NodeId {
    /// Calls `read` with the id's text.
    fn with_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        match &self.0 {
            Repr::Inline { len, text } => read(&text[..usize::from(*len)]),
            Repr::Uuid(bytes) => read(&uuid_text(*bytes)),
            Repr::Shared(text) => read(text.as_bytes()),
        }
    }

    /// Bytes on the heap: none for an id that is held inline.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        match &self.0 {
            Repr::Shared(text) => text.heap_bytes(),
            Repr::Inline { .. } | Repr::Uuid(_) => 0,
        }
    }
}

impl From<&str> for NodeId {
    fn from(id: &str) -> Self {
        let bytes = id.as_bytes();
        if bytes.len() <= INLINE {
            let mut text = [0; INLINE];
            text[..bytes.len()].copy_from_slice(bytes);
            #[expect(clippy::cast_possible_truncation, reason = "at most INLINE")]
            return Self(Repr::Inline { len: bytes.len() as u8, text });
        }
        match parse_uuid(bytes) {
            Some(uuid) => Self(Repr::Uuid(uuid)),
            None => Self(Repr::Shared(id.into())),
        }
    }
}

impl From<String> for NodeId {
    fn from(id: String) -> Self {
        Self::from(id.as_str())
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self(Repr::Inline { len: 0, text: [0; INLINE] })
    }
}

impl PartialEq for NodeId {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for NodeId {}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.with_text(|mine| other.with_text(|theirs| mine.cmp(theirs)))
    }
}

impl Hash for NodeId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.with_text(|text| text.hash(state));
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.pad(&String::from_utf8_lossy(text)))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| fmt::Debug::fmt(&String::from_utf8_lossy(text), f))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.millis, self.counter, self.node_id)
    }
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Only the canonical form is packed, so that unpacking gives the same text back.
fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != UUID_TEXT || HYPHENS.iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let mut digits = text.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at)).map(|(_, &c)| nibble(c));
    let mut uuid = [0; 16];
    for byte in &mut uuid {
        *byte = digits.next()?? << 4 | digits.next()??;
    }
    Some(uuid)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn uuid_text(uuid: [u8; 16]) -> [u8; UUID_TEXT] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; UUID_TEXT];
    let mut digits = uuid.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (at, place) in text.iter_mut().enumerate() {
        if !HYPHENS.contains(&at) {
            *place = digits.next().map_or(b'-', |digit| DIGITS[usize::from(digit)]);
        }
    }
    text
}

#[cfg(feature = "serde")]
mod serde_impls {
    use super::NodeId;
    use crate::SharedStr;
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    impl Serialize for NodeId {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for NodeId {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            SharedStr::deserialize(deserializer).map(|id| Self::from(id.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamp(millis: u64, counter: u32, node: &str) -> Timestamp {
        Timestamp { millis, counter, node_id: node.into() }
    }

    #[test]
    fn stamps_order_by_time_then_counter_then_node() {
        let mut stamps = [stamp(2, 0, "a"), stamp(1, 1, "a"), stamp(1, 0, "b"), stamp(1, 0, "a")];
        stamps.sort();
        assert_eq!(stamps, [stamp(1, 0, "a"), stamp(1, 0, "b"), stamp(1, 1, "a"), stamp(2, 0, "a")]);
    }

    #[test]
    fn short_ids_and_uuids_stay_off_the_heap() {
        for inline in ["", "n1", "twenty-two bytes long!", "0e2f6c1a-93c4-4c2e-8f2b-6d6c3c1b9a77"] {
            assert_eq!(NodeId::from(inline).heap_bytes(), 0, "{inline}");
        }
        assert!(NodeId::from("twenty-three bytes long").heap_bytes() > 0);
    }

    proptest! {
        #[test]
        fn an_id_is_its_text(left in node_text(), right in node_text()) {
            let (a, b) = (NodeId::from(left.as_str()), NodeId::from(right.as_str()));
            prop_assert_eq!(a.to_string(), left.clone());
            prop_assert_eq!(a == b, left == right);
            prop_assert_eq!(a.cmp(&b), left.cmp(&right));
        }
    }

    fn node_text() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,40}",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ]
    }
}
