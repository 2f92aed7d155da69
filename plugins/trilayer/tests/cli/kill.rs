//! A load that is killed leaves a store that opens, holds every record that was reported as
//! acknowledged, and nothing torn.

use std::collections::HashMap;
use std::io::Write as _;

use serde_json::Value as Json;
use trilayer::{Config, Maps, Registry, ScanRequest};

use crate::rig::{CONFIG, Rig};

const ROUNDS: u64 = 120;
const LINES: u64 = 2000;
/// Every so many rounds the database is a new one.
const FRESH: u64 = 6;

/// A record that tells which round wrote it, of a length that varies.
fn line(round: u64, id: u64) -> String {
    let text = format!("round {round} id {id};").repeat(usize::try_from((round * 7 + id) % 12).unwrap() + 1);
    format!("{{\"id\":{id},\"round\":{round},\"text\":\"{text}\"}}")
}

#[test]
fn killed_at_any_moment_it_loses_nothing_that_was_acknowledged() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut rig = Rig::new();
    let mut before = HashMap::new();
    let (mut acknowledged, mut cut_off) = (0, 0);
    for round in 0..ROUNDS {
        if round % FRESH == 0 {
            (rig, before) = (Rig::new(), HashMap::new());
        }
        let acked = kill_a_load(&rig, round);
        let after = runtime.block_on(stored(&rig));
        verify(round, acked, &before, &after);
        acknowledged += u64::from(acked > 0);
        cut_off += u64::from(acked < LINES);
        before = after;
    }
    // Or else the rounds would prove nothing.
    assert!(acknowledged > ROUNDS / 4, "only {acknowledged} loads got as far as to acknowledge something");
    assert!(cut_off > ROUNDS / 2, "only {cut_off} loads were killed before their end");
}

/// Feeds a part of the lines, waits for some acknowledgements, and kills; returns how many
/// lines were acknowledged.
fn kill_a_load(rig: &Rig, round: u64) -> u64 {
    let mut loading = rig.start_load(&["--concurrency", "64"]);
    let mut stdin = loading.child.stdin.take().unwrap();
    let mut text: String = (0..LINES).map(|id| line(round, id) + "\n").collect();
    text.truncate(fastrand::usize(..text.len()));
    let whole_lines = text.matches('\n').count() as u64;
    // Beside this thread: a pipe takes only so much, and an end of input would end the load.
    let feeding = std::thread::spawn(move || {
        // It fails if the load is killed before it has read everything.
        drop(stdin.write_all(text.as_bytes()));
        stdin
    });
    let mut acked = 0;
    let mut patience = if round % 4 == 0 { 0 } else { fastrand::u64(..30) };
    while patience > 0 && acked < whole_lines {
        acked = loading.next_ack().expect("it is acknowledged sooner or later");
        patience -= 1;
    }
    loading.child.kill().unwrap();
    while let Some(ack) = loading.next_ack() {
        acked = ack;
    }
    loading.child.wait().unwrap();
    drop(feeding.join().unwrap());
    acked
}

/// What another program finds in map `users`.
async fn stored(rig: &Rig) -> HashMap<u64, Json> {
    let config = Config::from_toml(CONFIG).unwrap().with_base_dir(rig.path(""));
    let maps = Maps::open(Registry::linked().unwrap(), config).await.expect("the store opens");
    let mut found = HashMap::new();
    let mut request = ScanRequest { limit: 1000, ..ScanRequest::default() };
    loop {
        let page = maps.get("users").unwrap().scan(request.clone()).await.expect("nothing is torn");
        request.after = page.items.last().map(|entry| entry.key.clone());
        for entry in &page.items {
            let value = Json::from(&entry.single().unwrap());
            found.insert(entry.key.parse().unwrap(), value);
        }
        if !page.more {
            maps.close().await.unwrap();
            return found;
        }
    }
}

fn verify(round: u64, acked: u64, before: &HashMap<u64, Json>, after: &HashMap<u64, Json>) {
    for id in 0..LINES {
        let source: Json = serde_json::from_str(&line(round, id)).unwrap();
        let (was, is) = (before.get(&id), after.get(&id));
        if id < acked {
            assert_eq!(is, Some(&source), "round {round}: line {} of {acked} acknowledged", id + 1);
        } else {
            assert!(
                is == was || is == Some(&source),
                "round {round}: {is:?} is neither {was:?} nor {source}"
            );
        }
    }
    assert!(after.keys().all(|id| *id < LINES));
}
