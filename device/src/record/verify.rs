//! Checks whether the record is what was written.
//!
//! Everything is recomputed: the hash of every entry, the chain of entries, the SHA-256 of every column of every row, pictures
//! included. Then: whether each row has its entry, whether triggers and tables are those of this program, and whether SQLite finds
//! the file sound.
//!
//! # What this cannot find
//! The chain has no key. Whoever may write the file can cut off the last entries together with their rows, or build a chain with
//! other content. Both change the head, so keep it elsewhere (a printed report, a sent sign-off) and check for it: if an expected
//! head is among the entries, everything up to it is unchanged.
//!
//! # One session
//! A report verifies the whole log, entry by entry, and hashes the rows of its own session; of other sessions' rows it checks only
//! that they exist and whose they are. Pictures make up nearly all of a record, so this takes about a five-hundredth of the time. A
//! long-running process also [remembers](Remembered) which entries it has verified.

mod remembered;
mod walk;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Serialize;

pub use self::remembered::Remembered;
use self::walk::{Scope, Start, Walk};
use super::{Finding, Hash, RecordError, RecordReader, SessionId, error::sqlite, log, schema};

/// Most findings that are listed.
pub const MAX_FINDINGS: usize = 20;
/// Entries checked with their rows before anything is added: a crash hits the latest writes.
const NEWEST: i64 = 16;

/// An expected head, and the entry with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The hash.
    pub head: Hash,
    /// Number of the entry with this hash; `None` if there is none.
    pub entry: Option<u64>,
}

/// Result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The database.
    pub path: PathBuf,
    /// Whether there are no findings.
    pub intact: bool,
    /// Entries of the log.
    pub entries: u64,
    /// Sessions.
    pub sessions: u64,
    /// Fields.
    pub fields: u64,
    /// The log's head: the hash of its last entry.
    pub head: Hash,
    /// The expected heads.
    pub expected: Vec<Expected>,
    /// Findings, in log order; at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
}

/// Verifies the record in `folder`; each of `expected_heads` must be the hash of an entry.
///
/// # Errors
/// If the file cannot be opened at all. Problems inside are [`Finding`]s.
pub fn verify(folder: &Path, expected_heads: &[Hash]) -> Result<Verification, RecordError> {
    let reader = RecordReader::open(folder)?;
    verify_open(&reader, expected_heads)
}

/// [`verify`] through an open reader; reports progress to its watcher.
///
/// # Errors
/// If the file cannot be read at all.
pub fn verify_open(reader: &RecordReader, expected_heads: &[Hash]) -> Result<Verification, RecordError> {
    let path = reader.path();
    // One snapshot, whoever writes meanwhile.
    let snapshot = reader.connection().unchecked_transaction().map_err(sqlite(path, "read"))?;
    let expected = expected_heads.iter().map(|&head| Expected { head, entry: None }).collect();
    let mut walk = Walk::new(&snapshot, Scope::Everything, expected);
    let total = log::head(&snapshot).map_or(0, |(entry, _)| entry.unsigned_abs());
    let log = walk.follow_log(Start::BEGINNING, &|done| reader.tell("entries of the log", done, total));
    walk.add_damage(log);
    let rows = walk.rows_without_entry();
    walk.add_damage(rows);
    let structure = walk.foreign_structure();
    walk.add_damage(structure);
    reader.tell("the file itself", 0, 0);
    let file = walk.unsound_file();
    walk.add_damage(file);
    walk.unmet_expectations();
    if let Some(remembered) = reader.remembered().filter(|_| walk.findings.is_empty()) {
        remembered.set(std::mem::take(&mut walk.known));
    }
    Ok(found(path, &snapshot, walk))
}

