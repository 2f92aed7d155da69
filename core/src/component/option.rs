//! Types for the values of options, and what a schema says of each option.
//!
//! | type | is written | is |
//! |---|---|---|
//! | [`Millis`] | `"1h30m"`, `"250ms"`, `5400000` | a duration in whole milliseconds |
//! | [`ByteSize`] | `"64 MiB"`, `"1.5 GB"`, `67108864` | a size in whole bytes |
//! | [`Secret`] | `{ file = "…" }`, `{ env = "…" }`, text | what no output shows |
//!
//! A field of such a type carries its unit in its name: `first_delay_millis`,
//! `cache_size_bytes`. To keep a field a plain `u64`, name the module that reads it:
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//! use trilayer_core::{Millis, Secret, millis};
//!
//! #[derive(Debug, Serialize, Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Options {
//!     /// The password.
//!     #[schemars(extend("x-reload" = "live"))]
//!     password: Secret,
//!     /// How long to wait before trying again.
//!     #[serde(with = "millis")]
//!     #[schemars(with = "Millis", range(min = 1, max = 60_000))]
//!     delay_millis: u64,
//! }
//!
//! let options: Options = serde_json::from_str(r#"{ "password": "hush", "delay_millis": "1.5s" }"#)?;
//! assert_eq!(options.delay_millis, 1_500);
//! assert!(!format!("{options:?}").contains("hush"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! What a type cannot say stands in its schema: ranges by schemars (text is held to them too), and
//! `x-reload`: [`Reload`]. An option that holds another component, for a decorator, is a
//! `serde_json::Value` whose schema says which: `extend("x-component" = "data-store")`.

mod duration;

mod property;
mod quantity;
mod secret;
mod size;

pub use duration::{Millis, millis};
pub use property::{OptionProperty, Reload};
pub use quantity::{QuantityError, Unit};
pub use secret::{Secret, SecretError, SecretText};
pub use size::{ByteSize, byte_size};
