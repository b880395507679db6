//! Going through the log, the rows it speaks of, and the file.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, types::FromSql};

use super::{Expected, Finding, MAX_FINDINGS, structure_differences};
use crate::record::{
    Hash,
    log::{self, Entry, Event},
    schema,
};

pub(super) struct Walk<'a> {
    connection: &'a Connection,
    pub(super) expected: Vec<Expected>,
    pub(super) findings: Vec<Finding>,
    /// Rows that the log speaks of, by [`Event`].
    spoken_of: [BTreeSet<i64>; Event::ALL.len()],
}

/// An entry as it stands in the file.
struct Stored {
    entry: Entry,
    hash: Hash,
}

/// A row as it stands in the file.
struct RowNow {
    columns: Vec<String>,
    digests: Vec<u8>,
    session: Option<i64>,
    sequence: Option<i64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(connection: &'a Connection, expected: Vec<Expected>) -> Self {
        Self { connection, expected, findings: Vec::new(), spoken_of: Default::default() }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// What kept a look from its end.
    pub(super) fn add_damage(&mut self, looked: rusqlite::Result<()>) {
        if let Err(error) = looked {
            self.add(Finding::of_file(format!("the file is damaged: {error}")));
        }
    }

    /// Hashes of the entries, and the rows they speak of. Calls `told` with the number of each.
    pub(super) fn follow_log(&mut self, told: &dyn Fn(u64)) -> rusqlite::Result<()> {
        let sql = "SELECT entry, written_utc, event, row_id, digests, previous, hash FROM log ORDER BY entry";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let (mut number, mut before) = (0, Some(Hash::ORIGIN));
        let mut pending: Option<(Stored, Option<Hash>)> = None;
        while let Some(row) = rows.next()? {
            let entry: i64 = row.get(0)?;
            let follows = entry == number + 1;
            let stored = stored(row, entry);
            if let Some((last, before)) = pending.take() {
                self.check(&last, before, stored.as_ref().ok().map(|next| next.entry.previous))?;
            }
            if !follows {
                let reason = format!("follows entry {number}: entries were removed, added or numbered anew");
                self.add(Finding::of_entry(entry, Some("entry"), reason));
            }
            number = entry;
            told(entry.unsigned_abs());
            match stored {
                Ok(stored) => {
                    let hash = stored.hash;
                    pending = Some((stored, before.replace(hash)));
                }
                Err(finding) => {
                    before = None;
                    self.add(*finding);
                }
            }
        }
        match pending {
            Some((last, before)) => self.check(&last, before, None),
            None => Ok(()),
        }
    }

    /// Checks an entry against the hash of the one before and what the one after holds to be its hash.
    fn check(&mut self, stored: &Stored, before: Option<Hash>, after: Option<Hash>) -> rusqlite::Result<()> {
        let Stored { entry, hash } = stored;
        for expected in self.expected.iter_mut().filter(|expected| expected.head == *hash) {
            expected.entry = Some(entry.entry.unsigned_abs());
        }
        let event = Event::from_name(&entry.event);
        let now = match event {
            Some(event) => self.row(event, entry.row_id)?,
            None => None,
        };
        if let Some(finding) = broken_entry(stored, before, after, now.as_ref()) {
            self.add(finding);
            if let Some(event) = event {
                self.spoken_of[event as usize].insert(entry.row_id);
            }
            return Ok(());
        }
        let Some(event) = event else {
            self.add(Finding::of_entry(entry.entry, Some("event"), "names an event that this program does not know"));
            return Ok(());
        };
        if !self.spoken_of[event as usize].insert(entry.row_id) {
            self.add(Finding::of_entry(entry.entry, Some("row_id"), "speaks of a row that an earlier entry speaks of"));
        }
        let place = Finding {
            entry: Some(entry.entry.unsigned_abs()),
            table: Some(event.table().into()),
            row: Some(entry.row_id),
            ..Finding::default()
        };
        let Some(now) = now else {
            self.add(Finding { reason: "the row was removed".into(), ..place });
            return Ok(());
        };
        let place = Finding { session: now.session, sequence: now.sequence, ..place };
        if now.digests.len() != entry.digests.len() {
            self.add(Finding { reason: "columns were added or removed".into(), ..place });
            return Ok(());
        }
        let pairs = now.digests.chunks(32).zip(entry.digests.chunks(32));
        for (column, _) in now.columns.iter().zip(pairs).filter(|(_, (now, then))| now != then) {
            self.add(Finding {
                column: Some(column.clone()),
                reason: "is not what was written".into(),
                ..place.clone()
            });
        }
        Ok(())
    }

    /// What the row that an entry speaks of is now; `None` where it is not there.
    fn row(&self, event: Event, id: i64) -> rusqlite::Result<Option<RowNow>> {
        let table = event.table();
        let mut statement = self.connection.prepare(&format!("SELECT * FROM {table} WHERE id = ?1"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let digests = log::digests(table, row)?;
        let session = row.get(if event == Event::SessionStarted { "id" } else { "session_id" }).ok();
        let sequence = row.get("sequence").ok();
        Ok(Some(RowNow { columns, digests, session, sequence }))
    }

    /// Rows that no entry speaks of.
    pub(super) fn rows_without_entry(&mut self) -> rusqlite::Result<()> {
        for event in Event::ALL {
            let table = event.table();
            let mut statement = self.connection.prepare(&format!("SELECT id FROM {table} NOT INDEXED ORDER BY id"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                if !self.spoken_of[event as usize].contains(&id) {
                    let reason = "no entry of the log speaks of this row: it was added, or the log's end was cut off";
                    let place = Finding::of_file(reason);
                    self.add(Finding { table: Some(table.into()), row: Some(id), ..place });
                }
            }
        }
        Ok(())
    }

    /// Tables, indices and triggers that are not as this program makes them.
    pub(super) fn foreign_structure(&mut self) -> rusqlite::Result<()> {
        let found = schema::objects(self.connection)?;
        match structure_differences(&found) {
            Ok(differences) => differences.into_iter().for_each(|finding| self.add(finding)),
            Err(error) => self.add(Finding::of_file(error.to_string())),
        }
        Ok(())
    }

    /// What SQLite finds wrong with the file.
    pub(super) fn unsound_file(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check(10)")?;
        let complaints =
            statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        for complaint in complaints.iter().filter(|complaint| *complaint != "ok") {
            self.add(Finding::of_file(format!("the file is damaged: {complaint}")));
        }
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let orphans = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for orphan in orphans.collect::<rusqlite::Result<Vec<(String, Option<i64>)>>>()? {
            let place = Finding::of_file("belongs to a session or a field that is not there");
            self.add(Finding { table: Some(orphan.0), row: orphan.1, ..place });
        }
        Ok(())
    }

    /// Heads that were asked for and are not there.
    pub(super) fn unmet_expectations(&mut self) {
        let absent: Vec<Hash> =
            self.expected.iter().filter(|expected| expected.entry.is_none()).map(|expected| expected.head).collect();
        for head in absent {
            let reason =
                format!("the expected head {head} is not in the log: its end was cut off, or it was written anew");
            self.add(Finding::of_file(reason));
        }
    }
}

/// The entry of a row of the log.
fn stored(row: &Row<'_>, entry: i64) -> Result<Stored, Box<Finding>> {
    fn column<T: FromSql>(row: &Row<'_>, entry: i64, name: &str) -> Result<T, Box<Finding>> {
        row.get(name).map_err(|_| Box::new(Finding::of_entry(entry, Some(name), "is not what was written")))
    }
    Ok(Stored {
        entry: Entry {
            entry,
            written_utc: column(row, entry, "written_utc")?,
            event: column(row, entry, "event")?,
            row_id: column(row, entry, "row_id")?,
            digests: column(row, entry, "digests")?,
            previous: Hash(column(row, entry, "previous")?),
        },
        hash: Hash(column(row, entry, "hash")?),
    })
}

/// What is wrong with the entry itself, and in which column, as far as the rest tells.
fn broken_entry(stored: &Stored, before: Option<Hash>, after: Option<Hash>, now: Option<&RowNow>) -> Option<Finding> {
    let Stored { entry, hash } = stored;
    let computed = entry.hash();
    let says = |column, reason: &str| Some(Finding::of_entry(entry.entry, column, reason));
    let changed = "is not what was written";
    if computed == *hash {
        if before.is_none_or(|before| before == entry.previous) {
            return None;
        }
        return says(
            Some("previous"),
            "is not the hash of the entry before: entries were removed, added, moved or written anew",
        );
    }
    let fits = |other: Entry| other.hash() == *hash;
    if before.is_some_and(|before| fits(Entry { previous: before, ..entry.clone() })) {
        return says(Some("previous"), changed);
    }
    if after == Some(computed) {
        return says(Some("hash"), changed);
    }
    if now.is_some_and(|now| fits(Entry { digests: now.digests.clone(), ..entry.clone() })) {
        return says(Some("digests"), changed);
    }
    if Event::ALL.iter().any(|event| fits(Entry { event: event.name().into(), ..entry.clone() })) {
        return says(Some("event"), changed);
    }
    let row_digest = log::row_id_digest(&entry.event, entry.row_id);
    if row_digest.is_some_and(|digest| entry.digests.get(..32) != Some(&digest)) {
        return says(Some("row_id"), "or other columns are not what was written");
    }
    if after.is_none() {
        return says(Some("hash"), "or written_utc is not what was written");
    }
    says(Some("written_utc"), changed)
}
