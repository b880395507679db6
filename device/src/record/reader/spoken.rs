//! The fields that people have answered since the last look.

use super::RecordReader;
use crate::record::{Field, RecordError, SessionId};

impl RecordReader {
    /// The fields of a session with an opinion after the opinion numbered `after` (0 for all), and the number of the newest
    /// opinion, to pass the next time.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn spoken_since(&self, session: SessionId, after: u64) -> Result<(Vec<Field>, u64), RecordError> {
        let read = || -> rusqlite::Result<(Vec<u64>, u64)> {
            let sql = "SELECT sequence, max(id) FROM opinions WHERE session_id = ?1 AND id > ?2 GROUP BY sequence";
            let mut statement = self.connection.prepare(sql)?;
            let limits = [session.number(), i64::try_from(after).unwrap_or(i64::MAX)];
            let (mut sequences, mut last) = (Vec::new(), after);
            for row in statement.query_map(limits, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))? {
                let (sequence, id) = row?;
                sequences.push(sequence.unsigned_abs());
                last = last.max(id.unsigned_abs());
            }
            Ok((sequences, last))
        };
        let (sequences, last) = read().map_err(self.failed())?;
        let fields = sequences.into_iter().map(|sequence| self.field(session, sequence)).collect::<Result<_, _>>()?;
        Ok((fields, last))
    }
}
