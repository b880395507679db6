//! The session on display, as the record holds it.

use std::path::Path;

use crate::record::{Around, CellCount, Counts, Field, RecordError, RecordReader, Session, SessionId};

/// A session with its counts and the selected field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slide {
    pub(super) session: Session,
    pub(super) counts: Counts,
    pub(super) cells: CellCount,
    pub(super) field: Option<Field>,
    /// The fields beside it, and the newest.
    pub(super) around: Around,
}

impl Slide {
    /// Reads a session and the field with this number, or its newest.
    pub(super) fn read(folder: &Path, id: SessionId, field: Option<u64>) -> Result<Self, RecordError> {
        let reader = RecordReader::open(folder)?;
        let (session, counts) = (reader.session(id)?, reader.counts(Some(id))?);
        let field = match field {
            Some(number) => Some(reader.field(id, number)?),
            None => reader.latest_field(id)?,
        };
        let around = match &field {
            Some(field) => reader.around(id, field.sequence)?,
            None => Around::default(),
        };
        let cells = reader.cell_count(id)?;
        Ok(Self { session, counts, cells, field, around })
    }
}
