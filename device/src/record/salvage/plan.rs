//! What verifies in a damaged record, entry by entry.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::record::{
    connection,
    hash::Hash,
    log::{self, Entry, Event},
};

/// Gap in the entry numbers after which the log counts as ended, if its length cannot be read.
const GAP: i64 = 4096;

/// What to take over.
#[derive(Default)]
pub(super) struct Plan {
    /// Entries of the log, as far as they can be counted.
    pub(super) entries: u64,
    /// Entries from the first on that verify without a gap.
    pub(super) kept: i64,
    /// Entries whose row verifies, with the row, in log order.
    pub(super) good: Vec<(i64, Event, i64)>,
    /// What fails verification, in words.
    pub(super) lost: Vec<String>,
}

/// Opens a damaged file to read what is left of it; `None` if nothing can be read.
pub(super) fn open(path: &Path) -> Option<Connection> {
    let connection = connection::unchecked(path).ok()?;
    // Otherwise SQLite refuses a truncated file. Nothing can be written: the file is open for reading.
    connection.pragma_update(None, "writable_schema", true).ok()?;
    Some(connection)
}

impl Plan {
    /// Examines every entry of the file `path`.
    pub(super) fn of(path: &Path) -> Self {
        let mut plan = Self::default();
        let Some(connection) = open(path) else {
            plan.lost.push("the file cannot be read".into());
            return plan;
        };
        let last: Option<i64> = connection.query_row("SELECT max(entry) FROM log", [], |row| row.get(0)).ok().flatten();
        let (mut before, mut unbroken, mut number, mut newest) = (Some(Hash::ORIGIN), true, 0, 0);
        while number < last.unwrap_or(newest + GAP) {
            number += 1;
            let found = look(&connection, number);
            if !matches!(found, Look::Absent) {
                newest = number;
            }
            let (reason, hash) = match found {
                Look::Absent => (Some("the entry is missing or cannot be read".to_string()), None),
                Look::Broken(reason) => (Some(reason), None),
                Look::Good { entry, hash, event } => {
                    let follows = before == Some(entry.previous);
                    plan.good.push((number, event, entry.row_id));
                    if unbroken && follows {
                        plan.kept = number;
                    } else {
                        unbroken = false;
                    }
                    (None, Some(hash))
                }
            };
            before = hash;
            if let Some(reason) = reason {
                unbroken = false;
                if number <= last.unwrap_or(newest) {
                    plan.lost.push(format!("entry {number}: {reason}"));
                }
            }
        }
        plan.entries = last.unwrap_or(newest).unsigned_abs();
        plan
    }
}

enum Look {
    /// The entry is missing or cannot be read.
    Absent,
    /// Entry or row is not what was written.
    Broken(String),
    /// Entry and row are what was written.
    Good { entry: Entry, hash: Hash, event: Event },
}

fn look(connection: &Connection, number: i64) -> Look {
    let sql = "SELECT entry, written_utc, event, row_id, digests, previous, hash FROM log WHERE entry = ?1";
    let read = |row: &Row<'_>| {
        let entry = Entry {
            entry: row.get(0)?,
            written_utc: row.get(1)?,
            event: row.get(2)?,
            row_id: row.get(3)?,
            digests: row.get(4)?,
            previous: Hash(row.get(5)?),
        };
        Ok((entry, Hash(row.get(6)?)))
    };
    let Ok(Some((entry, hash))) = connection.query_row(sql, [number], read).optional() else { return Look::Absent };
    if entry.hash() != hash {
        return Look::Broken("it is not what was written".into());
    }
    let Some(event) = Event::from_name(&entry.event) else {
        return Look::Broken(format!("its event {:?} is not known", entry.event));
    };
    let (table, id) = (event.table(), entry.row_id);
    let row =
        connection.query_row(&format!("SELECT * FROM {table} WHERE id = ?1"), [id], |row| log::digests(table, row));
    match row.optional() {
        Ok(Some(digests)) if digests == entry.digests => Look::Good { entry, hash, event },
        Ok(Some(_)) => Look::Broken(format!("row {id} of {table} is not what was written")),
        Ok(None) => Look::Broken(format!("row {id} of {table} is gone")),
        Err(error) => Look::Broken(format!("row {id} of {table} cannot be read: {error}")),
    }
}
