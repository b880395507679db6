//! Walks through the log, the rows it refers to, and the file.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Row, Statement, types::FromSql};

use super::{Expected, MAX_FINDINGS, remembered::Known, structure_differences};
use crate::record::{
    Finding, Hash,
    log::{self, Entry, Event},
    schema,
};

/// Whose rows are hashed. The log is always followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All rows.
    Everything,
    /// Rows of this session, and rows without a session. For the others, only their existence and session are checked.
    Session(i64),
}

pub(super) struct Walk<'a> {
    connection: &'a Connection,
    scope: Scope,
    pub(super) expected: Vec<Expected>,
    pub(super) findings: Vec<Finding>,
    /// Rows in the log, by [`Event`].
    spoken_of: [BTreeSet<i64>; Event::ALL.len()],
    /// Rows in the log of the session in [`Scope::Session`], by [`Event`].
    of_session: [u64; Event::ALL.len()],
    session: Option<i64>,
    /// Verified entries, in log order; only if all rows are hashed.
    pub(super) known: Vec<Known>,
    /// Queries for the session of a row, by [`Event`].
    owners: [Option<Statement<'a>>; Event::ALL.len()],
}

/// Where to start in the log.
#[derive(Clone, Copy)]
pub(super) struct Start {
    /// The last entry taken for granted; 0 for none.
    pub(super) entry: i64,
    /// Its hash; `None` if unknown.
    pub(super) hash: Option<Hash>,
}

impl Start {
    pub(super) const BEGINNING: Self = Self { entry: 0, hash: Some(Hash::ORIGIN) };
}

/// An entry as stored.
struct Stored {
    entry: Entry,
    hash: Hash,
}

