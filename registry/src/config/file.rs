//! A configuration's file, read with bounds.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::source::Source;
use super::{Layer, Problem, ProblemCode};
use crate::names::nearest;

/// Far more than any configuration needs; `/dev/zero` has no end.
const MAX_BYTES: u64 = 64 << 20;

/// Reads a file's text, or says why that cannot be.
pub(super) fn read(path: &Path) -> Result<Source, Box<Problem>> {
    let name = path.display().to_string();
    let here = |problem: Box<Problem>| Box::new(problem.at(Layer::File { file: name.clone() }));
    let bytes = bytes(path).map_err(here)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => Err(Box::new(not_utf8(&name, error.as_bytes(), error.utf8_error().valid_up_to()))),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Box<Problem>> {
    let file = File::open(path).map_err(|error| Box::new(refused(path, &error)))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Box::new(refused(path, &error)))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
        let problem = Problem::new(ProblemCode::FileTooLarge, message);
        return Err(Box::new(problem.help("is it the file that was meant?")));
    }
    Ok(bytes)
}

fn refused(path: &Path, error: &std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::NotFound => not_found(path),
        ErrorKind::IsADirectory => {
            let problem = Problem::new(ProblemCode::FileUnreadable, "cannot read the file: it is a folder");
            problem.help("name a file in it")
        }
        _ => Problem::new(ProblemCode::FileUnreadable, format!("cannot read the file: {error}")),
    }
}

fn not_found(path: &Path) -> Problem {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().map(Path::to_path_buf).unwrap_or_default();
    if !folder.is_dir() {
        let there =
            folder.ancestors().find(|outer| outer.is_dir()).map_or_else(PathBuf::new, Path::to_path_buf);
        let message = format!("there is no file {}: its folder does not exist", absolute.display());
        let help = format!("of its path, {} exists", there.display());
        return Problem::new(ProblemCode::FileNotFound, message).help(help);
    }
    let problem = Problem::new(ProblemCode::FileNotFound, format!("there is no file {}", absolute.display()));
    let typed = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let names = file_names(&folder);
    let mut problem = problem;
    problem.nearest = nearest(&typed, names.iter().map(String::as_str));
    problem
}

/// A folder may have millions; so many are looked at.
const MAX_NAMES: usize = 1000;

fn file_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MAX_NAMES).flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn not_utf8(name: &str, bytes: &[u8], offset: usize) -> Problem {
    let before = Source::new(name.to_owned(), String::from_utf8_lossy(&bytes[..offset]).into_owned());
    let (line, column) = before.at(before.text.len());
    let problem =
        Problem::new(ProblemCode::NotUtf8, format!("the file is not UTF-8: byte {offset} is wrong"));
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it looks like UTF-16: save it as UTF-8",
        _ => "save it as UTF-8",
    };
    problem.at(Layer::Place { file: name.to_owned(), line, column }).help(help)
}
