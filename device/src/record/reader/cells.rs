//! The cells of a session, with the labels that count.

use std::collections::HashMap;

use blastscope_core::cells::{CellCount, CellId, CellLabel, FieldCells, SeenCell};
use rusqlite::{Connection, types::Type};
use serde::Serialize;

use super::RecordReader;
use crate::record::{RecordError, SessionId, json_column::value_of, slide::excluded};

/// A cell of a stored field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredCell {
    /// Its number in its field, from 1: its place in the strip.
    pub cell: u32,
    /// Where it is, and how it leans.
    #[serde(flatten)]
    pub seen: SeenCell,
    /// What a person says that it is; `None` if nobody has looked at it.
    pub label: Option<CellLabel>,
    /// Who gave the label.
    pub labelled_by: Option<String>,
    /// When, RFC 3339.
    pub labelled_utc: Option<String>,
}

/// The cells of a stored field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellsOfField {
    /// The field's number.
    pub field: u64,
    /// Width of what the network sees of a cell, as a share of the picture's width.
    pub width: f32,
    /// Height of what the network sees of a cell, as a share of the picture's height.
    pub height: f32,
    /// The cells, the largest nucleus first.
    pub cells: Vec<StoredCell>,
}

/// The cells of a session, without those of excluded fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionCells {
    /// The fields that show cells, by number.
    pub fields: Vec<CellsOfField>,
    /// How many were found, and what people called them.
    pub count: CellCount,
    /// Number of the session's newest entry of cell labels, 0 without one: what was read is as it stood then.
    pub last: u64,
}

/// The newest label of a cell.
pub(in crate::record) struct Newest {
    /// Number of its row.
    pub entry: u64,
    /// `None` if it was taken back.
    pub label: Option<CellLabel>,
    /// Who gave it or took it back.
    pub by: String,
    utc: String,
}

/// The newest label of every cell of a session that ever had one.
pub(in crate::record) fn newest_labels(
    connection: &Connection,
    session: SessionId,
) -> rusqlite::Result<HashMap<CellId, Newest>> {
    let sql = "SELECT id, label, given_by, given_utc, cells FROM cell_labels WHERE session_id = ?1 ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([session.number()])?;
    let mut labels = HashMap::new();
    while let Some(row) = rows.next()? {
        let unknown = |reason: String| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, reason.into());
        let label: Option<String> = row.get(1)?;
        let label = label.map(|name| name.parse::<CellLabel>()).transpose().map_err(unknown)?;
        let (by, utc): (String, String) = (row.get(2)?, row.get(3)?);
        for cell in value_of::<Vec<CellId>>(&row.get::<_, String>(4)?)? {
            let entry = row.get::<_, i64>(0)?.unsigned_abs();
            labels.insert(cell, Newest { entry, label, by: by.clone(), utc: utc.clone() });
        }
    }
    Ok(labels)
}

fn read(connection: &Connection, session: SessionId) -> rusqlite::Result<SessionCells> {
    let mut labels = newest_labels(connection, session)?;
    let left_out = excluded(connection, session)?;
    let last = "SELECT coalesce(max(id), 0) FROM cell_labels WHERE session_id = ?1";
    let last = connection.query_row(last, [session.number()], |row| row.get::<_, i64>(0))?.unsigned_abs();
    let sql =
        "SELECT sequence, seen_cells FROM fields WHERE session_id = ?1 AND cell_strip IS NOT NULL ORDER BY sequence";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([session.number()])?;
    let (mut fields, mut count) = (Vec::new(), CellCount::default());
    while let Some(row) = rows.next()? {
        let field = row.get::<_, i64>(0)?.unsigned_abs();
        if left_out.binary_search(&field).is_ok() {
            continue;
        }
        let FieldCells { width, height, cells } = value_of(&row.get::<_, String>(1)?)?;
        let cells = (1..).zip(cells).map(|(cell, seen)| {
            let newest = labels.remove(&CellId { field, cell }).filter(|newest| newest.label.is_some());
            let (label, labelled_by, labelled_utc) =
                newest.map_or((None, None, None), |newest| (newest.label, Some(newest.by), Some(newest.utc)));
            count.add(label);
            StoredCell { cell, seen, label, labelled_by, labelled_utc }
        });
        let cells = cells.collect();
        fields.push(CellsOfField { field, width, height, cells });
    }
    Ok(SessionCells { fields, count, last })
}

/// As [`read`] counts, without reading places and leanings.
fn count(connection: &Connection, session: SessionId) -> rusqlite::Result<CellCount> {
    let labels = newest_labels(connection, session)?;
    let left_out = excluded(connection, session)?;
    let sql = "SELECT sequence, json_array_length(seen_cells, '$.cells') FROM fields \
               WHERE session_id = ?1 AND cell_strip IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let fields =
        statement.query_map([session.number()], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)))?;
    let mut fields: HashMap<u64, u32> = fields.collect::<rusqlite::Result<_>>()?;
    fields.retain(|field, _| left_out.binary_search(field).is_err());
    let mut count = CellCount { found: fields.values().map(|cells| u64::from(*cells)).sum(), ..CellCount::default() };
    for (cell, newest) in &labels {
        if let Some(label) = newest.label
            && fields.get(&cell.field).is_some_and(|cells| cell.cell <= *cells)
        {
            count.label(label);
        }
    }
    Ok(count)
}

impl RecordReader {
    /// How many cells of a session were found, and what people called them.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn cell_count(&self, session: SessionId) -> Result<CellCount, RecordError> {
        // One snapshot: a write in between is not half seen.
        let snapshot = self.connection.unchecked_transaction().map_err(self.failed())?;
        count(&snapshot, session).map_err(self.failed())
    }

    /// The cells of a session, and what people called them.
    ///
    /// # Errors
    /// [`RecordError::NoSession`], or errors of reading.
    pub fn cells(&self, session: SessionId) -> Result<SessionCells, RecordError> {
        self.session(session)?;
        // One snapshot: a write in between is not half seen.
        let snapshot = self.connection.unchecked_transaction().map_err(self.failed())?;
        read(&snapshot, session).map_err(self.failed())
    }

    /// The cells of a field side by side, [`CELL_SIDE`](crate::record::CELL_SIDE) pixels each: a JPEG made when the field was saved.
    ///
    /// # Errors
    /// [`RecordError::NoField`], [`RecordError::NoCell`] for a field without cells, or errors of reading.
    pub fn cell_strip(&self, session: SessionId, sequence: u64) -> Result<Vec<u8>, RecordError> {
        let strip: Option<Vec<u8>> = self.of_field(session, sequence, "cell_strip", |row| row.get(0))?;
        strip.ok_or(RecordError::NoCell { session, cell: CellId { field: sequence, cell: 1 } })
    }
}
