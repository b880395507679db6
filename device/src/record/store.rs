//! Writing: one transaction per event, with its entry in the log.

mod answer;
mod cells;
mod changes;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use blastscope_shared::Class;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde::Serialize;

use super::{
    Decision, Hash, Jpeg, NewField, NewSession, RecordError, SessionId, State, connection,
    error::sqlite,
    json_column,
    lock::Lock,
    log::{self, Event},
    moment::{self, Moment},
    path_in, reader, salvage, slide, space, text_rules, verify,
};
use crate::support::{
    clock::{Clock, ClockTrust},
    timestamp::rfc3339,
};

/// Default for the bytes that stay free on the disk.
pub const MIN_FREE: u64 = 64 << 20;

/// Proof that something is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The session.
    pub session: SessionId,
    /// The field, if the entry is about one.
    pub sequence: Option<u64>,
    /// Whether that field is excluded now.
    #[serde(skip)]
    pub excluded: bool,
    /// Number of the entry in the log.
    pub entry: u64,
    /// The log's head after it.
    pub head: Hash,
}

/// The record, open for writing.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    connection: Connection,
    min_free: u64,
    clock: Clock,
    /// Sessions started or continued here: when, by the monotonic clock, and their age then.
    running: HashMap<SessionId, (Instant, Duration)>,
    /// Released after the connection is closed.
    _lock: Lock,
}

/// Result of a transaction.
struct Done {
    event: Event,
    row: i64,
    session: SessionId,
    sequence: Option<u64>,
    excluded: bool,
}

type Attempt = Result<Done, RecordError>;

impl Record {
    /// Opens the record in `folder`; creates both if missing, readable by their owner only. Until it is dropped, no other program
    /// can open it for writing.
    ///
    /// Checks what is quick to check: tables and triggers, and the newest entries of the log with their rows.
    ///
    /// # Errors
    /// [`RecordError::Held`] while another program has it open; [`RecordError::Damaged`] if a check fails; a file that is not a
    /// record, or one of another program; a disk that is full or fails.
    pub fn open(folder: &Path) -> Result<Self, RecordError> {
        let path = path_in(folder);
        connection::make_folder(folder)?;
        let lock = Lock::take(folder)?;
        salvage::finish(folder)?;
        let opened = connection::writable(&path).and_then(|connection| {
            verify::newest(&connection, &path)?;
            let newest = moment::newest(&connection).map_err(sqlite(&path, "read"))?;
            Ok((connection, newest))
        });
        match opened {
            Ok((connection, newest)) => {
                let (clock, running) = (Clock::new(newest), HashMap::new());
                Ok(Self { path, connection, min_free: MIN_FREE, clock, running, _lock: lock })
            }
            // A file that is not another program's database was a record before its first page was overwritten.
            Err(RecordError::NotOurs { reason, .. }) if !salvage::is_of_others(&path) => {
                lock.withdraw();
                Err(RecordError::Damaged { path, reason })
            }
            Err(error) => {
                if matches!(error, RecordError::NotOurs { .. } | RecordError::Newer { .. } | RecordError::Older { .. })
                {
                    lock.withdraw();
                }
                Err(error)
            }
        }
    }

    /// The newest time in the record.
    pub(super) const fn newest(&self) -> Option<SystemTime> {
        self.clock.newest()
    }

    /// Sets how many bytes must stay free on the disk; default [`MIN_FREE`].
    #[must_use]
    pub const fn with_min_free(mut self, bytes: u64) -> Self {
        self.min_free = bytes;
        self
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a session.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] for an unacceptable text, and errors of writing.
    pub fn start_session(&mut self, new: &NewSession) -> Result<Receipt, RecordError> {
        new.check()?;
        self.clock.begin();
        let receipt = self.write(|transaction, path, trust| {
            let sql = "INSERT INTO sessions (specimen, operator, started_utc, clock, model_name, model_sha256, config_sha256, \
                       program_version, code_hash, device_id, slide_pooling) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            let moment = Moment::first(new.started, trust);
            let values = params![
                new.specimen,
                new.operator,
                moment.utc,
                moment.clock.name(),
                new.model_name,
                new.model_sha256,
                new.config_sha256,
                new.program_version,
                new.code_hash,
                new.device_id,
                json_column::text_of(&new.slide)
            ];
            transaction.execute(sql, values).map_err(sqlite(path, "written"))?;
            let row = transaction.last_insert_rowid();
            Ok(Done { event: Event::SessionStarted, row, session: SessionId::new(row), sequence: None, excluded: false })
        })?;
        self.running.insert(receipt.session, (Instant::now(), Duration::ZERO));
        Ok(receipt)
    }

