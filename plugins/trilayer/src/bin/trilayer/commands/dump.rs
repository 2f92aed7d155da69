//! `dump`: writes everything stored in a map to a file.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use tempfile::NamedTempFile;
use trilayer::Map;

use super::pages::Pages;
use crate::args::Dump;
use crate::entry::Entry;
use crate::failure::{Exit, Failure};
use crate::output::{Output, say, write_json_line};
use crate::progress::{Progress, count, rate};
use crate::session::Session;

pub(super) async fn run(session: &Session, dump: Dump) -> Result<(), Failure> {
    session
        .with_maps(async |maps| {
            let map = maps.get(&dump.map)?;
            let progress = Progress::of_records(session.global.json);
            if dump.file.as_os_str() == "-" {
                return to_stdout(&map, &progress).await;
            }
            let records = to_file(&map, &dump.file, &progress).await?;
            summarize(session, &dump, records, progress.seconds())
        })
        .await
}

async fn to_stdout(map: &Map, progress: &Progress) -> Result<(), Failure> {
    let mut output = Output::new();
    write_all(map, progress, |entry| output.json(entry)).await?;
    output.flush()
}

async fn to_file(map: &Map, file: &Path, progress: &Progress) -> Result<u64, Failure> {
    let failed = |error: anyhow::Error| {
        let message = format!("cannot write the dump to {}; what was there is as it was", file.display());
        Failure::new(Exit::Io, error.context(message))
    };
    let mut target = Target::open(file).map_err(failed)?;
    let records =
        write_all(map, progress, |entry| target.write(entry).map_err(|error| failed(error.into()))).await?;
    target.finish().map_err(failed)?;
    Ok(records)
}

async fn write_all(
    map: &Map,
    progress: &Progress,
    mut write: impl FnMut(&Entry<'_>) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let counting = count_for(progress, map);
    let (mut pages, mut records) = (Pages::new(map, ""), 0);
    let outcome = async {
        while let Some(page) = pages.next().await? {
            for entry in &page {
                write(&Entry::scanned(entry, false))?;
            }
            records += page.len() as u64;
            progress.at(records, records);
        }
        Ok(records)
    };
    let outcome = outcome.await;
    if let Some(counting) = counting {
        counting.abort();
    }
    progress.clear();
    outcome
}

/// Counts the records beside the dump, so that the time left can be told; only if somebody
/// watches, since it reads everything once more.
fn count_for(progress: &Progress, map: &Map) -> Option<tokio::task::JoinHandle<()>> {
    if progress.is_hidden() {
        return None;
    }
    let (pages, progress) = (Pages::new(map, ""), progress.clone());
    Some(tokio::spawn(async move {
        if let Ok(total) = pages.count().await {
            progress.set_total(total);
        }
    }))
}

fn summarize(session: &Session, dump: &Dump, records: u64, seconds: f64) -> Result<(), Failure> {
    let rate = rate(records, seconds);
    if !session.global.json {
        let records = count(records, "record");
        say(&format!("{records} of map {:?} in {seconds:.1} s, {rate:.0}/s", dump.map));
        return Ok(());
    }
    let mut output = Output::new();
    output.json(&json!({
        "map": dump.map, "file": dump.file, "records": records,
        "seconds": seconds, "records_per_second": rate,
    }))?;
    output.flush()
}

/// Where a dump goes.
enum Target {
    /// A file beside the place, moved there at the end.
    Beside { writer: BufWriter<NamedTempFile>, place: PathBuf },
    /// A device or a pipe, which cannot be replaced.
    Direct(BufWriter<File>),
}

impl Target {
    fn open(file: &Path) -> anyhow::Result<Self> {
        let there = fs::metadata(file).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = File::options().write(true).open(file)?;
            return Ok(Self::Direct(BufWriter::new(file)));
        }
        // A link stays one: what it points to is replaced.
        let place = if there.is_some() { fs::canonicalize(file)? } else { file.to_owned() };
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".trilayer-dump-");
        if let Some(permissions) = there.map(|there| there.permissions()).or_else(usual_permissions) {
            builder.permissions(permissions);
        }
        let temporary = builder.tempfile_in(folder);
        let temporary = temporary.with_context(|| format!("cannot make a file in {}", folder.display()))?;
        Ok(Self::Beside { writer: BufWriter::new(temporary), place })
    }

    fn write(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        match self {
            Self::Beside { writer, .. } => write_json_line(writer, entry),
            Self::Direct(writer) => write_json_line(writer, entry),
        }
    }

    /// Makes it durable, and only then visible.
    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Beside { writer, place } => {
                let temporary = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
                temporary.as_file().sync_all()?;
                temporary.persist(place)?;
            }
            Self::Direct(mut writer) => writer.flush()?,
        }
        Ok(())
    }
}

/// Those of any new file: the process's mask is applied to them.
#[cfg(unix)]
fn usual_permissions() -> Option<Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o666))
}

#[cfg(not(unix))]
fn usual_permissions() -> Option<Permissions> {
    None
}
