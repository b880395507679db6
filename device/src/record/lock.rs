//! Only one program at a time writes to a record. Readers need no lock.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process,
};

use super::RecordError;

/// Name of the locked file. The file stays; the system tracks its holder and frees the lock when the process ends.
const FILE: &str = "record.db.lock";

/// The right to write to the record of a folder, until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
    is_new: bool,
}

impl Lock {
    /// Takes the lock of `folder`, which must exist; never waits.
    ///
    /// # Errors
    /// [`RecordError::Held`] with the process id of the holder; errors of creating the file.
    pub(super) fn take(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(FILE);
        let failed = |error: std::io::Error| RecordError::io(&path, "locked", &error);
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Some systems do not let others read a locked file.
                let _ = file.read_to_string(&mut text);
                let process = text.trim().parse().ok();
                return Err(RecordError::Held { folder: folder.to_path_buf(), process });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Only for the message above: a full disk must not prevent opening a record.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", process::id()));
        Ok(Self { file, path, is_new })
    }

    /// Releases the lock and removes the file if it is new: the folder turned out to be another program's.
    pub(super) fn withdraw(self) {
        if self.is_new {
            // The caller reports the real error.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process of another thread has it open, too, until it runs its own program. If this
        // fails, the lock ends with the last of them.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_lock_is_free_though_a_child_process_has_the_file_open() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(folder.path()).expect("free");
        // As a fork does: the same open file under another number.
        let of_a_child = lock.file.try_clone().expect("a second descriptor");
        drop(lock);
        Lock::take(folder.path()).expect("free again");
        drop(of_a_child);
    }

    #[test]
    fn the_second_is_told_who_is_first_and_may_have_it_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Lock::take(folder.path()).expect("free");
        let error = Lock::take(folder.path()).expect_err("held");
        assert!(error.to_string().contains(&format!("process {}", process::id())), "{error}");
        drop(first);
        Lock::take(folder.path()).expect("free again").withdraw();
        assert!(folder.path().join(FILE).exists(), "it existed before");
        drop(Lock::take(folder.path()));
        fs::remove_file(folder.path().join(FILE)).expect("removed");
        Lock::take(folder.path()).expect("free").withdraw();
        assert!(!folder.path().join(FILE).exists());
    }
}
