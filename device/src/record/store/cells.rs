//! Labels of cells: added only if the cells are still as the person saw them.

use std::collections::{HashMap, hash_map::Entry};

use blastscope_core::cells::{CellId, CellLabel, LabelsSeen};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Attempt, Done, Moment, Receipt, Record, answer, state};
use crate::record::{
    Hash, NewCellLabels, OpinionKind, RecordError, SessionId, error::sqlite, json_column, log::Event,
    opinion::STANDING, reader::newest_labels, text_rules,
};

impl Record {
    /// Labels cells, all with the same label, in one entry; or takes their labels back. The newest label of a cell counts. A
    /// signed-off session then needs another sign-off. A repeated request adds nothing and returns the first receipt, also after a
    /// restart.
    ///
    /// # Errors
    /// [`RecordError::NoCell`], [`RecordError::Excluded`] for a cell of an excluded field, [`RecordError::Labelled`] if others have
    /// labelled one of the cells meanwhile, [`RecordError::SignedOff`] if the session was signed off and the labels do not declare
    /// the change, [`RecordError::Invalid`], also if the request belongs to other labels or no cell has a label to take back,
    /// [`RecordError::NoSession`], and errors of writing.
    pub fn label_cells(
        &mut self,
        session: SessionId,
        new: &NewCellLabels,
        seen: &LabelsSeen,
    ) -> Result<Receipt, RecordError> {
        new.check()?;
        if let Some(request) = &seen.request {
            text_rules::request("request", request)?;
            if let Some(receipt) = self.labelled_before(session, new, request)? {
                return Ok(receipt);
            }
        }
        self.write(|transaction, path, trust| -> Attempt {
            let state = state(transaction, path, session)?;
            let read = sqlite(path, "read");
            fit(transaction, session, new, seen).map_err(&read)??;
            if !seen.amends {
                answer::unsigned(transaction, session, state).map_err(&read)??;
            }
            let failed = sqlite(path, "written");
            let Moment { utc, clock } = Moment::next(transaction, session, new.at, trust).map_err(&failed)?;
            let sql = "INSERT INTO cell_labels (session_id, given_utc, clock, given_by, label, cells, request) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let label = new.label.map(CellLabel::name);
            let cells = json_column::text_of(&new.cells);
            let values = params![session.number(), utc, clock.name(), new.by, label, cells, seen.request];
            transaction.execute(sql, values).map_err(&failed)?;
            let row = transaction.last_insert_rowid();
            Ok(Done { event: Event::CellsLabelled, row, session, sequence: None, excluded: false })
        })
    }

    /// The receipt of earlier labels with the same request.
    fn labelled_before(
        &self,
        session: SessionId,
        new: &NewCellLabels,
        request: &str,
    ) -> Result<Option<Receipt>, RecordError> {
        let sql = "SELECT c.session_id, c.given_by, c.label, c.cells, l.entry, l.hash FROM cell_labels c \
                   JOIN log l ON l.row_id = c.id AND l.event = ?2 WHERE c.request = ?1";
        let found = self.connection.query_row(sql, params![request, Event::CellsLabelled.name()], |row| {
            let given = (row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?);
            Ok((given, row.get::<_, String>(3)?, row.get::<_, i64>(4)?.unsigned_abs(), Hash(row.get(5)?)))
        });
        let found = found.optional().map_err(sqlite(&self.path, "read"))?;
        let Some((given, cells, entry, head)) = found else { return Ok(None) };
        let label = new.label.map(|label| label.name().to_owned());
        if given != (session.number(), new.by.clone(), label) || cells != json_column::text_of(&new.cells) {
            return Err(RecordError::invalid("request", request, "it was used for other labels: generate a new one"));
        }
        Ok(Some(Receipt { session, sequence: None, excluded: false, entry, head }))
    }
}

/// An error if a cell does not exist, does not count, or has another label than the person saw; or if there is none to take back.
fn fit(
    connection: &Connection,
    session: SessionId,
    new: &NewCellLabels,
    seen: &LabelsSeen,
) -> rusqlite::Result<Result<(), RecordError>> {
    let mut fields = HashMap::new();
    let labels = newest_labels(connection, session)?;
    for &cell in &new.cells {
        let CellId { field, cell: number } = cell;
        let known = match fields.entry(field) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => match number_of_cells(connection, session, field)? {
                Ok(count) => *place.insert(count),
                Err(excluded) => return Ok(Err(excluded)),
            },
        };
        if number == 0 || number > known {
            return Ok(Err(RecordError::NoCell { session, cell }));
        }
        if let Some(newest) = labels.get(&cell).filter(|label| label.entry > seen.last) {
            let label = newest.label.map_or("none", CellLabel::name);
            let newest = format!("{label} by {}", newest.by);
            return Ok(Err(RecordError::Labelled { session, cell, newest }));
        }
    }
    let has_label = |cell: &CellId| labels.get(cell).is_some_and(|newest| newest.label.is_some());
    if new.label.is_none() && !new.cells.iter().any(has_label) {
        let value = new.cells.first().map(CellId::to_string).unwrap_or_default();
        return Ok(Err(RecordError::invalid("cell", &value, "it has no label to take back")));
    }
    Ok(Ok(()))
}

/// Number of cells of a field, 0 without the field; an error if it is excluded.
fn number_of_cells(
    connection: &Connection,
    session: SessionId,
    field: u64,
) -> rusqlite::Result<Result<u32, RecordError>> {
    let sql = format!(
        "SELECT coalesce(json_array_length(seen_cells, '$.cells'), 0), o.kind, o.given_by FROM fields f \
         LEFT JOIN opinions o ON o.id = {STANDING} WHERE f.session_id = ?1 AND f.sequence = ?2"
    );
    let at = i64::try_from(field).unwrap_or(i64::MAX);
    let found = connection.query_row(&sql, [session.number(), at], |row| {
        Ok((row.get::<_, u32>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
    });
    Ok(match found.optional()? {
        Some((_, Some(kind), Some(by))) if kind == OpinionKind::Exclusion.name() => {
            Err(RecordError::Excluded { session, sequence: field, by })
        }
        found => Ok(found.map_or(0, |(count, ..)| count)),
    })
}
