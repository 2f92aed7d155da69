//! A load that is killed leaves a store that opens, holds every record that was reported as
//! acknowledged, and nothing torn.

use std::collections::HashMap;
use std::io::Write as _;

use serde_json::Value as Json;
use trilayer::{Config, Maps, Registry, ScanRequest};
use trilayer_testkit::evidence::tried;

use crate::rig::{CONFIG, Rig, lines};

const LINES: u64 = 2000;

/// A record that tells which round wrote it, of a length that varies.
fn line(round: u64, id: u64) -> String {
    let text = format!("round {round} id {id};").repeat(usize::try_from((round * 7 + id) % 12).unwrap() + 1);
    format!("{{\"id\":{id},\"round\":{round},\"text\":\"{text}\"}}")
}

/// Kills loads one after another, all of one database or each of its own; returns how many
/// lines each acknowledged.
fn kill_loads(rounds: u64, mut rig_of: impl FnMut(u64) -> Option<Rig>) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut rig, mut before) = (Rig::new(), HashMap::new());
    let mut all = Vec::new();
    for round in 0..rounds {
        if let Some(fresh) = rig_of(round) {
            (rig, before) = (fresh, HashMap::new());
        }
        let acked = kill_a_load(&rig, round);
        let after = runtime.block_on(stored(&rig));
        verify(round, acked, &before, &after);
        before = after;
        all.push(acked);
        tried("crash-kills", 1);
    }
    all
}

#[test]
fn killed_at_any_moment_it_loses_nothing_that_was_acknowledged() {
    const ROUNDS: usize = 110;
    const FRESH: u64 = 10;
    let acked = kill_loads(ROUNDS as u64, |round| {
        let is_due = round.is_multiple_of(FRESH);
        is_due.then(Rig::new).inspect(|rig| drop(rig.run(&["check"]).done()))
    });
    // Or else the rounds would prove little.
    let some = acked.iter().filter(|acked| **acked > 0).count();
    let all = acked.iter().filter(|acked| **acked == LINES).count();
    assert!(
        some > ROUNDS / 3 && all < ROUNDS / 3,
        "{some} acknowledged something, {all} everything: {acked:?}"
    );
}

/// Killed as soon as there is a file, it leaves one that opens.
#[test]
fn killed_while_it_makes_the_database_it_can_be_run_again() {
    for _ in 0..30 {
        let rig = Rig::new();
        let mut loading = rig.start_load(&[]);
        while !rig.path("data/main.redb").exists() {
            assert_eq!(loading.child.try_wait().unwrap(), None, "it ended on its own");
            std::thread::yield_now();
        }
        loading.child.kill().unwrap();
        loading.child.wait().unwrap();
        rig.load(&lines(0..10));
        assert_eq!(rig.stored().lines().count(), 10);
        tried("crash-kills", 1);
    }
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
    let mut patience = if round.is_multiple_of(4) { 0 } else { fastrand::u64(..30) };
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