/// Verifies the log and the rows of one session; see the [module](self).
fn verify_session(reader: &RecordReader, session: SessionId) -> Result<Verification, RecordError> {
    let path = reader.path();
    let snapshot = reader.connection().unchecked_transaction().map_err(sqlite(path, "read"))?;
    let mut known = reader.remembered().map(Remembered::lock).filter(|known| !known.is_empty());
    let mut walk = Walk::new(&snapshot, Scope::Session(session.number()), Vec::new());
    let log = match &known {
        None => {
            let total = log::head(&snapshot).map_or(0, |(entry, _)| entry.unsigned_abs());
            walk.follow_log(Start::BEGINNING, &|done| reader.tell("entries of the log", done, total))
        }
        Some(known) => walk.go_on(known, session.number()),
    };
    walk.add_damage(log);
    let rows = walk.rows_without_entry();
    walk.add_damage(rows);
    let structure = walk.foreign_structure();
    walk.add_damage(structure);
    if let Some(known) = known.as_mut().filter(|_| walk.findings.is_empty()) {
        known.append(&mut walk.known);
    }
    Ok(found(path, &snapshot, walk))
}

fn found(path: &Path, snapshot: &Connection, walk: Walk<'_>) -> Verification {
    let count = |table: &str| snapshot.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    let number = |table: &str| count(table).map_or(0, i64::unsigned_abs);
    let (entries, head) = log::head(snapshot).unwrap_or((0, Hash::ORIGIN));
    Verification {
        path: path.to_path_buf(),
        intact: walk.findings.is_empty(),
        entries: entries.unsigned_abs(),
        sessions: number("sessions"),
        fields: number("fields"),
        head,
        expected: walk.expected,
        findings: walk.findings,
    }
}

/// The quick checks of a database opened for writing: its structure, and the newest entries of the log with their rows.
///
/// # Errors
/// [`RecordError::Damaged`] with the first finding.
pub(super) fn newest(connection: &Connection, path: &Path) -> Result<(), RecordError> {
    let mut walk = Walk::new(connection, Scope::Everything, Vec::new());
    let structure = walk.foreign_structure();
    walk.add_damage(structure);
    let log = log::head(connection).and_then(|(last, _)| {
        let entry = (last - NEWEST).max(0);
        let from = if entry == 0 { Start::BEGINNING } else { Start { entry, hash: None } };
        walk.follow_log(from, &|_| {})
    });
    walk.add_damage(log);
    match walk.findings.first() {
        None => Ok(()),
        Some(first) => Err(RecordError::Damaged { path: path.to_path_buf(), reason: first.to_string() }),
    }
}

/// An error if the record is not intact.
///
/// # Errors
/// [`RecordError::Changed`] with the first finding.
pub(crate) fn intact(reader: &RecordReader) -> Result<Verification, RecordError> {
    refuse_changed(reader, verify_open(reader, &[])?)
}

/// An error if the log, or a row of `session`, is not intact.
///
/// # Errors
/// [`RecordError::Changed`] with the first finding.
pub(crate) fn session_intact(reader: &RecordReader, session: SessionId) -> Result<Verification, RecordError> {
    refuse_changed(reader, verify_session(reader, session)?)
}

fn refuse_changed(reader: &RecordReader, verification: Verification) -> Result<Verification, RecordError> {
    match verification.findings.first() {
        None => Ok(verification),
        Some(first) => {
            Err(RecordError::Changed { path: reader.path().to_path_buf(), finding: Box::new(first.clone()) })
        }
    }
}

fn structure_differences(found: &[(String, String)]) -> Result<Vec<Finding>, RecordError> {
    let expected = schema::expected_objects()?;
    let missing = expected.iter().filter(|object| !found.contains(object)).map(|(name, _)| {
        let how = if found.iter().any(|(other, _)| other == name) { "was changed" } else { "was removed" };
        Finding::of_file(format!("the {name} {how}"))
    });
    let added = found
        .iter()
        .filter(|(name, _)| !expected.iter().any(|(other, _)| other == name))
        .map(|(name, _)| Finding::of_file(format!("the {name} was added")));
    Ok(missing.chain(added).collect())
}
