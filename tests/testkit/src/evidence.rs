//! How much a test tries, from which seed, and a note of it for a scorecard.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// How much to try: what the environment variable asks for, else `otherwise`.
#[must_use]
pub fn amount(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The seed random tests begin from: `TRILAYER_SEED`, else 0. Another seed tries other cases.
#[must_use]
pub fn seed() -> u64 {
    amount("TRILAYER_SEED", 0)
}

/// Notes that `count` cases of an axis were tried and held, if `TRILAYER_EVIDENCE` names a folder: one
/// line in its file `AXIS.tried`, in one write, so that tests may note at once.
///
/// # Panics
/// If the note cannot be written: a scorecard must not say less than was tried.
pub fn tried(axis: &str, count: u64) {
    let Some(folder) = std::env::var_os("TRILAYER_EVIDENCE") else { return };
    let file = PathBuf::from(folder).join(format!("{axis}.tried"));
    let noted = OpenOptions::new().create(true).append(true).open(&file);
    let noted = noted.and_then(|mut file| file.write_all(format!("{count}\n").as_bytes()));
    if let Err(error) = noted {
        panic!("cannot note what was tried in {}: {error}", file.display());
    }
}
