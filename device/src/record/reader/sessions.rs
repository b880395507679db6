//! Sessions: one, and the search among many, in parts.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    RecordReader,
    rows::{continuation_of, hand_over_of, reopening_of, session_of, sign_off_of, specimen_correction_of},
};
use crate::record::{RecordError, Session, SessionId, State};

/// Most sessions that [`RecordReader::search`] returns at once.
pub const MAX_SESSIONS: u32 = 100;

/// What to search for; every condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Beginning of the pseudonym, also of one that was corrected since; upper and lower case are the same.
    pub specimen: Option<String>,
    /// Whether [`Self::specimen`] is the whole pseudonym.
    pub is_whole: bool,
    /// Started at this time or later, RFC 3339 in UTC.
    pub from: Option<String>,
    /// Started before this time, RFC 3339 in UTC.
    pub until: Option<String>,
    /// Sessions older than this one: the last of the part before.
    pub before: Option<SessionId>,
    /// Most sessions; at most [`MAX_SESSIONS`].
    pub limit: u32,
}

/// The query with a pseudonym: both tables by their indices.
const BY_SPECIMEN: &str = "SELECT s.id FROM sessions s WHERE s.id IN (SELECT id FROM sessions \
     WHERE specimen >= ?1 COLLATE NOCASE AND specimen <= ?2 COLLATE NOCASE UNION SELECT session_id FROM specimen_corrections \
     WHERE specimen >= ?1 COLLATE NOCASE AND specimen <= ?2 COLLATE NOCASE) \
     AND s.started_utc >= ?3 AND s.started_utc < ?4 AND s.id < ?5 ORDER BY s.id DESC LIMIT ?6";
/// The query with times only.
const BY_START: &str = "SELECT s.id FROM sessions s INDEXED BY sessions_of_start WHERE ?1 <= ?2 AND s.started_utc >= ?3 \
     AND s.started_utc < ?4 AND s.id < ?5 ORDER BY s.id DESC LIMIT ?6";
/// The query without conditions.
const ALL: &str = "SELECT s.id FROM sessions s WHERE ?1 <= ?2 AND ?3 < ?4 AND s.id < ?5 ORDER BY s.id DESC LIMIT ?6";

impl Search {
    const fn sql(&self) -> &'static str {
        match (&self.specimen, &self.from, &self.until) {
            (Some(_), ..) => BY_SPECIMEN,
            (None, None, None) => ALL,
            (None, ..) => BY_START,
        }
    }

    fn ids(&self, connection: &Connection) -> rusqlite::Result<Vec<SessionId>> {
        let first = self.specimen.clone().unwrap_or_default();
        // Behind every letter that a pseudonym may have.
        let last = if self.is_whole { first.clone() } else { format!("{first}~") };
        let from = self.from.as_deref().unwrap_or("");
        let until = self.until.as_deref().unwrap_or("~");
        let before = self.before.map_or(i64::MAX, SessionId::number);
        let mut statement = connection.prepare(self.sql())?;
        let values = params![first, last, from, until, before, self.limit.min(MAX_SESSIONS)];
        statement.query_map(values, |row| row.get(0).map(SessionId::new))?.collect()
    }
}

impl RecordReader {
    /// The sessions that `search` finds, newest first.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn search(&self, search: &Search) -> Result<Vec<Session>, RecordError> {
        let ids = search.ids(&self.connection).map_err(self.failed())?;
        ids.into_iter().map(|id| self.session(id)).collect()
    }

    /// The newest session that is neither ended nor signed off.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn newest_open(&self) -> Result<Option<Session>, RecordError> {
        let sql = "SELECT s.id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM sign_offs WHERE session_id = s.id) AND \
                   (SELECT count(*) FROM session_ends WHERE session_id = s.id) <= \
                   (SELECT count(*) FROM reopenings WHERE session_id = s.id) ORDER BY s.id DESC LIMIT 1";
        let found = self.connection.query_row(sql, [], |row| row.get(0).map(SessionId::new)).optional();
        found.map_err(self.failed())?.map(|id| self.session(id)).transpose()
    }

    /// A session at this moment.
    ///
    /// # Errors
    /// [`RecordError::NoSession`], or errors of reading.
    pub fn session(&self, id: SessionId) -> Result<Session, RecordError> {
        let read = || -> rusqlite::Result<Option<Session>> {
            // One snapshot: a write in between is not half seen.
            let snapshot = self.connection.unchecked_transaction()?;
            let Some(state) = state(&snapshot, id)? else { return Ok(None) };
            let sql = "SELECT s.*, e.ended_utc, e.clock AS end_clock, e.since_start_ms AS end_since_start_ms, e.reason, \
                       (SELECT count(*) FROM fields WHERE session_id = s.id) AS fields \
                       FROM sessions s LEFT JOIN session_ends e ON e.id = (SELECT max(id) FROM session_ends WHERE session_id = s.id) \
                       AND (SELECT count(*) FROM session_ends WHERE session_id = s.id) > \
                       (SELECT count(*) FROM reopenings WHERE session_id = s.id) WHERE s.id = ?1";
            let mut session = snapshot.query_row(sql, [id.number()], |row| session_of(row, state))?;
            session.continuations = all(&snapshot, "continuations", id, continuation_of)?;
            session.reopenings = all(&snapshot, "reopenings", id, reopening_of)?;
            session.hand_overs = all(&snapshot, "hand_overs", id, hand_over_of)?;
            session.specimen_corrections = all(&snapshot, "specimen_corrections", id, specimen_correction_of)?;
            session.sign_offs = all(&snapshot, "sign_offs", id, sign_off_of)?;
            if let Some(newest) = session.specimen_corrections.last() {
                session.specimen.clone_from(&newest.specimen);
            }
            Ok(Some(session))
        };
        read().map_err(self.failed())?.ok_or_else(|| RecordError::NoSession { path: self.path.clone(), session: id })
    }
}

