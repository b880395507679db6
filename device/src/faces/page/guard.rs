//! Checks on every request, and headers of every answer.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Instant,
};

use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    access::{Denied, HEADER, Now},
    app::App,
    connections::Held,
    problem::Problem,
};

/// The peer of a request, and its connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) connection: Arc<Held>,
}

/// Proxy header with the client's address; each proxy appends to it.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Nothing from elsewhere, no inline script or style, no embedding in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Peer>().map(|peer| Arc::clone(&peer.connection));
    // A request with a body is complete once its body was read.
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        work(&request);
    }
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(connection) = connection {
        connection.work(false, Instant::now());
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Patients' pictures must not stay in a cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Marks the request as complete: its connection stays open until it is answered.
pub(super) fn work(request: &Request) {
    if let Some(peer) = request.extensions().get::<Peer>() {
        peer.connection.work(true, Instant::now());
    }
}

/// Whether the page came over TLS, through a proxy.
pub(super) fn is_secure(app: &App, headers: &HeaderMap) -> bool {
    text(headers, &header::ORIGIN).is_some_and(|origin| app.names.is_secure(origin))
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn check(app: &App, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let foreign = |reason| {
        let remedy = "open the address that `blastscope live` shows at its start";
        Problem::new(StatusCode::FORBIDDEN, reason, remedy)
    };
    let host = text(headers, &header::HOST).unwrap_or_default();
    if !app.names.know(host) {
        return Err(foreign("the Host header does not name this device"));
    }
    if headers.contains_key(header::ORIGIN) {
        // An Origin that is not text is not ours either.
        let own = text(headers, &header::ORIGIN).is_some_and(|origin| app.names.is_own(origin, host));
        if !own {
            return Err(foreign("the request comes from another page"));
        }
    }
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    let api = request.uri().path().starts_with("/api/");
    if api && site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(foreign("the request comes from another page"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let header = HeaderName::from_static(HEADER);
        if text(headers, &header) != Some("1") {
            return Err(foreign("a request that changes something lacks the header x-blastscope: 1"));
        }
    }
    // Public files reveal nothing; logging in needs no cookie yet.
    if !api || matches!(request.uri().path(), "/api/login" | "/api/enter") {
        return Ok(());
    }
    let admitted = app.access.admit(
        peer(app, request.extensions(), headers),
        text(headers, &header::COOKIE),
        text(headers, &header::AUTHORIZATION),
        Now::read(),
    );
    admitted.map_err(denied)
}

/// The sender of a request: the connected peer, or the client named by a trusted proxy.
pub(super) fn peer(app: &App, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let own = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address);
    if !app.trusts(own) {
        return own;
    }
    // Several headers form one list; the last name is the peer that the proxy itself saw.
    let last = headers.get_all(FORWARDED).iter().next_back().and_then(|value| value.to_str().ok());
    let named = last.and_then(|list| list.rsplit(',').next()).and_then(|name| name.trim().parse().ok());
    named.unwrap_or(own)
}

pub(super) fn denied(denied: Denied) -> Problem {
    match denied {
        Denied::Unknown => Problem::new(
            StatusCode::UNAUTHORIZED,
            "this page requires a token, and no valid one was given",
            "give the token that `blastscope live` shows at its start, or scan its QR code",
        ),
        Denied::Used => Problem::new(
            StatusCode::UNAUTHORIZED,
            "this link was used already, or has expired",
            "scan the code that `blastscope token` shows, a new one each time, or give the token",
        ),
        Denied::Limited { wait } => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too many wrong tokens were given",
            "wait a minute, then give the token that `blastscope live` shows at its start",
        )
        .wait(wait),
    }
}
