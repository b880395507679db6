//! What goes on for ever: the live picture and the state. Each viewer takes the latest, and is asked for more only when it has
//! read what came before.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures_util::stream::unfold;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until, timeout},
};

use super::{
    answer::{Problem, bytes_of},
    routes::App,
};

/// Shortest time between two states.
const PERIOD: Duration = Duration::from_millis(100);
/// Longest time without a sign, so that a page notices when the device is gone.
const SIGN: Duration = Duration::from_secs(2);

type Never = std::convert::Infallible;

fn slot(slots: &Arc<Semaphore>, what: &str) -> Result<OwnedSemaphorePermit, Problem> {
    let busy = || Problem::busy(&format!("too many windows watch {what}"));
    Arc::clone(slots).try_acquire_owned().map_err(|_| busy())
}

/// `GET /api/live.mjpg`: the live picture as `multipart/x-mixed-replace`.
pub(super) async fn live(app: Arc<App>) -> Result<Response, Problem> {
    let slot = slot(&app.viewers, "the live picture")?;
    let pictures = app.live.subscribe();
    let start = Some(Bytes::from_static(b"--frame\r\n"));
    let stream = unfold((pictures, start, slot), |(mut pictures, start, slot)| async move {
        if let Some(start) = start {
            return Some((Ok::<_, Never>(start), (pictures, None, slot)));
        }
        loop {
            pictures.changed().await.ok()?;
            let Some(jpeg) = pictures.borrow_and_update().clone() else { continue };
            let mut part = format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len()).into_bytes();
            part.extend_from_slice(&jpeg);
            // The boundary comes at once: browsers show a part when it ends.
            part.extend_from_slice(b"\r\n--frame\r\n");
            return Some((Ok(part.into()), (pictures, None, slot)));
        }
    });
    Ok(bytes_of("multipart/x-mixed-replace; boundary=frame", Body::from_stream(stream)))
}

/// `GET /api/events`: the state as server-sent events, at most ten a second and at least one in two seconds.
pub(super) async fn events(app: Arc<App>) -> Result<Response, Problem> {
    let slot = slot(&app.listeners, "the state")?;
    let mut snapshots = app.remote.snapshots();
    snapshots.mark_changed();
    let stream = unfold((snapshots, slot, Instant::now()), |(mut snapshots, slot, next)| async move {
        sleep_until(next).await;
        if let Ok(Err(_)) = timeout(SIGN, snapshots.changed()).await {
            return None;
        }
        let snapshot = snapshots.borrow_and_update().clone();
        let mut event = b"data: ".to_vec();
        serde_json::to_writer(&mut event, &*snapshot).ok()?;
        event.extend_from_slice(b"\n\n");
        Some((Ok::<_, Never>(Bytes::from(event)), (snapshots, slot, Instant::now() + PERIOD)))
    });
    Ok(bytes_of("text/event-stream", Body::from_stream(stream)))
}
