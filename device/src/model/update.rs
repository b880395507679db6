//! Updates of the model, without a network: a signed file from a memory stick becomes the model that runs, or nothing changes.
//!
//! ```text
//! file -> signature, version -> self-test on this machine -> the slot that does not run -> read back -> state.json
//! ```
//! Each file is written beside, synced and renamed, and `state.json` last: before its rename the old model runs, after it the new
//! one. The old model stays in its slot for [`rollback`].

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

/// What came of an update.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The model runs from now on.
    Installed {
        /// Where it came from.
        file: PathBuf,
        /// Where it lies.
        slot: Slot,
        /// What is written down about it.
        #[serde(flatten)]
        entry: Entry,
        /// Version of the model that ran before and is kept.
        former: Option<u32>,
    },
    /// It runs already; nothing was changed.
    AlreadyRuns {
        /// Where it was found.
        file: PathBuf,
        /// Its id.
        model: String,
        /// Its version.
        version: u32,
    },
    /// The model before runs again.
    RolledBack {
        /// Where it lies.
        slot: Slot,
        /// Its id.
        model: String,
        /// Its version.
        version: u32,
        /// Version of the model that ran until now and is kept, if it could be used.
        former: Option<u32>,
    },
}

/// An outcome and what else is to be said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Models in the folder that were not taken.
    pub passed_over: Vec<PassedOver>,
    /// What is amiss, in sentences.
    pub warnings: Vec<String>,
}

/// Keeps other updates away for as long as it lives; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Lock {
    /// Takes the lock of `dir`, which is made when it is missing.
    ///
    /// # Errors
    /// [`UpdateError::Busy`] when another process has it, [`UpdateError::Disk`] when it cannot be made.
    pub fn take(dir: &DataDir) -> Result<Self, UpdateError> {
        let (folder, path) = (dir.models(), dir.models().join(".lock"));
        std::fs::create_dir_all(&folder).map_err(failed("made", &folder))?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path).map_err(failed("opened", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(UpdateError::Busy { dir: dir.path().to_path_buf() }),
            Err(TryLockError::Error(source)) => Err(failed("locked", &path)(source)),
        }
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> UpdateError {
    let path = path.to_path_buf();
    move |source| UpdateError::Disk { action, path, source }
}

#[cfg(test)]
mod tests;
