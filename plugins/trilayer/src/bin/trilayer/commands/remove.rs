//! `remove`: removes a key.

use serde_json::json;
use trilayer::CallerProvenance;

use super::get::not_found;
use crate::args::Remove;
use crate::entry::Shown;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

pub(super) async fn run(session: &Session, remove: Remove) -> Result<(), Failure> {
    session
        .with_maps(async |maps| {
            let removed = maps.get(&remove.map)?.remove_with(&remove.key, CallerProvenance::Client).await?;
            let removed = removed.ok_or_else(|| not_found(&remove.map, &remove.key))?;
            if !session.global.json {
                return Ok(());
            }
            let mut output = Output::new();
            output.json(&json!({ "key": remove.key, "removed": Shown::from(&removed) }))?;
            output.flush()
        })
        .await
}
