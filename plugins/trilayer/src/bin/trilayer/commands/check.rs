//! `check`: whether everything a configuration names is there and whole.

use serde::Serialize;
use serde_json::json;
use trilayer::{Map, MapConfig, MapError, Maps, MapsError};

use super::pages::Pages;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::count;
use crate::session::Session;

/// Problems of one map that are told one by one; a file full of damage has millions.
const MAX_PROBLEMS: usize = 100;

#[derive(Serialize)]
struct Checked {
    map: String,
    engine: String,
    data_store: String,
    observers: Vec<String>,
    /// How many values were read; `None` for a pattern, a data store that does not scan, or
    /// where something is damaged.
    read: Option<u64>,
    problems: Vec<String>,
    /// What the first of the problems comes to.
    #[serde(skip)]
    exit: Exit,
}

impl Checked {
    fn note(&mut self, problem: impl Into<Failure>) {
        let problem = problem.into();
        if self.problems.is_empty() {
            self.exit = problem.exit();
        }
        self.problems.push(problem.one_line());
    }
}

pub(super) async fn run(session: &Session) -> Result<(), Failure> {
    session
        .with_maps(async |maps| {
            let mut checked = Vec::new();
            let config = maps.config();
            for (name, settings) in &config.maps {
                checked.push(check(maps, name, settings).await?);
            }
            let mut output = Output::new();
            if session.global.json {
                let ok = checked.iter().all(|map| map.problems.is_empty());
                output.json(&json!({ "ok": ok, "maps": checked }))?;
            } else {
                print(&checked, &mut output)?;
            }
            output.flush()?;
            outcome(&checked)
        })
        .await
}

async fn check(maps: &Maps, name: &str, settings: &MapConfig) -> Result<Checked, Failure> {
    let mut checked = Checked {
        map: name.to_owned(),
        engine: settings.engine.name.clone(),
        data_store: settings.data_store.name.clone(),
        observers: settings.observers.iter().map(|observer| observer.name.clone()).collect(),
        read: None,
        problems: Vec::new(),
        exit: Exit::Done,
    };
    if maps.config().serving(name).is_some() {
        read_all(&maps.get(name)?, &mut checked).await;
    } else if let Err(error) = try_pattern(maps, name) {
        checked.note(error);
    }
    Ok(checked)
}

/// The observers of a pattern's maps are made with the first such map, so make one.
fn try_pattern(maps: &Maps, pattern: &str) -> Result<(), MapsError> {
    let name = pattern.replace(['*', '?'], "x");
    match maps.config().serving(&name) {
        Some((entry, _)) if entry == pattern => maps.get(&name).map(drop),
        _ => Ok(()),
    }
}

/// Reads every value, past those that are damaged if they can be told.
async fn read_all(map: &Map, checked: &mut Checked) {
    let (mut pages, mut read) = (Pages::new(map, ""), 0);
    loop {
        match pages.next().await {
            Ok(Some(page)) => read += page.len() as u64,
            Ok(None) => break,
            Err(MapError::CannotScan { .. }) => return,
            Err(error) => {
                let damaged = damaged_key(&error);
                checked.note(error);
                match damaged {
                    Some(key) if checked.problems.len() < MAX_PROBLEMS => pages.skip_to(&key),
                    _ => break,
                }
            }
        }
    }
    checked.read = checked.problems.is_empty().then_some(read);
}

/// The key of the value that made a scan fail: those before it were read.
#[cfg(feature = "redb")]
fn damaged_key(error: &MapError) -> Option<String> {
    use trilayer::redb::RedbError;
    let MapError::Store { source, .. } = error else { return None };
    match source.downcast_ref::<RedbError>()? {
        RedbError::DamagedValue { key, .. } => Some(key.clone()),
        _ => None,
    }
}

#[cfg(not(feature = "redb"))]
fn damaged_key(_: &MapError) -> Option<String> {
    None
}

fn print(checked: &[Checked], output: &mut Output) -> Result<(), Failure> {
    for map in checked {
        let observers = if map.observers.is_empty() { "none".to_owned() } else { map.observers.join(", ") };
        let read = map.read.map_or_else(String::new, |read| format!(", {read} values read"));
        let (name, engine, data_store) = (&map.map, &map.engine, &map.data_store);
        output.text(&format!(
            "{name}: engine {engine}, data store {data_store}, observers {observers}{read}"
        ))?;
        for problem in &map.problems {
            output.text(&format!("  problem: {problem}"))?;
        }
    }
    Ok(())
}

fn outcome(checked: &[Checked]) -> Result<(), Failure> {
    let problems: u64 = checked.iter().map(|map| map.problems.len() as u64).sum();
    if problems == 0 {
        return Ok(());
    }
    let exit = checked.iter().map(|map| map.exit).find(|exit| *exit != Exit::Done);
    let problems = count(problems, "problem");
    Err(Failure::message(exit.unwrap_or(Exit::Other), format!("{problems} found; see standard output")))
}
