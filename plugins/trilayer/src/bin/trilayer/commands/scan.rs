//! `scan`: prints everything stored in a map.

use trilayer::Map;

use super::pages::Pages;
use crate::args::Scan;
use crate::entry::Entry;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

pub(super) async fn run(session: &Session, scan: Scan) -> Result<(), Failure> {
    session
        .with_maps(async |maps| {
            let mut output = Output::new();
            print(&maps.get(&scan.map)?, &scan, &mut output).await?;
            output.flush()
        })
        .await
}

async fn print(map: &Map, scan: &Scan, output: &mut Output) -> Result<(), Failure> {
    let mut left = scan.limit.unwrap_or(u64::MAX);
    let mut pages = Pages::new(map, &scan.prefix);
    while left > 0 {
        let Some(page) = pages.next().await? else { break };
        for entry in page.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            output.json(&Entry::scanned(entry, scan.metadata))?;
            left -= 1;
        }
    }
    Ok(())
}
