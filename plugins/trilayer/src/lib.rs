//! Record stores from plugins, by configuration.
//!
//! A configuration says what each map is made of: an engine that keeps records in memory, a
//! data store that persists them, observers that are told of every change. This crate is
//! what a program adds: it re-exports `trilayer-core` and `trilayer-registry` at its root
//! and bundles a plugin per feature. It has no behaviour of its own.
//!
//! ```
//! use trilayer::{Config, Maps, Registry};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> anyhow::Result<()> {
//! let config = Config::from_toml(
//!     r#"
//!     [maps.users]
//!     engine = "hashmap"
//!     observers = []
//!     "#,
//! )?;
//! let maps = Maps::open(Registry::linked()?, config).await?;
//! let users = maps.get("users")?;
//! users.put("ada", "Ada Lovelace").await?;
//! assert_eq!(users.get("ada").await?, Some("Ada Lovelace".into()));
//! maps.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! To have it there after a restart, name a data store: one line more, with the feature
//! `redb`.
//!
#![cfg_attr(feature = "redb", doc = "```")]
#![cfg_attr(not(feature = "redb"), doc = "```text")]
//! # use trilayer::{Config, Maps, Registry};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> anyhow::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! let config = Config::from_toml(
//!     r#"
//!     [maps.users]
//!     data_store = { use = "redb", path = "users.redb" }
//!     "#,
//! )?;
//! # let config = config.with_base_dir(folder.path());
//! let maps = Maps::open(Registry::linked()?, config).await?;
//! # maps.get("users")?.put("ada", "Ada Lovelace").await?;
//! # maps.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - **You use maps**: [`Config`], [`Maps`], [`Map`], [`Value`].
//! - **You write a plugin**: depend on `trilayer-core` alone; implement [`StorageEngine`],
//!   [`MapDataStore`] or [`MutationObserver`] and [`register!`] a [`Descriptor`].
//! - **You operate them**: the command `trilayer` (feature `cli`) loads, reads, dumps and
//!   checks what a configuration describes; `trilayer --help` tells its exit codes.
//!
//! # Features
//!
//! | feature | bundles | module |
//! |---|---|---|
//! | `redb` | data store `redb` | `trilayer::redb` |
//! | `retry` | data store `retry`, around another | `trilayer::retry` |
//! | `stats` | observer `stats` | `trilayer::stats` |
//! | `trace` | observer `trace` | `trilayer::trace` |
//! | `cli` | the command `trilayer` | |
//!
//! All are on by default. A plugin that is bundled is linked, and [`Registry::linked`]
//! knows it; nothing needs to be called.

#[doc(inline)]
pub use trilayer_core::*;
#[doc(inline)]
pub use trilayer_registry::*;

// Naming the plugins' crates here is also what makes the linker keep them.
#[cfg(feature = "redb")]
pub use trilayer_datastore_redb as redb;
#[cfg(feature = "retry")]
pub use trilayer_datastore_retry as retry;
#[cfg(feature = "stats")]
pub use trilayer_observer_stats as stats;
#[cfg(feature = "trace")]
pub use trilayer_observer_trace as trace;
