//! The latest view: a frame, its verdict and its JPEG, made once for all viewers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout},
};

use super::pictures;
use crate::station::Snapshot;

/// Shortest time between two views: fast enough for the hand on the stage.
const PERIOD: Duration = Duration::from_millis(80);
/// Longest side of the picture, in pixels.
const LONGEST: usize = 960;
/// Poll interval for viewers.
const LOOK_AROUND: Duration = Duration::from_millis(50);
/// How long views are made after the last request.
const WATCHED: Duration = Duration::from_secs(3);

/// A frame with its verdict.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Increases by one with every view.
    pub(super) revision: u64,
    pub(super) snapshot: Arc<Snapshot>,
    /// The snapshot's frame as JPEG.
    pub(super) jpeg: Option<Bytes>,
    /// When the instrument reported it.
    pub(super) since: Instant,
}

/// The latest view, made once for all viewers, and only while somebody watches.
#[derive(Debug, Default)]
pub(super) struct LiveView {
    views: watch::Sender<Option<View>>,
    asked: Mutex<Option<Instant>>,
}

impl LiveView {
    /// Keeps views coming for [`WATCHED`], and returns them.
    pub(super) fn ask(&self) -> watch::Receiver<Option<View>> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.views.subscribe()
    }

    fn is_watched(&self) -> bool {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|asked| asked.elapsed() < WATCHED)
    }
}

/// The newest snapshot, and when it came.
type Heard = Option<(Arc<Snapshot>, Instant)>;

/// When `snapshot` was first seen: the last state of a hung instrument does not become new when a viewer comes.
fn since(heard: &mut Heard, snapshot: &Arc<Snapshot>) -> Instant {
    match heard {
        Some((before, since)) if Arc::ptr_eq(before, snapshot) => *since,
        _ => heard.insert((Arc::clone(snapshot), Instant::now())).1,
    }
}

/// Makes views until the instrument ends.
pub(super) async fn work(mut snapshots: watch::Receiver<Arc<Snapshot>>, live: Arc<LiveView>) {
    let mut heard = None;
    let mut revision = 0;
    let mut encoded: Option<(u64, Bytes)> = None;
    loop {
        let next = Instant::now() + PERIOD;
        if !live.is_watched() {
            // The next viewer must not see an old picture first.
            live.views.send_replace(None);
            // The instrument may hang while nobody watches, too.
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
        live.views.send_replace(Some(View { revision, snapshot, jpeg, since }));
        sleep_until(next).await;
    }
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
        // An equal snapshot is still a sign of life.
        let second = Arc::new(Snapshot::default());
        let next = since(&mut heard, &second);
        assert!(next > came);
        sleep(Duration::from_millis(5));
        assert_eq!(since(&mut heard, &second), next);
    }
}
