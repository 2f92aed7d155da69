//! A folder with a configuration, and the command run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// One redb file, shared by maps `users` and `others`.
pub(crate) const CONFIG: &str = r#"
[data_stores.main]
use = "redb"
path = "data/main.redb"

[maps.users]
engine = "hashmap"
data_store = "main"
observers = ["stats"]

[maps.others]
data_store = "main"
"#;

pub(crate) struct Rig {
    folder: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_config(CONFIG)
    }

    pub(crate) fn with_config(config: &str) -> Self {
        let rig = Self { folder: tempfile::tempdir().unwrap() };
        rig.write("trilayer.toml", config);
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, to be run in the folder, with nothing of this process's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_trilayer"));
        command.args(arguments);
        command
    }

    /// The command, run by `bash` after `script`.
    pub(crate) fn limited(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = self.prepared("bash");
        command.args(["-c", &format!(r#"{script}; exec "$0" "$@""#), env!("CARGO_BIN_EXE_trilayer")]);
        command.args(arguments);
        command
    }

    fn prepared(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_remove("RUST_LOG");
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRILAYER"))
        {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        self.write("input", input);
        let input = fs::File::open(self.path("input")).unwrap();
        Ran::new(self.command(arguments).stdin(input).output().unwrap())
    }

    /// Stores lines in map `users`, by field `id`.
    pub(crate) fn load(&self, lines: &str) {
        self.run_with_input(&["load", "users", "-", "--key", "id"], lines).done();
    }

    /// Everything stored in map `users`, as JSON lines.
    pub(crate) fn stored(&self) -> String {
        self.run(&["scan", "users"]).done().out
    }

    /// Starts a load of map `users` from a pipe that stays open.
    pub(crate) fn start_load(&self, arguments: &[&str]) -> Loading {
        let mut command = self.command(&["load", "users", "-", "--key", "id", "--acks"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let acks = BufReader::new(child.stdout.take().unwrap());
        Loading { child, acks }
    }
}

/// What a run of the command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// It ended with this code and said all of this, without any sign of a panic.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, said: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for text in said {
            assert!(self.err.contains(text), "{text:?} is not in {self:#?}");
        }
        assert!(!self.err.contains("panicked at"), "{self:#?}");
        self
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A load under way.
pub(crate) struct Loading {
    pub(crate) child: Child,
    acks: BufReader<ChildStdout>,
}

impl Loading {
    pub(crate) fn feed(&mut self, lines: &str) {
        self.child.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// Waits for the next acknowledgement; `None` when there are no more.
    pub(crate) fn next_ack(&mut self) -> Option<u64> {
        let mut line = String::new();
        self.acks.read_line(&mut line).unwrap();
        // The last line of a killed process may be cut off.
        let complete = line.strip_suffix('\n')?;
        let ack: Json = serde_json::from_str(complete).unwrap();
        ack["acknowledged_lines"].as_u64()
    }

    pub(crate) fn wait_for_ack(&mut self, lines: u64) {
        while self.next_ack().expect("it is acknowledged before the end") < lines {}
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end, without closing its standard input.
    pub(crate) fn end(mut self) -> Ran {
        let stdin = self.child.stdin.take();
        let ran = Ran::new(self.child.wait_with_output().unwrap());
        drop(stdin);
        ran
    }
}

/// JSON lines with ids from a range.
pub(crate) fn lines(ids: std::ops::Range<u64>) -> String {
    ids.map(|id| format!("{{\"id\": {id}, \"name\": \"user {id}\", \"half\": {}.5}}\n", id / 2)).collect()
}

/// How many files with names like this are in a folder.
pub(crate) fn files_like(folder: &Path, part: &str) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(part)).count()
}
