//! The subcommands, one file each.

mod check;
mod components;
mod dump;
mod get;
mod load;
mod pages;
mod put;
mod remove;
mod run;
mod scan;
mod stats;

use crate::args::Command;
use crate::failure::Failure;
use crate::session::Session;

/// Does what the command line asks for.
pub(crate) async fn run(session: &Session, command: Command) -> Result<(), Failure> {
    match command {
        Command::Load(load) => load::run(session, load).await,
        Command::Put(put) => put::run(session, put).await,
        Command::Get(get) => get::run(session, get).await,
        Command::Remove(remove) => remove::run(session, remove).await,
        Command::Scan(scan) => scan::run(session, scan).await,
        Command::Dump(dump) => dump::run(session, dump).await,
        Command::Stats(stats) => stats::run(session, stats).await,
        Command::Components => components::run(session),
        Command::Check => check::run(session).await,
        Command::Run(run) => run::run(session, run).await,
    }
}
