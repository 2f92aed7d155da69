//! `put`: stores one value.

use serde_json::json;
use trilayer::{CallerProvenance, ExpiryPolicy, RecordValue, Registry};

use crate::args::Put;
use crate::entry::Shown;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::session::Session;

pub(super) async fn run(session: &Session, put: Put) -> Result<(), Failure> {
    // Before anything is opened: whoever types the value may take their time.
    let settings = input::settings_of(&session.config(&Registry::linked()?)?, &put.map);
    let value = session.stop.or(input::value_of(put.value, settings)).await?;
    session
        .with_maps(async |maps| {
            let map = maps.get(&put.map)?;
            if !session.global.json {
                return Ok(map.set(&put.key, value).await?);
            }
            // Asking for the value it replaces costs a load, so only those who want it pay.
            let value = RecordValue::Lww { value, timestamp: maps.stamps().stamp() };
            let put_with = map.put_with(&put.key, value, ExpiryPolicy::NONE, CallerProvenance::Client);
            let previous = put_with.await?;
            let mut output = Output::new();
            output.json(&json!({ "key": put.key, "previous": previous.as_ref().map(Shown::from) }))?;
            output.flush()
        })
        .await
}
