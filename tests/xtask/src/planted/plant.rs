//! A bug to plant: where, and what stands there instead.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// One deliberate bug.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plant {
    pub(crate) name: String,
    /// What a person would lose by it.
    pub(crate) story: String,
    /// From the root of the workspace.
    pub(crate) file: String,
    /// Occurs exactly once in the file.
    pub(crate) find: String,
    pub(crate) replace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bed {
    plant: Vec<Plant>,
}

/// Every plant of a folder, file by file.
pub(crate) fn all(folder: &Path) -> anyhow::Result<Vec<Plant>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut plants = Vec::new();
    for file in files {
        let bed: Bed = toml::from_str(&fs::read_to_string(&file)?)
            .with_context(|| format!("{} is no list of plants", file.display()))?;
        plants.extend(bed.plant);
    }
    Ok(plants)
}

impl Plant {
    /// The file's text with the bug in it.
    pub(crate) fn planted_in(&self, text: &str) -> anyhow::Result<String> {
        let found = text.matches(&self.find).count();
        ensure!(
            found == 1,
            "{}: its text occurs {found} times in {}, not once: {:?}",
            self.name,
            self.file,
            self.find
        );
        ensure!(self.find != self.replace, "{}: it changes nothing", self.name);
        Ok(text.replacen(&self.find, &self.replace, 1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_plant_still_has_its_place() {
        let plants = all(&crate::planted::folder()).unwrap();
        let lost: Vec<String> = plants
            .iter()
            .filter_map(|plant| {
                let text = fs::read_to_string(crate::root().join(&plant.file)).unwrap();
                plant.planted_in(&text).err().map(|error| error.to_string())
            })
            .collect();
        assert!(lost.is_empty(), "{}", lost.join("\n"));
        assert!(plants.len() >= 30, "only {} are left", plants.len());
    }

    #[test]
    fn every_plant_has_a_name_and_a_story_of_its_own() {
        let plants = all(&crate::planted::folder()).unwrap();
        let names: BTreeSet<&str> = plants.iter().map(|plant| &*plant.name).collect();
        assert_eq!(names.len(), plants.len(), "a name is used twice");
        let fits = |text: &str| !text.is_empty() && !text.contains(['|', '\n']);
        assert!(plants.iter().all(|plant| fits(&plant.name) && fits(&plant.story)));
    }

    #[test]
    fn a_place_that_is_lost_or_ambiguous_is_refused() {
        let plant = Plant {
            name: "off-by-one".into(),
            story: "a loss".into(),
            file: "a.rs".into(),
            find: "<".into(),
            replace: "<=".into(),
        };
        assert_eq!(plant.planted_in("a < b").unwrap(), "a <= b");
        for text in ["a > b", "a < b < c"] {
            let refused = plant.planted_in(text).unwrap_err().to_string();
            assert!(refused.starts_with("off-by-one: its text occurs"), "{refused}");
        }
    }
}
