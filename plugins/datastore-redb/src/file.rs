//! Opening the database file, and what can be wrong with it.

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use redb::{
    Builder, Database, DatabaseError, Error, ReadableDatabase, StorageError, TableDefinition, TableError,
};

use crate::blocking::guarded;
use crate::{FORMAT_VERSION, RedbError, RedbOptions};

/// What this data store says about the file itself.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("trilayer");
const VERSION_KEY: &str = "format_version";

/// Opens the file, made with its folders where they are missing.
pub(crate) fn create(options: &RedbOptions) -> Result<Database, RedbError> {
    let path = &options.path;
    if path.is_dir() {
        return Err(RedbError::IsAFolder { path: path.clone() });
    }
    let made = make_folders(path).map_err(|source| RedbError::Folder { path: path.clone(), source })?;
    let is_new = !path.exists();
    if is_new {
        make_whole(path)?;
    }
    let database = guarded(path, || open_with(options, |builder| builder.create(path)))?;
    if is_new {
        sync_folders(path, &made)
            .map_err(|source| RedbError::storage(path, "make the name durable", source))?;
    }
    Ok(database)
}

/// Makes a new file under another name and gives it its own when it is whole: a process that is
/// killed meanwhile leaves no half of a database. If another process was first, its file stays.
fn make_whole(path: &Path) -> Result<(), RedbError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = tempfile::Builder::new();
    draft.prefix(".trilayer-new-");
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let draft = draft.tempfile_in(folder).map_err(|source| explain_io(path, source))?;
    guarded(path, || {
        let database = Database::builder().create(draft.path()).map_err(|error| explain(path, error))?;
        claim(path, &database)?;
        database.close().map_err(|error| RedbError::storage(path, "make the tables", error))
    })?;
    match draft.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            Err(explain_io(path, error.error))
        }
        _ => Ok(()),
    }
}

/// Opens the file, which must be there: a file that vanished is not to be replaced by an empty one.
pub(crate) fn reopen(options: &RedbOptions) -> Result<Database, RedbError> {
    guarded(&options.path, || open_with(options, |builder| builder.open(&options.path)))
}

fn open_with(
    options: &RedbOptions,
    open: impl FnOnce(&Builder) -> Result<Database, DatabaseError>,
) -> Result<Database, RedbError> {
    let path = &options.path;
    let mut builder = Database::builder();
    builder.set_cache_size(options.cache_size());
    builder.set_check_integrity_on_open(options.verify_on_open);
    builder.set_repair_callback(report_recovery(path.clone()));
    let database = open(&builder).map_err(|error| explain(path, error))?;
    check_version(path, &database)?;
    tracing::info!(path = %path.display(), format_version = FORMAT_VERSION, "opened the database file");
    Ok(database)
}

fn report_recovery(path: PathBuf) -> impl Fn(&mut redb::RepairSession) {
    let reported = Cell::new(false);
    move |session| {
        let (path, progress) = (path.display(), session.progress());
        if reported.replace(true) {
            tracing::debug!(%path, progress, "checking and recovering the database file");
        } else {
            tracing::warn!(%path, progress, "the database file was not closed cleanly, or is to be verified: checking it");
        }
    }
}

/// The version of a file that has one; a database without any table is given one.
fn check_version(path: &Path, database: &Database) -> Result<(), RedbError> {
    let reading = |error: Error| RedbError::storage(path, "read the format version", error);
    let about = database.begin_read().map_err(|error| reading(error.into()))?;
    let found = match about.open_table(ABOUT) {
        Ok(table) => {
            table.get(VERSION_KEY).map_err(|error| reading(error.into()))?.map(|found| found.value())
        }
        Err(TableError::TableDoesNotExist(_)) => {
            return claim(path, database);
        }
        Err(TableError::Storage(error)) => return Err(reading(error.into())),
        Err(other) => return Err(not_ours(path, &other.to_string())),
    };
    match found {
        Some(FORMAT_VERSION) => Ok(()),
        Some(found) if found > FORMAT_VERSION => {
            Err(RedbError::NewerFormat { path: path.to_owned(), found, supported: FORMAT_VERSION })
        }
        Some(found) => Err(damaged(path, &format!("there is no format version {found}"))),
        None => Err(damaged(path, "its format version is missing")),
    }
}

/// Makes an empty database one of this data store.
fn claim(path: &Path, database: &Database) -> Result<(), RedbError> {
    let writing = |error: Error| RedbError::storage(path, "write the format version", error);
    let change = database.begin_write().map_err(|error| writing(error.into()))?;
    let foreign = change.list_tables().map_err(|error| writing(error.into()))?.count();
    if foreign > 0 {
        return Err(not_ours(
            path,
            &format!("it is a redb database of something else, with {foreign} tables"),
        ));
    }
    {
        let mut about = change.open_table(ABOUT).map_err(|error| writing(error.into()))?;
        about.insert(VERSION_KEY, FORMAT_VERSION).map_err(|error| writing(error.into()))?;
    }
    change.commit().map_err(|error| writing(error.into()))
}

fn explain(path: &Path, error: DatabaseError) -> RedbError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            RedbError::InUse { path: path.to_owned(), source: error.into() }
        }
        DatabaseError::UpgradeRequired(_) => not_ours(path, &error.to_string()),
        DatabaseError::Storage(StorageError::Corrupted(problem)) => damaged(path, &problem),
        DatabaseError::Storage(StorageError::Io(source)) => explain_io(path, source),
        other => RedbError::storage(path, "open the tables", other),
    }
}

fn explain_io(path: &Path, source: io::Error) -> RedbError {
    use io::ErrorKind;
    match source.kind() {
        ErrorKind::InvalidData => not_ours(path, &source.to_string()),
        ErrorKind::UnexpectedEof => damaged(path, "it ends too early"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            RedbError::NotWritable { path: path.to_owned(), source }
        }
        ErrorKind::IsADirectory => RedbError::IsAFolder { path: path.to_owned() },
        _ => RedbError::storage(path, "open the tables", source),
    }
}

fn not_ours(path: &Path, problem: &str) -> RedbError {
    RedbError::NotADatabase { path: path.to_owned(), problem: problem.to_owned() }
}

fn damaged(path: &Path, problem: &str) -> RedbError {
    RedbError::DamagedFile { path: path.to_owned(), problem: problem.to_owned() }
}

/// Makes the missing folders above `path`; returns them.
fn make_folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(Vec::new());
    };
    let missing = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let missing = missing.map(Path::to_owned).collect();
    fs::create_dir_all(folder)?;
    Ok(missing)
}

/// Makes the names of a new file and of its new folders durable: syncing a file does not.
fn sync_folders(path: &Path, made: &[PathBuf]) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    for named in std::iter::once(path).chain(made.iter().map(PathBuf::as_path)) {
        let folder = named.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
