//! What changes something. Every answer comes after the disk's.

use std::{sync::Arc, time::Duration};

use axum::{
    body::to_bytes,
    extract::{Path, Request},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use super::{
    access::Now,
    answer::{Problem, json},
    app::App,
    guard,
    review::Number,
};
use crate::{
    instrument::{Order, Refusal},
    record::{Label, Receipt, Says, Seen, SessionId},
};

/// Largest body of a request, in bytes: a note of 2000 letters fits.
const LARGEST: usize = 16 << 10;
/// How long a body may take.
const BODY: Duration = Duration::from_secs(10);
/// How long the disk may take; the page waits a little longer.
const DISK: Duration = Duration::from_secs(8);

/// Reads a body as JSON.
async fn body<T: DeserializeOwned>(mut request: Request) -> Result<T, Problem> {
    let body = std::mem::take(request.body_mut());
    let read = timeout(BODY, to_bytes(body, LARGEST)).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "the request took too long", "check the network, then try again")
    })?;
    let bytes = read.map_err(|_| {
        let reason = format!("the request is larger than {LARGEST} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, reason, "shorten the note to 2000 letters")
    })?;
    guard::work(&request);
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| {
        Problem::bad(
            format!("the request is not what is expected here: {error}"),
            "send the JSON that the documentation names",
        )
    })
}

#[derive(Serialize)]
struct Done {
    saved: Receipt,
}

/// Gives an order and waits for the disk.
async fn order(app: &App, order: Order) -> Result<Response, Problem> {
    let answer = app.remote.give(order)?;
    let saved = timeout(DISK, answer.get()).await.unwrap_or(Err(Refusal::Slow))?;
    Ok(json(&Done { saved }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    session: SessionId,
    /// Number of the frame that was seen; without it, whatever is under the objective is taken.
    #[serde(default)]
    frame: Option<u64>,
}

/// `POST /api/take`: takes the field that was seen, into the session that was named.
pub(super) async fn take(app: Arc<App>, request: Request) -> Result<Response, Problem> {
    let Take { session, frame } = body(request).await?;
    order(&app, Order::Take { session, frame }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSession {
    specimen: String,
    operator: String,
}

/// `POST /api/sessions`: starts a session.
pub(super) async fn start(app: Arc<App>, request: Request) -> Result<Response, Problem> {
    let NewSession { specimen, operator } = body(request).await?;
    order(&app, Order::Start { specimen: specimen.trim().into(), operator: operator.trim().into() }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(default)]
    reason: String,
}

/// `POST /api/sessions/{session}/end`: ends the session that goes on, or one that was left open.
pub(super) async fn end(app: Arc<App>, Path(id): Path<Number>, request: Request) -> Result<Response, Problem> {
    let session = id.session()?;
    let End { reason } = body(request).await?;
    let given = Some(reason).filter(|reason| !reason.trim().is_empty());
    if app.remote.snapshot().left.as_ref().is_some_and(|left| left.id == session) {
        let reason = given.unwrap_or_else(|| "cut off; closed by the operator".into());
        return order(&app, Order::Close { session, reason }).await;
    }
    let reason = given.unwrap_or_else(|| "ended by the operator".into());
    order(&app, Order::End { session, reason }).await
}

/// `POST /api/sessions/{session}/continue`: goes on with a session that was left open when the program was cut off.
pub(super) async fn go_on(app: Arc<App>, Path(id): Path<Number>, request: Request) -> Result<Response, Problem> {
    let session = id.session()?;
    let Nothing {} = body(request).await?;
    order(&app, Order::Continue { session }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opinion {
    /// What the field shows; absent where the model is right.
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    confirm: bool,
    #[serde(default)]
    note: String,
    /// Who says so.
    by: String,
    /// How many opinions of the field were shown to whoever says so.
    #[serde(default)]
    seen: u64,
    /// Whether whoever says so knows that it changes what was signed off.
    #[serde(default)]
    amends: bool,
    /// A name for the request: the same request again is the same opinion.
    #[serde(default)]
    request: Option<String>,
}

/// `POST /api/sessions/{session}/fields/{field}/opinion`: confirms or corrects a field, where it is as it was shown.
pub(super) async fn opinion(
    app: Arc<App>,
    Path((id, field)): Path<(Number, Number)>,
    request: Request,
) -> Result<Response, Problem> {
    let (session, sequence) = (id.session()?, field.field()?);
    let Opinion { label, confirm, note, by, seen, amends, request } = body(request).await?;
    let says = match (label, confirm) {
        (None, true) => Says::Confirms,
        (Some(label), false) => {
            let label = label.parse::<Label>();
            Says::Corrects(label.map_err(|error| Problem::bad(error, "choose one of these labels"))?)
        }
        _ => return Err(Problem::bad("an opinion is a label or a confirmation", "send either label or confirm: true")),
    };
    let seen = Seen { opinions: seen, amends, request };
    order(&app, Order::Opinion { session, sequence, says, note, by: by.trim().into(), seen }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignOff {
    by: String,
}

/// `POST /api/sessions/{session}/sign-off`: signs a session off; the one that goes on ends with it.
pub(super) async fn sign_off(app: Arc<App>, Path(id): Path<Number>, request: Request) -> Result<Response, Problem> {
    let session = id.session()?;
    let SignOff { by } = body(request).await?;
    order(&app, Order::SignOff { session, by: by.trim().into() }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    token: String,
}

#[derive(Serialize)]
struct In {
    admitted: bool,
}

/// `POST /api/login`: a cookie for the token.
pub(super) async fn log_in(app: Arc<App>, request: Request) -> Result<Response, Problem> {
    let (peer, secure) = (guard::peer(&app, &request), guard::is_secure(&app, &request));
    let LogIn { token } = body(request).await?;
    admitted(app.access.log_in(peer, &token, secure, Now::read()).map_err(guard::denied)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enter {
    code: String,
}

/// `POST /api/enter`: a cookie for the code of a link, once.
pub(super) async fn enter(app: Arc<App>, request: Request) -> Result<Response, Problem> {
    let (peer, secure) = (guard::peer(&app, &request), guard::is_secure(&app, &request));
    let Enter { code } = body(request).await?;
    admitted(app.access.enter(peer, &code, secure, Now::read()).map_err(guard::denied)?)
}

fn admitted(cookie: std::io::Result<String>) -> Result<Response, Problem> {
    let failed = |reason: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, reason, "try again");
    with_cookie(&In { admitted: true }, &cookie.map_err(|error| failed(error.to_string()))?)
}

fn with_cookie(answer: &In, cookie: &str) -> Result<Response, Problem> {
    let cookie = HeaderValue::from_str(cookie)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), "try again"))?;
    let mut response = json(answer);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `POST /api/logout`: forgets the cookie.
pub(super) async fn log_out(app: Arc<App>, request: Request) -> Result<Response, Problem> {
    let removed = app.access.log_out(guard::text(request.headers(), &header::COOKIE), Now::read());
    with_cookie(&In { admitted: false }, &removed)
}
