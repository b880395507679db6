//! Reading: sessions, fields by page, pictures, counts.

mod cells;
mod rows;
mod sessions;
mod spoken;

use std::{
    cell::RefCell,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use blastscope_core::session::SlideTold;
use blastscope_shared::{ByClass, Class, judge::slide::SlideField};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;

use self::rows::{FIELD_COLUMNS, field_of, opinion_of, picture_of, salvage_of};
pub(super) use self::{cells::newest_labels, sessions::state};
pub use self::{
    cells::{CellsOfField, SessionCells, StoredCell},
    sessions::{MAX_SESSIONS, Search},
};
use super::{
    Field, Hash, Label, Opinion, OpinionKind, PictureFile, RecordError, Salvage, Session, SessionId, VerdictKind,
    connection, error::sqlite, log, opinion::STANDING, path_in, slide, verify::Remembered,
};

/// Most fields that [`RecordReader::fields`] returns at once.
pub const MAX_PAGE: u32 = 500;

/// Progress callback: the stage, the steps done, and their total (0 if unknown).
pub type Watcher = Box<dyn FnMut(&'static str, u64, u64) + Send>;

/// The record, open for reading; other connections may write meanwhile.
pub struct RecordReader {
    path: PathBuf,
    connection: Connection,
    watcher: RefCell<Option<Watcher>>,
    remembered: Option<Arc<Remembered>>,
}

impl fmt::Debug for RecordReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RecordReader").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Fields by what was said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// In the order of [`Class::ALL`].
    #[serde(serialize_with = "by_class")]
    pub classes: [u64; Class::COUNT],
    /// Malignant, but no subtype was named.
    pub subtype_not_sure: u64,
    /// The model abstained.
    pub abstained: u64,
    /// The gate rejected the picture.
    pub rejected: u64,
    /// The view was too new.
    pub settling: u64,
    /// A person called the field not assessable.
    pub not_assessable: u64,
}

fn by_class<S: serde::Serializer>(classes: &[u64; Class::COUNT], serializer: S) -> Result<S::Ok, S::Error> {
    ByClass(*classes).serialize(serializer)
}

/// Counts of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All fields, excluded ones too.
    pub fields: u64,
    /// By the model's verdicts, without excluded fields.
    pub said: Tally,
    /// With the opinion that counts in place of the verdict, if there is one; without excluded fields.
    pub corrected: Tally,
    /// Fields whose opinion confirms the model.
    pub confirmed_fields: u64,
    /// Fields whose opinion is a correction.
    pub corrected_fields: u64,
    /// Fields that count and that nobody has answered.
    pub unanswered_fields: u64,
    /// Of the unanswered fields, those that the model called neither benign nor malignant.
    pub unassessed_fields: u64,
    /// Fields excluded as taken by mistake; they count nowhere else.
    pub excluded_fields: u64,
}

impl Counts {
    /// Fields that count: all but the excluded ones.
    #[must_use]
    pub const fn counted(&self) -> u64 {
        self.fields - self.excluded_fields
    }
}

/// The fields around a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Number of the field before it.
    pub previous: Option<u64>,
    /// Number of the field after it.
    pub next: Option<u64>,
    /// Number of the session's newest field.
    pub newest: Option<u64>,
}

impl Tally {
    /// Fields that were called benign or malignant.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.classes.iter().sum::<u64>() + self.subtype_not_sure
    }

    /// Fields that were called malignant, of any subtype or none.
    #[must_use]
    pub fn malignant(&self) -> u64 {
        self.judged() - self.classes[Class::Benign.index()]
    }

    fn add(&mut self, kind: &str, class: Option<&str>, times: u64) {
        let class = class.and_then(|name| name.parse::<Class>().ok());
        match (class, kind) {
            (Some(class), _) => self.classes[class.index()] += times,
            (None, kind) if kind == VerdictKind::Malignant.name() => self.subtype_not_sure += times,
            (None, kind) if kind == VerdictKind::Rejected.name() => self.rejected += times,
            (None, kind) if kind == VerdictKind::Settling.name() => self.settling += times,
            (None, _) => self.abstained += times,
        }
    }

    fn add_label(&mut self, label: Label, times: u64) {
        match label {
            Label::Class(class) => self.classes[class.index()] += times,
            Label::Malignant => self.subtype_not_sure += times,
            Label::NotAssessable => self.not_assessable += times,
        }
    }
}

