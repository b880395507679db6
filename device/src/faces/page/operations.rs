//! Requests that change something. Each is answered once the disk has confirmed.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tokio::time::{Instant, timeout_at};

use super::{
    access::Now,
    app::{App, Shared},
    extract::{At, Badge, Body, Caller, FieldNumber},
    guard,
    problem::{Problem, json},
    reads::DISK,
    wire::{
        answer::{Admission, Done},
        request::{
            CorrectSpecimen, End, Enter, HandOver, LabelCells, LogIn, NewSession, Nothing, Opinion, Reopen, SignOff,
            Take,
        },
    },
};
use crate::{
    record::{CellLabel, Label, LabelsSeen, OpinionKind, RecordReader, Says, Seen, SessionId},
    station::{Change, Order, Refusal, behind},
};

/// The remedy for an answer that is none.
const KINDS: &str = "send kind correction with a label, or confirmation, withdrawal, exclusion or undo without one";

/// Gives an order and waits until it is on the disk.
async fn order(app: &App, order: Order) -> Result<Response, Problem> {
    order_until(app, order, Instant::now() + DISK).await
}

async fn order_until(app: &App, order: Order, limit: Instant) -> Result<Response, Problem> {
    let answer = app.remote.give(order)?;
    let saved = timeout_at(limit, answer.get()).await.unwrap_or(Err(Refusal::Slow))?;
    Ok(json(&Done { saved }))
}

/// The session, if it is the one that the page showed. A page left open while the program restarts with another record shows
/// another slide under the same number.
async fn shown(app: &App, id: SessionId, started: &str, limit: Instant) -> Result<(), Problem> {
    let session = app.reads.read_before_order(limit, move |reader| reader.session(id)).await?;
    if session.started_utc == started {
        return Ok(());
    }
    let reason = format!("session {id} of this record started at {}, not at {started:.40}", session.started_utc);
    Err(Problem::new(StatusCode::CONFLICT, reason, "look at what is shown now, then decide"))
}

/// `POST /api/take`: takes the field on display into the named session.
pub(super) async fn take(State(app): Shared, Body(Take { session, frame }): Body<Take>) -> Result<Response, Problem> {
    order(&app, Order::Take { session, frame }).await
}

/// The name under which a screen acts, if its person has no PIN, or the screen has given it.
fn admitted_as(app: &App, name: &str, badge: &Badge) -> Result<String, Problem> {
    let name = name.trim();
    app.people.admit(name, badge.0.as_deref(), std::time::Instant::now())?;
    Ok(name.into())
}

/// `POST /api/sessions`: starts a session.
pub(super) async fn start(
    State(app): Shared,
    badge: Badge,
    Body(NewSession { specimen, operator }): Body<NewSession>,
) -> Result<Response, Problem> {
    let operator = admitted_as(&app, &operator, &badge)?;
    order(&app, Order::Start { specimen: specimen.trim().into(), operator }).await
}

/// `POST /api/sessions/{session}/hand-over`: another person takes over the microscope.
pub(super) async fn hand_over(
    State(app): Shared,
    At(session): At<SessionId>,
    badge: Badge,
    Body(HandOver { to }): Body<HandOver>,
) -> Result<Response, Problem> {
    let to = admitted_as(&app, &to, &badge)?;
    order(&app, Order::Change { session, change: Change::HandOver { to } }).await
}

/// `POST /api/sessions/{session}/specimen`: corrects a mistyped pseudonym, if the session is still the one shown.
pub(super) async fn correct_specimen(
    State(app): Shared,
    At(session): At<SessionId>,
    badge: Badge,
    Body(CorrectSpecimen { started, specimen, by }): Body<CorrectSpecimen>,
) -> Result<Response, Problem> {
    let by = admitted_as(&app, &by, &badge)?;
    let limit = Instant::now() + DISK;
    shown(&app, session, &started, limit).await?;
    let change = Change::Specimen { specimen: specimen.trim().into(), by };
    order_until(&app, Order::Change { session, change }, limit).await
}

/// `POST /api/sessions/{session}/reopen`: goes on with a session that has ended and was never signed off.
pub(super) async fn reopen(
    State(app): Shared,
    At(session): At<SessionId>,
    badge: Badge,
    Body(Reopen { started, by }): Body<Reopen>,
) -> Result<Response, Problem> {
    let by = admitted_as(&app, &by, &badge)?;
    let limit = Instant::now() + DISK;
    shown(&app, session, &started, limit).await?;
    let version = app.remote.snapshot().record_version;
    let (origin, recognized) = (app.origin.clone(), app.recognized);
    let read = move |reader: &RecordReader| behind(reader, reader.session(session)?, &origin, recognized);
    let ended = Box::new(app.reads.read_before_order(limit, read).await?);
    order_until(&app, Order::Reopen { ended, version, by }, limit).await
}

