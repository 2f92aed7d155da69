//! One line of JSON asks, one answers.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use trilayer::{Config, DataStoreHealth, Maps, Value};

use crate::commands::stats;
use crate::failure::{Exit, Failure};

/// What answers.
pub(super) struct Requests {
    pub(super) maps: Maps,
    /// The configuration file.
    pub(super) file: PathBuf,
}

#[derive(Deserialize)]
struct Request {
    /// Given back with the answer.
    #[serde(default)]
    id: Option<Json>,
    #[serde(flatten)]
    asked: Asked,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Asked {
    Put { map: String, key: String, value: Value },
    Get { map: String, key: String },
    Remove { map: String, key: String },
    Stats { map: Option<String> },
    Health,
    Reload,
}

impl Requests {
    /// The answer, whatever the line is.
    pub(super) async fn answer(&self, line: &[u8]) -> Json {
        let parsed: Result<Request, _> = serde_json::from_slice(line);
        let (id, outcome) = match parsed {
            Ok(Request { id, asked }) => (id, self.carry_out(asked).await),
            Err(error) => {
                let message = format!("the request is not right: {error}");
                (id_of(line), Err(Failure::message(Exit::BadData, message)))
            }
        };
        let mut answer = match outcome {
            Ok(mut answer) => {
                answer["ok"] = true.into();
                answer
            }
            Err(failure) => json!({ "ok": false, "error": failure.as_json() }),
        };
        if let Some(id) = id {
            answer["id"] = id;
        }
        answer
    }

    async fn carry_out(&self, asked: Asked) -> Result<Json, Failure> {
        match asked {
            Asked::Put { map, key, value } => {
                let old = self.maps.get(&map)?.put(&key, value).await?;
                Ok(json!({ "old": old }))
            }
            Asked::Get { map, key } => {
                let value = self.maps.get(&map)?.get(&key).await?;
                Ok(json!({ "found": value.is_some(), "value": value }))
            }
            Asked::Remove { map, key } => {
                let removed = self.maps.get(&map)?.remove(&key).await?;
                Ok(json!({ "found": removed.is_some(), "removed": removed }))
            }
            Asked::Stats { map } => self.stats(map).await,
            Asked::Health => {
                let health = self.maps.health().await;
                let healthy = health.iter().all(DataStoreHealth::is_healthy);
                Ok(json!({ "healthy": healthy, "data_stores": health.iter().map(shown).collect::<Vec<_>>() }))
            }
            Asked::Reload => {
                let report = self.maps.reload(Config::load(&self.file)?).await?;
                Ok(json!({
                    "changes": report.changes,
                    "opened": report.opened,
                    "closed": report.closed,
                    "replaced": report.replaced,
                    "warnings": report.warnings,
                }))
            }
        }
    }

    async fn stats(&self, map: Option<String>) -> Result<Json, Failure> {
        let names = map.map_or_else(|| stats::exact_names(&self.maps), |name| vec![name]);
        let mut all = Vec::new();
        for name in names {
            let map = self.maps.get(&name)?;
            let stats = stats::of(&self.maps, &map).await?;
            all.push(serde_json::to_value(stats).map_err(|error| Failure::new(Exit::Other, error))?);
        }
        Ok(json!({ "maps": all }))
    }
}

fn shown(health: &DataStoreHealth) -> Json {
    json!({
        "place": health.place,
        "problem": health.problem,
        "maps": health.maps,
        "pending_operations": health.pending_operations,
        "timeouts": health.timeouts,
        "overdue": health.overdue,
        "dirty": health.dirty,
        "parked": health.parked,
        "last_error": health.last_error.as_ref().map(|(when, error)| json!({ "time": when, "error": error })),
    })
}

/// The id of a request that is not right otherwise.
fn id_of(line: &[u8]) -> Option<Json> {
    let request: Json = serde_json::from_slice(line).ok()?;
    request.get("id").cloned()
}