/// A row as stored.
struct RowNow {
    columns: Vec<String>,
    digests: Vec<u8>,
    session: Option<i64>,
    sequence: Option<i64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(connection: &'a Connection, scope: Scope, expected: Vec<Expected>) -> Self {
        let (findings, spoken_of, known, owners) = (Vec::new(), Default::default(), Vec::new(), Default::default());
        let session = if let Scope::Session(session) = scope { Some(session) } else { None };
        let of_session = Default::default();
        Self { connection, scope, expected, findings, spoken_of, of_session, session, known, owners }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Adds the error that ended a check early.
    pub(super) fn add_damage(&mut self, looked: rusqlite::Result<()>) {
        if let Err(error) = looked {
            self.add(Finding::of_file(format!("the file is damaged: {error}")));
        }
    }

    /// Checks the hashes of the entries and the rows they refer to. Calls `told` with each number.
    pub(super) fn follow_log(&mut self, from: Start, told: &dyn Fn(u64)) -> rusqlite::Result<()> {
        let sql = "SELECT entry, written_utc, event, row_id, digests, previous, hash FROM log WHERE entry > ?1 ORDER BY entry";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([from.entry])?;
        let (mut number, mut before) = (from.entry, from.hash);
        let mut pending: Option<(Stored, Option<Hash>)> = None;
        while let Some(row) = rows.next()? {
            let entry: i64 = row.get(0)?;
            let follows = entry == number + 1;
            let stored = stored(row, entry);
            if let Some((last, before)) = pending.take() {
                self.check(&last, before, stored.as_ref().ok().map(|next| next.entry.previous))?;
            }
            if !follows {
                let reason = format!("follows entry {number}: entries were removed, added or renumbered");
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

    /// Checks an entry against the hash of the entry before and the previous-hash of the entry after.
    fn check(&mut self, stored: &Stored, before: Option<Hash>, after: Option<Hash>) -> rusqlite::Result<()> {
        let Stored { entry, hash } = stored;
        for expected in self.expected.iter_mut().filter(|expected| expected.head == *hash) {
            expected.entry = Some(entry.entry.unsigned_abs());
        }
        let event = Event::from_name(&entry.event);
        if let (Some(event), Scope::Session(session)) = (event, self.scope)
            && let Some(owner) = self.owner(event, entry.row_id)?
            && owner != session
        {
            self.check_of_others(stored, before, after, event, owner);
            return Ok(());
        }
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
            self.add(Finding::of_entry(entry.entry, Some("row_id"), "refers to a row that an earlier entry refers to"));
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
        let (found, session) = (self.findings.len(), now.session);
        self.of_session[event as usize] += u64::from(session.is_some() && session == self.session);
        let place = Finding { session, sequence: now.sequence, ..place };
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
        if self.scope == Scope::Everything && self.findings.len() == found {
            self.known.push(Known { hash: *hash, session });
        }
        Ok(())
    }

    /// Checks another session's entry: the entry itself, and that its row exists and whose it is.
    fn check_of_others(
        &mut self,
        stored: &Stored,
        before: Option<Hash>,
        after: Option<Hash>,
        event: Event,
        owner: i64,
    ) {
        let Stored { entry, .. } = stored;
        self.spoken_of[event as usize].insert(entry.row_id);
        if let Some(finding) = broken_entry(stored, before, after, None) {
            self.add(finding);
            return;
        }
        let table = event.table();
        let mut columns = vec![("id", entry.row_id)];
        columns.extend(event.session_column().filter(|column| *column != "id").map(|column| (column, owner)));
        for ((column, value), then) in columns.into_iter().zip(entry.digests.chunks(32)) {
            if log::integer_digest(table, column, value) != then {
                self.add(Finding {
                    entry: Some(entry.entry.unsigned_abs()),
                    table: Some(table.into()),
                    row: Some(entry.row_id),
                    session: Some(owner),
                    column: Some(column.into()),
                    reason: "is not what was written".into(),
                    ..Finding::default()
                });
            }
        }
    }

    /// The session of a row; `None` if the row is missing or belongs to none.
    fn owner(&mut self, event: Event, id: i64) -> rusqlite::Result<Option<i64>> {
        let Some(column) = event.session_column() else { return Ok(None) };
        let slot = &mut self.owners[event as usize];
        if slot.is_none() {
            *slot = Some(self.connection.prepare(&format!("SELECT {column} FROM {} WHERE id = ?1", event.table()))?);
        }
        let Some(statement) = slot else { return Ok(None) };
        statement.query_row([id], |row| row.get(0)).optional()
    }

    /// Checks a remembered entry and its row against what is remembered.
    fn check_again(&mut self, number: i64, known: &Known) -> rusqlite::Result<()> {
        let sql = "SELECT entry, written_utc, event, row_id, digests, previous, hash FROM log WHERE entry = ?1";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([number])?;
        let Some(row) = rows.next()? else {
            self.add(Finding::of_entry(number, None, "the entry was removed"));
            return Ok(());
        };
        match stored(row, number) {
            Ok(stored) if stored.hash == known.hash => {
                let before = Some(stored.entry.previous);
                self.check(&stored, before, None)
            }
            Ok(_) => {
                let reason = "is not what it was when this program verified it";
                self.add(Finding::of_entry(number, Some("hash"), reason));
                Ok(())
            }
            Err(finding) => {
                self.add(*finding);
                Ok(())
            }
        }
    }

    /// Continues where this process stopped verifying: the new entries with all their rows, and again those of `session`.
    pub(super) fn go_on(&mut self, known: &[Known], session: i64) -> rusqlite::Result<()> {
        let Some(last) = known.last() else { return Ok(()) };
        let entry = known.len() as i64;
        self.still_ends(entry, last.hash)?;
        for (number, known) in (1..).zip(known) {
            if known.session.is_none_or(|owner| owner == session) {
                self.check_again(number, known)?;
            }
        }
        let scope = std::mem::replace(&mut self.scope, Scope::Everything);
        self.known.clear();
        let followed = self.follow_log(Start { entry, hash: Some(last.hash) }, &|_| {});
        self.scope = scope;
        followed
    }

    /// Whether the last remembered entry is unchanged.
    fn still_ends(&mut self, number: i64, hash: Hash) -> rusqlite::Result<()> {
        let sql = "SELECT hash FROM log WHERE entry = ?1";
        let found = self.connection.query_row(sql, [number], |row| Ok(Hash(row.get(0)?))).optional()?;
        if found != Some(hash) {
            let reason = "is not what it was when this program verified it: entries were removed or rewritten";
            self.add(Finding::of_entry(number, Some("hash"), reason));
        }
        Ok(())
    }

    /// The row of an entry as stored now; `None` if it is missing.
    fn row(&self, event: Event, id: i64) -> rusqlite::Result<Option<RowNow>> {
        let table = event.table();
        let mut statement = self.connection.prepare(&format!("SELECT * FROM {table} WHERE id = ?1"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let digests = log::digests(table, row)?;
        let session = event.session_column().and_then(|column| row.get(column).ok());
        let sequence = row.get("sequence").ok();
        Ok(Some(RowNow { columns, digests, session, sequence }))
    }

    /// Finds rows without an entry, and rows of the session missing from an index.
    pub(super) fn rows_without_entry(&mut self) -> rusqlite::Result<()> {
        for event in Event::ALL {
            let table = event.table();
            let (condition, session) = match (self.scope, event.session_column()) {
                (Scope::Session(session), Some(column)) => (format!("WHERE {column} = ?1"), session),
                _ => ("NOT INDEXED WHERE ?1 = ?1".into(), 0),
            };
            let mut statement = self.connection.prepare(&format!("SELECT id FROM {table} {condition} ORDER BY id"))?;
            let mut rows = statement.query([session])?;
            let mut shown = 0;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                shown += 1;
                if !self.spoken_of[event as usize].contains(&id) {
                    let reason = "no entry of the log refers to this row: it was added, or the log's end was cut off";
                    let place = Finding::of_file(reason);
                    self.add(Finding { table: Some(table.into()), row: Some(id), ..place });
                }
            }
            if self.session.is_some() && event.session_column().is_some() && shown < self.of_session[event as usize] {
                self.add(Finding::of_file(format!("the file is damaged: an index of {table} does not show every row")));
            }
        }
        Ok(())
    }

    /// Finds tables, indices and triggers that differ from this program's.
    pub(super) fn foreign_structure(&mut self) -> rusqlite::Result<()> {
        let found = schema::objects(self.connection)?;
        match structure_differences(&found) {
            Ok(differences) => differences.into_iter().for_each(|finding| self.add(finding)),
            Err(error) => self.add(Finding::of_file(error.to_string())),
        }
        Ok(())
    }

    /// Adds what SQLite finds wrong with the file.
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
            let place = Finding::of_file("belongs to a session or a field that does not exist");
            self.add(Finding { table: Some(orphan.0), row: orphan.1, ..place });
        }
        Ok(())
    }

    /// Adds the expected heads that are missing.
    pub(super) fn unmet_expectations(&mut self) {
        let absent: Vec<Hash> =
            self.expected.iter().filter(|expected| expected.entry.is_none()).map(|expected| expected.head).collect();
        for head in absent {
            let reason =
                format!("the expected head {head} is not in the log: its end was cut off, or it was rewritten");
            self.add(Finding::of_file(reason));
        }
    }
}

/// Reads an entry from a row of the log.
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
            "is not the hash of the entry before: entries were removed, added, moved or rewritten",
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
