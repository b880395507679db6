//! What is on the disk: sessions, fields, pictures.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};
use blastscope_shared::{Class, Rate};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{
    answer::{Problem, bytes_of, json},
    app::App,
};
use crate::{
    classify::ByClass,
    record::{Counts, Field, RecordError, RecordReader, Session, SessionId, Tally},
    report::{malignant_share, share},
};

/// Fields in one answer.
const PAGE: u32 = 100;

/// A number in a path; what is no number gets an answer that says so.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Number(String);

impl Number {
    pub(super) fn session(&self) -> Result<SessionId, Problem> {
        self.0
            .parse()
            .map_err(|_| Problem::bad("a session is a number from 1", "ask /api/sessions for those there are"))
    }

    pub(super) fn field(&self) -> Result<u64, Problem> {
        let name = self.0.strip_suffix(".jpg").unwrap_or(&self.0);
        name.parse().map_err(|_| Problem::bad("a field is a number from 1", "ask for the session's fields"))
    }
}

/// Reads the record on a thread that may wait for the disk.
pub(super) async fn read<T: Send + 'static>(
    app: &Arc<App>,
    what: impl FnOnce(&RecordReader) -> Result<T, RecordError> + Send + 'static,
) -> Result<T, Problem> {
    let folder = app.data_dir.clone();
    let done = spawn_blocking(move || RecordReader::open(&folder).and_then(|reader| what(&reader))).await;
    match done {
        Ok(read) => read.map_err(Problem::from),
        Err(error) => Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the record could not be read ({error})"),
            "try again; if it stays so, start `blastscope live` again",
        )),
    }
}

#[derive(Serialize)]
struct Sessions {
    sessions: Vec<Session>,
}

/// `GET /api/sessions`: all, newest first.
pub(super) async fn sessions(app: Arc<App>) -> Result<Response, Problem> {
    let sessions = read(&app, RecordReader::sessions).await?;
    Ok(json(&Sessions { sessions }))
}

/// Shares of the fields that have a class.
#[derive(Serialize)]
struct Shares {
    classes: ByClass<Rate>,
    /// Early, Pre and Pro together.
    malignant: Rate,
}

impl Shares {
    fn of(tally: &Tally) -> Self {
        Self { classes: ByClass(Class::ALL.map(|class| share(tally, class))), malignant: malignant_share(tally) }
    }
}

#[derive(Serialize)]
struct Summary {
    session: Session,
    counts: Counts,
    /// Shares as the model said.
    said: Shares,
    /// Shares with what people said instead, where they did.
    corrected: Shares,
}

/// `GET /api/sessions/{session}`: a session with its counts.
pub(super) async fn session(app: Arc<App>, Path(id): Path<Number>) -> Result<Response, Problem> {
    let id = id.session()?;
    let (session, counts) = read(&app, move |reader| Ok((reader.session(id)?, reader.counts(Some(id))?))).await?;
    let (said, corrected) = (Shares::of(&counts.said), Shares::of(&counts.corrected));
    Ok(json(&Summary { session, counts, said, corrected }))
}

/// The number that `after=` gives; 0 where it is missing.
fn after(query: Option<&str>) -> Result<u64, Problem> {
    match query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("after="))) {
        None => Ok(0),
        Some(number) => {
            number.parse().map_err(|_| Problem::bad("after is not a number", "give the last number you have"))
        }
    }
}

#[derive(Serialize)]
struct Fields {
    fields: Vec<Field>,
    /// Whether there may be more after the last.
    more: bool,
}

/// `GET /api/sessions/{session}/fields?after=N`: up to 100 fields after number `N`.
pub(super) async fn fields(
    app: Arc<App>,
    Path(id): Path<Number>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (id, after) = (id.session()?, after(query.as_deref())?);
    let fields = read(&app, move |reader| {
        reader.session(id)?;
        reader.fields(id, after, PAGE)
    })
    .await?;
    let more = fields.len() == PAGE as usize;
    Ok(json(&Fields { fields, more }))
}

#[derive(Serialize)]
struct Spoken {
    fields: Vec<Field>,
    /// The newest opinion, to ask with the next time.
    last: u64,
}

/// `GET /api/sessions/{session}/opinions?after=N`: the fields that people have spoken of after opinion `N`, with all their opinions.
pub(super) async fn opinions(
    app: Arc<App>,
    Path(id): Path<Number>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (id, after) = (id.session()?, after(query.as_deref())?);
    let (fields, last) = read(&app, move |reader| {
        reader.session(id)?;
        reader.spoken_since(id, after)
    })
    .await?;
    Ok(json(&Spoken { fields, last }))
}

/// `GET /api/sessions/{session}/fields/{field}`: one field.
pub(super) async fn field(app: Arc<App>, Path((id, field)): Path<(Number, Number)>) -> Result<Response, Problem> {
    let (id, number) = (id.session()?, field.field()?);
    let field = read(&app, move |reader| reader.field(id, number)).await?;
    Ok(json(&field))
}

/// `GET /api/sessions/{session}/fields/{field}/picture.jpg`: as it was stored, JPEG or PNG.
pub(super) async fn picture(app: Arc<App>, Path((id, field)): Path<(Number, Number)>) -> Result<Response, Problem> {
    let (id, field) = (id.session()?, field.field()?);
    let kept = read(&app, move |reader| reader.picture(id, field)).await?;
    Ok(bytes_of(kept.format.media_type(), kept.bytes))
}

/// `GET /api/sessions/{session}/fields/{field}/thumbnail.jpg`: small, as it was made when the field was saved.
pub(super) async fn thumbnail(app: Arc<App>, Path((id, field)): Path<(Number, Number)>) -> Result<Response, Problem> {
    let (id, field) = (id.session()?, field.field()?);
    let small = read(&app, move |reader| reader.thumbnail(id, field)).await?;
    Ok(bytes_of("image/jpeg", small))
}
