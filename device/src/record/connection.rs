//! Opening the database.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{
    error::{RecordError, sqlite},
    schema,
};

/// How long to wait for another program to finish writing.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the database `path` for writing, and creates it if missing. Its folder must exist.
pub(super) fn writable(path: &Path) -> Result<Connection, RecordError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
        Err(error) => return Err(RecordError::io(path, "read", &error)),
        // A file gets its name once it is complete: this one was truncated later.
        Ok(metadata) if metadata.len() == 0 => {
            return Err(RecordError::Damaged { path: path.to_path_buf(), reason: "it is empty".into() });
        }
        Ok(_) => {}
    }
    let mut connection = opened_to_write(path)?;
    // Check before writing: it may be another program's database.
    schema::recognize(&connection, path)?;
    let failed = sqlite(path, "written");
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(&failed)?;
    if mode != "wal" {
        let reason = format!("its journal stays {mode}: the file system cannot share memory, use a local disk");
        return Err(RecordError::Io { path: path.to_path_buf(), action: "used", reason });
    }
    durable(&connection, path)?;
    schema::migrate(&mut connection, path)?;
    sync_folders(path)?;
    Ok(connection)
}

fn opened_to_write(path: &Path) -> Result<Connection, RecordError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite(path, "opened"))?;
    harden(&connection, path)?;
    Ok(connection)
}

/// Makes a transaction end only once it is on disk.
fn durable(connection: &Connection, path: &Path) -> Result<(), RecordError> {
    let failed = sqlite(path, "written");
    connection.pragma_update(None, "synchronous", "FULL").map_err(&failed)?;
    // On macOS, fsync alone does not reach the disk.
    connection.pragma_update(None, "fullfsync", true).map_err(&failed)
}

/// Makes an empty record under another name, then renames it: a file of this name is never half-made.
fn make(path: &Path) -> Result<(), RecordError> {
    let new = beside(path, ".new");
    fresh(&new)?.close().map_err(|(_, error)| sqlite(path, "written")(error))?;
    put_in_place(&new, path)
}

/// Makes an empty record in the file `path`, readable by its owner only; removes leftovers first.
pub(super) fn fresh(path: &Path) -> Result<Connection, RecordError> {
    for left in [path.to_path_buf(), beside(path, "-journal"), beside(path, "-wal"), beside(path, "-shm")] {
        match fs::remove_file(&left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(RecordError::io(&left, "removed", &error));
            }
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| RecordError::io(path, "created", &error))?;
    let mut connection = opened_to_write(path)?;
    durable(&connection, path)?;
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

/// Syncs the file `from` and gives it the name `to`, in the same folder.
pub(super) fn put_in_place(from: &Path, to: &Path) -> Result<(), RecordError> {
    let failed = |error: io::Error| RecordError::io(to, "written", &error);
    OpenOptions::new().write(true).open(from).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(from, to).map_err(failed)?;
    sync_folders(to)
}

/// The name `path` with `ending` appended.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(ending);
    name.into()
}

/// Opens the database `path` for reading.
pub(super) fn readable(path: &Path) -> Result<Connection, RecordError> {
    let connection = unchecked(path)?;
    if schema::recognize(&connection, path)? == 0 {
        return Err(RecordError::NotOurs { path: path.to_path_buf(), reason: "it is empty".into() });
    }
    Ok(connection)
}

/// Opens the database `path` for reading, whatever it contains.
pub(super) fn unchecked(path: &Path) -> Result<Connection, RecordError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RecordError::Missing { path: path.to_path_buf() });
        }
        Err(error) => return Err(RecordError::io(path, "read", &error)),
        Ok(_) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite(path, "opened"))?;
    harden(&connection, path)?;
    Ok(connection)
}

/// Settings of every connection.
fn harden(connection: &Connection, path: &Path) -> Result<(), RecordError> {
    let failed = sqlite(path, "opened");
    connection.busy_timeout(BUSY).map_err(&failed)?;
    // A foreign file may be malicious; truncating a memory-mapped file would crash the program.
    for (pragma, value) in [("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1), ("mmap_size", 0)] {
        connection.pragma_update(None, pragma, value).map_err(&failed)?;
    }
    Ok(())
}

/// Creates the folder of a record, open to its owner only.
pub(super) fn make_folder(folder: &Path) -> Result<(), RecordError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| RecordError::io(folder, "created", &error))
}

/// Syncs the folders of the file, so that its name survives a loss of power.
pub(super) fn sync_folders(path: &Path) -> Result<(), RecordError> {
    if !cfg!(unix) {
        return Ok(());
    }
    for folder in path.ancestors().skip(1).take(2) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // A parent folder may be closed to this user; then it existed before.
        match File::open(folder) {
            Ok(opened) => opened.sync_all().map_err(|error| RecordError::io(folder, "written", &error))?,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(RecordError::io(folder, "read", &error)),
        }
    }
    Ok(())
}
