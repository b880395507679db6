//! Offline model updates: a signed file from a memory stick becomes the active model, or nothing changes.
//!
//! ```text
//! file -> signature, version -> self-test on this machine -> the inactive slot -> read back -> state.json
//! ```
//! Each file is written under a temporary name, synced and renamed, `state.json` last: before its rename the old model runs,
//! after it the new one. The old model stays in its slot for [`rollback`].

mod candidate;
mod error;
mod install;
pub mod self_test;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;

pub use self::{
    candidate::PassedOver,
    error::UpdateError,
    install::{install, rollback},
};
use crate::model::{
    data_dir::DataDir,
    installed::{Slot, state::Entry},
};

/// Outcome of an update.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The new model is active.
    Installed {
        /// Source file.
        file: PathBuf,
        /// Its slot.
        slot: Slot,
        /// Its recorded entry.
        #[serde(flatten)]
        entry: Entry,
        /// Version of the previous model, which is kept.
        former: Option<u32>,
    },
    /// The model was active already; nothing was changed.
    AlreadyRuns {
        /// Source file.
        file: PathBuf,
        /// Its id.
        model: String,
        /// Its version.
        version: u32,
    },
    /// The previous model is active again.
    RolledBack {
        /// Its slot.
        slot: Slot,
        /// Its id.
        model: String,
        /// Its version.
        version: u32,
        /// Version of the model that was active until now and is kept, if it is usable.
        former: Option<u32>,
    },
}

/// An outcome with skipped files and warnings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Models in the folder that were skipped.
    pub passed_over: Vec<PassedOver>,
    /// Warnings, in sentences.
    pub warnings: Vec<String>,
}

/// Excludes other updates while it lives; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock of `dir`, which is created if missing.
    ///
    /// # Errors
    /// [`UpdateError::Busy`] if another process has it, [`UpdateError::Disk`] if it cannot be created.
    pub fn take(dir: &DataDir) -> Result<Self, UpdateError> {
        let (folder, path) = (dir.models(), dir.models().join(".lock"));
        std::fs::create_dir_all(&folder).map_err(failed("created", &folder))?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path).map_err(failed("opened", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(UpdateError::Busy { dir: dir.path().to_path_buf() }),
            Err(TryLockError::Error(source)) => Err(failed("locked", &path)(source)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A child process of another thread has the file open, too, until it runs its own program.
        let _ = self.0.unlock();
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> UpdateError {
    let path = path.to_path_buf();
    move |source| UpdateError::Disk { action, path, source }
}

#[cfg(test)]
mod tests;
