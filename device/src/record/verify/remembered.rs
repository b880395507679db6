//! What this process has verified, so that the next report hashes only new rows and those of its session.
//!
//! It is kept in memory only: whoever changes the record could also write a file that says "verified". Remembered is the hash of
//! every log entry, as this process computed it. So a session verified again cannot be changed together with its entries: they
//! would have other hashes. Changes to other sessions after their verification are found by the next whole check, at the next start
//! or by `blastscope verify`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::record::Hash;

/// A verified entry, with its row.
#[derive(Clone, Copy, Debug)]
pub(in crate::record) struct Known {
    pub(super) hash: Hash,
    /// Session of the row, if it belongs to one.
    pub(super) session: Option<i64>,
}

/// What this process has verified, entry by entry.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Vec<Known>>);

impl Remembered {
    /// Starts empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of remembered log entries, from the first.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over the result of a whole check without findings.
    pub(super) fn set(&self, known: Vec<Known>) {
        let mut held = self.lock();
        if known.len() > held.len() {
            *held = known;
        }
    }
}
