//! The live view: a picture with its verdict, in one answer.
//!
//! ```text
//! GET /api/live?seen=REVISION&picture=NUMBER
//! -> {"revision":..., "sequence":NUMBER, "said":..., "picture":true, ...} newline JPEG
//! ```
//! The page asks again as soon as it has shown an answer. An answer comes when there is something newer, at the latest after
//! [`SIGN`]. So every step has its own time limit and status, a picture never appears with another frame's verdict, a slow client
//! gets no more than it can take, and a window holds one connection for [`SIGN`] at most. Streams (server-sent events,
//! `multipart/x-mixed-replace`) hold two of a browser's six connections for good, so a third window blocked every button; a web
//! socket is not among the six, but many proxies refuse it and hide the reason.

use std::time::Duration;

use axum::{extract::State, response::Response};
use tokio::time::timeout;

use super::{
    app::Shared,
    extract::Asked,
    live_view::View,
    problem::{Problem, bytes_of},
    wire::{answer::Live, request::LiveQuery},
};

/// Longest time without an answer: so the page notices when the device is gone.
const SIGN: Duration = Duration::from_secs(1);
/// `GET /api/live?seen=REVISION&picture=NUMBER`: see the [module](self).
pub(super) async fn live(
    State(app): Shared,
    Asked(LiveQuery { seen, picture: pictured }): Asked<LiveQuery>,
) -> Result<Response, Problem> {
    let mut views = app.live.ask();
    let newer = |view: &Option<View>| view.as_ref().is_some_and(|view| Some(view.revision) != seen);
    // After that time the current view is the answer, new or not.
    drop(timeout(SIGN, views.wait_for(newer)).await);
    let view = views.borrow().clone().ok_or_else(|| Problem::busy("the instrument has no state yet"))?;
    let jpeg = view.jpeg.as_ref().filter(|_| view.snapshot.sequence != pictured);
    let notices = app.notices.current();
    let live = Live {
        snapshot: &view.snapshot,
        revision: view.revision,
        age_ms: u64::try_from(view.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        picture: jpeg.is_some(),
        notices: &notices,
    };
    let mut body =
        serde_json::to_vec(&live).map_err(|error| Problem::busy(format!("the state is unreadable ({error})")))?;
    body.push(b'\n');
    body.extend_from_slice(jpeg.map_or(&[], |jpeg| jpeg));
    Ok(bytes_of("application/octet-stream", body))
}
