//! The station: a source, the pipeline, the fields of a slide and their record, in one loop.
//!
//! ```text
//! Follower (latest frame wins) -> Screening::step (pure) -> Snapshot with its Frame --watch--> viewers, who see the latest only
//!                                                 |                            \--Face--> one who is told of every frame
//!                                          Taken  v
//!                      Order (take, correct, ...) -> Session::step (pure) -> Effects --Job--> RecordWriter
//! ```
//! * [`Screening`](blastscope_core::screening::Screening) and [`Session`](blastscope_core::session::Session) are pure: a session can be
//!   replayed and asserted. This folder reads the clocks, writes and answers.
//! * A **field** is what the objective shows while the slide stands still. It is **taken**, which means recorded once, when its
//!   verdict has stood for a while, or when the operator asks. It counts once however long it stays, and when the operator comes back.
//! * A session that was **left open** by a loss of power goes on, by itself or when the operator says so ([`LeftBehind`]).
//! * Viewers never hold a frame up: they take the latest of a slot that holds frame and verdict together. The record has a queue that
//!   refuses.

mod desk;
mod face;
mod feed;
mod left;
mod snapshot;
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

pub use blastscope_core::session::{JUST_NOW, Left, OpenSession, Order, RECENT, Saving};
use blastscope_core::{
    field::Rules,
    pipeline::{Assessor, Settings},
    session::{self, LeftBehind},
};
use tokio::sync::{oneshot, watch};

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

/// Why an order was not followed.
pub type Refusal = session::Refusal<RecordError>;

/// Orders that may wait for the thread.
const ORDERS: usize = 16;

/// Everything that a station is made of.
pub struct Parts<A> {
    /// What judges pictures.
    pub assessor: A,
    /// The pipeline's settings.
    pub settings: Settings,
    /// When a field is one, and when it is taken.
    pub rules: Rules,
    /// Where frames come from.
    pub feed: Feed,
    /// Where fields are kept; without it nothing is.
    pub record: Option<RecordWriter>,
    /// The session that was left open when the program was cut off.
    pub left: Option<LeftBehind>,
    /// What a session must say of model and device.
    pub origin: Origin,
}

/// A running station. Dropping it ends the open session, writes what is queued and ends its thread.
#[derive(Debug)]
pub struct Station {
    remote: Remote,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What viewers and operators hold of a station; cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    orders: SyncSender<(Order, oneshot::Sender<Result<Receipt, Refusal>>)>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Station {
    /// Starts the thread. A source that cannot be opened is a state that is shown, not an error.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<A: Assessor + Send + 'static>(parts: Parts<A>) -> io::Result<Self> {
        Self::start_with(parts, || Box::new(NoHardware))
    }

    /// As [`Self::start`], with the lamps, the buzzer and the buttons of the board that `open` takes in the station's thread.
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
            // Dropped on every way out, a panic included: the lamps go dark.
            let mut board = open();
            work::run(parts, board.as_mut(), outlets);
        })?;
        Ok(Self { remote: Remote { orders, snapshots }, stop, thread: Some(thread) })
    }

    /// A handle for viewers and operators.
    #[must_use]
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }
}

/// Runs a station in this thread, with a source that may be open already, and tells `face` everything, until it has enough, `stop` is set, or the source ends: then why, unless
/// there are just no more frames. There are no orders, and nothing is recorded. Also gives what was shown last.
///
/// # Errors
/// What the face could not write.
pub fn run_before<A: Assessor>(
    parts: Parts<A>,
    opened: Option<Box<dyn FrameSource>>,
    board: &mut dyn Board,
    face: &mut dyn Face,
    stop: &AtomicBool,
) -> io::Result<(Option<SourceError>, Snapshot)> {
    work::run_before(parts, opened, board, face, stop)
}

impl Drop for Station {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was printed by it.
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

    /// Whether the station works; a panic in its thread ends it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.snapshots.has_changed().is_ok()
    }

    /// States as they come; whoever is slow sees fewer of them.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Gives an order; the answer comes when it is on the disk, or is not.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many wait, [`Refusal::Stopped`] when the station has ended.
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
    /// Waits for it.
    ///
    /// # Errors
    /// Why the order was not followed.
    pub async fn get(self) -> Result<Receipt, Refusal> {
        self.0.await.unwrap_or(Err(Refusal::Stopped))
    }

    /// The answer, when there is one; never waits. Once given it is not given again.
    pub fn poll(&mut self) -> Option<Result<Receipt, Refusal>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(Refusal::Stopped)),
            Err(oneshot::error::TryRecvError::Empty) => None,
        }
    }

    /// Waits for it on a thread that may block, at most `timeout`.
    ///
    /// # Errors
    /// Why the order was not followed; [`Refusal::Slow`] after `timeout`.
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
