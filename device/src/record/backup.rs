//! A copy of the record while the instrument writes to it.
//!
//! `record.db` alone is not the record while it is in use: the latest rows are in the write-ahead log beside it. SQLite copies one
//! state of both into a new file (`VACUUM INTO`), which is verified before it gets its name.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    process,
};

use serde::Serialize;

use super::{Hash, RecordError, RecordReader, connection::sync_folders, error::sqlite, verify};

/// A written and verified copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Sessions in it.
    pub sessions: u64,
    /// Fields in it.
    pub fields: u64,
    /// Entries of its log.
    pub entries: u64,
    /// The log's head.
    pub head: Hash,
}

/// Removes a file that did not become a backup.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // A finished backup has another name.
        let _ = fs::remove_file(&self.0);
    }
}

/// Copies the record of `reader` into the file `file`, completely or not at all, and verifies the copy.
///
/// # Errors
/// [`RecordError::Exists`] if the file exists already; [`RecordError::Changed`] if the record fails verification; errors of reading
/// and writing.
pub fn backup(reader: &RecordReader, file: &Path) -> Result<Backup, RecordError> {
    if fs::symlink_metadata(file).is_ok() {
        return Err(RecordError::Exists { path: file.to_path_buf() });
    }
    let failed = |error: io::Error| RecordError::io(file, "written", &error);
    let Some(name) = file.file_name() else { return Err(failed(io::ErrorKind::InvalidInput.into())) };
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", process::id()));
    let temporary = Temporary(file.with_file_name(temporary));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&temporary.0).map_err(failed)?;
    let Some(target) = temporary.0.to_str() else {
        return Err(failed(io::Error::other("its name is not UTF-8")));
    };
    reader.connection().execute("VACUUM INTO ?1", [target]).map_err(sqlite(file, "written"))?;
    OpenOptions::new().write(true).open(&temporary.0).and_then(|copy| copy.sync_all()).map_err(failed)?;
    let copy = RecordReader::open(&temporary.0)?;
    let found = verify::verify_open(&copy, &[])?;
    drop(copy);
    if let Some(first) = found.findings.first() {
        return Err(RecordError::Changed { path: reader.path().to_path_buf(), finding: Box::new(first.clone()) });
    }
    let bytes = fs::metadata(&temporary.0).map_err(failed)?.len();
    name_once(&temporary.0, file)?;
    sync_folders(file)?;
    let (sessions, fields, entries, head) = (found.sessions, found.fields, found.entries, found.head);
    Ok(Backup { file: file.to_path_buf(), bytes, sessions, fields, entries, head })
}

/// Renames the file unless the name is taken. A memory stick has no hard links: there, a file created at this very moment would be
/// replaced.
fn name_once(temporary: &Path, file: &Path) -> Result<(), RecordError> {
    let failed = |error: io::Error| RecordError::io(file, "written", &error);
    match fs::hard_link(temporary, file) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(RecordError::Exists { path: file.to_path_buf() })
        }
        Err(_) if fs::symlink_metadata(file).is_ok() => Err(RecordError::Exists { path: file.to_path_buf() }),
        Err(_) => fs::rename(temporary, file).map_err(failed),
    }
}
