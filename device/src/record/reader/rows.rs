//! Converts rows of the database to values.

use std::str::FromStr;

use blastscope_shared::{Class, field::gate::Quality};
use rusqlite::{Row, types::Type};

use crate::record::{
    Continuation, Field, HandOver, Judgement, Opinion, PictureFile, Reopening, Said, Salvage, Session, SessionId,
    SignOff, SpecimenCorrection, State, VerdictKind, json_column::value_of,
};

/// The columns that [`field_of`] reads.
pub(super) const FIELD_COLUMNS: &str = "sequence, taken_utc, since_start_ms, verdict_kind, class, probability, reason, \
     p_benign, p_early, p_pre, p_pro, logit_benign, logit_early, logit_pre, logit_pro, novelty, gate, focus, background, \
     cells, clipped, foreign_share, stained, model_sha256, frames, clock, picture_format, picture_origin, \
     length(picture) AS picture_bytes, seen_cells";

fn refused(index: usize, reason: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, reason.into().into())
}

/// Parses a text column.
pub(super) fn parsed<T: FromStr<Err = String>>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    row.get::<_, String>(index)?.parse().map_err(|reason: String| refused(index, reason))
}

/// As [`parsed`], by column name.
fn named<T: FromStr<Err = String>>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    row.get::<_, String>(column)?.parse().map_err(|reason: String| refused(0, reason))
}

/// As [`named`], for a column that may be null.
fn optional<T: FromStr<Err = String>>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|reason: String| refused(0, reason))).transpose()
}

fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| refused(0, format!("{column} is {number}")))
}

pub(super) fn session_of(row: &Row<'_>, state: State) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId::new(row.get("id")?),
        specimen: row.get("specimen")?,
        first_specimen: row.get("specimen")?,
        operator: row.get("operator")?,
        started_utc: row.get("started_utc")?,
        started_clock: named(row, "clock")?,
        ended_utc: row.get("ended_utc")?,
        ended_clock: optional(row, "end_clock")?,
        ended_after_ms: row.get::<_, Option<i64>>("end_since_start_ms")?.map(i64::unsigned_abs),
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
        reopenings: Vec::new(),
        hand_overs: Vec::new(),
        specimen_corrections: Vec::new(),
        sign_offs: Vec::new(),
    })
}

pub(super) fn reopening_of(row: &Row<'_>) -> rusqlite::Result<Reopening> {
    Ok(Reopening {
        reopened_utc: row.get("reopened_utc")?,
        clock: named(row, "clock")?,
        reopened_by: row.get("reopened_by")?,
        fields: count(row, "fields")?,
    })
}

pub(super) fn hand_over_of(row: &Row<'_>) -> rusqlite::Result<HandOver> {
    Ok(HandOver {
        handed_utc: row.get("handed_utc")?,
        clock: named(row, "clock")?,
        from_person: row.get("from_person")?,
        to_person: row.get("to_person")?,
    })
}

pub(super) fn specimen_correction_of(row: &Row<'_>) -> rusqlite::Result<SpecimenCorrection> {
    Ok(SpecimenCorrection {
        corrected_utc: row.get("corrected_utc")?,
        clock: named(row, "clock")?,
        corrected_by: row.get("corrected_by")?,
        specimen: row.get("specimen")?,
    })
}

pub(super) fn picture_of(row: &Row<'_>) -> rusqlite::Result<PictureFile> {
    Ok(PictureFile {
        format: named(row, "picture_format")?,
        origin: named(row, "picture_origin")?,
        bytes: row.get("picture")?,
    })
}

pub(super) fn salvage_of(row: &Row<'_>) -> rusqlite::Result<Salvage> {
    Ok(Salvage {
        salvaged_utc: row.get("salvaged_utc")?,
        clock: named(row, "clock")?,
        original_sha256: row.get("original_sha256")?,
        set_aside: row.get("set_aside")?,
        original_entries: count(row, "original_entries")?,
        kept_entries: count(row, "kept_entries")?,
        rows_lost: count(row, "rows_lost")?,
        reason: row.get("reason")?,
    })
}

pub(super) fn continuation_of(row: &Row<'_>) -> rusqlite::Result<Continuation> {
    Ok(Continuation {
        continued_utc: row.get("continued_utc")?,
        clock: named(row, "clock")?,
        fields: count(row, "fields")?,
        decision: named(row, "decision")?,
    })
}

pub(super) fn sign_off_of(row: &Row<'_>) -> rusqlite::Result<SignOff> {
    Ok(SignOff {
        kind: row.get("kind")?,
        signed_utc: row.get("signed_utc")?,
        clock: named(row, "clock")?,
        signed_by: row.get("signed_by")?,
        fields: count(row, "fields")?,
        head: named(row, "head")?,
    })
}

pub(super) fn opinion_of(row: &Row<'_>) -> rusqlite::Result<(u64, Opinion)> {
    let opinion = Opinion {
        id: count(row, "id")?,
        given_utc: row.get("given_utc")?,
        clock: named(row, "clock")?,
        given_by: row.get("given_by")?,
        kind: named(row, "kind")?,
        label: optional(row, "label")?,
        undoes: row.get::<_, Option<i64>>("undoes")?.map(i64::unsigned_abs),
        note: row.get("note")?,
    };
    Ok((count(row, "sequence")?, opinion))
}

pub(super) fn field_of(row: &Row<'_>) -> rusqlite::Result<Field> {
    let kind: String = row.get("verdict_kind")?;
    let kind = VerdictKind::ALL
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| refused(3, format!("{kind:?} is not a kind of verdict")))?;
    let class = optional(row, "class")?;
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
        seen_cells: row.get::<_, Option<String>>("seen_cells")?.as_deref().map(value_of).transpose()?,
    };
    Ok(Field {
        sequence: count(row, "sequence")?,
        taken_utc: row.get("taken_utc")?,
        since_start_ms: count(row, "since_start_ms")?,
        judgement,
        clock: named(row, "clock")?,
        picture_format: named(row, "picture_format")?,
        picture_origin: named(row, "picture_origin")?,
        picture_bytes: count(row, "picture_bytes")?,
        opinions: Vec::new(),
    })
}

/// Four columns from `first` on; `None` unless all are set.
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
