//! The slide of a session, from its stored fields.

use blastscope_core::session::{Slide, SlideTold};
use blastscope_shared::{Class, judge::slide::SlideField};
use rusqlite::{Connection, OptionalExtension as _, types::Type};

use super::{SessionId, VerdictKind, field::of_slide, json_column::value_of, opinion::STANDING};

/// The slide of a session that exists, with all its fields; excluded ones do not count.
pub(super) fn now(connection: &Connection, session: SessionId) -> rusqlite::Result<Slide> {
    let sql = "SELECT slide_pooling FROM sessions WHERE id = ?1";
    let pooling: String = connection.query_row(sql, [session.number()], |row| row.get(0))?;
    Ok(Slide::new(value_of(&pooling)?, fields(connection, session)?).without(&excluded(connection, session)?))
}

/// Whether a field is excluded now.
pub(super) fn is_excluded(connection: &Connection, session: SessionId, sequence: u64) -> rusqlite::Result<bool> {
    excluded(connection, session).map(|numbers| numbers.contains(&sequence))
}

/// Numbers of the excluded fields of a session.
pub(super) fn excluded(connection: &Connection, session: SessionId) -> rusqlite::Result<Vec<u64>> {
    let sql = format!(
        "SELECT f.sequence FROM fields f JOIN opinions o ON o.id = {STANDING} \
         WHERE f.session_id = ?1 AND o.kind = 'exclusion' ORDER BY f.sequence"
    );
    let mut statement = connection.prepare(&sql)?;
    let numbers = statement.query_map([session.number()], |row| row.get::<_, i64>(0).map(i64::unsigned_abs))?;
    numbers.collect()
}

/// Numbers of all fields of a session, excluded ones too, and what each says of the slide.
pub(super) fn fields(connection: &Connection, session: SessionId) -> rusqlite::Result<Vec<(u64, SlideField)>> {
    let sql = "SELECT sequence, verdict_kind, class, p_benign, p_early, p_pre, p_pro, json_array_length(seen_cells, '$.cells') FROM fields \
               WHERE session_id = ?1 ORDER BY sequence";
    let mut statement = connection.prepare(sql)?;
    let fields = statement.query_map([session.number()], |row| {
        let (sequence, kind, class): (i64, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let unknown = |what: String| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, what.into());
        let kind = VerdictKind::ALL.into_iter().find(|known| known.name() == kind);
        let kind = kind.ok_or_else(|| unknown("not a kind of verdict".into()))?;
        let class = class.map(|name| name.parse::<Class>()).transpose().map_err(|error| unknown(error.to_string()))?;
        let of = [row.get::<_, Option<f32>>(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
        let probabilities = match of {
            [Some(benign), Some(early), Some(pre), Some(pro)] => Some([benign, early, pre, pro]),
            _ => None,
        };
        Ok((sequence.unsigned_abs(), of_slide(kind, class, probabilities, row.get(7)?)))
    })?;
    fields.collect()
}

/// What was told of the slide at the session's last end. What its fields say now, if it has not ended, goes on, or fields were
/// excluded or included since. `None` without the session.
pub(super) fn told(connection: &Connection, session: SessionId) -> rusqlite::Result<Option<SlideTold>> {
    let sql = "SELECT e.slide FROM sessions s LEFT JOIN session_ends e \
               ON e.id = (SELECT max(id) FROM session_ends WHERE session_id = s.id) \
               AND (SELECT count(*) FROM session_ends WHERE session_id = s.id) > \
               (SELECT count(*) FROM reopenings WHERE session_id = s.id) \
               AND NOT EXISTS (SELECT 1 FROM opinions o WHERE o.session_id = s.id AND o.id > e.last_opinion \
               AND o.kind IN ('exclusion', 'withdrawal', 'undo')) WHERE s.id = ?1";
    let told: Option<Option<String>> = connection.query_row(sql, [session.number()], |row| row.get(0)).optional()?;
    match told {
        None => Ok(None),
        Some(Some(told)) => value_of(&told).map(Some),
        Some(None) => now(connection, session).map(|slide| Some(slide.told())),
    }
}

#[cfg(test)]
mod tests;
