//! Planted bugs: the code is broken on purpose, one place at a time, and the tests have to notice.
//!
//! The sources are copied to `target/planted`, so that the tree stays as it is whatever happens, and
//! the copy is built again and again, so that each bug costs only what depends on it.

mod plant;
mod sources;
mod suites;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use self::plant::Plant;
use self::sources::Sources;
use self::suites::{Suite, Verdict};
use self::table::{Row, Table};
use crate::step::is_interrupted;

pub(crate) use self::table::summary;

/// The folder of the plants and of the table.
pub(crate) fn folder() -> PathBuf {
    crate::root().join("tests/planted")
}

/// Plants each bug, or those that are named, and sees which test notices.
pub(crate) fn planted(names: &[String], write: bool, interleaved: bool) -> anyhow::Result<()> {
    let plants = chosen(plant::all(&folder())?, names)?;
    let sources = Sources::copied()?;
    let suites = suites::all(&sources, interleaved);
    are_green(&suites)?;
    let (mut rows, mut unbuilt) = (Vec::new(), Vec::new());
    for (index, plant) in plants.iter().enumerate() {
        let tried = try_plant(&sources, &suites, plant);
        if is_interrupted() {
            break;
        }
        let caught = match tried {
            Ok(caught) => caught,
            Err(error) => {
                eprintln!("xtask: {error:#}");
                unbuilt.push(plant.name.as_str());
                continue;
            }
        };
        let row = Row::of(plant, caught.as_ref());
        eprintln!("xtask: {:>3}/{}  {}", index + 1, plants.len(), row.told());
        rows.push(row);
        if write {
            Table::read()?.with(&rows).keeping(&plant::all(&folder())?).write()?;
        }
    }
    ensure!(unbuilt.is_empty(), "could not be tried: {}", unbuilt.join(", "));
    report(&rows, plants.len())
}

fn chosen(plants: Vec<Plant>, names: &[String]) -> anyhow::Result<Vec<Plant>> {
    if let Some(unknown) = names.iter().find(|name| plants.iter().all(|plant| plant.name != **name)) {
        bail!("no bug is called {unknown:?}; the folder tests/planted has their names");
    }
    Ok(plants.into_iter().filter(|plant| names.is_empty() || names.contains(&plant.name)).collect())
}

/// A suite that is red without a bug would seem to catch them all.
fn are_green(suites: &[Suite]) -> anyhow::Result<()> {
    for suite in suites {
        match suite.run()? {
            Verdict::Passed { seconds } => {
                eprintln!("xtask: {} passes without a bug in {seconds:.0} s", suite.name)
            }
            Verdict::Caught { by, .. } => bail!("{} fails without any bug: {by}", suite.name),
            Verdict::DoesNotBuild { output } => bail!("{} does not build:\n{output}", suite.name),
            Verdict::Interrupted => bail!("interrupted"),
        }
    }
    Ok(())
}

/// What noticed a bug.
#[derive(Debug)]
pub(crate) struct Caught {
    pub(crate) by: String,
    /// How long tests ran until then; building does not count.
    pub(crate) after: Duration,
}

fn try_plant(sources: &Sources, suites: &[Suite], plant: &Plant) -> anyhow::Result<Option<Caught>> {
    let _planted = sources.plant(plant)?;
    let mut after = 0.0;
    for suite in suites {
        match suite.run().with_context(|| format!("with {} planted", plant.name))? {
            Verdict::Passed { seconds } => after += seconds,
            Verdict::Caught { by, seconds } => {
                let after = Duration::from_secs_f64(after + seconds);
                return Ok(Some(Caught { by: format!("{}: {by}", suite.name), after }));
            }
            Verdict::DoesNotBuild { output } => {
                bail!("{}: what it puts in place does not build:\n{output}", plant.name)
            }
            Verdict::Interrupted => return Ok(None),
        }
    }
    Ok(None)
}

fn report(rows: &[Row], asked: usize) -> anyhow::Result<()> {
    let survivors: Vec<&str> = rows.iter().filter(|row| !row.is_caught()).map(Row::name).collect();
    eprintln!("xtask: {} of {} planted bugs were caught", rows.len() - survivors.len(), rows.len());
    ensure!(survivors.is_empty(), "no test noticed: {}", survivors.join(", "));
    ensure!(rows.len() == asked, "interrupted after {} of {asked}", rows.len());
    Ok(())
}
