//! Shared immutable bytes.

use std::fmt;
use std::ops::Deref;

use super::SharedSlice;

/// Shared, immutable bytes: one pointer wide, cloned by counting.
#[derive(Clone, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct SharedBytes(SharedSlice<u8>);

impl SharedBytes {
    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.0.heap_bytes()
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for SharedBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(SharedSlice::copy_from(bytes))
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

#[cfg(feature = "serde")]
mod serde_impls {
    use super::SharedBytes;
    use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
    use serde::ser::{Serialize, Serializer};

    impl Serialize for SharedBytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self)
        }
    }

    impl<'de> Deserialize<'de> for SharedBytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Bytes;
            impl<'de> Visitor<'de> for Bytes {
                type Value = SharedBytes;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }

                fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<SharedBytes, E> {
                    Ok(bytes.into())
                }

                fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<SharedBytes, E> {
                    Ok(bytes.into())
                }

                fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SharedBytes, A::Error> {
                    let mut bytes = Vec::with_capacity(list.size_hint().unwrap_or(0).min(4096));
                    while let Some(byte) = list.next_element()? {
                        bytes.push(byte);
                    }
                    Ok(bytes.into())
                }
            }
            deserializer.deserialize_byte_buf(Bytes)
        }
    }
}