/// `POST /api/sessions/{session}/end`: ends the open session, or one left open.
pub(super) async fn end(
    State(app): Shared,
    At(session): At<SessionId>,
    Body(End { reason }): Body<End>,
) -> Result<Response, Problem> {
    let given = Some(reason).filter(|reason| !reason.trim().is_empty());
    if app.remote.snapshot().left.as_ref().is_some_and(|left| left.id == session) {
        let reason = given.unwrap_or_else(|| "cut off; closed by the operator".into());
        return order(&app, Order::Close { session, reason }).await;
    }
    let reason = given.unwrap_or_else(|| "ended by the operator".into());
    order(&app, Order::End { session, reason }).await
}

/// `POST /api/sessions/{session}/continue`: continues a session that was cut off.
pub(super) async fn go_on(
    State(app): Shared,
    At(session): At<SessionId>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Response, Problem> {
    order(&app, Order::Continue { session }).await
}

/// `POST /api/sessions/{session}/fields/{field}/opinion`: confirms or corrects a field, if it is still as shown.
pub(super) async fn opinion(
    State(app): Shared,
    At(session): At<SessionId>,
    At(FieldNumber(sequence)): At<FieldNumber>,
    badge: Badge,
    Body(opinion): Body<Opinion>,
) -> Result<Response, Problem> {
    let Opinion { started, kind, label, note, by, seen, amends, request } = opinion;
    let kind = kind.parse::<OpinionKind>().map_err(|error| Problem::bad(error, KINDS))?;
    let says = match (kind, label) {
        (OpinionKind::Correction, Some(label)) => {
            let label = label.parse::<Label>();
            Says::Corrects(label.map_err(|error| Problem::bad(error, "choose one of these labels"))?)
        }
        (OpinionKind::Confirmation, None) => Says::Confirms,
        (OpinionKind::Withdrawal, None) => Says::Withdraws,
        (OpinionKind::Exclusion, None) => Says::Excludes,
        (OpinionKind::Undo, None) => Says::Undoes,
        (kind, _) => {
            let reason = format!("only a correction has a label, and it needs one; this is a {}", kind.name());
            return Err(Problem::bad(reason, KINDS));
        }
    };
    let by = admitted_as(&app, &by, &badge)?;
    let limit = Instant::now() + DISK;
    shown(&app, session, &started, limit).await?;
    let seen = Seen { opinions: seen, amends, request };
    let change = Change::Opinion { sequence, says, note, by, seen };
    order_until(&app, Order::Change { session, change }, limit).await
}

/// `POST /api/sessions/{session}/cells`: labels cells, if the session is still the one shown.
pub(super) async fn label_cells(
    State(app): Shared,
    At(session): At<SessionId>,
    badge: Badge,
    Body(labels): Body<LabelCells>,
) -> Result<Response, Problem> {
    let LabelCells { started, cells, label, by, seen: last, amends, request } = labels;
    let label = label.map(|label| label.parse::<CellLabel>()).transpose();
    let label = label.map_err(|error| Problem::bad(error, "choose one of these labels"))?;
    let by = admitted_as(&app, &by, &badge)?;
    let limit = Instant::now() + DISK;
    shown(&app, session, &started, limit).await?;
    let change = Change::Cells { cells, label, by, seen: LabelsSeen { last, amends, request } };
    order_until(&app, Order::Change { session, change }, limit).await
}

/// `POST /api/sessions/{session}/sign-off`: signs off a session if its fields are those shown; an open one ends with it.
pub(super) async fn sign_off(
    State(app): Shared,
    At(session): At<SessionId>,
    badge: Badge,
    Body(SignOff { started, fields, by }): Body<SignOff>,
) -> Result<Response, Problem> {
    let by = admitted_as(&app, &by, &badge)?;
    let limit = Instant::now() + DISK;
    shown(&app, session, &started, limit).await?;
    order_until(&app, Order::SignOff { session, by, fields: Some(fields) }, limit).await
}

/// `POST /api/login`: exchanges the token for a cookie.
pub(super) async fn log_in(
    State(app): Shared,
    Caller { peer, secure }: Caller,
    Body(LogIn { token }): Body<LogIn>,
) -> Result<Response, Problem> {
    admitted(app.access.log_in(peer, &token, secure, Now::read()).map_err(guard::denied)?)
}

/// `POST /api/enter`: exchanges the code of a link for a cookie, once.
pub(super) async fn enter(
    State(app): Shared,
    Caller { peer, secure }: Caller,
    Body(Enter { code }): Body<Enter>,
) -> Result<Response, Problem> {
    admitted(app.access.enter(peer, &code, secure, Now::read()).map_err(guard::denied)?)
}

fn admitted(cookie: std::io::Result<String>) -> Result<Response, Problem> {
    let failed = |reason: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, reason, "try again");
    with_cookie(&Admission { admitted: true }, &cookie.map_err(|error| failed(error.to_string()))?)
}

fn with_cookie(answer: &Admission, cookie: &str) -> Result<Response, Problem> {
    let cookie = HeaderValue::from_str(cookie)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), "try again"))?;
    let mut response = json(answer);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `POST /api/logout`: revokes the cookie.
pub(super) async fn log_out(State(app): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let removed = app.access.log_out(guard::text(&headers, &header::COOKIE), Now::read());
    with_cookie(&Admission { admitted: false }, &removed)
}
