//! Answers of people: added only if the field is still as they saw it.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{Done, Moment, Receipt, Record, state};
use crate::{
    record::{
        Hash, Label, NewOpinion, OpinionKind, RecordError, Says, Seen, SessionId, State, VerdictKind, error::sqlite,
        log::Event, opinion::check_request, slide,
    },
    support::clock::ClockTrust,
};

/// The columns of an opinion.
struct Row {
    kind: OpinionKind,
    label: Option<String>,
    undoes: Option<i64>,
}

impl Record {
    /// Adds an opinion on a field. The model's verdict stays; the newest opinion that nobody undoes counts. A signed-off session
    /// then needs another sign-off.
    ///
    /// # Errors
    /// [`RecordError::NoField`], [`RecordError::NothingToConfirm`], [`RecordError::NothingToTakeBack`], [`RecordError::Excluded`],
    /// [`RecordError::Invalid`], and errors of writing.
    pub fn add_opinion(&mut self, session: SessionId, sequence: u64, new: &NewOpinion) -> Result<Receipt, RecordError> {
        new.check()?;
        self.write(|transaction, path, trust| {
            let number = i64::try_from(sequence).map_err(|_| RecordError::NoField { session, sequence })?;
            let row = row_of(transaction, session, sequence, new.says).map_err(sqlite(path, "read"))??;
            let row = insert(transaction, trust, session, number, new, &row, None).map_err(sqlite(path, "written"))?;
            let excluded = slide::is_excluded(transaction, session, sequence).map_err(sqlite(path, "read"))?;
            Ok(Done { event: Event::OpinionGiven, row, session, sequence: Some(sequence), excluded })
        })
    }

    /// As [`Record::add_opinion`], if the field is still as the person saw it. A repeated request adds nothing and returns the
    /// first receipt, also after a restart.
    ///
    /// # Errors
    /// [`RecordError::Answered`] if others have answered meanwhile, [`RecordError::SignedOff`] if the session was signed off and
    /// the answer does not declare the change, [`RecordError::Invalid`] if the request belongs to another answer, and those of
    /// [`Record::add_opinion`].
    pub fn answer(
        &mut self,
        session: SessionId,
        sequence: u64,
        new: &NewOpinion,
        seen: &Seen,
    ) -> Result<Receipt, RecordError> {
        new.check()?;
        check_request(seen)?;
        if let Some(receipt) = self.given_before(session, sequence, new, seen)? {
            return Ok(receipt);
        }
        self.write(|transaction, path, trust| {
            let absent = RecordError::NoField { session, sequence };
            let number = i64::try_from(sequence).map_err(|_| absent)?;
            let row = row_of(transaction, session, sequence, new.says).map_err(sqlite(path, "read"))??;
            let failed = sqlite(path, "read");
            unchanged(transaction, session, number, seen).map_err(&failed)??;
            if !seen.amends {
                unsigned(transaction, session, state(transaction, path, session)?).map_err(&failed)??;
            }
            let request = seen.request.as_deref();
            let row =
                insert(transaction, trust, session, number, new, &row, request).map_err(sqlite(path, "written"))?;
            let excluded = slide::is_excluded(transaction, session, sequence).map_err(sqlite(path, "read"))?;
            Ok(Done { event: Event::OpinionGiven, row, session, sequence: Some(sequence), excluded })
        })
    }

    /// The receipt of an earlier answer with the same request.
    fn given_before(
        &self,
        session: SessionId,
        sequence: u64,
        new: &NewOpinion,
        seen: &Seen,
    ) -> Result<Option<Receipt>, RecordError> {
        let Some(request) = &seen.request else { return Ok(None) };
        let sql = "SELECT o.session_id, o.sequence, o.given_by, o.note, o.kind, o.label, l.entry, l.hash FROM opinions o \
                   JOIN log l ON l.row_id = o.id AND l.event = ?2 WHERE o.request = ?1";
        let found = self.connection.query_row(sql, params![request, Event::OpinionGiven.name()], |row| {
            let place = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?.unsigned_abs());
            let texts = (row.get::<_, String>(2)?, row.get::<_, String>(3)?);
            let said = (row.get::<_, String>(4)?, row.get::<_, Option<String>>(5)?);
            Ok((place, texts, said, row.get::<_, i64>(6)?.unsigned_abs(), Hash(row.get(7)?)))
        });
        let found = found.optional().map_err(sqlite(&self.path, "read"))?;
        let Some((place, texts, (kind, label), entry, head)) = found else { return Ok(None) };
        let same = match new.says {
            Says::Corrects(other) => label.as_deref() == Some(other.name()),
            Says::Confirms | Says::Withdraws | Says::Excludes | Says::Undoes => true,
        } && kind == kind_of(new.says).name();
        if place != (session.number(), sequence) || texts != (new.by.clone(), new.note.clone()) || !same {
            return Err(RecordError::invalid("request", request, "it was used for another answer: generate a new one"));
        }
        let excluded = slide::is_excluded(&self.connection, session, sequence).map_err(sqlite(&self.path, "read"))?;
        Ok(Some(Receipt { session, sequence: Some(sequence), excluded, entry, head }))
    }
}

