//! `get`: prints the value of a key.

use crate::args::Get;
use crate::entry::{Entry, Shown};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::session::Session;

pub(super) async fn run(session: &Session, get: Get) -> Result<(), Failure> {
    session
        .with_maps(async |maps| {
            let record = maps.get(&get.map)?.record(&get.key, true).await?;
            let record = record.ok_or_else(|| not_found(&get.map, &get.key))?;
            let entry = Entry::new(&get.key, &record.value);
            let mut output = Output::new();
            match (get.metadata, session.global.json) {
                (true, _) => output.json(&entry.with_metadata(&record.metadata))?,
                (false, true) => output.json(&entry)?,
                (false, false) => output.json(&Shown::from(&record.value))?,
            }
            output.flush()
        })
        .await
}

pub(super) fn not_found(map: &str, key: &str) -> Failure {
    Failure::message(Exit::NotFound, format!("map {map:?} has no key {key:?}"))
}
