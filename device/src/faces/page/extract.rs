//! Extractors: parts of the path, queries, bodies, and the caller. Invalid input is answered with reason and remedy.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request},
    http::{HeaderName, StatusCode, request::Parts},
};
use blastscope_shared::Class;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{app::App, guard, problem::Problem};
use crate::record::SessionId;

/// Largest body of a request, in bytes: a note of 2000 letters fits.
const LARGEST: usize = 16 << 10;
/// How long a body may take.
const BODY: Duration = Duration::from_secs(10);
/// Where every request is documented.
const DOCUMENT: &str =
    "docs/http.md lists the fields of every request (on the device: /usr/share/doc/blastscope/http.md)";

/// A part of the path.
pub(super) struct At<T>(pub(super) T);

/// A part of the path that can be parsed.
pub(super) trait Part: Sized {
    /// Its name in the route.
    const NAME: &'static str;

    /// Parses it.
    fn read(text: &str) -> Result<Self, Problem>;
}

impl<T: Part> FromRequestParts<Arc<App>> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let unreadable = || Problem::bad("the address cannot be read", DOCUMENT);
        let path = RawPathParams::from_request_parts(parts, app).await.map_err(|_| unreadable())?;
        let part = path.iter().find(|(name, _)| *name == T::NAME);
        part.ok_or_else(unreadable).and_then(|(_, text)| T::read(text)).map(Self)
    }
}

impl Part for SessionId {
    const NAME: &'static str = "session";

    fn read(text: &str) -> Result<Self, Problem> {
        text.parse().map_err(|_| Problem::bad("a session is a number from 1", "GET /api/sessions lists them"))
    }
}

/// Number of a field in its session.
pub(super) struct FieldNumber(pub(super) u64);

impl Part for FieldNumber {
    const NAME: &'static str = "field";

    fn read(text: &str) -> Result<Self, Problem> {
        let wrong = |_| Problem::bad("a field is a number from 1", "GET /api/sessions/{session}/fields lists them");
        text.parse().map(Self).map_err(wrong)
    }
}

/// The class of a heat map; `None` for the most probable one.
pub(super) struct MapClass(pub(super) Option<Class>);

impl Part for MapClass {
    const NAME: &'static str = "class";

    fn read(text: &str) -> Result<Self, Problem> {
        let name = text.strip_suffix(".png").unwrap_or(text);
        if name == "likely" {
            return Ok(Self(None));
        }
        let unknown = |_| Problem::bad("there is no such class", "ask for Benign, Early, Pre, Pro or likely");
        name.parse().map(|class| Self(Some(class))).map_err(unknown)
    }
}

/// The query, parsed.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, app).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(Problem::bad(rejection.body_text(), DOCUMENT)),
        }
    }
}

/// The JSON body, parsed; an empty body is `{}`.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, _: &Arc<App>) -> Result<Self, Problem> {
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
        let wrong = |error| Problem::bad(format!("the request does not have the expected form: {error}"), DOCUMENT);
        serde_json::from_slice(text).map(Self).map_err(wrong)
    }
}

/// The badge of a screen that gave a PIN, from [`BADGE`].
pub(super) struct Badge(pub(super) Option<String>);

/// Header with the badge.
const BADGE: HeaderName = HeaderName::from_static("x-blastscope-badge");

impl FromRequestParts<Arc<App>> for Badge {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self(parts.headers.get(BADGE).and_then(|badge| badge.to_str().ok()).map(str::to_owned)))
    }
}

/// The caller.
pub(super) struct Caller {
    /// The connected peer, or the client named by a trusted proxy.
    pub(super) peer: IpAddr,
    /// Whether the page came over TLS, through a proxy.
    pub(super) secure: bool,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let peer = guard::peer(app, &parts.extensions, &parts.headers);
        Ok(Self { peer, secure: guard::is_secure(app, &parts.headers) })
    }
}
