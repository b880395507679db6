//! What this process has verified, so that the next report hashes only what was added, and the session that it is about.
//!
//! Nothing of it is kept on the disk: a file that says "verified" could be written by whoever changes the record. What is
//! remembered is the hash of every entry of the log, as this process computed it. So a session that is verified again cannot be
//! changed together with its entries: they would have other hashes. Changes of other sessions after they were verified are
//! found by the next whole check, at the next start or by `blastscope verify`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::record::Hash;

/// An entry that verified, with its row.
#[derive(Clone, Copy, Debug)]
pub(in crate::record) struct Known {
    pub(super) hash: Hash,
    /// Session of the row, where it belongs to one.
    pub(super) session: Option<i64>,
}

/// What was verified by this process, entry by entry.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Vec<Known>>);

impl Remembered {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries of the log that are remembered, from the first.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a whole check found in order.
    pub(super) fn set(&self, known: Vec<Known>) {
        let mut held = self.lock();
        if known.len() > held.len() {
            *held = known;
        }
    }
}
