//! The file system, as far as what must survive a loss of power needs it: one trait, so that tests can cut the power or fill the
//! disk after each single step.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use blastscope_files::atomic_file::Steps;
pub use blastscope_files::atomic_file::System;

/// What is done to files and folders.
pub trait Disk: Steps {
    /// The bytes of a file.
    ///
    /// # Errors
    /// When it is missing, is no file, is larger than any model, or the system refuses.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The bytes of a file, from the disk itself where the system can be asked for that, not from its memory.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_back(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path)
    }

    /// What lies in a folder, sorted; nothing when there is no such folder.
    ///
    /// # Errors
    /// When the system refuses.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes a folder and those above it; fine when it is there.
    ///
    /// # Errors
    /// When the system refuses.
    fn make_folder(&self, path: &Path) -> io::Result<()>;
}

/// Largest file that is read, in bytes: no model is larger.
pub const MAX_BYTES: u64 = 256 << 20;

impl Disk for System {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A pipe would block for ever when opened: look first.
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        if metadata.len() > MAX_BYTES {
            let reason = format!("it is larger than {} MB, which no model is", MAX_BYTES >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        fs::read(path)
    }

    fn read_back(&self, path: &Path) -> io::Result<Vec<u8>> {
        #[cfg(target_os = "linux")]
        {
            use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
            // Only advice: what cannot be had is read from memory.
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
