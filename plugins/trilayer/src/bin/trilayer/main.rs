//! The command `trilayer`: the maps of a configuration, from a shell.
//!
//! Standard output is data, standard error everything else. Exit codes are those of
//! [`failure::Exit`], which `--help` tells too. Everything that maps do is the library's;
//! here are arguments, input, output and signals.

mod args;
mod commands;
mod entry;
mod failure;
mod input;
mod load;
mod logging;
mod output;
mod progress;
mod session;
mod stop;

use std::ffi::OsString;

use clap::Parser as _;

use args::Cli;
use failure::{Exit, Failure};
use session::Session;
use stop::Stop;

fn main() {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let exit = match Cli::try_parse_from(&arguments) {
        Ok(cli) => run(cli),
        Err(error) => refuse(&error, &arguments),
    };
    std::process::exit(exit.code());
}

fn run(cli: Cli) -> Exit {
    let as_json = cli.global.json;
    logging::start(cli.global.verbose, as_json);
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run_command(cli));
            // Not by waiting: a thread may be reading standard input.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::new(Exit::Other, error)),
    };
    match outcome {
        Ok(()) => Exit::Done,
        Err(failure) => {
            failure.report(as_json);
            failure.exit()
        }
    }
}

async fn run_command(cli: Cli) -> Result<(), Failure> {
    let stop = Stop::listen().map_err(|error| Failure::new(Exit::Other, error))?;
    let session = Session { global: cli.global, stop };
    commands::run(&session, cli.command).await
}

/// Help and version are printed; anything else is a command line that is not right.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if error.use_stderr() && arguments.iter().any(|argument| argument == "--json") {
        let message = error.to_string();
        let message = message.trim_end().trim_start_matches("error: ");
        Failure::message(Exit::Usage, message).report(true);
        return Exit::Usage;
    }
    // If there is nobody to read it, there is nobody to tell.
    drop(error.print());
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
