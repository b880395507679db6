//! The file operations for data that must survive a loss of power, as one trait, so that tests can cut the power or fill the
//! disk after any step.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use blastscope_files::atomic_file::Steps;
pub use blastscope_files::atomic_file::System;

/// Operations on files and folders.
pub trait Disk: Steps {
    /// The bytes of a file.
    ///
    /// # Errors
    /// When it is missing, is not a file, is larger than any model, or the system refuses.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The bytes of a file, read from the disk instead of the page cache if the system allows it.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_back(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path)
    }

    /// Content of a folder, sorted; empty if the folder does not exist.
    ///
    /// # Errors
    /// When the system refuses.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Creates a folder and its parents; succeeds if it exists.
    ///
    /// # Errors
    /// When the system refuses.
    fn make_folder(&self, path: &Path) -> io::Result<()>;
}

/// Largest file that is read, in bytes; no model is larger.
pub const MAX_BYTES: u64 = 256 << 20;

impl Disk for System {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // Opening a pipe would block for ever: check first.
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        if metadata.len() > MAX_BYTES {
            let reason = format!("it is larger than {} MB, the limit for a model", MAX_BYTES >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        fs::read(path)
    }

    fn read_back(&self, path: &Path) -> io::Result<Vec<u8>> {
        #[cfg(target_os = "linux")]
        {
            use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
            // Advice only: without it, the file is read from the cache.
            let _ = posix_fadvise(fs::File::open(path)?, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
        }
        self.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }
}

#[cfg(test)]
pub(crate) mod simulated;
