//! The table of what caught which bug, kept in the repository.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use super::Caught;
use super::plant::Plant;
use crate::machine;

const SURVIVED: &str = "**nothing**";

/// One bug's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    name: String,
    story: String,
    by: String,
    after: String,
}

impl Row {
    pub(crate) fn of(plant: &Plant, caught: Option<&Caught>) -> Self {
        Self {
            name: plant.name.clone(),
            story: plant.story.clone(),
            by: caught.map_or_else(|| SURVIVED.to_owned(), |caught| caught.by.clone()),
            after: caught.map_or_else(String::new, |caught| format!("{:.1} s", caught.after.as_secs_f64())),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_caught(&self) -> bool {
        self.by != SURVIVED
    }

    pub(crate) fn told(&self) -> String {
        let Self { name, by, after, .. } = self;
        if self.is_caught() { format!("{name}: {by}, after {after}") } else { format!("{name}: SURVIVED") }
    }

    fn parsed(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [name, story, by, after] = cells.as_slice() else { return None };
        let cell = |text: &str| text.trim().to_owned();
        let name = name.strip_prefix('`')?.strip_suffix('`')?;
        Some(Self { name: cell(name), story: cell(story), by: cell(by), after: cell(after) })
    }

    fn line(&self) -> String {
        format!("| `{}` | {} | {} | {} |", self.name, self.story, self.by, self.after)
    }
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    fn file() -> PathBuf {
        super::folder().join("CAUGHT.md")
    }

    /// The table as it is kept; empty if there is none.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let file = Self::file();
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { rows: text.lines().filter_map(Row::parsed).collect() })
    }

    /// With these lines in place of older ones.
    pub(crate) fn with(mut self, rows: &[Row]) -> Self {
        self.rows.retain(|old| rows.iter().all(|row| row.name != old.name));
        self.rows.extend_from_slice(rows);
        self
    }

    /// The lines of plants there still are, in their order.
    pub(crate) fn keeping(mut self, plants: &[Plant]) -> Self {
        let place = |row: &Row| plants.iter().position(|plant| plant.name == row.name);
        self.rows.retain(|row| place(row).is_some());
        self.rows.sort_by_key(place);
        self
    }

    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let file = Self::file();
        let caught = self.rows.iter().filter(|row| row.is_caught()).count();
        let plants = super::plant::all(&super::folder())?;
        let mut text = format!(
            "# Planted bugs and what caught them\n\n\
             Each bug was put into the code, the suites were run from the cheapest on, and this is the first \
             test that failed.\nWritten by `cargo xtask planted --write` on {}, {}; the time is that of running \
             tests, not of building.\n\n{caught} of {} were caught; {} of all {} were tried so far.\n\n\
             | bug | what it would cost | caught by | after |\n|---|---|---|---|\n",
            machine::today(),
            machine::processor(),
            self.rows.len(),
            self.rows.len(),
            plants.len(),
        );
        for row in &self.rows {
            text.push_str(&row.line());
            text.push('\n');
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

/// How many of the bugs there are were tried, by the kept table, and how many of those were caught.
pub(crate) fn summary() -> anyhow::Result<(u64, u64)> {
    let plants = super::plant::all(&super::folder())?;
    let table = Table::read()?.keeping(&plants);
    let caught = table.rows.iter().filter(|row| row.is_caught()).count();
    Ok((table.rows.len() as u64, caught as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plant(name: &str) -> Plant {
        let text = String::new;
        Plant { name: name.into(), story: "a loss".into(), file: text(), find: text(), replace: text() }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let caught =
            Caught { by: "contract: a::b".to_owned(), after: std::time::Duration::from_millis(1500) };
        for caught in [Some(&caught), None] {
            let row = Row::of(&plant("a"), caught);
            assert_eq!(Row::parsed(&row.line()), Some(row.clone()));
            assert_eq!(row.is_caught(), caught.is_some());
        }
    }

    #[test]
    fn new_lines_replace_old_ones_and_lost_plants_leave() {
        let old = [Row::of(&plant("gone"), None), Row::of(&plant("b"), None), Row::of(&plant("a"), None)];
        let caught = Caught { by: "contract: a::b".to_owned(), after: std::time::Duration::ZERO };
        let new = [Row::of(&plant("b"), Some(&caught))];
        let table = Table::default().with(&old).with(&new).keeping(&[plant("a"), plant("b"), plant("c")]);
        let told: Vec<_> = table.rows.iter().map(|row| (row.name(), row.is_caught())).collect();
        assert_eq!(told, [("a", false), ("b", true)]);
    }
}
