//! One writer per folder: two trainings in one run folder would mix their checkpoints.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process,
};

use blastscope_files::Printable as _;

use crate::{Error, support::output};

/// The locked file. Its name begins with a dot, so that it counts neither as data nor as part of a run.
pub const LOCK_FILE: &str = ".blastscope.lock";

/// The right to write to a folder, held until dropped. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    /// Whether the folder was created for the lock. If so, it is removed with the lock, unless something was written to it.
    is_made: bool,
    /// `None` on a file system without locks.
    file: Option<File>,
}

impl FolderLock {
    /// Locks the folder; creates it if missing.
    ///
    /// # Errors
    /// [`Error::Content`] with the folder when another process, or this one, already writes to it; [`Error::Io`] when the folder or
    /// the lock file cannot be created.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let is_made = !folder.exists();
        fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
        let mut lock = Self { folder: folder.to_path_buf(), is_made, file: None };
        let path = folder.join(LOCK_FILE);
        loop {
            let mut options = File::options();
            let file = options.read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = file.map_err(Error::io("write", &path))?;
            match file.try_lock() {
                // The previous holder may have removed the file after it was opened here.
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => {
                    // Only so that others can name the holder.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", process::id()));
                    lock.file = Some(file);
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) => {
                    // The folder now belongs to the holder.
                    lock.is_made = false;
                    return Err(in_use(folder, holder(&mut file)));
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    // The file locks nothing, and `drop` removes only a locked file.
                    drop(file);
                    let _ = fs::remove_file(&path);
                    output::note(format_args!(
                        "warning: the file system of {} does not support locks; make sure that nothing else writes there",
                        folder.printable()
                    ));
                    return Ok(lock);
                }
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Anything left behind is unlocked and harmless.
        if let Some(file) = self.file.take() {
            let _ = fs::remove_file(self.folder.join(LOCK_FILE));
            drop(file);
        }
        if self.is_made {
            // Removes only an empty folder.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Whether `path` still refers to `file`.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
        matches!((file.metadata(), fs::metadata(path)), (Ok(file), Ok(path)) if identity(&file) == identity(&path))
    }
    #[cfg(not(unix))]
    {
        // Such systems do not remove an open file.
        let _ = file;
        path.exists()
    }
}

/// The process that the lock file names.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(32).read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

fn in_use(folder: &Path, holder: Option<u32>) -> Error {
    let process = holder.map_or_else(String::new, |id| format!(" (process {id})"));
    Error::content(
        folder,
        format!(
            "is being written to by another blastscope-host{process}; wait until it has ended, or choose another --out"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn a_folder_has_one_writer_and_the_refusal_names_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("runs/first");
        let lock = FolderLock::take(&out).expect("free");
        let error = FolderLock::take(&out).expect_err("taken").to_string();
        assert!(error.starts_with(&out.display().to_string()), "{error}");
        assert!(error.contains(&format!("(process {})", process::id())) && error.contains("another --out"), "{error}");
        fs::write(out.join("run.json"), "{}").expect("written");
        drop(lock);
        assert_eq!(fs::read_dir(&out).expect("it stays").count(), 1, "the lock's file is gone");
        drop(FolderLock::take(&out).expect("free again"));
    }

    #[test]
    fn a_lock_that_was_left_behind_locks_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(LOCK_FILE), "4711").expect("written");
        drop(FolderLock::take(folder.path()).expect("free"));
    }

    #[test]
    fn a_folder_that_was_made_for_nothing_goes_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        drop(FolderLock::take(&out).expect("free"));
        assert!(!out.exists());
        let file = folder.path().join("file");
        fs::write(&file, "x").expect("written");
        assert!(FolderLock::take(&file).is_err());
    }

    #[test]
    fn of_many_at_once_one_has_it_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let holders = std::sync::atomic::AtomicUsize::new(0);
        let barrier = Barrier::new(4);
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..200 {
                        if let Ok(lock) = FolderLock::take(folder.path()) {
                            assert_eq!(holders.fetch_add(1, order), 0, "two writers");
                            holders.fetch_sub(1, order);
                            drop(lock);
                        }
                    }
                });
            }
        });
    }
}
