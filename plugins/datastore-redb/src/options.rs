//! What a configuration may say.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trilayer_core::ByteSize;

/// Options of data store `redb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedbOptions {
    /// The database file. A relative path starts from the configuration file's folder. The
    /// file and its folders are created where they are missing.
    #[schemars(example = &"data/trilayer.redb")]
    pub path: PathBuf,
    /// Memory for pages of the file. The maps' own memory comes on top of it.
    #[serde(default = "default_cache_size")]
    pub cache_size_bytes: ByteSize,
    /// Whether to check the whole file each time it is opened. Without it, damage done to a
    /// cleanly closed file is found when a damaged value is read; damage to the pages between,
    /// which can hide keys, may not be found at all. Opening takes as long as reading the file.
    #[serde(default)]
    pub verify_on_open: bool,
}

impl RedbOptions {
    /// The file at `path`, and defaults for the rest.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), cache_size_bytes: default_cache_size(), verify_on_open: false }
    }

    pub(crate) fn cache_size(&self) -> usize {
        usize::try_from(self.cache_size_bytes.0).unwrap_or(usize::MAX)
    }
}

fn default_cache_size() -> ByteSize {
    ByteSize(64 << 20)
}