const fn kind_of(says: Says) -> OpinionKind {
    match says {
        Says::Confirms => OpinionKind::Confirmation,
        Says::Corrects(_) => OpinionKind::Correction,
        Says::Withdraws => OpinionKind::Withdrawal,
        Says::Excludes => OpinionKind::Exclusion,
        Says::Undoes => OpinionKind::Undo,
    }
}

/// The content of an opinion; an error if there is no such field, or the answer does not fit what was said of it.
fn row_of(
    connection: &Connection,
    session: SessionId,
    sequence: u64,
    says: Says,
) -> rusqlite::Result<Result<Row, RecordError>> {
    let number = i64::try_from(sequence).unwrap_or(i64::MAX);
    let sql = "SELECT verdict_kind, class FROM fields WHERE session_id = ?1 AND sequence = ?2";
    let field = connection.query_row(sql, [session.number(), number], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
    });
    let Some((verdict, class)) = field.optional()? else {
        return Ok(Err(RecordError::NoField { session, sequence }));
    };
    let sql = "SELECT id, kind, given_by FROM opinions o WHERE session_id = ?1 AND sequence = ?2 AND kind <> 'undo' \
               AND NOT EXISTS (SELECT 1 FROM opinions u WHERE u.undoes = o.id) ORDER BY id DESC LIMIT 1";
    let standing = connection.query_row(sql, [session.number(), number], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    });
    let standing = standing.optional()?;
    let row = |kind: OpinionKind| Row { kind, label: None, undoes: None };
    let labelled = |kind: OpinionKind, label: String| Row { label: Some(label), ..row(kind) };
    Ok(match (says, standing) {
        (Says::Undoes, Some((id, ..))) => Ok(Row { undoes: Some(id), ..row(OpinionKind::Undo) }),
        (Says::Withdraws, Some((_, kind, _))) if kind != OpinionKind::Withdrawal.name() => {
            Ok(row(OpinionKind::Withdrawal))
        }
        (Says::Undoes | Says::Withdraws, _) => Err(RecordError::NothingToTakeBack { session, sequence }),
        (_, Some((_, kind, by))) if kind == OpinionKind::Exclusion.name() => {
            Err(RecordError::Excluded { session, sequence, by })
        }
        (Says::Excludes, _) => Ok(row(OpinionKind::Exclusion)),
        (Says::Corrects(label), _) => Ok(labelled(OpinionKind::Correction, label.name().into())),
        (Says::Confirms, _) => match class {
            Some(class) => Ok(labelled(OpinionKind::Confirmation, class)),
            None if verdict == VerdictKind::Malignant.name() => {
                Ok(labelled(OpinionKind::Confirmation, Label::Malignant.name().into()))
            }
            None => Err(RecordError::NothingToConfirm { session, sequence }),
        },
    })
}

/// An error if the session is signed off and has not changed since.
pub(super) fn unsigned(
    connection: &Connection,
    session: SessionId,
    state: State,
) -> rusqlite::Result<Result<(), RecordError>> {
    if !matches!(state, State::Approved | State::Amended) {
        return Ok(Ok(()));
    }
    let sql = "SELECT signed_by FROM sign_offs WHERE session_id = ?1 ORDER BY id DESC LIMIT 1";
    let by = connection.query_row(sql, [session.number()], |row| row.get(0))?;
    Ok(Err(RecordError::SignedOff { session, by }))
}

/// An error if the field has other opinions than the person saw.
fn unchanged(
    connection: &Connection,
    session: SessionId,
    sequence: i64,
    seen: &Seen,
) -> rusqlite::Result<Result<(), RecordError>> {
    let sql = "SELECT count(*) FROM opinions WHERE session_id = ?1 AND sequence = ?2";
    let now: i64 = connection.query_row(sql, [session.number(), sequence], |row| row.get(0))?;
    if now.unsigned_abs() == seen.opinions {
        return Ok(Ok(()));
    }
    let sql = "SELECT coalesce(label, kind), given_by FROM opinions WHERE session_id = ?1 AND sequence = ?2 ORDER BY id DESC LIMIT 1";
    let newest = connection.query_row(sql, [session.number(), sequence], |row| {
        Ok(format!("{} by {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    let newest = newest.optional()?.unwrap_or_else(|| "none".into());
    Ok(Err(RecordError::Answered { session, sequence: sequence.unsigned_abs(), newest }))
}

/// Inserts the opinion; returns its row.
fn insert(
    transaction: &Transaction<'_>,
    trust: ClockTrust,
    session: SessionId,
    sequence: i64,
    new: &NewOpinion,
    row: &Row,
    request: Option<&str>,
) -> rusqlite::Result<i64> {
    let Moment { utc, clock } = Moment::next(transaction, session, new.at, trust)?;
    let sql = "INSERT INTO opinions (session_id, sequence, given_utc, clock, given_by, kind, label, undoes, note, request) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = params![
        session.number(),
        sequence,
        utc,
        clock.name(),
        new.by,
        row.kind.name(),
        row.label,
        row.undoes,
        new.note,
        request
    ];
    transaction.execute(sql, values)?;
    Ok(transaction.last_insert_rowid())
}
