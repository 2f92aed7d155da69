//! `run`: the maps, for as long as somebody wants them.

mod requests;
mod watch;

use std::io::{self, BufRead as _, Read as _};
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use trilayer::{Maps, Registry};

use crate::args::Run;
use crate::failure::{Exit, Failure};
use crate::output::{Output, say};
use crate::session::Session;
use crate::stop::Hangup;
use requests::Requests;
use watch::Watch;

/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// Lines read ahead.
const AHEAD: usize = 64;

pub(super) async fn run(session: &Session, run: Run) -> Result<(), Failure> {
    let hangup = Hangup::listen().map_err(|error| Failure::new(Exit::Other, error))?;
    let watch = Watch::of(session.config_file()?, run.watch.then_some(run.watch_millis));
    let maps = session.stop.or(open(session, &run)).await?;
    let maintenance = maps.spawn_maintenance(Duration::from_millis(run.maintenance_millis));
    let served = serve(session, &run, &maps, hangup, watch).await;
    drop(maintenance);
    let report = maps.shut_down().await;
    let ended = match report.is_clean() {
        true => Ok(()),
        false => Err(Failure::message(
            Exit::Io,
            format!("not everything was flushed and closed in time: {report}"),
        )),
    };
    match (served, ended) {
        (Ok(()), ended) => ended,
        (Err(failure), Ok(())) => Err(failure),
        (Err(first), Err(later)) => Err(first.then(later)),
    }
}

async fn open(session: &Session, run: &Run) -> Result<Maps, Failure> {
    let builder =
        Maps::builder().flush_timeout_millis(run.flush_millis).close_timeout_millis(run.close_millis);
    let registry = Registry::linked()?;
    let config = session.config(&registry)?;
    Ok(builder.open(registry, config).await?)
}

/// Answers and reloads until input ends or a signal comes.
async fn serve(
    session: &Session,
    run: &Run,
    maps: &Maps,
    mut hangup: Hangup,
    mut watch: Watch,
) -> Result<(), Failure> {
    let mut output = Output::new();
    output.json(&json!({ "ready": true, "maps": maps.names().collect::<Vec<_>>() }))?;
    output.flush()?;
    let requests = Requests { maps: maps.clone(), file: session.config_file()? };
    let mut answering = tokio::spawn(answer(requests, lines(run.no_input)?, output));
    let mut stop = session.stop.clone();
    loop {
        tokio::select! {
            biased;
            // In order, which is what was asked for. What is being answered is answered.
            _ = stop.asked() => return Ok(()),
            answered = &mut answering => {
                return answered.unwrap_or_else(|error| Err(Failure::new(Exit::Other, error)));
            }
            () = hangup.asked() => reload(session, maps).await,
            () = watch.changed() => reload(session, maps).await,
        }
    }
}

/// Reads the configuration again. If it is not right, that is said and nothing else happens.
async fn reload(session: &Session, maps: &Maps) {
    let reloaded = async { Ok(maps.reload(session.config(&Registry::linked()?)?).await?) };
    match reloaded.await {
        Ok(report) => {
            let count = crate::progress::count(report.changes.len() as u64, "change");
            say(&format!("configuration reloaded: {count}"));
            report.changes.iter().for_each(|change| say(&format!("  {change}")));
            report.warnings.iter().for_each(|warning| say(&format!("  warning: {warning}")));
        }
        Err(failure) => Failure::report(&failure, session.global.json),
    }
}

/// The lines of standard input, read on a thread of its own.
fn lines(none: bool) -> Result<mpsc::Receiver<io::Result<Vec<u8>>>, Failure> {
    let (sender, lines) = mpsc::channel(AHEAD);
    let read = move || {
        if none {
            // Nobody asks; the channel stays open until the process ends.
            loop {
                std::thread::park();
            }
        }
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => {
                    if sender.blocking_send(Ok(line)).is_err() {
                        return;
                    }
                }
                Err(error) => return drop(sender.blocking_send(Err(error))),
            }
        }
    };
    let thread = std::thread::Builder::new().name("input".to_owned()).spawn(read);
    thread.map(|_| lines).map_err(|error| Failure::new(Exit::Other, error))
}

async fn answer(
    requests: Requests,
    mut lines: mpsc::Receiver<io::Result<Vec<u8>>>,
    mut output: Output,
) -> Result<(), Failure> {
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| {
            Failure::new(Exit::NoInput, anyhow::Error::from(error).context("cannot read standard input"))
        })?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        output.json(&requests.answer(&line).await)?;
        output.flush()?;
    }
    Ok(())
}
