//! Times of rows. Within a session they never run backwards, whatever the clock does.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension as _};

use super::SessionId;
use crate::support::{
    clock::ClockTrust,
    timestamp::{parsed, rfc3339},
};

/// Two rows less than this apart came in order, without the clock being set back.
const TOLERANCE: Duration = Duration::from_secs(2);

/// The stored time of an event.
pub(super) struct Moment {
    /// RFC 3339.
    pub(super) utc: String,
    /// Whether the device trusted its clock.
    pub(super) clock: ClockTrust,
}

impl Moment {
    /// The first time of a session.
    pub(super) fn first(at: SystemTime, clock: ClockTrust) -> Self {
        Self { utc: rfc3339(at), clock }
    }

    /// A later time. If it is before the session's newest time, it becomes that time and is marked.
    pub(super) fn next(
        connection: &Connection,
        session: SessionId,
        at: SystemTime,
        clock: ClockTrust,
    ) -> rusqlite::Result<Self> {
        let newest = newest_of(connection, session)?;
        let before = newest.as_deref().and_then(parsed);
        if let (Some(newest), None) = (newest, before) {
            // A damaged or foreign row. Nothing can be before a time that cannot be read: it stands, and is marked.
            return Ok(Self { utc: newest, clock: ClockTrust::SteppedBack });
        }
        Ok(match before.filter(|&before| at < before) {
            Some(before) => {
                let is_late = at + TOLERANCE < before;
                let clock = if is_late && clock.is_trusted() { ClockTrust::SteppedBack } else { clock };
                Self { utc: rfc3339(before), clock }
            }
            None => Self { utc: rfc3339(at), clock },
        })
    }
}

/// The newest time of a session; `None` if there is no such session.
fn newest_of(connection: &Connection, session: SessionId) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT max(time) FROM (SELECT started_utc AS time FROM sessions WHERE id = ?1 \
               UNION ALL SELECT max(ended_utc) FROM session_ends WHERE session_id = ?1 \
               UNION ALL SELECT max(reopened_utc) FROM reopenings WHERE session_id = ?1 \
               UNION ALL SELECT max(handed_utc) FROM hand_overs WHERE session_id = ?1 \
               UNION ALL SELECT max(corrected_utc) FROM specimen_corrections WHERE session_id = ?1 \
               UNION ALL SELECT max(continued_utc) FROM continuations WHERE session_id = ?1 \
               UNION ALL SELECT max(given_utc) FROM opinions WHERE session_id = ?1 \
               UNION ALL SELECT max(signed_utc) FROM sign_offs WHERE session_id = ?1 \
               UNION ALL SELECT taken_utc FROM (SELECT taken_utc FROM fields WHERE session_id = ?1 ORDER BY sequence DESC LIMIT 1))";
    connection.query_row(sql, [session.number()], |row| row.get(0))
}

/// The time of the last entry.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<SystemTime>> {
    let sql = "SELECT written_utc FROM log ORDER BY entry DESC LIMIT 1";
    let text: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(text.as_deref().and_then(parsed))
}

/// Age of a session at its last field or end, on the monotonic clock.
pub(super) fn age(connection: &Connection, session: SessionId) -> rusqlite::Result<Duration> {
    let sql = "SELECT max(age) FROM (SELECT max(since_start_ms) AS age FROM session_ends WHERE session_id = ?1 UNION ALL \
               SELECT since_start_ms FROM (SELECT since_start_ms FROM fields WHERE session_id = ?1 ORDER BY sequence DESC LIMIT 1))";
    let last: Option<i64> = connection.query_row(sql, [session.number()], |row| row.get(0))?;
    Ok(Duration::from_millis(last.unwrap_or_default().unsigned_abs()))
}
