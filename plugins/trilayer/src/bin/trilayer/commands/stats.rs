//! `stats`: how much each map holds.

use serde::Serialize;
use trilayer::{Map, Maps, Value};

use super::pages::Pages;
use crate::args::Stats;
use crate::failure::Failure;
use crate::input::settings_of;
use crate::load::ObserverReport;
use crate::output::Output;
use crate::session::Session;

#[derive(Serialize)]
pub(super) struct MapStats {
    map: String,
    engine: String,
    data_store: String,
    /// `None` if the data store cannot list what it has.
    stored: Option<u64>,
    resident: u64,
    cost_bytes: u64,
    dirty: u64,
    parked: u64,
    observer_panics: u64,
    /// Keys whose write the data store has not answered in time.
    overdue: u64,
    /// Calls it did not answer in time.
    timeouts: u64,
    /// Why its data store cannot be used; `None` if it can.
    problem: Option<String>,
    observers: Vec<ObserverReport>,
}

pub(super) async fn run(session: &Session, stats: Stats) -> Result<(), Failure> {
    session
        .with_maps(async |maps| {
            let names = stats.map.map_or_else(|| exact_names(maps), |name| vec![name]);
            let mut output = Output::new();
            for name in names {
                let stats = of(maps, &maps.get(&name)?).await?;
                if session.global.json { output.json(&stats)? } else { print(&stats, &mut output)? }
            }
            output.flush()
        })
        .await
}

/// The maps that are named without a pattern.
pub(super) fn exact_names(maps: &Maps) -> Vec<String> {
    maps.names().filter(|name: &String| maps.config().serving(name).is_some()).collect()
}

pub(super) async fn of(maps: &Maps, map: &Map) -> Result<MapStats, Failure> {
    let settings = settings_of(&maps.config(), map.name());
    let stored = match Pages::new(map, "").count().await {
        Ok(count) => Some(count),
        Err(trilayer::MapError::CannotScan { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let usage = map.usage();
    Ok(MapStats {
        map: map.name().to_owned(),
        engine: settings.engine.name,
        data_store: settings.data_store.name,
        stored,
        resident: usage.resident,
        cost_bytes: usage.cost_bytes,
        dirty: usage.dirty,
        parked: usage.parked,
        observer_panics: usage.observer_panics,
        overdue: usage.overdue,
        timeouts: usage.timeouts,
        problem: problem_of(maps, map).await,
        observers: ObserverReport::all_of(map),
    })
}

/// Why the data store of a map cannot be used.
async fn problem_of(maps: &Maps, map: &Map) -> Option<String> {
    let health = maps.health().await;
    health.into_iter().find(|health| health.maps.iter().any(|name| name == map.name()))?.problem
}

fn print(stats: &MapStats, output: &mut Output) -> Result<(), Failure> {
    let stored =
        stats.stored.map_or_else(|| "not known: its data store does not scan".into(), |n| n.to_string());
    output.text(&stats.map)?;
    for (what, is) in [
        ("engine", stats.engine.clone()),
        ("data store", stats.data_store.clone()),
        ("stored", stored),
        ("in memory", format!("{}, {} bytes", stats.resident, stats.cost_bytes)),
        ("dirty", stats.dirty.to_string()),
        ("parked", stats.parked.to_string()),
    ] {
        output.text(&format!("  {what:<10}  {is}"))?;
    }
    for report in &stats.observers {
        output.text(&format!("  {report}"))?;
    }
    if stats.observer_panics > 0 {
        output.text(&format!("  {} calls of observers panicked", stats.observer_panics))?;
    }
    if let Some(problem) = &stats.problem {
        output.text(&format!("  the data store cannot be used: {problem}"))?;
    }
    if stats.timeouts > 0 {
        let (timeouts, overdue) = (stats.timeouts, stats.overdue);
        output
            .text(&format!("  {timeouts} calls were not answered in time, {overdue} keys wait for theirs"))?;
    }
    Ok(())
}

impl ObserverReport {
    /// What the observers of a map have to tell; those with nothing to tell are left out.
    pub(crate) fn all_of(map: &Map) -> Vec<Self> {
        let told = map.observer_reports().into_iter().filter(|(_, report)| *report != Value::Null);
        told.map(|(name, report)| Self { name, report }).collect()
    }
}
