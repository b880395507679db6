//! Checks the whole record while the instrument works: every entry, every row, every picture.

use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use serde::Serialize;

use super::{
    RecordError, RecordReader,
    verify::{self, Remembered},
};

/// Progress and result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum CheckState {
    /// In progress.
    Running {
        /// Entries of the log checked so far.
        done: u64,
        /// All entries.
        total: u64,
    },
    /// The record is intact.
    Intact {
        /// Entries of the log.
        entries: u64,
    },
    /// The record is not intact.
    Damaged {
        /// The first finding and its remedy, in sentences.
        reason: String,
    },
    /// The record could not be read.
    Failed {
        /// Reason and remedy.
        reason: String,
    },
}

/// A check that runs in its own thread.
#[derive(Clone, Debug)]
pub struct WholeCheck {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<CheckState>,
    damage: OnceLock<RecordError>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, CheckState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: CheckState) {
        *self.lock() = state;
        self.changed.notify_all();
    }
}

impl WholeCheck {
    /// Starts checking the record in `folder`; verified entries are remembered.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(folder: &Path, remembered: Arc<Remembered>) -> io::Result<Self> {
        let state = Mutex::new(CheckState::Running { done: 0, total: 0 });
        let shared = Arc::new(Shared { state, damage: OnceLock::new(), changed: Condvar::new() });
        let (told, folder) = (Arc::clone(&shared), folder.to_path_buf());
        thread::Builder::new().name("check".into()).spawn(move || {
            let state = match checked(&folder, remembered, Arc::clone(&told)) {
                Ok(entries) => CheckState::Intact { entries },
                Err(damage @ RecordError::Damaged { .. }) => {
                    let reason = damage.to_string();
                    let _ = told.damage.set(damage);
                    CheckState::Damaged { reason }
                }
                Err(error) => CheckState::Failed { reason: error.to_string() },
            };
            told.set(state);
        })?;
        Ok(Self { shared })
    }

    /// Its progress or result.
    #[must_use]
    pub fn state(&self) -> CheckState {
        self.shared.lock().clone()
    }

    /// Waits at most `timeout` for the end: a small record is checked before anything is added to it.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> CheckState {
        let running = |state: &mut CheckState| matches!(state, CheckState::Running { .. });
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), timeout, running);
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// The reason to start nothing new, once the check has found the record damaged.
    #[must_use]
    pub fn damage(&self) -> Option<&RecordError> {
        self.shared.damage.get()
    }
}

/// Number of entries of an intact record.
fn checked(folder: &Path, remembered: Arc<Remembered>, told: Arc<Shared>) -> Result<u64, RecordError> {
    let reader = RecordReader::open(folder)?.remembering(remembered).watched(Box::new(move |what, done, total| {
        if what == "entries of the log" {
            told.set(CheckState::Running { done, total });
        }
    }));
    let found = verify::verify_open(&reader, &[])?;
    match found.findings.first() {
        None => Ok(found.entries),
        Some(first) => Err(RecordError::Damaged { path: found.path, reason: first.to_string() }),
    }
}
