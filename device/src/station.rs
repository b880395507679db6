//! The station: a source, the pipeline, the fields of a slide and their record, in one loop.
//!
//! ```text
//! Follower (latest frame wins) -> Screening::step (pure) -> Snapshot with its Frame --watch--> viewers, who see only the latest
//!                                                 |                            \--Face--> a display that gets every frame
//!                                          Taken  v
//!                      Order (take, correct, ...) -> Session::step (pure) -> Effects --Job--> RecordWriter
//! ```
//! * [`Screening`](blastscope_core::screening::Screening) and [`Session`](blastscope_core::session::Session) are pure: a session
//!   can be replayed and asserted. This folder reads the clocks, writes and answers.
//! * A **field** is what the objective shows while the slide stands still. It is **taken**, which means recorded once, when its
//!   verdict has held for a while, or on the operator's order. It counts once, however long it stays and however often it returns.
//! * A session that was **left open** by a loss of power resumes, automatically or when the operator says so ([`LeftBehind`]).
//! * Viewers never delay a frame: they read the latest from a slot with frame and verdict together. The record's queue is bounded
//!   and refuses more.

mod desk;
mod face;
mod feed;
mod left;
mod snapshot;
mod unrecorded;
mod work;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

pub use blastscope_core::session::{Change, JUST_NOW, Left, OpenSession, Order, RECENT, Saving};
use blastscope_core::{
    field::Rules,
    pipeline::{Assessor, Settings},
    session::{self, LeftBehind},
};
use tokio::sync::{oneshot, watch};

pub(crate) use self::left::behind;
pub use self::{
    desk::Origin,
    face::{Face, News},
    feed::Feed,
    left::left_behind,
    snapshot::{Flow, Note, Snapshot},
};
use crate::{
    board::{Board, NoHardware},
    record::{Receipt, RecordError, RecordWriter},
    source::{FrameSource, SourceError},
};

/// Why an order was refused.
pub type Refusal = session::Refusal<RecordError>;

/// Maximum number of orders that wait for the thread.
const ORDERS: usize = 16;

/// The parts of a station.
pub struct Parts<A> {
    /// Assesses pictures.
    pub assessor: A,
    /// The pipeline's settings.
    pub settings: Settings,
    /// Rules for recognizing and taking fields.
    pub rules: Rules,
    /// The source of frames.
    pub feed: Feed,
    /// Writer of the record; `None` records nothing.
    pub record: Option<RecordWriter>,
    /// The session that was left open when the program was cut off.
    pub left: Option<LeftBehind>,
    /// Model, settings, program and device for sessions.
    pub origin: Origin,
}

/// A running station. Dropping it ends the open session, writes the queue and ends its thread.
#[derive(Debug)]
pub struct Station {
    remote: Remote,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A handle to a station for viewers and operators; cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    orders: SyncSender<(Order, oneshot::Sender<Result<Receipt, Refusal>>)>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Station {
    /// Starts the thread. A source that cannot be opened is shown as a state; it is not an error.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start<A: Assessor + Send + 'static>(parts: Parts<A>) -> io::Result<Self> {
        Self::start_with(parts, || Box::new(NoHardware))
    }

    /// As [`Self::start`], with lamps, buzzer and buttons of the board that `open` opens in the station's thread.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with<A: Assessor + Send + 'static>(
        parts: Parts<A>,
        open: impl FnOnce() -> Box<dyn Board> + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, inbox) = mpsc::sync_channel(ORDERS);
        let (show, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let outlets = work::Outlets { inbox, show, stop: stopped };
        let thread = thread::Builder::new().name("station".into()).spawn(move || {
            work::run(parts, open(), outlets);
        })?;
        Ok(Self { remote: Remote { orders, snapshots }, stop, thread: Some(thread) })
    }

    /// A handle for viewers and operators.
    #[must_use]
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }
}

/// Runs a station in this thread, with a source that may be open already. Passes every event to `face`, until it declines, `stop`
/// is set, or the source ends; then drops `board`. There are no orders, and nothing is recorded. Returns the last snapshot, and why
/// the source ended, unless there were just no more frames.
///
/// # Errors
/// When the face cannot write.
pub fn run_before<A: Assessor>(
    parts: Parts<A>,
    opened: Option<Box<dyn FrameSource>>,
    board: Box<dyn Board + '_>,
    face: &mut dyn Face,
    stop: &AtomicBool,
) -> io::Result<(Option<SourceError>, Snapshot)> {
    work::run_before(parts, opened, board, face, stop)
}

impl Drop for Station {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread has printed its panic.
            let _ = thread.join();
        }
    }
}

impl Remote {
    /// The newest state.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Whether the station runs; a panic in its thread ends it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.snapshots.has_changed().is_ok()
    }

    /// A stream of states; a slow reader skips some.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Gives an order; the answer comes once it is saved or has failed.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too many wait, [`Refusal::Stopped`] if the station has ended.
    pub fn give(&self, order: Order) -> Result<Answer, Refusal> {
        let (answer, receiver) = oneshot::channel();
        match self.orders.try_send((order, answer)) {
            Ok(()) => Ok(Answer(receiver)),
            Err(TrySendError::Full(_)) => Err(Refusal::Busy),
            Err(TrySendError::Disconnected(_)) => Err(Refusal::Stopped),
        }
    }
}

/// The answer to an order.
#[derive(Debug)]
#[must_use = "only the answer says whether it was saved"]
pub struct Answer(oneshot::Receiver<Result<Receipt, Refusal>>);

impl Answer {
    /// Waits for the answer.
    ///
    /// # Errors
    /// Why the order was refused.
    pub async fn get(self) -> Result<Receipt, Refusal> {
        self.0.await.unwrap_or(Err(Refusal::Stopped))
    }

    /// The answer, if there is one; never blocks. Returns it only once.
    pub fn poll(&mut self) -> Option<Result<Receipt, Refusal>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(Refusal::Stopped)),
            Err(oneshot::error::TryRecvError::Empty) => None,
        }
    }

    /// Waits for the answer, at most `timeout`, on a thread that may block.
    ///
    /// # Errors
    /// Why the order was refused; [`Refusal::Slow`] after `timeout`.
    pub fn wait(mut self, timeout: Duration) -> Result<Receipt, Refusal> {
        let start = std::time::Instant::now();
        loop {
            match self.poll() {
                Some(answer) => return answer,
                None if start.elapsed() > timeout => return Err(Refusal::Slow),
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}
