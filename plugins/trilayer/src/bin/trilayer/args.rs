//! What can be said on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
    0  it was done
    1  some other failure
    2  the command line is not right
    3  there is no such key (get, remove)
   65  the input is not right; some lines were skipped or the load was stopped
   66  an input file cannot be read
   74  input or output failed: the data store, the disk, standard output
   78  the configuration cannot be used, or does not name the map
  130  interrupted by Ctrl-C (SIGINT)
  143  interrupted by SIGTERM

Standard output is data; messages, logs and progress go to standard error.
Variables such as TRILAYER__MAPS__PLACES__ENGINE=hashmap override the configuration file.";

/// Loads, reads, dumps and checks the maps that a configuration describes.
#[derive(Debug, Parser)]
#[command(name = "trilayer", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every subcommand takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The configuration file; ./trilayer.toml if neither this nor the variable is given
    #[arg(long, value_name = "FILE", env = "TRILAYER_CONFIG", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Write results as JSON, and errors as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log more to standard error: -v info, -vv debug, -vvv trace; RUST_LOG, if set, wins
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Store each line of a JSON Lines file in a map
    Load(Load),
    /// Store one value
    Put(Put),
    /// Print the value of a key
    Get(Get),
    /// Remove a key
    Remove(Remove),
    /// Print everything stored in a map, in memory or not, as JSON lines
    Scan(Scan),
    /// Write everything stored in a map to a file, as JSON lines
    Dump(Dump),
    /// Tell how much each map holds, and what its observers report
    Stats(Stats),
    /// List the engines, data stores and observers that a configuration can name
    Components,
    /// Print the JSON Schema of the configuration, for editors
    Schema(Schema),
    /// Print the reference of the configuration and of every component, as Markdown
    Docs,
    /// Draw which map is made of what
    Graph(Graph),
    /// Check the configuration, open everything it names and read every stored value
    Check,
    /// Show what the configuration comes to, and where each value and component comes from
    Explain(Explain),
    /// Open all maps and answer requests on standard input, until it ends or a signal says so
    Run(Run),
}

/// Loading the same file again stores nothing twice: a line replaces what its key had. Of
/// lines with the same key the last one stays.
///
/// Ctrl-C and SIGTERM stop reading, wait for what was read to be stored, and say how far the
/// load got; a second Ctrl-C ends at once. Whatever ends a load, what was stored stays.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// The map
    pub(crate) map: String,
    /// The file, one JSON object in each line; - is standard input
    pub(crate) file: PathBuf,
    /// The field whose string, integer or boolean is the key
    #[arg(long, value_name = "FIELD")]
    pub(crate) key: String,
    /// The field whose value is stored; the whole object if not given
    #[arg(long, value_name = "FIELD")]
    pub(crate) value: Option<String>,
    /// At a line that is not right: stop, or skip it and end with code 65
    #[arg(long, value_enum, default_value_t = OnError::Stop, value_name = "stop|skip", hide_possible_values = true)]
    pub(crate) on_error: OnError,
    /// Most records being stored at a time
    #[arg(long, value_name = "N", default_value = "512")]
    pub(crate) concurrency: NonZeroUsize,
    /// Print {"acknowledged_lines":N} each time that all lines up to N are durable
    #[arg(long)]
    pub(crate) acks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    Stop,
    Skip,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    /// The map
    pub(crate) map: String,
    /// The key
    pub(crate) key: String,
    /// The value; - reads it from standard input
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    pub(crate) value: String,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The map
    pub(crate) map: String,
    /// The key
    pub(crate) key: String,
    /// Print key and metadata with the value
    #[arg(long)]
    pub(crate) metadata: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The map
    pub(crate) map: String,
    /// The key
    pub(crate) key: String,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// The map
    pub(crate) map: String,
    /// Only keys that start with this
    #[arg(long, value_name = "P", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// At most this many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Print what is known about each record besides its value
    #[arg(long)]
    pub(crate) metadata: bool,
}

/// The file is written beside its place and moved there when it is complete, so that a dump
/// that is cut off leaves the old one. Load it with: load MAP FILE --key key --value value
#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// The map
    pub(crate) map: String,
    /// The file; - is standard output
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The map; everything if not given
    pub(crate) map: Option<String>,
    /// Explain an error's code instead: what it means, an example, how to mend it
    #[arg(long, value_name = "CODE", conflicts_with = "map")]
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// The map; all that are named without a pattern if not given
    pub(crate) map: Option<String>,
}

/// Knows the settings and every component linked into this program. Name the file it is saved to
/// in the first line of a configuration: #:schema ./trilayer.schema.json
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Only the table that makes this component; KIND is engine, data-store or observer
    #[arg(long, value_name = "KIND/NAME")]
    pub(crate) component: Option<String>,
}

/// Reads the configuration and opens nothing. A data store that maps share is drawn once.
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// As a tree, or for Graphviz: trilayer graph --format dot | dot -Tsvg
    #[arg(long, value_enum, default_value_t = GraphFormat::Text, value_name = "text|dot", hide_possible_values = true)]
    pub(crate) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Text,
    Dot,
}

/// Reads one JSON object a line and answers each by one line, in order:
///
///   {"op":"put","map":"m","key":"k","value":1}  get, remove: the same without value
///   {"op":"stats"}  {"op":"health"}  {"op":"reload"}
///
/// An "id" is given back with the answer. SIGHUP reads the configuration again and changes what
/// differs while the maps are used; a configuration that is not right is told, and the one
/// before goes on. SIGTERM, SIGINT and the end of input shut down in order: 0 if everything was
/// flushed and closed in time, 74 if not; a second signal ends at once.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Run {
    /// Reload when the configuration file changes, too
    #[arg(long)]
    pub(crate) watch: bool,
    /// How often to look whether it has
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) watch_millis: u64,
    /// How often to sweep what expired and hand over what was not persisted
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) maintenance_millis: u64,
    /// How long flushing may take at the end; 0 = without end
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    pub(crate) flush_millis: u64,
    /// How long closing a data store may take at the end; 0 = without end
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub(crate) close_millis: u64,
    /// Do not read standard input: run until a signal comes
    #[arg(long)]
    pub(crate) no_input: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