    /// Adds a field to a session that is neither ended nor signed off, under the session's next number.
    ///
    /// # Errors
    /// [`RecordError::NoSession`], [`RecordError::Closed`], [`RecordError::Invalid`], and errors of writing.
    pub fn add_field(&mut self, session: SessionId, new: &NewField) -> Result<Receipt, RecordError> {
        new.judgement.check()?;
        let shows_cells = new.judgement.seen_cells.as_ref().is_some_and(|cells| !cells.cells.is_empty());
        if shows_cells != new.picture.cell_strip.is_some() {
            let what = if shows_cells { "cells without a strip" } else { "a strip without cells" };
            return Err(RecordError::invalid("picture", what, "give the picture with its cells"));
        }
        self.write(|transaction, path, trust| {
            open_for_fields(transaction, path, session)?;
            let sequence = insert_field(transaction, session, new, trust).map_err(sqlite(path, "written"))?;
            let row = transaction.last_insert_rowid();
            Ok(Done { event: Event::FieldSaved, row, session, sequence: Some(sequence), excluded: false })
        })
    }

    /// Signs a session off: approved the first time, amended after further opinions or cell labels. No field can be added
    /// afterwards. The sign-off holds the log's head.
    ///
    /// # Errors
    /// [`RecordError::Closed`] if nothing has changed since the last sign-off, [`RecordError::NoSession`],
    /// [`RecordError::Invalid`], and errors of writing.
    pub fn sign_off(&mut self, session: SessionId, by: &str, at: SystemTime) -> Result<Receipt, RecordError> {
        self.sign(session, by, at, None)
    }

    /// As [`Record::sign_off`], if the session still has as many `fields` as the signer saw.
    ///
    /// # Errors
    /// [`RecordError::OtherFields`] if it has another number, and those of [`Record::sign_off`].
    pub fn sign_off_seen(
        &mut self,
        session: SessionId,
        by: &str,
        at: SystemTime,
        fields: u64,
    ) -> Result<Receipt, RecordError> {
        self.sign(session, by, at, Some(fields))
    }

    pub(super) fn sign(
        &mut self,
        session: SessionId,
        by: &str,
        at: SystemTime,
        seen: Option<u64>,
    ) -> Result<Receipt, RecordError> {
        text_rules::line("name", by)?;
        self.write(|transaction, path, trust| {
            let kind = match state(transaction, path, session)? {
                State::Draft => "approved",
                State::Changed => "amended",
                State::Approved | State::Amended => {
                    let reason = "is signed off and has not changed since";
                    return Err(RecordError::Closed { session, reason, remedy: "there is nothing to sign" });
                }
            };
            let failed = sqlite(path, "written");
            let sql = "SELECT count(*) FROM fields WHERE session_id = ?1";
            let fields: i64 =
                transaction.query_row(sql, [session.number()], |row| row.get(0)).map_err(sqlite(path, "read"))?;
            let now = fields.unsigned_abs();
            if let Some(shown) = seen.filter(|&shown| shown != now) {
                return Err(RecordError::OtherFields { session, shown, now });
            }
            let (_, head) = log::head(transaction).map_err(&failed)?;
            let sql = "INSERT INTO sign_offs (session_id, signed_utc, clock, signed_by, kind, fields, last_opinion, \
                       last_specimen_correction, last_cell_label, head) SELECT ?1, ?2, ?3, ?4, ?5, ?6, \
                       (SELECT coalesce(max(id), 0) FROM opinions WHERE session_id = ?1), \
                       (SELECT coalesce(max(id), 0) FROM specimen_corrections WHERE session_id = ?1), \
                       (SELECT coalesce(max(id), 0) FROM cell_labels WHERE session_id = ?1), ?7";
            let moment = Moment::next(transaction, session, at, trust).map_err(&failed)?;
            let values = params![session.number(), moment.utc, moment.clock.name(), by, kind, fields, head.to_string()];
            transaction.execute(sql, values).map_err(&failed)?;
            Ok(Done {
                event: Event::SignedOff,
                row: transaction.last_insert_rowid(),
                session,
                sequence: None,
                excluded: false,
            })
        })
    }

