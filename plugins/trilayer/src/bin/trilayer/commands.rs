//! The subcommands, one file each.

mod check;
mod components;
mod docs;
mod dump;
mod explain;
mod get;
mod graph;
mod load;
mod pages;
mod put;
mod remove;
mod run;
mod scan;
mod schema;
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
        Command::Schema(schema) => schema::run(session, &schema),
        Command::Docs => docs::run(session),
        Command::Graph(graph) => graph::run(session, &graph),
        Command::Check => check::run(session).await,
        Command::Explain(explain) => explain::run(session, &explain),
        Command::Run(run) => run::run(session, run).await,
    }
}