impl RecordReader {
    /// Opens the record in `folder`; `folder` may also be a record file, such as a backup.
    ///
    /// # Errors
    /// [`RecordError::Missing`], [`RecordError::NotOurs`], [`RecordError::Newer`], or errors of the system.
    pub fn open(folder: &Path) -> Result<Self, RecordError> {
        let path = if folder.is_file() { folder.to_path_buf() } else { path_in(folder) };
        let connection = connection::readable(&path)?;
        Ok(Self { path, connection, watcher: RefCell::new(None), remembered: None })
    }

    /// Reuses what this process has verified before, and remembers what it verifies.
    #[must_use]
    pub fn remembering(mut self, remembered: Arc<Remembered>) -> Self {
        self.remembered = Some(remembered);
        self
    }

    pub(super) fn remembered(&self) -> Option<&Remembered> {
        self.remembered.as_deref()
    }

    /// Reports the progress of verification and exports to `watcher`.
    #[must_use]
    pub fn watched(mut self, watcher: Watcher) -> Self {
        self.watcher = RefCell::new(Some(watcher));
        self
    }

    /// Reports progress.
    pub(crate) fn tell(&self, what: &'static str, done: u64, total: u64) {
        if let Some(watcher) = self.watcher.borrow_mut().as_mut() {
            watcher(what, done, total);
        }
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> RecordError + '_ {
        sqlite(&self.path, "read")
    }

