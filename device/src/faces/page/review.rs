//! Reads of the record: sessions, fields, pictures.

use axum::{extract::State, response::Response};

use super::{
    app::Shared,
    extract::{Asked, At, FieldNumber},
    problem::{Problem, bytes_of, json},
    wire::{
        answer::{Cells, Fields, Sessions, Spoken, Summary},
        request::{After, SessionsQuery},
    },
};
use crate::{
    record::{RecordReader, Search, SessionId},
    support::timestamp::parsed,
};

/// Fields in one answer.
const PAGE: u32 = 100;

/// Sessions in one answer.
const SESSIONS: u32 = 50;

/// `GET /api/sessions?specimen=S&from=T&until=T&before=N`: up to 50 sessions, newest first.
pub(super) async fn sessions(
    State(app): Shared,
    Asked(SessionsQuery { specimen, whole, from, until, before }): Asked<SessionsQuery>,
) -> Result<Response, Problem> {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let time = |text: String| match given(text) {
        Some(text) if parsed(&text).is_none() => {
            let reason = format!("{text:.40} is not a time");
            Err(Problem::bad(reason, "give RFC 3339 in UTC, such as 2026-11-30T00:00:00.000Z"))
        }
        other => Ok(other),
    };
    let (from, until) = (time(from)?, time(until)?);
    let search = Search { specimen: given(specimen), is_whole: whole, from, until, before, limit: SESSIONS };
    let sessions = app.reads.read(move |reader| reader.search(&search)).await?;
    let more = sessions.len() == SESSIONS as usize;
    Ok(json(&Sessions { sessions, more }))
}

/// `GET /api/sessions/{session}`: a session with its slide and counts.
pub(super) async fn session(State(app): Shared, At(id): At<SessionId>) -> Result<Response, Problem> {
    let read = move |reader: &RecordReader| {
        Ok((reader.session(id)?, reader.slide(id)?, reader.counts(Some(id))?, reader.cell_count(id)?))
    };
    let (session, slide, counts, cells) = app.reads.read(read).await?;
    Ok(json(&Summary::new(session, slide, counts, cells)))
}

/// `GET /api/sessions/{session}/cells`: the cells of a session, with what people called them.
pub(super) async fn cells(State(app): Shared, At(id): At<SessionId>) -> Result<Response, Problem> {
    Ok(json(&Cells::of(app.reads.read(move |reader| reader.cells(id)).await?)))
}

/// `GET /api/sessions/{session}/fields?after=N`: up to 100 fields after number `N`.
pub(super) async fn fields(
    State(app): Shared,
    At(id): At<SessionId>,
    Asked(After { after }): Asked<After>,
) -> Result<Response, Problem> {
    let known = move |reader: &RecordReader| reader.session(id).and_then(|_| reader.fields(id, after, PAGE));
    let fields = app.reads.read(known).await?;
    let more = fields.len() == PAGE as usize;
    Ok(json(&Fields { fields, more }))
}

/// `GET /api/sessions/{session}/opinions?after=N`: the fields answered after opinion `N`, with all their opinions.
pub(super) async fn opinions(
    State(app): Shared,
    At(id): At<SessionId>,
    Asked(After { after }): Asked<After>,
) -> Result<Response, Problem> {
    let known = move |reader: &RecordReader| reader.session(id).and_then(|_| reader.spoken_since(id, after));
    let (fields, last) = app.reads.read(known).await?;
    Ok(json(&Spoken { fields, last }))
}

/// `GET /api/sessions/{session}/fields/{field}`: one field.
pub(super) async fn field(
    State(app): Shared,
    At(id): At<SessionId>,
    At(FieldNumber(number)): At<FieldNumber>,
) -> Result<Response, Problem> {
    Ok(json(&app.reads.read(move |reader| reader.field(id, number)).await?))
}

/// `GET /api/sessions/{session}/fields/{field}/picture.jpg`: the stored picture, JPEG or PNG.
pub(super) async fn picture(
    State(app): Shared,
    At(id): At<SessionId>,
    At(FieldNumber(number)): At<FieldNumber>,
) -> Result<Response, Problem> {
    let kept = app.reads.read(move |reader| reader.picture(id, number)).await?;
    Ok(bytes_of(kept.format.media_type(), kept.bytes))
}

/// `GET /api/sessions/{session}/fields/{field}/cells.jpg`: the cells side by side, made when the field was saved.
pub(super) async fn cell_strip(
    State(app): Shared,
    At(id): At<SessionId>,
    At(FieldNumber(number)): At<FieldNumber>,
) -> Result<Response, Problem> {
    let strip = app.reads.read(move |reader| reader.cell_strip(id, number)).await?;
    Ok(bytes_of("image/jpeg", strip))
}

/// `GET /api/sessions/{session}/fields/{field}/thumbnail.jpg`: the thumbnail made when the field was saved.
pub(super) async fn thumbnail(
    State(app): Shared,
    At(id): At<SessionId>,
    At(FieldNumber(number)): At<FieldNumber>,
) -> Result<Response, Problem> {
    let small = app.reads.read(move |reader| reader.thumbnail(id, number)).await?;
    Ok(bytes_of("image/jpeg", small))
}
