//! What can go wrong with the record, as sentences that name the file, the reason and the remedy.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::{Finding, SessionId};

/// Why something was not saved or cannot be read. Nothing is half-written when one of these comes back.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// The disk has no room left.
    #[error("{} was not written: the disk is full; free some space and save again", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Writing would leave less room than the limit.
    #[error(
        "{} was not written: {} MiB are free and {} MiB must stay free; delete or move other files and save again",
        path.display(), free >> 20, limit >> 20
    )]
    LowSpace {
        /// The database.
        path: PathBuf,
        /// Bytes that a normal user may still take.
        free: u64,
        /// Bytes that must stay free.
        limit: u64,
    },
    /// The system refused to read or write.
    #[error("{} cannot be {action}: {reason}; check the disk and the permissions of its folder, then try again", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// `read` or `written`, mostly.
        action: &'static str,
        /// What the system says.
        reason: String,
    },
    /// Another program holds the database.
    #[error("{} is in use by another program; close that program, or try again", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// There is no record.
    #[error("{} does not exist: name the folder that `blastscope live` was given with --data-dir", path.display())]
    Missing {
        /// The database.
        path: PathBuf,
    },
    /// The file is something else.
    #[error(
        "{} is not a record of blastscope ({reason}); name another folder with --data-dir, or, if it was one, set it aside with \
         `blastscope record salvage`",
        path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How that is known.
        reason: String,
    },
    /// A newer program wrote the record.
    #[error(
        "{} was written by a newer blastscope (record version {found}, this program knows up to {known}); update this program",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest version that is understood.
        known: i64,
    },
    /// A program before the first release wrote the record.
    #[error(
        "{} was written by a blastscope before its first release (record version {found}, this program knows version {known}); \
         read it with that program, and name another folder with --data-dir",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// The version that is understood.
        known: i64,
    },
    /// Another blastscope adds to the record.
    #[error(
        "{} is in use by another blastscope{}: use that one, or end it first (`sudo systemctl stop blastscope`{}), or name another \
         folder with --data-dir",
        folder.display(),
        process.map(|id| format!(" (process {id})")).unwrap_or_default(),
        process.map(|id| format!(", else `kill {id}`")).unwrap_or_default()
    )]
    Held {
        /// The folder of the record.
        folder: PathBuf,
        /// The other program's number, where it is known.
        process: Option<u32>,
    },
    /// The file is broken.
    #[error(
        "{} is damaged: {reason}; no session is started in it. `blastscope record salvage --data-dir {}` sets it aside, takes over what \
         verifies and begins anew",
        path.display(),
        path.parent().unwrap_or(Path::new(".")).display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The record verifiably is not what was written.
    #[error("{} was changed after it was written: {finding}; nothing was exported, see `blastscope verify`", path.display())]
    Changed {
        /// The database.
        path: PathBuf,
        /// The first change.
        finding: Box<Finding>,
    },
    /// A value is not acceptable.
    #[error("{what} {value:?} is not accepted: {remedy}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// The value, shortened.
        value: String,
        /// What is.
        remedy: &'static str,
    },
    /// There is no such session.
    #[error("there is no session {session} in {}; `blastscope sessions` lists them", path.display())]
    NoSession {
        /// The database.
        path: PathBuf,
        /// Number asked for.
        session: SessionId,
    },
    /// There is no such field.
    #[error("session {session} has no field {sequence}")]
    NoField {
        /// The session.
        session: SessionId,
        /// Number asked for.
        sequence: u64,
    },
    /// The session takes no more of this.
    #[error("session {session} {reason}")]
    Closed {
        /// The session.
        session: SessionId,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// A field without a class cannot be confirmed.
    #[error("field {sequence} of session {session} names no class that could be confirmed: give it a label instead")]
    NothingToConfirm {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
    },
    /// Others have answered since whoever answers has looked.
    #[error(
        "field {sequence} of session {session} has another answer than was shown (the newest is {newest}); look at it, then answer \
         again"
    )]
    Answered {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
        /// The newest opinion and who gave it.
        newest: String,
    },
    /// An answer would change what was signed.
    #[error(
        "session {session} was signed off by {by}, and this answer changes it; confirm that you want to change it, or leave it"
    )]
    SignedOff {
        /// The session.
        session: SessionId,
        /// Who signed last.
        by: String,
    },
    /// A picture cannot be encoded.
    #[error("a picture of {width} x {height} pixels cannot be stored: {reason}")]
    Picture {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// What the encoder says.
        reason: String,
    },
    /// A record that is to be salvaged is what was written.
    #[error("{} is what was written: there is nothing to salvage; `blastscope verify` says more", path.display())]
    Sound {
        /// The database.
        path: PathBuf,
    },
    /// A file to be written is there already.
    #[error("{} exists already and is left as it is: name a file that does not exist yet", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A folder to export to holds something.
    #[error("{} exists and is not empty: name a folder that does not exist yet", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// Nobody has confirmed or corrected anything.
    #[error(
        "there is nothing to export: {without_opinion} fields are neither confirmed nor corrected, {not_assessable} are not \
         assessable; confirm or correct fields first"
    )]
    NothingToExport {
        /// Fields without an opinion.
        without_opinion: u64,
        /// Fields that are not assessable.
        not_assessable: u64,
    },
    /// The thread that writes has ended.
    #[error("the record was closed before this was written; open it again")]
    Stopped,
}

impl RecordError {
    /// Whether the same may succeed later without other input: full disks, I/O errors, other programs.
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

/// Turns what SQLite says into an error that names `path`.
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
            Some(ErrorCode::NotADatabase) => RecordError::NotOurs { path, reason: "it is no SQLite database".into() },
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly,
            ) => RecordError::Io { path, action, reason: format!("{error} (SQLite code {extended})") },
            _ => RecordError::Damaged { path, reason: error.to_string() },
        }
    }
}
