//! Times of rows. A session's times never run backwards, whatever the clock does.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension as _};

use super::SessionId;
use crate::support::{
    clock::ClockTrust,
    moment::{parsed, rfc3339},
};

/// Less than this between two rows is the order in which they came, not a clock that was set back.
const TOLERANCE: Duration = Duration::from_secs(2);

/// When something happened, as it is written.
pub(super) struct Moment {
    /// RFC 3339.
    pub(super) utc: String,
    /// Whether the time is to be trusted.
    pub(super) clock: ClockTrust,
}

impl Moment {
    /// The first of a session.
    pub(super) fn first(at: SystemTime, clock: ClockTrust) -> Self {
        Self { utc: rfc3339(at), clock }
    }

    /// A later one. One before a time that the session has already becomes that time, and is marked.
    pub(super) fn next(
        connection: &Connection,
        session: SessionId,
        at: SystemTime,
        clock: ClockTrust,
    ) -> rusqlite::Result<Self> {
        let before = newest_of(connection, session)?.as_deref().and_then(parsed);
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

/// The newest time of a session; `None` where there is no such session.
fn newest_of(connection: &Connection, session: SessionId) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT max(time) FROM (SELECT started_utc AS time FROM sessions WHERE id = ?1 \
               UNION ALL SELECT ended_utc FROM session_ends WHERE session_id = ?1 \
               UNION ALL SELECT max(continued_utc) FROM continuations WHERE session_id = ?1 \
               UNION ALL SELECT max(given_utc) FROM opinions WHERE session_id = ?1 \
               UNION ALL SELECT max(signed_utc) FROM sign_offs WHERE session_id = ?1 \
               UNION ALL SELECT taken_utc FROM (SELECT taken_utc FROM fields WHERE session_id = ?1 ORDER BY sequence DESC LIMIT 1))";
    connection.query_row(sql, [session.number()], |row| row.get(0))
}

/// The time at which something was written last.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<SystemTime>> {
    let sql = "SELECT written_utc FROM log ORDER BY entry DESC LIMIT 1";
    let text: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(text.as_deref().and_then(parsed))
}

/// How old a session was, by a clock that is never set, when its last field was taken.
pub(super) fn age(connection: &Connection, session: SessionId) -> rusqlite::Result<Duration> {
    let sql = "SELECT since_start_ms FROM fields WHERE session_id = ?1 ORDER BY sequence DESC LIMIT 1";
    let last: Option<i64> = connection.query_row(sql, [session.number()], |row| row.get(0)).optional()?;
    Ok(Duration::from_millis(last.unwrap_or_default().unsigned_abs()))
}
