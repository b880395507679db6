//! Opening the database.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{
    error::{RecordError, sqlite},
    schema,
};

/// How long to wait for another program that writes.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the database `path` to write, and creates it and its folder where they are missing.
pub(super) fn writable(path: &Path) -> Result<Connection, RecordError> {
    create(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(sqlite(path, "opened"))?;
    harden(&connection, path)?;
    // Before anything is written: it may be somebody else's database.
    schema::recognize(&connection, path)?;
    let failed = sqlite(path, "written");
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(&failed)?;
    if mode != "wal" {
        let reason = format!("its journal stays {mode}: the file system cannot share memory, use a local disk");
        return Err(RecordError::Io { path: path.to_path_buf(), action: "used", reason });
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(&failed)?;
    // On macOS, fsync alone does not reach the disk.
    connection.pragma_update(None, "fullfsync", true).map_err(&failed)?;
    schema::migrate(&mut connection, path)?;
    sync_folders(path)?;
    Ok(connection)
}

/// Opens the database `path` to read.
pub(super) fn readable(path: &Path) -> Result<Connection, RecordError> {
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
    if schema::recognize(&connection, path)? == 0 {
        return Err(RecordError::NotOurs { path: path.to_path_buf(), reason: "it is empty".into() });
    }
    Ok(connection)
}

/// What holds for every connection.
fn harden(connection: &Connection, path: &Path) -> Result<(), RecordError> {
    let failed = sqlite(path, "opened");
    connection.busy_timeout(BUSY).map_err(&failed)?;
    // A file from elsewhere may be built to mislead; one that is truncated while it is mapped would end the program.
    for (pragma, value) in [("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1), ("mmap_size", 0)] {
        connection.pragma_update(None, pragma, value).map_err(&failed)?;
    }
    Ok(())
}

/// Creates folder and file; only the owner may look into them.
fn create(path: &Path) -> Result<(), RecordError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(folder).map_err(|error| RecordError::io(folder, "created", &error))?;
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(RecordError::io(path, "created", &error)),
    }
}

/// Makes the names of the file and of its folder last.
fn sync_folders(path: &Path) -> Result<(), RecordError> {
    if !cfg!(unix) {
        return Ok(());
    }
    for folder in path.ancestors().skip(1).take(2) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // A folder above may be closed to this user; then it was there before.
        match File::open(folder) {
            Ok(opened) => opened.sync_all().map_err(|error| RecordError::io(folder, "written", &error))?,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(RecordError::io(folder, "read", &error)),
        }
    }
    Ok(())
}
