//! The live view: a picture and what is said of it, in one answer.
//!
//! ```text
//! GET /api/live?seen=REVISION&picture=NUMBER
//! -> {"revision":..., "sequence":NUMBER, "said":..., "picture":true, ...} newline JPEG
//! ```
//! The page asks again as soon as it has shown an answer; each comes when there is something newer than what was seen, at the latest
//! after [`SIGN`]. So nothing goes on for ever: every step has its own time limit and status, a picture cannot stand beside another
//! one's verdict, a slow client is asked for no more than it takes, and a window holds one connection for [`SIGN`] at most. Streams
//! (server-sent events, `multipart/x-mixed-replace`) hold two for good of the six that a browser opens, so that a third window stopped
//! every button; and a web socket, which does not count among the six, is refused by many a proxy and hides why it was refused.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Bytes, response::Response};
use serde::Serialize;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout},
};

use super::{
    answer::{Problem, bytes_of},
    pictures,
    routes::App,
};
use crate::station::Snapshot;

/// Shortest time between two views: enough for the hand at the stage.
const PERIOD: Duration = Duration::from_millis(80);
/// Longest time without an answer, so that a page notices when the device is gone.
const SIGN: Duration = Duration::from_secs(1);
/// Longest side of the picture, in pixels.
const LONGEST: usize = 960;
/// How often to look whether somebody looks.
const LOOK_AROUND: Duration = Duration::from_millis(50);
/// How long pictures are made after somebody has asked.
const WATCHED: Duration = Duration::from_secs(3);

/// What is seen at once.
#[derive(Clone, Debug)]
struct View {
    /// Grows by one with every view.
    revision: u64,
    snapshot: Arc<Snapshot>,
    /// The snapshot's frame.
    jpeg: Option<Bytes>,
    /// When the instrument said so.
    since: Instant,
}

/// The latest view, made once for all who look, and only while somebody looks.
#[derive(Debug)]
pub(super) struct LiveView {
    views: watch::Sender<Option<View>>,
    asked: Mutex<Option<Instant>>,
}

impl LiveView {
    pub(super) fn new() -> Self {
        Self { views: watch::Sender::new(None), asked: Mutex::default() }
    }

    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_watched(&self) -> bool {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|asked| asked.elapsed() < WATCHED)
    }
}

/// The newest word of the instrument, and when it came.
type Heard = Option<(Arc<Snapshot>, Instant)>;

/// When `snapshot` was heard first: what a hung instrument said last does not become new because somebody comes to look.
fn since(heard: &mut Heard, snapshot: &Arc<Snapshot>) -> Instant {
    match heard {
        Some((before, since)) if Arc::ptr_eq(before, snapshot) => *since,
        _ => heard.insert((Arc::clone(snapshot), Instant::now())).1,
    }
}

/// Makes views until the instrument ends.
pub(super) async fn work(app: Arc<App>) {
    let mut snapshots = app.remote.snapshots();
    let mut heard = None;
    let mut revision = 0;
    let mut encoded: Option<(u64, Bytes)> = None;
    loop {
        let next = Instant::now() + PERIOD;
        if !app.live.is_watched() {
            // An old picture must not greet the next viewer.
            app.live.views.send_replace(None);
            // It may hang while nobody looks, too.
            since(&mut heard, &snapshots.borrow());
            sleep_until(Instant::now() + LOOK_AROUND).await;
            snapshots.mark_changed();
            continue;
        }
        match timeout(LOOK_AROUND, snapshots.changed()).await {
            Err(_) => continue,
            Ok(Err(_)) => return,
            Ok(Ok(())) => {}
        }
        let snapshot = snapshots.borrow_and_update().clone();
        let since = since(&mut heard, &snapshot);
        encoded = match (snapshot.frame.clone(), encoded.take()) {
            (None, _) => None,
            (Some(frame), Some((number, jpeg))) if number == frame.sequence => Some((number, jpeg)),
            (Some(frame), _) => {
                let number = frame.sequence;
                let jpeg = spawn_blocking(move || pictures::jpeg(&frame.picture, LONGEST).ok()).await.ok().flatten();
                jpeg.map(|jpeg| (number, Bytes::from(jpeg)))
            }
        };
        revision += 1;
        let jpeg = encoded.as_ref().map(|(_, jpeg)| jpeg.clone());
        app.live.views.send_replace(Some(View { revision, snapshot, jpeg, since }));
        sleep_until(next).await;
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    snapshot: &'a Snapshot,
    revision: u64,
    /// How long ago the instrument said so, in milliseconds: it says so many times a second, or hangs.
    age_ms: u64,
    /// Whether the picture follows; it does not where the client has it already.
    picture: bool,
    /// What is to be said of model and program, in sentences.
    notices: &'a [String],
}

/// `GET /api/live?seen=REVISION&picture=NUMBER`: see the [module](self).
pub(super) async fn live(app: Arc<App>, query: Option<String>) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let number = |name: &str| -> Result<Option<u64>, Problem> {
        let given = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let wrong = |_| Problem::bad(format!("{name} is not a number"), "give the number that the last answer had");
        given.filter(|text| !text.is_empty()).map(|text| text.parse().map_err(wrong)).transpose()
    };
    let (seen, pictured) = (number("seen")?, number("picture")?);
    app.live.ask();
    let mut views = app.live.views.subscribe();
    let newer = |view: &Option<View>| view.as_ref().is_some_and(|view| Some(view.revision) != seen);
    // What is there after that time is the answer, also where it is not new.
    drop(timeout(SIGN, views.wait_for(newer)).await);
    let view = views.borrow().clone().ok_or_else(|| Problem::busy("the instrument has shown nothing yet"))?;
    let jpeg = view.jpeg.as_ref().filter(|_| view.snapshot.sequence != pictured);
    let notices = app.notices.current();
    let shown = Shown {
        snapshot: &view.snapshot,
        revision: view.revision,
        age_ms: u64::try_from(view.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        picture: jpeg.is_some(),
        notices: &notices,
    };
    let mut body =
        serde_json::to_vec(&shown).map_err(|error| Problem::busy(&format!("the state is unreadable ({error})")))?;
    body.push(b'\n');
    body.extend_from_slice(jpeg.map_or(&[], |jpeg| jpeg));
    Ok(bytes_of("application/octet-stream", body))
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    #[test]
    fn an_old_word_stays_old_however_often_it_is_heard() {
        let mut heard = None;
        let first = Arc::new(Snapshot::default());
        let came = since(&mut heard, &first);
        sleep(Duration::from_millis(5));
        assert_eq!(since(&mut heard, &first), came);
        // The same words again are a sign of life.
        let second = Arc::new(Snapshot::default());
        let next = since(&mut heard, &second);
        assert!(next > came);
        sleep(Duration::from_millis(5));
        assert_eq!(since(&mut heard, &second), next);
    }
}
