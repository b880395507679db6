//! What changes about a session after its start: who works at the microscope, its pseudonym, and whether it has ended.

use std::time::{Instant, SystemTime};

use rusqlite::{OptionalExtension as _, params};

use super::{Done, Moment, Receipt, Record, has_ended, moment, state};
use crate::record::{RecordError, SessionId, State, error::sqlite, log::Event, text_rules};

impl Record {
    /// Hands a session over to another person, who works at the microscope from now on.
    ///
    /// # Errors
    /// [`RecordError::Closed`] if it has ended or that person has it already, [`RecordError::NoSession`], [`RecordError::Invalid`],
    /// and errors of writing.
    pub fn hand_over(&mut self, session: SessionId, to: &str, at: SystemTime) -> Result<Receipt, RecordError> {
        text_rules::line("name", to)?;
        self.write(|transaction, path, trust| {
            let closed = |reason| Err(RecordError::Closed { session, reason, remedy: "look at the list of sessions" });
            if state(transaction, path, session)? != State::Draft || has_ended(transaction, path, session)? {
                return closed("has ended: it cannot be handed over");
            }
            let failed = sqlite(path, "written");
            let sql = "SELECT coalesce((SELECT to_person FROM hand_overs WHERE session_id = ?1 ORDER BY id DESC LIMIT 1), operator) \
                       FROM sessions WHERE id = ?1";
            let from: String = transaction.query_row(sql, [session.number()], |row| row.get(0)).map_err(&failed)?;
            if from == to {
                return closed("is in the hands of this person already");
            }
            let moment = Moment::next(transaction, session, at, trust).map_err(&failed)?;
            let sql = "INSERT INTO hand_overs (session_id, handed_utc, clock, from_person, to_person) VALUES (?1, ?2, ?3, ?4, ?5)";
            let values = params![session.number(), moment.utc, moment.clock.name(), from, to];
            transaction.execute(sql, values).map_err(&failed)?;
            Ok(Done { event: Event::SessionHandedOver, row: transaction.last_insert_rowid(), session, sequence: None, excluded: false })
        })
    }

    /// Corrects the pseudonym of a session; the old one stays in the chain. A signed-off session then needs another sign-off.
    ///
    /// # Errors
    /// [`RecordError::Closed`] if it has this pseudonym already, [`RecordError::NoSession`], [`RecordError::Invalid`], and errors of
    /// writing.
    pub fn correct_specimen(
        &mut self,
        session: SessionId,
        specimen: &str,
        by: &str,
        at: SystemTime,
    ) -> Result<Receipt, RecordError> {
        text_rules::pseudonym("specimen", specimen)?;
        text_rules::line("name", by)?;
        self.write(|transaction, path, trust| {
            state(transaction, path, session)?;
            let failed = sqlite(path, "written");
            let sql = "SELECT coalesce((SELECT specimen FROM specimen_corrections WHERE session_id = ?1 ORDER BY id DESC LIMIT 1), \
                       specimen) FROM sessions WHERE id = ?1";
            let now: Option<String> =
                transaction.query_row(sql, [session.number()], |row| row.get(0)).optional().map_err(&failed)?;
            if now.as_deref() == Some(specimen) {
                let (reason, remedy) = ("has this pseudonym already", "there is nothing to correct");
                return Err(RecordError::Closed { session, reason, remedy });
            }
            let moment = Moment::next(transaction, session, at, trust).map_err(&failed)?;
            let sql = "INSERT INTO specimen_corrections (session_id, corrected_utc, clock, corrected_by, specimen) \
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            let values = params![session.number(), moment.utc, moment.clock.name(), by, specimen];
            transaction.execute(sql, values).map_err(&failed)?;
            Ok(Done { event: Event::SpecimenCorrected, row: transaction.last_insert_rowid(), session, sequence: None, excluded: false })
        })
    }

    /// Reopens a session that has ended and was never signed off: fields can be added again.
    ///
    /// # Errors
    /// [`RecordError::Closed`] if it is signed off or has not ended, [`RecordError::NoSession`], [`RecordError::Invalid`], and errors
    /// of writing.
    pub fn reopen(&mut self, session: SessionId, by: &str, at: SystemTime) -> Result<Receipt, RecordError> {
        text_rules::line("name", by)?;
        let before = moment::age(&self.connection, session).map_err(sqlite(&self.path, "read"))?;
        self.clock.begin();
        let receipt = self.write(|transaction, path, trust| {
            let closed = |reason, remedy| Err(RecordError::Closed { session, reason, remedy });
            if state(transaction, path, session)? != State::Draft {
                return closed("is signed off: fields cannot be added", "start a new session");
            }
            if !has_ended(transaction, path, session)? {
                return closed("has not ended", "go on with it");
            }
            let failed = sqlite(path, "written");
            let moment = Moment::next(transaction, session, at, trust).map_err(&failed)?;
            let sql = "INSERT INTO reopenings (session_id, reopened_utc, clock, reopened_by, fields) SELECT ?1, ?2, ?3, ?4, \
                       (SELECT count(*) FROM fields WHERE session_id = ?1)";
            let values = params![session.number(), moment.utc, moment.clock.name(), by];
            transaction.execute(sql, values).map_err(&failed)?;
            Ok(Done { event: Event::SessionReopened, row: transaction.last_insert_rowid(), session, sequence: None, excluded: false })
        })?;
        self.running.insert(session, (Instant::now(), before));
        Ok(receipt)
    }
}
