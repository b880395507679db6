//! The live picture, encoded once for all who look, and only while somebody looks.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout},
};

use super::{pictures, routes::App};

/// Pictures a second at most: enough for the hand at the stage.
const PERIOD: Duration = Duration::from_millis(80);
/// Longest side, in pixels.
const LONGEST: usize = 960;
/// How often to look whether somebody looks, or whether they still do.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// A picture for viewers.
pub(super) type Shown = Option<Bytes>;

/// The latest encoded picture.
#[derive(Debug)]
pub(super) struct LivePicture(watch::Sender<Shown>);

impl LivePicture {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Shown> {
        self.0.subscribe()
    }
}

/// Encodes for ever.
pub(super) async fn work(app: Arc<App>) {
    let mut frames = app.remote.frames();
    loop {
        let next = Instant::now() + PERIOD;
        if app.live.0.receiver_count() == 0 {
            // An old picture must not greet the next viewer.
            app.live.0.send_replace(None);
            sleep_until(Instant::now() + LOOK_AROUND).await;
            frames.mark_changed();
            continue;
        }
        match timeout(LOOK_AROUND, frames.changed()).await {
            Err(_) => continue,
            Ok(Err(_)) => return,
            Ok(Ok(())) => {}
        }
        let frame = frames.borrow_and_update().clone();
        let encoded = match frame {
            Some(frame) => spawn_blocking(move || pictures::jpeg(&frame.picture, LONGEST).ok()).await.ok().flatten(),
            None => None,
        };
        app.live.0.send_replace(encoded.map(Bytes::from));
        sleep_until(next).await;
    }
}