/// State of a session; `None` if it does not exist.
pub(in crate::record) fn state(connection: &Connection, session: SessionId) -> rusqlite::Result<Option<State>> {
    let sql = "SELECT (SELECT count(*) FROM sign_offs WHERE session_id = s.id), \
               (SELECT max(last_opinion) FROM sign_offs WHERE session_id = s.id), \
               (SELECT coalesce(max(id), 0) FROM opinions WHERE session_id = s.id), \
               (SELECT fields FROM sign_offs WHERE session_id = s.id ORDER BY id DESC LIMIT 1), \
               (SELECT count(*) FROM fields WHERE session_id = s.id), \
               (SELECT max(last_specimen_correction) FROM sign_offs WHERE session_id = s.id), \
               (SELECT coalesce(max(id), 0) FROM specimen_corrections WHERE session_id = s.id), \
               (SELECT max(last_cell_label) FROM sign_offs WHERE session_id = s.id), \
               (SELECT coalesce(max(id), 0) FROM cell_labels WHERE session_id = s.id) FROM sessions s WHERE s.id = ?1";
    let numbers = connection.query_row(sql, [session.number()], |row| {
        let signed: [Option<i64>; 4] = [row.get(1)?, row.get(3)?, row.get(5)?, row.get(7)?];
        let now: [Option<i64>; 4] = [row.get(2)?, row.get(4)?, row.get(6)?, row.get(8)?];
        Ok((row.get::<_, i64>(0)?, signed, now))
    });
    Ok(numbers.optional()?.map(|(times, signed, now)| match times {
        0 => State::Draft,
        // A salvage may have lost opinions, labels or fields that were signed.
        _ if signed != now => State::Changed,
        1 => State::Approved,
        _ => State::Amended,
    }))
}

/// The rows of a session in `table`, oldest first.
fn all<T>(
    connection: &Connection,
    table: &str,
    session: SessionId,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} WHERE session_id = ?1 ORDER BY id"))?;
    statement.query_map([session.number()], read)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    /// Ten thousand sessions are found without reading them all: every query uses an index.
    #[test]
    fn every_search_uses_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(Record::open(folder.path()).expect("a record"));
        let reader = RecordReader::open(folder.path()).expect("opened");
        let plan = |search: &Search| -> Vec<String> {
            let mut statement =
                reader.connection.prepare(&format!("EXPLAIN QUERY PLAN {}", search.sql())).expect("a plan");
            let values = params!["", "", "", "", 1, 1];
            let steps = statement.query_map(values, |row| row.get::<_, String>(3)).expect("a plan");
            steps.collect::<rusqlite::Result<_>>().expect("read")
        };
        let uses = |search: Search, index: &str| {
            let plan = plan(&search);
            let searched = |step: &String| step.starts_with("SEARCH") && step.contains(index);
            assert!(plan.iter().any(searched), "{index}: {plan:?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN s ") || step.contains("SCAN sessions")), "{plan:?}");
        };
        let specimen = || Search { specimen: Some("S-1".into()), ..Search::default() };
        uses(specimen(), "sessions_of_specimen (specimen>? AND specimen<?)");
        uses(specimen(), "specimen_corrections_of_specimen (specimen>? AND specimen<?)");
        uses(
            Search { from: Some("2026".into()), ..Search::default() },
            "sessions_of_start (started_utc>? AND started_utc<?",
        );
        uses(Search { until: Some("2026".into()), ..specimen() }, "sessions_of_specimen");
        uses(Search::default(), "INTEGER PRIMARY KEY (rowid<?)");
    }
}
