//! Errors of the record, as sentences with the file, the reason and the remedy.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use blastscope_core::{
    advice::Advice,
    cells::CellId,
    session::{Fault, other_fields},
};
use rusqlite::ErrorCode;

use super::{Finding, SessionId};

/// Why something was not saved or cannot be read. Nothing is half-written after any of these errors.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordError {
    /// The disk has no room left.
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Writing would leave less room than the limit.
    LowSpace {
        /// The database.
        path: PathBuf,
        /// Bytes available to a normal user.
        free: u64,
        /// Bytes that must stay free.
        limit: u64,
    },
    /// The system refused to read or write.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Usually `read` or `written`.
        action: &'static str,
        /// What the system says.
        reason: String,
    },
    /// Another program holds the database.
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// There is no record.
    Missing {
        /// The database.
        path: PathBuf,
    },
    /// The file is not a record.
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How we know.
        reason: String,
    },
    /// A newer program wrote the record.
    Newer {
        /// The database.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest version that this program understands.
        known: i64,
    },
    /// An unreleased program wrote the record.
    Older {
        /// The database.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// The version that this program understands.
        known: i64,
    },
    /// Another blastscope writes to the record.
    Held {
        /// The folder of the record.
        folder: PathBuf,
        /// The other program's process id, if known.
        process: Option<u32>,
    },
    /// The file is broken.
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Verification found a change in the record.
    Changed {
        /// The database.
        path: PathBuf,
        /// The first change.
        finding: Box<Finding>,
    },
    /// A value is not acceptable.
    Invalid {
        /// Which value.
        what: &'static str,
        /// The value, shortened.
        value: String,
        /// What to enter instead.
        remedy: &'static str,
    },
    /// There is no such session.
    NoSession {
        /// The database.
        path: PathBuf,
        /// Number asked for.
        session: SessionId,
    },
    /// There is no such field.
    NoField {
        /// The session.
        session: SessionId,
        /// Number asked for.
        sequence: u64,
    },
    /// The session accepts no more of this.
    Closed {
        /// The session.
        session: SessionId,
        /// Why.
        reason: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A field without a class cannot be confirmed.
    NothingToConfirm {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
    },
    /// A field has no answer to take back.
    NothingToTakeBack {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
    },
    /// An excluded field is not answered.
    Excluded {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
        /// Who excluded it.
        by: String,
    },
    /// There is no such cell.
    NoCell {
        /// The session.
        session: SessionId,
        /// The cell asked for.
        cell: CellId,
    },
    /// Others have labelled a cell since it was shown.
    Labelled {
        /// The session.
        session: SessionId,
        /// The cell.
        cell: CellId,
        /// Its newest label and who gave it.
        newest: String,
    },
    /// Others have answered since the field was shown.
    Answered {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
        /// The newest opinion and who gave it.
        newest: String,
    },
    /// An answer would change a signed-off session.
    SignedOff {
        /// The session.
        session: SessionId,
        /// Who signed last.
        by: String,
    },
    /// The number of fields is not the one that the signer saw.
    OtherFields {
        /// The session.
        session: SessionId,
        /// Number of fields that the signer saw.
        shown: u64,
        /// Number of fields now.
        now: u64,
    },
    /// A picture cannot be encoded.
    Picture {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// What the encoder says.
        reason: String,
    },
    /// The record to salvage is intact.
    Sound {
        /// The database.
        path: PathBuf,
    },
    /// The file to write exists already.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The folder to export to is not empty.
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// Nobody has confirmed or corrected anything.
    NothingToExport {
        /// Fields without an opinion.
        without_opinion: u64,
        /// Fields that are not assessable.
        not_assessable: u64,
        /// Fields that are malignant without a subtype.
        subtype_not_named: u64,
    },
    /// The writer thread has ended.
    Stopped,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl std::error::Error for RecordError {}

impl RecordError {
    /// The error, with the file and the values, and its remedy.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Full { path } => Advice::new(
                format!("{} was not written: the disk is full", path.display()),
                "free some space and save again",
            ),
            Self::LowSpace { path, free, limit } => Advice::new(
                format!(
                    "{} was not written: {} MiB are free and {} MiB must stay free",
                    path.display(),
                    free >> 20,
                    limit >> 20
                ),
                "delete or move other files and save again",
            ),
            Self::Io { path, action, reason } => Advice::new(
                format!("{} cannot be {action}: {reason}", path.display()),
                "check the disk and the permissions of its folder, then try again",
            ),
            Self::Busy { path } => Advice::new(
                format!("{} is in use by another program", path.display()),
                "close that program, or try again",
            ),
            Self::Missing { path } => Advice::new(
                format!("{} does not exist", path.display()),
                "name the folder that `blastscope live` uses with --data-dir",
            ),
            Self::NotOurs { path, reason } => Advice::new(
                format!("{} is not a record of blastscope ({reason})", path.display()),
                "name another folder with --data-dir or, if this was a record, set it aside with `blastscope record salvage`",
            ),
            Self::Newer { path, found, known } => Advice::new(
                format!(
                    "{} was written by a newer blastscope (record version {found}, this program knows up to {known})",
                    path.display()
                ),
                "update this program",
            ),
            Self::Older { path, found, known } => Advice::new(
                format!(
                    "{} was written by a blastscope before its first release (record version {found}, this program knows version \
                     {known})",
                    path.display()
                ),
                "read it with that program, and name another folder with --data-dir",
            ),
            Self::Held { folder, process } => {
                let id = process.map(|id| format!(" (process {id})")).unwrap_or_default();
                let kill = process.map(|id| format!(", else `kill {id}`")).unwrap_or_default();
                Advice::new(
                    format!("{} is in use by another blastscope{id}", folder.display()),
                    format!(
                        "use that one, or stop it first (`sudo systemctl stop blastscope`{kill}), or name another folder with --data-dir"
                    ),
                )
            }
            Self::Damaged { path, reason } => Advice::new(
                format!("{} is damaged: {reason}", path.display()),
                format!(
                    "no session can start in it. `blastscope record salvage --data-dir {}` sets it aside, keeps what verifies \
                     and starts a new record",
                    path.parent().unwrap_or(Path::new(".")).display()
                ),
            ),
            Self::Changed { path, finding } => Advice::new(
                format!("{} was changed after it was written: {finding}", path.display()),
                "nothing was exported, see `blastscope verify`",
            ),
            Self::Invalid { what, value, remedy } => Advice::new(format!("{what} {value:?} is not accepted"), *remedy),
            Self::NoSession { path, session } => Advice::new(
                format!("there is no session {session} in {}", path.display()),
                "`blastscope sessions` lists them",
            ),
            Self::NoField { session, sequence } => {
                Advice::new(format!("session {session} has no field {sequence}"), "look at the list of its fields")
            }
            Self::Closed { session, reason, remedy } => Advice::new(format!("session {session} {reason}"), *remedy),
            Self::NothingToConfirm { session, sequence } => Advice::new(
                format!("the model called field {sequence} of session {session} neither benign nor malignant"),
                "choose a label instead of confirming it",
            ),
            Self::NothingToTakeBack { session, sequence } => Advice::new(
                format!("field {sequence} of session {session} has no answer to take back"),
                "look at its answers",
            ),
            Self::Excluded { session, sequence, by } => Advice::new(
                format!("field {sequence} of session {session} was excluded by {by}"),
                "undo the exclusion first",
            ),
            Self::NoCell { session, cell } => {
                Advice::new(format!("session {session} has no {cell}"), "look at the list of its cells")
            }
            Self::Labelled { session, cell, newest } => Advice::new(
                format!("{cell} of session {session} has another label than the one shown (the newest is {newest})"),
                "look at the cells, then label them again",
            ),
            Self::Answered { session, sequence, newest } => Advice::new(
                format!(
                    "field {sequence} of session {session} has another answer than the one shown (the newest is {newest})"
                ),
                "look at it, then answer again",
            ),
            Self::SignedOff { session, by } => Advice::new(
                format!("session {session} was signed off by {by}, and this answer would change it"),
                "confirm the change, or leave the field as it is",
            ),
            Self::OtherFields { session, shown, now } => other_fields(*session, *shown, *now),
            Self::Picture { width, height, reason } => Advice::new(
                format!("a picture of {width} x {height} pixels cannot be stored: {reason}"),
                "choose another camera format",
            ),
            Self::Sound { path } => Advice::new(
                format!("{} is intact: there is nothing to salvage", path.display()),
                "see `blastscope verify`",
            ),
            Self::Exists { path } => Advice::new(
                format!("{} exists already and was left unchanged", path.display()),
                "name a file that does not exist yet",
            ),
            Self::Taken { path } => Advice::new(
                format!("{} exists and is not empty", path.display()),
                "name a folder that does not exist yet",
            ),
            Self::NothingToExport { without_opinion, not_assessable, subtype_not_named } => Advice::new(
                format!(
                    "there is nothing to export: {without_opinion} fields are neither confirmed nor corrected, {not_assessable} are \
                     not assessable, {subtype_not_named} are malignant without a named subtype"
                ),
                "confirm or correct fields first",
            ),
            Self::Stopped => Advice::new("the record was closed before this was written", "open it again"),
        }
    }

    /// Whether the same call may succeed later: full disks, I/O errors, other programs.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::LowSpace { .. } | Self::Io { .. } | Self::Busy { .. })
    }

    pub(super) fn invalid(what: &'static str, value: &str, remedy: &'static str) -> Self {
        let mut shortened: String = value.chars().take(80).collect();
        if shortened.len() < value.len() {
            shortened.push('…');
        }
        Self::Invalid { what, value: shortened, remedy }
    }

    pub(super) fn io(path: &Path, action: &'static str, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Full { path: path.to_path_buf() };
        }
        Self::Io { path: path.to_path_buf(), action, reason: error.to_string() }
    }
}

impl Fault for RecordError {
    fn is_passing(&self) -> bool {
        Self::is_passing(self)
    }

    fn advice(&self) -> Advice {
        Self::advice(self)
    }
}

/// Converts SQLite's errors into ones that name `path`.
pub(super) fn sqlite<'a>(path: &'a Path, action: &'static str) -> impl Fn(rusqlite::Error) -> RecordError + 'a {
    move |error| {
        let path = path.to_path_buf();
        let (code, extended) = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => (Some(failure.code), failure.extended_code),
            rusqlite::Error::SqlInputError { error, .. } => (Some(error.code), error.extended_code),
            _ => (None, 0),
        };
        match code {
            Some(ErrorCode::DiskFull) => RecordError::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                RecordError::Busy { path }
            }
            Some(ErrorCode::NotADatabase) => RecordError::NotOurs { path, reason: "not an SQLite database".into() },
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly,
            ) => RecordError::Io { path, action, reason: format!("{error} (SQLite code {extended})") },
            _ => RecordError::Damaged { path, reason: error.to_string() },
        }
    }
}
