//! Rows of the database as values.

use std::str::FromStr;

use blastscope_shared::{Class, gate::Quality};
use rusqlite::{Row, types::Type};

use crate::record::{
    Continuation, Field, Judgement, Label, Opinion, Said, Session, SessionId, SignOff, State, VerdictKind,
};

/// What [`field_of`] reads.
pub(super) const FIELD_COLUMNS: &str = "sequence, taken_utc, since_start_ms, verdict_kind, class, probability, reason, \
     p_benign, p_early, p_pre, p_pro, logit_benign, logit_early, logit_pre, logit_pro, novelty, gate, focus, background, \
     cells, clipped, foreign_share, stained, model_sha256, frames, length(jpeg) AS jpeg_bytes";

fn refused(index: usize, reason: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, reason.into().into())
}

/// A column whose text has a form.
pub(super) fn parsed<T: FromStr<Err = String>>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    row.get::<_, String>(index)?.parse().map_err(|reason: String| refused(index, reason))
}

fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| refused(0, format!("{column} is {number}")))
}

pub(super) fn session_of(row: &Row<'_>, state: State) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(row.get("id")?),
        specimen: row.get("specimen")?,
        operator: row.get("operator")?,
        started_utc: row.get("started_utc")?,
        ended_utc: row.get("ended_utc")?,
        end_reason: row.get("reason")?,
        model_name: row.get("model_name")?,
        model_sha256: row.get("model_sha256")?,
        config_sha256: row.get("config_sha256")?,
        program_version: row.get("program_version")?,
        code_hash: row.get("code_hash")?,
        device_id: row.get("device_id")?,
        fields: count(row, "fields")?,
        state,
        continuations: Vec::new(),
        sign_offs: Vec::new(),
    })
}

pub(super) fn continuation_of(row: &Row<'_>) -> rusqlite::Result<Continuation> {
    Ok(Continuation {
        continued_utc: row.get("continued_utc")?,
        fields: count(row, "fields")?,
        decision: parsed(row, 2)?,
    })
}

pub(super) fn sign_off_of(row: &Row<'_>) -> rusqlite::Result<SignOff> {
    Ok(SignOff {
        kind: row.get("kind")?,
        signed_utc: row.get("signed_utc")?,
        signed_by: row.get("signed_by")?,
        fields: count(row, "fields")?,
        head: parsed(row, 4)?,
    })
}

pub(super) fn opinion_of(row: &Row<'_>) -> rusqlite::Result<(u64, Opinion)> {
    let kind: String = row.get("kind")?;
    let label: Label = parsed(row, 4)?;
    let opinion = Opinion {
        given_utc: row.get("given_utc")?,
        given_by: row.get("given_by")?,
        confirms: kind == "confirmation",
        label,
        note: row.get("note")?,
    };
    Ok((count(row, "sequence")?, opinion))
}

pub(super) fn field_of(row: &Row<'_>) -> rusqlite::Result<Field> {
    let kind: String = row.get("verdict_kind")?;
    let kind = VerdictKind::ALL
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| refused(3, format!("{kind:?} is no kind of verdict")))?;
    let class: Option<String> = row.get("class")?;
    let class = class
        .map(|name| {
            let found = Class::ALL.into_iter().find(|class| class.name() == name);
            found.ok_or_else(|| refused(4, format!("{name:?} is no class")))
        })
        .transpose()?;
    let quality = Quality {
        focus: row.get("focus")?,
        background: row.get("background")?,
        cells: row.get("cells")?,
        clipped: row.get("clipped")?,
        foreign: row.get("foreign_share")?,
        stained: row.get("stained")?,
    };
    let judgement = Judgement {
        said: Said { kind, class, probability: row.get("probability")?, reason: row.get("reason")? },
        probabilities: four(row, 7)?,
        logits: four(row, 11)?,
        novelty: row.get("novelty")?,
        gate: row.get("gate")?,
        quality,
        model_sha256: row.get("model_sha256")?,
        frames: row.get("frames")?,
    };
    Ok(Field {
        sequence: count(row, "sequence")?,
        taken_utc: row.get("taken_utc")?,
        since_start_ms: count(row, "since_start_ms")?,
        judgement,
        jpeg_bytes: count(row, "jpeg_bytes")?,
        opinions: Vec::new(),
    })
}

/// Four columns from `first` on; `None` unless all are there.
fn four(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<[f32; Class::COUNT]>> {
    let mut numbers = [0.0; Class::COUNT];
    for (index, number) in numbers.iter_mut().enumerate() {
        match row.get::<_, Option<f32>>(first + index)? {
            Some(value) => *number = value,
            None => return Ok(None),
        }
    }
    Ok(Some(numbers))
}
