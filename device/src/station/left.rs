//! A session that was left open: the power went, or the program was killed. Everything that was saved is on the disk; the session
//! goes on where it was, or is closed.
//!
//! It goes on by itself when the cut was short, because the slide is still under the objective then, and that is said. After a
//! longer time, or where the clock tells nothing (it may have run backwards without power), the operator is asked: another
//! slide's fields must not get into it.

use std::time::{Duration, SystemTime};

use blastscope_core::pipeline::Thumbnail;
use serde::Serialize;

use super::Origin;
use crate::{
    record::{MAX_PAGE, RecordError, RecordReader, Session, SessionId, State},
    support::{civil::rfc3339, clock::ClockTrust},
};

/// Time since the last field for which a session goes on by itself.
pub const RECENT: Duration = Duration::from_secs(30 * 60);

/// What is shown of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its number.
    pub id: SessionId,
    /// The specimen's pseudonym.
    pub specimen: String,
    /// Who sat at the microscope.
    pub operator: String,
    /// Fields that are on the disk.
    pub fields: u64,
    /// When something was saved last, RFC 3339.
    pub last_utc: String,
    /// Why it can only be closed; `None` where it can go on.
    pub problem: Option<String>,
}

/// A session that was left open, with what is needed to go on.
#[derive(Clone, Debug)]
pub struct LeftOpen {
    pub(super) shown: Left,
    /// Time of its last field since its start. The time without power does not count: no clock ran that is never set.
    pub(super) since_start: Duration,
    /// Numbers and pictures of its newest fields, the newest last: they are not counted again.
    pub(super) known: Vec<(u64, Thumbnail)>,
}

impl LeftOpen {
    /// The newest session of a record that is neither ended nor signed off. `remembered` is how many fields are recognized.
    ///
    /// # Errors
    /// What keeps the record from being read.
    pub fn find(reader: &RecordReader, origin: &Origin, remembered: usize) -> Result<Option<Self>, RecordError> {
        let is_open = |session: &Session| session.state == State::Draft && session.ended_utc.is_none();
        let Some(session) = reader.sessions()?.into_iter().find(is_open) else { return Ok(None) };
        let last = reader.latest_field(session.id)?;
        let problem = differs(&session, origin);
        let known = if problem.is_none() { known(reader, &session, remembered)? } else { Vec::new() };
        Ok(Some(Self {
            since_start: last.as_ref().map_or(Duration::ZERO, |last| Duration::from_millis(last.since_start_ms)),
            known,
            shown: Left {
                id: session.id,
                last_utc: last.map_or(session.started_utc, |last| last.taken_utc),
                specimen: session.specimen,
                operator: session.operator,
                fields: session.fields,
                problem,
            },
        }))
    }

    /// What is shown of it.
    #[must_use]
    pub const fn shown(&self) -> &Left {
        &self.shown
    }

    /// Whether it goes on by itself at the time `now`. By a clock that is not trusted, nobody knows how long ago it was cut off: without
    /// power a clock may have stood still for days.
    #[must_use]
    pub fn goes_on(&self, now: SystemTime, trust: ClockTrust) -> bool {
        let earliest = now.checked_sub(RECENT).map(rfc3339).unwrap_or_default();
        // Moments in this form are ordered as texts.
        trust.is_trusted() && self.shown.problem.is_none() && (earliest..=rfc3339(now)).contains(&self.shown.last_utc)
    }
}

/// What the session says of model and device must stay true of every field.
fn differs(session: &Session, origin: &Origin) -> Option<String> {
    let what = [
        ("another model", session.model_sha256 == origin.model_sha256),
        ("other settings", session.config_sha256 == origin.config_sha256),
        ("another program", session.code_hash == origin.code_hash),
        ("another device", session.device_id == origin.device_id),
    ];
    let other: Vec<_> = what.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect();
    (!other.is_empty()).then(|| format!("it was made with {}", other.join(" and ")))
}

fn known(reader: &RecordReader, session: &Session, most: usize) -> Result<Vec<(u64, Thumbnail)>, RecordError> {
    let mut known = Vec::new();
    let mut last = session.fields.saturating_sub(most as u64);
    loop {
        let page = reader.fields(session.id, last, MAX_PAGE)?;
        let Some(newest) = page.last() else { return Ok(known) };
        last = newest.sequence;
        for field in page {
            match reader.picture(session.id, field.sequence)?.pixels() {
                Ok(picture) => known.push((field.sequence, Thumbnail::of(&picture))),
                // It is counted all the same; seen again it may be counted twice.
                Err(error) => tracing::warn!(target: "record", field = field.sequence, "its picture: {error}"),
            }
        }
    }
}
