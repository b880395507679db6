//! The audit log: which rows were written, in which order, with which content.
//!
//! Every entry is about one row of one table. It holds a SHA-256 of each of the row's columns ([`digests`]), and its own hash:
//! ```text
//! column = SHA-256("blastscope column", table, name of the column, type, value)
//! hash   = SHA-256("blastscope entry", previous hash, entry, written_utc, event, row_id, SHA-256(digests))
//! ```
//! Texts and values are preceded by their length (8 bytes, little endian), so no two rows give the same bytes.

use rusqlite::{Connection, Row, params, types::ValueRef};
use sha2::{Digest as _, Sha256};

use super::hash::Hash;

/// The kinds of entries, one for each table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    SessionStarted,
    SessionEnded,
    SessionContinued,
    FieldSaved,
    OpinionGiven,
    CellsLabelled,
    SignedOff,
    RecordSalvaged,
    SessionReopened,
    SessionHandedOver,
    SpecimenCorrected,
}

impl Event {
    pub(super) const ALL: [Self; 11] = [
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SessionContinued,
        Self::FieldSaved,
        Self::OpinionGiven,
        Self::CellsLabelled,
        Self::SignedOff,
        Self::RecordSalvaged,
        Self::SessionReopened,
        Self::SessionHandedOver,
        Self::SpecimenCorrected,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SessionStarted => "session started",
            Self::SessionEnded => "session ended",
            Self::SessionContinued => "session continued",
            Self::FieldSaved => "field saved",
            Self::OpinionGiven => "opinion given",
            Self::CellsLabelled => "cells labelled",
            Self::SignedOff => "signed off",
            Self::RecordSalvaged => "record salvaged",
            Self::SessionReopened => "session reopened",
            Self::SessionHandedOver => "session handed over",
            Self::SpecimenCorrected => "specimen corrected",
        }
    }

    /// The table of the row.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::SessionStarted => "sessions",
            Self::SessionEnded => "session_ends",
            Self::SessionContinued => "continuations",
            Self::FieldSaved => "fields",
            Self::OpinionGiven => "opinions",
            Self::CellsLabelled => "cell_labels",
            Self::SignedOff => "sign_offs",
            Self::RecordSalvaged => "salvages",
            Self::SessionReopened => "reopenings",
            Self::SessionHandedOver => "hand_overs",
            Self::SpecimenCorrected => "specimen_corrections",
        }
    }

    /// The column with the session of the row; `None` for rows without a session.
    pub(super) const fn session_column(self) -> Option<&'static str> {
        match self {
            Self::SessionStarted => Some("id"),
            Self::RecordSalvaged => None,
            _ => Some("session_id"),
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// An entry without its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub entry: i64,
    pub written_utc: String,
    pub event: String,
    pub row_id: i64,
    pub digests: Vec<u8>,
    pub previous: Hash,
}

impl Entry {
    /// Formula: see the [module](self).
    pub(super) fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        for part in [
            b"blastscope entry".as_slice(),
            &self.previous.0,
            &self.entry.to_le_bytes(),
            self.written_utc.as_bytes(),
            self.event.as_bytes(),
            &self.row_id.to_le_bytes(),
            &Sha256::digest(&self.digests),
        ] {
            add(&mut hasher, part);
        }
        Hash(hasher.finalize().into())
    }
}

fn add(hasher: &mut Sha256, part: &[u8]) {
    hasher.update((part.len() as u64).to_le_bytes());
    hasher.update(part);
}

/// SHA-256 of one column.
fn digest(table: &str, column: &str, value: ValueRef<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in [b"blastscope column".as_slice(), table.as_bytes(), column.as_bytes()] {
        add(&mut hasher, part);
    }
    match value {
        ValueRef::Null => add(&mut hasher, b"null"),
        ValueRef::Integer(number) => {
            add(&mut hasher, b"integer");
            add(&mut hasher, &number.to_le_bytes());
        }
        ValueRef::Real(number) => {
            add(&mut hasher, b"real");
            add(&mut hasher, &number.to_bits().to_le_bytes());
        }
        ValueRef::Text(text) => {
            add(&mut hasher, b"text");
            add(&mut hasher, text);
        }
        ValueRef::Blob(bytes) => {
            add(&mut hasher, b"blob");
            add(&mut hasher, bytes);
        }
    }
    hasher.finalize().into()
}

/// The SHA-256 of each column of a row, 32 bytes each, in the order of the columns.
pub(super) fn digests(table: &str, row: &Row<'_>) -> rusqlite::Result<Vec<u8>> {
    let statement = row.as_ref();
    let mut digests = Vec::with_capacity(statement.column_count() * 32);
    for index in 0..statement.column_count() {
        digests.extend(digest(table, statement.column_name(index)?, row.get_ref(index)?));
    }
    Ok(digests)
}

/// The SHA-256 of an integer column.
pub(super) fn integer_digest(table: &str, column: &str, value: i64) -> [u8; 32] {
    digest(table, column, ValueRef::Integer(value))
}

/// The SHA-256 of the column `id` of the row that an event of this name is about.
pub(super) fn row_id_digest(event: &str, row_id: i64) -> Option<[u8; 32]> {
    Event::from_name(event).map(|event| digest(event.table(), "id", ValueRef::Integer(row_id)))
}

/// Number and hash of the last entry; 0 and [`Hash::ORIGIN`] for an empty log.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<(i64, Hash)> {
    let mut statement = connection.prepare("SELECT entry, hash FROM log ORDER BY entry DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    match rows.next()? {
        None => Ok((0, Hash::ORIGIN)),
        Some(row) => Ok((row.get(0)?, Hash(row.get(1)?))),
    }
}

/// Adds the entry for the row `row_id`, written in the same transaction. The row is read back, so the hash covers what the database
/// will return.
pub(super) fn append(
    connection: &Connection,
    event: Event,
    row_id: i64,
    written_utc: String,
) -> rusqlite::Result<(i64, Hash)> {
    let table = event.table();
    let digests =
        connection.query_row(&format!("SELECT * FROM {table} WHERE id = ?1"), [row_id], |row| digests(table, row))?;
    let (last, previous) = head(connection)?;
    let entry = Entry { entry: last + 1, written_utc, event: event.name().into(), row_id, digests, previous };
    let hash = entry.hash();
    connection.execute(
        "INSERT INTO log (entry, written_utc, event, row_id, digests, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![entry.entry, entry.written_utc, entry.event, row_id, entry.digests, previous.0, hash.0],
    )?;
    Ok((entry.entry, hash))
}