    /// Continues a session that was cut off and is neither ended nor signed off.
    ///
    /// # Errors
    /// [`RecordError::Closed`], [`RecordError::NoSession`], and errors of writing.
    pub fn continue_session(
        &mut self,
        session: SessionId,
        at: SystemTime,
        decision: Decision,
    ) -> Result<Receipt, RecordError> {
        let before = moment::age(&self.connection, session).map_err(sqlite(&self.path, "read"))?;
        self.clock.begin();
        let receipt = self.write(|transaction, path, trust| {
            open_for_fields(transaction, path, session)?;
            let sql = "INSERT INTO continuations (session_id, continued_utc, clock, fields, decision) SELECT ?1, ?2, ?3, \
                       (SELECT count(*) FROM fields WHERE session_id = ?1), ?4";
            let failed = sqlite(path, "written");
            let moment = Moment::next(transaction, session, at, trust).map_err(&failed)?;
            let values = params![session.number(), moment.utc, moment.clock.name(), decision.name()];
            transaction.execute(sql, values).map_err(&failed)?;
            Ok(Done { event: Event::SessionContinued, row: transaction.last_insert_rowid(), session, sequence: None, excluded: false })
        })?;
        self.running.insert(session, (Instant::now(), before));
        Ok(receipt)
    }

    /// Ends a session: no field can be added afterwards. `reason` says why, such as `stopped`.
    ///
    /// # Errors
    /// [`RecordError::Closed`] if it has ended, [`RecordError::NoSession`], [`RecordError::Invalid`], and errors of writing.
    pub fn end_session(&mut self, session: SessionId, at: SystemTime, reason: &str) -> Result<Receipt, RecordError> {
        text_rules::line("reason", reason)?;
        let running = self.running.get(&session).map(|(since, before)| *before + since.elapsed());
        let receipt = self.write(|transaction, path, trust| {
            state(transaction, path, session)?;
            if has_ended(transaction, path, session)? {
                return Err(RecordError::Closed { session, reason: "has ended already", remedy: "there is nothing to end" });
            }
            let failed = sqlite(path, "written");
            // A session that was cut off and then closed is as old as its last field.
            let recorded = moment::age(transaction, session).map_err(&failed)?;
            let age = running.unwrap_or_default().max(recorded);
            let moment = Moment::next(transaction, session, at, trust).map_err(&failed)?;
            let told = json_column::text_of(&slide::now(transaction, session).map_err(&failed)?.told());
            let sql = "INSERT INTO session_ends (session_id, ended_utc, clock, since_start_ms, reason, slide, last_opinion) \
                       SELECT ?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(id), 0) FROM opinions WHERE session_id = ?1)";
            let values = params![session.number(), moment.utc, moment.clock.name(), milliseconds(age), reason, told];
            transaction.execute(sql, values).map_err(&failed)?;
            Ok(Done { event: Event::SessionEnded, row: transaction.last_insert_rowid(), session, sequence: None, excluded: false })
        })?;
        self.running.remove(&session);
        Ok(receipt)
    }

