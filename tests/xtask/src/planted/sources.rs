//! A copy of the workspace that can be broken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::plant::Plant;

/// A whole test run with the longest pause a test may make in it; in a test that hangs, that is all.
const NEXTEST: &str = "[profile.default]\nslow-timeout = { period = \"60s\", terminate-after = 2 }\n\
                       failure-output = \"final\"\nstatus-level = \"fail\"\n";

/// The copy. What is unchanged keeps its time, so that nothing is built without need.
#[derive(Debug)]
pub(crate) struct Sources {
    folder: PathBuf,
}

impl Sources {
    /// Copies every file that git knows or would add.
    pub(crate) fn copied() -> anyhow::Result<Self> {
        let (root, folder) = (crate::root(), crate::root().join("target/planted/workspace"));
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .context("git lists the sources")?;
        ensure!(listing.status.success(), "{}", String::from_utf8_lossy(&listing.stderr));
        for file in String::from_utf8(listing.stdout)?.split_terminator('\0') {
            // A file that is deleted, but not yet in git, is listed too.
            if root.join(file).is_file() {
                copy(&root.join(file), &folder.join(file))?;
            }
        }
        write_if_new(&folder.join(".config/nextest.toml"), NEXTEST.as_bytes())?;
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Breaks the copy until the guard is dropped.
    pub(crate) fn plant(&self, plant: &Plant) -> anyhow::Result<Planted> {
        let file = self.folder.join(&plant.file);
        let whole = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        fs::write(&file, plant.planted_in(&whole)?)?;
        Ok(Planted { file, whole })
    }
}

/// A bug in the copy; taken out when dropped.
#[derive(Debug)]
pub(crate) struct Planted {
    file: PathBuf,
    whole: String,
}

impl Drop for Planted {
    fn drop(&mut self) {
        // Written, not renamed from a copy: cargo has to see a newer file.
        if let Err(error) = fs::write(&self.file, &self.whole) {
            eprintln!("xtask: {} still has the bug: {error}", self.file.display());
        }
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if to.ends_with(".config/nextest.toml") {
        return Ok(());
    }
    let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    write_if_new(to, &content)
}

fn write_if_new(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(file).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}