    /// All sessions, newest first; [`Self::search`] reads them in parts.
    ///
    /// # Errors
    /// Errors of reading; the same holds for all methods here.
    pub fn sessions(&self) -> Result<Vec<Session>, RecordError> {
        let ids = || {
            let mut statement = self.connection.prepare("SELECT id FROM sessions ORDER BY id DESC")?;
            statement.query_map([], |row| row.get(0).map(SessionId::new))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        ids().map_err(self.failed())?.into_iter().map(|id| self.session(id)).collect()
    }

    /// Fields of a session with numbers above `after`, by number; at most `limit` and [`MAX_PAGE`]. For the next page, pass the
    /// last number of this one.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn fields(&self, session: SessionId, after: u64, limit: u32) -> Result<Vec<Field>, RecordError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<Field>> {
            let snapshot = self.connection.unchecked_transaction()?;
            let mut statement = snapshot.prepare(&format!(
                "SELECT {FIELD_COLUMNS} FROM fields WHERE session_id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3"
            ))?;
            let limits = [session.number(), after, limit.min(MAX_PAGE).into()];
            let mut fields: Vec<Field> = statement.query_map(limits, field_of)?.collect::<rusqlite::Result<_>>()?;
            let Some(last) = fields.last().map(|field| field.sequence) else { return Ok(fields) };
            let mut statement = snapshot.prepare(
                "SELECT id, sequence, given_utc, given_by, kind, label, undoes, note, clock FROM opinions \
                 WHERE session_id = ?1 AND sequence > ?2 AND sequence <= ?3 ORDER BY id",
            )?;
            let limits = [session.number(), after, i64::try_from(last).unwrap_or(i64::MAX)];
            for opinion in statement.query_map(limits, opinion_of)? {
                let (sequence, opinion) = opinion?;
                if let Ok(index) = fields.binary_search_by_key(&sequence, |field| field.sequence) {
                    fields[index].opinions.push(opinion);
                }
            }
            Ok(fields)
        };
        read().map_err(self.failed())
    }

    /// The given session, or all, oldest first.
    ///
    /// # Errors
    /// [`RecordError::NoSession`], or errors of reading.
    pub fn chosen(&self, session: Option<SessionId>) -> Result<Vec<Session>, RecordError> {
        Ok(match session {
            Some(id) => vec![self.session(id)?],
            None => self.sessions()?.into_iter().rev().collect(),
        })
    }

    /// Passes the fields of `sessions` to `each`, one by one and by number, and reports progress.
    ///
    /// # Errors
    /// Errors of reading, and those of `each`.
    pub fn each_field<E: From<RecordError>>(
        &self,
        sessions: &[Session],
        mut each: impl FnMut(&Session, &Field) -> Result<(), E>,
    ) -> Result<(), E> {
        let total = sessions.iter().map(|session| session.fields).sum();
        let mut seen = 0;
        for session in sessions {
            let mut last = 0;
            loop {
                let page = self.fields(session.id, last, MAX_PAGE)?;
                let Some(newest) = page.last() else { break };
                last = newest.sequence;
                for field in &page {
                    self.tell("fields", seen, total);
                    seen += 1;
                    each(session, field)?;
                }
            }
        }
        Ok(())
    }

    /// One field.
    ///
    /// # Errors
    /// [`RecordError::NoField`], or errors of reading.
    pub fn field(&self, session: SessionId, sequence: u64) -> Result<Field, RecordError> {
        let absent = RecordError::NoField { session, sequence };
        let Some(before) = sequence.checked_sub(1) else { return Err(absent) };
        self.fields(session, before, 1)?.pop().filter(|field| field.sequence == sequence).ok_or(absent)
    }

    /// The newest field of a session.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn latest_field(&self, session: SessionId) -> Result<Option<Field>, RecordError> {
        let sql = "SELECT coalesce(max(sequence), 0) FROM fields WHERE session_id = ?1";
        let last: i64 = self.connection.query_row(sql, [session.number()], |row| row.get(0)).map_err(self.failed())?;
        if last == 0 { Ok(None) } else { self.field(session, last.unsigned_abs()).map(Some) }
    }

    /// The numbers of the fields around field `sequence`, which need not exist. Numbers have gaps after a salvage.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn around(&self, session: SessionId, sequence: u64) -> Result<Around, RecordError> {
        let number = i64::try_from(sequence).unwrap_or(i64::MAX);
        let sql = "SELECT (SELECT sequence FROM fields WHERE session_id = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT 1), \
                   (SELECT sequence FROM fields WHERE session_id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT 1), \
                   (SELECT max(sequence) FROM fields WHERE session_id = ?1)";
        let found = self.connection.query_row(sql, [session.number(), number], |row| {
            let number = |index| row.get::<_, Option<i64>>(index).map(|number| number.map(i64::unsigned_abs));
            Ok(Around { previous: number(0)?, next: number(1)?, newest: number(2)? })
        });
        found.map_err(self.failed())
    }

    /// The stored picture of a field.
    ///
    /// # Errors
    /// [`RecordError::NoField`], or errors of reading.
    pub fn picture(&self, session: SessionId, sequence: u64) -> Result<PictureFile, RecordError> {
        self.of_field(session, sequence, "picture_format, picture_origin, picture", picture_of)
    }

    /// The JPEG thumbnail of a field.
    ///
    /// # Errors
    /// [`RecordError::NoField`], or errors of reading.
    pub fn thumbnail(&self, session: SessionId, sequence: u64) -> Result<Vec<u8>, RecordError> {
        self.of_field(session, sequence, "thumbnail", |row| row.get(0))
    }

    fn of_field<T>(
        &self,
        session: SessionId,
        sequence: u64,
        columns: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, RecordError> {
        let number = i64::try_from(sequence).map_err(|_| RecordError::NoField { session, sequence })?;
        let sql = format!("SELECT {columns} FROM fields WHERE session_id = ?1 AND sequence = ?2");
        let found = self.connection.query_row(&sql, [session.number(), number], read).optional();
        found.map_err(self.failed())?.ok_or(RecordError::NoField { session, sequence })
    }

    /// The salvages that made this record, oldest first; usually none.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn salvages(&self) -> Result<Vec<Salvage>, RecordError> {
        let sql = "SELECT salvaged_utc, clock, original_sha256, set_aside, original_entries, kept_entries, rows_lost, reason \
                   FROM salvages ORDER BY id";
        let read =
            || -> rusqlite::Result<Vec<Salvage>> { self.connection.prepare(sql)?.query_map([], salvage_of)?.collect() };
        read().map_err(self.failed())
    }

    /// Fields per class, of one session or of all.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn counts(&self, session: Option<SessionId>) -> Result<Counts, RecordError> {
        counts(&self.connection, session).map_err(self.failed())
    }

    /// What was told of a session's slide at its last end; what its fields say now, if it goes on or fields were excluded or
    /// included since.
    ///
    /// # Errors
    /// [`RecordError::NoSession`], or errors of reading.
    pub fn slide(&self, session: SessionId) -> Result<SlideTold, RecordError> {
        let absent = || RecordError::NoSession { path: self.path.clone(), session };
        slide::told(&self.connection, session).map_err(self.failed())?.ok_or_else(absent)
    }

    /// Every field of a session, excluded ones too, with what it says of the slide.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn slide_fields(&self, session: SessionId) -> Result<Vec<(u64, SlideField)>, RecordError> {
        slide::fields(&self.connection, session).map_err(self.failed())
    }

    /// The excluded fields of a session, by number, each with the opinion that excludes it.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn excluded(&self, session: SessionId) -> Result<Vec<(u64, Opinion)>, RecordError> {
        let sql = format!(
            "SELECT o.* FROM opinions o JOIN fields f ON f.session_id = o.session_id AND f.sequence = o.sequence \
             WHERE o.session_id = ?1 AND o.kind = 'exclusion' AND o.id = {STANDING} ORDER BY o.sequence"
        );
        let read = || -> rusqlite::Result<Vec<(u64, Opinion)>> {
            self.connection.prepare(&sql)?.query_map([session.number()], opinion_of)?.collect()
        };
        read().map_err(self.failed())
    }

    /// Number and hash of the last entry of the log.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn head(&self) -> Result<(u64, Hash), RecordError> {
        let (entry, hash) = log::head(&self.connection).map_err(self.failed())?;
        Ok((entry.unsigned_abs(), hash))
    }
}

