//! Which partition a key falls on.

use xxhash_rust::xxh3::xxh3_64;

/// The partition of a key: XXH3-64 of its UTF-8 bytes, seed 0, modulo the partitions.
///
/// The same in every version and on every machine: data stores may keep partitions apart,
/// and nodes must agree. With no partitions there is only 0.
///
/// ```
/// assert_eq!(trilayer_registry::partition_of("ada", 271), 228);
/// ```
#[must_use]
pub fn partition_of(key: &str, partitions: u32) -> u32 {
    let remainder = xxh3_64(key.as_bytes()).checked_rem(u64::from(partitions)).unwrap_or(0);
    // Less than `partitions`, which is a u32.
    u32::try_from(remainder).unwrap_or(0)
}
