//! Finds the session that was left open in the record.

use std::time::{Duration, UNIX_EPOCH};

use blastscope_core::{
    pipeline::Thumbnail,
    session::{Left, LeftBehind},
};

use super::Origin;
use crate::{
    record::{MAX_PAGE, RecordError, RecordReader, Session},
    support::timestamp::parsed,
};

/// The newest session of a record that is neither ended nor signed off. `remembered` is the number of fields to recognize.
///
/// # Errors
/// When the record cannot be read.
pub fn left_behind(
    reader: &RecordReader,
    origin: &Origin,
    remembered: usize,
) -> Result<Option<LeftBehind>, RecordError> {
    reader.newest_open()?.map(|session| behind(reader, session, origin, remembered)).transpose()
}

/// A session with all data to go on with it, whether it was cut off or has ended.
///
/// # Errors
/// When the record cannot be read.
pub(crate) fn behind(
    reader: &RecordReader,
    session: Session,
    origin: &Origin,
    remembered: usize,
) -> Result<LeftBehind, RecordError> {
    let last = reader.latest_field(session.id)?;
    let problem = differs(&session, origin);
    let known = if problem.is_none() { known(reader, &session, remembered)? } else { Vec::new() };
    let slide = if problem.is_none() { reader.slide_fields(session.id)? } else { Vec::new() };
    let excluded = reader.excluded(session.id)?.into_iter().map(|(number, _)| number).collect();
    let last_utc = last.as_ref().map_or(&session.started_utc, |last| &last.taken_utc).clone();
    let since_start = last.as_ref().map_or(0, |last| last.since_start_ms).max(session.ended_after_ms.unwrap_or(0));
    Ok(LeftBehind {
        last: parsed(&last_utc).and_then(|last| last.duration_since(UNIX_EPOCH).ok()),
        since_start: Duration::from_millis(since_start),
        known,
        slide,
        excluded,
        shown: Left {
            id: session.id,
            last_utc,
            operator: session.operator_now().into(),
            specimen: session.specimen,
            fields: session.fields,
            problem,
        },
    })
}

/// The session's model and device must hold for every field.
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
                // It is counted anyway; seen again it may be counted twice.
                Err(error) => tracing::warn!(target: "record", field = field.sequence, "its picture: {error}"),
            }
        }
    }
}
