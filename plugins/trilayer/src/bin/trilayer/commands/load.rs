//! `load`: stores each line of a file in a map.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::args::Load;
use crate::failure::{Exit, Failure};
use crate::load::{Job, Loader};
use crate::progress::Progress;
use crate::session::Session;

/// What is loaded from.
struct Input {
    reader: Box<dyn BufRead + Send>,
    /// What messages call it.
    name: String,
    bytes: Option<u64>,
}

pub(super) async fn run(session: &Session, load: Load) -> Result<(), Failure> {
    let input = open(&load.file)?;
    session
        .with_maps_to_the_end(async |maps| {
            let progress = Progress::of_bytes(input.bytes, session.global.json);
            let job = Job {
                map: maps.get(&load.map)?,
                settings: crate::input::settings_of(&maps.config(), &load.map),
                name: input.name,
                progress: progress.clone(),
                as_json: session.global.json,
                load: &load,
            };
            let outcome = Loader::start(job, input.reader)?.run(session.stop.clone()).await;
            progress.clear();
            outcome
        })
        .await
}

fn open(file: &Path) -> Result<Input, Failure> {
    if file.as_os_str() == "-" {
        let reader = Box::new(BufReader::with_capacity(256 << 10, io::stdin()));
        return Ok(Input { reader, name: "standard input".to_owned(), bytes: None });
    }
    let name = file.display().to_string();
    let unreadable = |error: io::Error| {
        Failure::new(Exit::NoInput, anyhow::Error::from(error).context(format!("cannot read {name}")))
    };
    let metadata = fs::metadata(file).map_err(unreadable)?;
    if metadata.is_dir() {
        let message = format!("{name} is a folder; give a file with one JSON object in each line");
        return Err(Failure::message(Exit::NoInput, message));
    }
    let reader = Box::new(BufReader::with_capacity(256 << 10, File::open(file).map_err(unreadable)?));
    Ok(Input { reader, bytes: metadata.is_file().then_some(metadata.len()), name })
}