fn counts(connection: &Connection, session: Option<SessionId>) -> rusqlite::Result<Counts> {
    let sql = format!(
        "SELECT f.verdict_kind, f.class, o.kind, o.label, count(*) FROM fields f LEFT JOIN opinions o ON o.id = {STANDING} \
         WHERE ?1 IS NULL OR f.session_id = ?1 GROUP BY 1, 2, 3, 4"
    );
    let mut counts = Counts::default();
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([session.map(SessionId::number)])?;
    while let Some(row) = rows.next()? {
        let (kind, class): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let opinion = row.get::<_, Option<String>>(2)?.map(|_| rows::parsed::<OpinionKind>(row, 2)).transpose()?;
        let times = row.get::<_, i64>(4)?.unsigned_abs();
        counts.fields += times;
        if opinion == Some(OpinionKind::Exclusion) {
            counts.excluded_fields += times;
            continue;
        }
        counts.said.add(&kind, class.as_deref(), times);
        match opinion {
            Some(opinion @ (OpinionKind::Confirmation | OpinionKind::Correction)) => {
                counts.corrected.add_label(rows::parsed(row, 3)?, times);
                if opinion == OpinionKind::Confirmation {
                    counts.confirmed_fields += times;
                } else {
                    counts.corrected_fields += times;
                }
            }
            Some(_) | None => {
                counts.corrected.add(&kind, class.as_deref(), times);
                counts.unanswered_fields += times;
                if ![VerdictKind::Class.name(), VerdictKind::Malignant.name()].contains(&kind.as_str()) {
                    counts.unassessed_fields += times;
                }
            }
        }
    }
    Ok(counts)
}
