//! What can be said about a `retry`.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

/// Options of data store `retry`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryOptions {
    /// The data store that is asked: an instance's name, else a component's name, else a table with
    /// `use` and its options.
    #[schemars(example = &"null", extend("x-component" = "data-store"))]
    pub inner: serde_json::Value,
    /// How often an operation is tried at most, the first time included. Default 3.
    #[serde(default = "attempts")]
    #[schemars(range(min = 1))]
    pub attempts: u32,
    /// How long to wait before the second attempt, in ms; each further wait is twice as long. Default 50.
    #[serde(default = "first_delay_millis")]
    pub first_delay_millis: u64,
    /// The longest wait between two attempts, in ms. Default 1,000.
    #[serde(default = "max_delay_millis")]
    pub max_delay_millis: u64,
    /// Whether waits are lengthened at random, up to twice, so that callers who failed together do
    /// not come again together. Default true.
    #[serde(default = "jitter")]
    pub jitter: bool,
}

fn attempts() -> u32 {
    3
}

fn first_delay_millis() -> u64 {
    50
}

fn max_delay_millis() -> u64 {
    1_000
}

fn jitter() -> bool {
    true
}

impl RetryOptions {
    /// With the defaults, over `inner`.
    #[must_use]
    pub fn new(inner: impl Into<serde_json::Value>) -> Self {
        Self {
            inner: inner.into(),
            attempts: attempts(),
            first_delay_millis: first_delay_millis(),
            max_delay_millis: max_delay_millis(),
            jitter: jitter(),
        }
    }

    /// The waits between the attempts of one operation.
    pub(crate) fn waits(&self) -> ExponentialBackoff {
        let retries = usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let waits = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(self.first_delay_millis))
            .with_max_delay(Duration::from_millis(self.max_delay_millis))
            .with_max_times(retries);
        if self.jitter { waits.with_jitter().build() } else { waits.build() }
    }
}
