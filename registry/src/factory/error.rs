//! Why there is no record store.

use std::error::Error;

use trilayer_core::ComponentError;

use crate::ConfigError;
use crate::names::{list, suggestion};

/// Why a factory or a record store could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactoryError {
    /// The configuration cannot be carried out.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No entry of `[maps]` serves the map.
    #[error("no map {map:?} is configured; configured: {}{}", list(.known.iter().map(String::as_str)), suggestion(.nearest.as_deref()))]
    UnknownMap {
        /// The map asked for.
        map: String,
        /// The names and patterns there are, sorted.
        known: Vec<String>,
        /// The one most like it.
        nearest: Option<String>,
    },
    /// A component's constructor failed, or its options are not right.
    #[error("cannot make {place}")]
    Component {
        /// What the configuration says where: `maps.places.engine`.
        place: String,
        /// Why.
        source: ComponentError,
    },
    /// Data stores that use one another as their inner one, in a circle. Nothing was opened.
    #[error("data stores use one another in a circle: {}", .circle.join(" → "))]
    Circle {
        /// The places of the circle, the first again at its end.
        circle: Vec<String>,
    },
    /// A data store was not open in time.
    #[error("{place} was not open within {millis} ms")]
    OpenTimeout {
        /// What the configuration says where.
        place: String,
        /// How long was waited, in ms.
        millis: u64,
    },
    /// Several components could not be made. What was opened is closed again.
    #[error("{}", several(.0))]
    Several(Vec<FactoryError>),
    /// The map has fewer partitions.
    #[error("map {map:?} has no partition {partition}: its {partitions} count from 0")]
    NoPartition {
        /// The map.
        map: String,
        /// The partition asked for.
        partition: u32,
        /// How many there are.
        partitions: u32,
    },
    /// The maps were closed.
    #[error("the maps are closed: no more record stores are made")]
    Closed,
}

impl FactoryError {
    /// One error for all there are; none if there are none.
    pub(crate) fn all(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Several(errors)),
        }
    }
}

fn several(errors: &[FactoryError]) -> String {
    let heading = format!("{} components cannot be made:", errors.len());
    errors.iter().fold(heading, |text, error| format!("{text}\n  {}", chain(error)))
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(reason) = cause {
        text = format!("{text}: {reason}");
        cause = reason.source();
    }
    text
}
