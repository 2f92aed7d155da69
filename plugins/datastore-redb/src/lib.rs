//! Data store `redb`: all maps in one file, durable when acknowledged.
//!
//! The file is a [redb](https://docs.rs/redb) database: a copy-on-write B-tree with one
//! writer and any number of readers. One [`RedbDataStore`] serves many maps.
//!
//! # For users
//!
//! ```toml
//! [data_stores.main]
//! use = "redb"
//! path = "data/places.redb"
//! ```
//!
//! The options are those of [`RedbOptions`]. Without a configuration:
//!
//! ```
//! use trilayer_core::{MapDataStore, RecordValue, Timestamp};
//! use trilayer_datastore_redb::{RedbDataStore, RedbOptions};
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("places.redb");
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let store = RedbDataStore::open(&RedbOptions::at(path))?;
//! let oslo = RecordValue::Lww { value: "Oslo".into(), timestamp: Timestamp::default() };
//! store.add("places", "oslo", &oslo, 0, 0).await?;
//! assert_eq!(store.load("places", "oslo").await?, Some(oslo));
//! # anyhow::Ok(())
//! # }).unwrap();
//! ```
//!
//! # What it promises
//!
//! - **Durable when acknowledged.** A change answers `Ok` only after the commit that holds
//!   it reached the disk. Changes that wait at the same time share a commit, and with it the
//!   cost of reaching the disk.
//! - **All or nothing.** The changes of one commit are all in the file or none is.
//! - **Reads see every acknowledged change.**
//! - **Deadlines are kept** with the values; expired values are given back as they are,
//!   for the record store to judge by its clock.
//! - **Damage is reported, not believed.** Each value carries a checksum over its key and
//!   itself. See [`RedbOptions::verify_on_open`] for what checksums of values cannot see.
//! - **Backups share the maps of primaries.**
//!
//! # For operators
//!
//! - Only one process may have a file open, and only one data store of that process.
//! - After a failed commit (a full disk, say) the file is reopened, so the store works again
//!   once the cause is gone. After a panic inside redb, which takes a damaged file, the store
//!   stays closed until the program restarts.
//! - `tracing` events, with the fields `path` and where there is one `map`: file opened,
//!   recovery after an unclean end, failed batch, reopened, closed.
//! - Panics are caught, which needs the default `panic = "unwind"`.
//!
//! # File format
//!
//! | table | key | value |
//! |---|---|---|
//! | `trilayer` | `format_version` | the version, 1 |
//! | `map:` and the map's name | the key, UTF-8 | byte 1; CRC-32 of key and rest, little endian; the rest: MessagePack map of `value` and `expiration_time` |

mod blocking;
mod database;
mod error;
mod file;
mod format;
mod options;
mod queue;
mod reads;
mod store;
mod writer;

pub use error::RedbError;
pub use options::RedbOptions;
pub use store::RedbDataStore;

use std::sync::Arc;

use trilayer_core::{Context, Descriptor, MapDataStore, register};

/// The version of the file format that this build writes, and the newest it reads.
pub const FORMAT_VERSION: u64 = 1;

/// Describes the component: data store `redb`, with [`RedbOptions`].
///
/// The file is opened, and recovered where that is needed, on a thread for blocking work.
#[must_use]
pub fn component() -> Descriptor {
    Descriptor::data_store("redb", "All maps in one file, durable when acknowledged", open)
}

async fn open(context: Context, options: RedbOptions) -> anyhow::Result<Arc<dyn MapDataStore>> {
    let options = RedbOptions { path: context.resolve(&options.path), ..options };
    let path = options.path.clone();
    let store = blocking::run(&path, move || RedbDataStore::open(&options)).await?;
    Ok(Arc::new(store))
}

register!(component().version(env!("CARGO_PKG_VERSION")));