    /// Runs `attempt` and adds the log entry in one transaction, synced to disk, or does nothing.
    fn write(
        &mut self,
        attempt: impl FnOnce(&Transaction<'_>, &Path, ClockTrust) -> Attempt,
    ) -> Result<Receipt, RecordError> {
        let path = self.path.as_path();
        let folder = path.parent().unwrap_or(Path::new("."));
        if let Some(free) = space::free(folder).filter(|&free| free < self.min_free) {
            return Err(RecordError::LowSpace { path: path.to_path_buf(), free, limit: self.min_free });
        }
        let failed = sqlite(path, "written");
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let (now, trust) = self.clock.now();
        let done = attempt(&transaction, path, trust)?;
        let (entry, head) = log::append(&transaction, done.event, done.row, rfc3339(now)).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        self.clock.recorded(now);
        let Done { session, sequence, excluded, .. } = done;
        Ok(Receipt { session, sequence, excluded, entry: entry.unsigned_abs(), head })
    }
}

fn state(connection: &Connection, path: &Path, session: SessionId) -> Result<State, RecordError> {
    reader::state(connection, session)
        .map_err(sqlite(path, "read"))?
        .ok_or_else(|| RecordError::NoSession { path: path.to_path_buf(), session })
}

fn has_ended(connection: &Connection, path: &Path, session: SessionId) -> Result<bool, RecordError> {
    let sql = "SELECT (SELECT count(*) FROM session_ends WHERE session_id = ?1) > \
               (SELECT count(*) FROM reopenings WHERE session_id = ?1)";
    connection.query_row(sql, [session.number()], |row| row.get(0)).map_err(sqlite(path, "read"))
}

fn open_for_fields(connection: &Connection, path: &Path, session: SessionId) -> Result<(), RecordError> {
    let closed = |reason| Err(RecordError::Closed { session, reason, remedy: "start a new session" });
    if state(connection, path, session)? != State::Draft {
        return closed("is signed off: fields cannot be added");
    }
    if has_ended(connection, path, session)? {
        return closed("has ended: fields cannot be added");
    }
    Ok(())
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn insert_field(
    transaction: &Transaction<'_>,
    session: SessionId,
    new: &NewField,
    trust: ClockTrust,
) -> rusqlite::Result<u64> {
    let sequence: i64 = transaction.query_row(
        "SELECT coalesce(max(sequence), 0) + 1 FROM fields WHERE session_id = ?1",
        [session.number()],
        |row| row.get(0),
    )?;
    let moment = Moment::next(transaction, session, new.taken, trust)?;
    let judgement = &new.judgement;
    let numbers = |values: Option<[f32; Class::COUNT]>| match values {
        Some(values) => values.map(|value| Some(f64::from(value))),
        None => [None; Class::COUNT],
    };
    let (p, logit) = (numbers(judgement.probabilities), numbers(judgement.logits));
    let quality = &judgement.quality;
    transaction.execute(
        "INSERT INTO fields (session_id, sequence, taken_utc, since_start_ms, verdict_kind, class, probability, reason, \
         p_benign, p_early, p_pre, p_pro, logit_benign, logit_early, logit_pre, logit_pro, novelty, gate, focus, background, \
         cells, clipped, foreign_share, stained, model_sha256, frames, clock, picture_format, picture_origin, thumbnail, picture, \
         seen_cells, cell_strip) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, \
         ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)",
        params![
            session.number(),
            sequence,
            moment.utc,
            milliseconds(new.since_start),
            judgement.said.kind.name(),
            judgement.said.class.map(Class::name),
            judgement.said.probability,
            judgement.said.reason,
            p[0],
            p[1],
            p[2],
            p[3],
            logit[0],
            logit[1],
            logit[2],
            logit[3],
            judgement.novelty,
            judgement.gate,
            quality.focus,
            quality.background,
            quality.cells,
            quality.clipped,
            quality.foreign,
            quality.stained,
            judgement.model_sha256,
            judgement.frames,
            moment.clock.name(),
            new.picture.file.format.name(),
            new.picture.file.origin.name(),
            new.picture.thumbnail.bytes(),
            new.picture.file.bytes,
            judgement.seen_cells.as_ref().map(json_column::text_of),
            new.picture.cell_strip.as_ref().map(Jpeg::bytes),
        ],
    )?;
    Ok(sequence.unsigned_abs())
}

#[cfg(test)]
mod tests;
