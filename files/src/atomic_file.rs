//! Writes files whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    process,
};

/// The steps of replacing a file. Tests cut the power or fill the disk after each.
pub trait Steps {
    /// Writes a new file and returns once its content is on the disk; its name may follow later.
    ///
    /// # Errors
    /// The disk is full or the system refuses; a partial file may remain.
    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Renames a file and replaces any file of that name.
    ///
    /// # Errors
    /// If the system refuses.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Returns once the names in a folder are on the disk.
    ///
    /// # Errors
    /// If the system refuses.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The file is missing or the system refuses.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// This machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Steps for System {
    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // A file that is there is a leftover, or a link that somebody planted: it is removed, and never written through.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Windows cannot open folders, but writes a rename through to the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// End of a temporary file's name, which begins with a dot.
pub const TEMPORARY: &str = ".tmp";

/// Whether a file of this name is one that [`write()`] was about to give its name.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMPORARY)
}

/// Writes `bytes` to `path`, replacing any file there.
///
/// They go to a temporary file in the same folder, which is synced to the disk and then renamed: even after a power loss, `path`
/// holds the old content or the new, never a part. The temporary file's name begins with a dot, so that one left behind by a power
/// loss is not taken for a picture.
///
/// # Errors
/// The folder is missing, the disk is full or the system refuses; nothing is left behind.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_on(&System, path, bytes)
}

/// [`write()`] on a disk of the caller's choice.
///
/// # Errors
/// As [`write()`].
pub fn write_on(disk: &dyn Steps, path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_on(disk, path, |temporary| disk.write_synced(temporary, bytes))
}

/// [`write()`] for a file that only its owner may read.
///
/// # Errors
/// As [`write()`].
pub fn write_for_owner(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_on(&System, path, |temporary| {
        // A leftover of a process with the same id may be readable for others.
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    })
}

fn replace_on(disk: &dyn Steps, path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}{TEMPORARY}", process::id()));
    let temporary = folder.join(temporary);
    let written = write(&temporary).and_then(|()| disk.rename(&temporary, path));
    if written.is_err() {
        // The error that matters is reported below.
        let _ = disk.remove(&temporary);
    }
    written.and_then(|()| disk.sync_folder(folder))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_under_the_temporary_name_is_not_written_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, precious) = (folder.path().join("run.json"), folder.path().join("precious"));
        fs::write(&precious, b"kept").expect("written");
        let temporary = folder.path().join(format!(".run.json.{}{TEMPORARY}", process::id()));
        std::os::unix::fs::symlink(&precious, &temporary).expect("a link");
        write(&path, b"new").expect("written");
        assert_eq!(fs::read(&precious).expect("read"), b"kept");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert!(!fs::symlink_metadata(&path).expect("there").is_symlink());
    }

    #[test]
    fn content_is_replaced_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("overlay.png");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        fs::create_dir(folder.path().join("taken")).expect("a folder");
        assert!(write(&folder.path().join("taken"), b"three").is_err());
        assert!(write(&folder.path().join("absent/overlay.png"), b"four").is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 2);
    }
}
