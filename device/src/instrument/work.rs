//! The instrument's thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};

use super::{
    Parts,
    desk::{Desk, Reply},
    feed::{Feed, state_of},
    field::Presence,
    order::Order,
    screening::Screening,
    snapshot::{Snapshot, SourceState},
};
use crate::{
    frame::Frame,
    hardware::{self, Button, Notice},
    pipeline::Assessor,
    record::Says,
    source::{FrameSource, SourceError},
};

/// How long to wait for a frame before looking for orders.
const LOOK_AROUND: Duration = Duration::from_millis(30);
/// How long to wait for an order while there is no source.
const IDLE: Duration = Duration::from_millis(100);
/// How long the end waits for the disk.
const FAREWELL: Duration = Duration::from_secs(10);

/// What leads into the thread and out of it.
pub(super) struct Outlets {
    pub(super) inbox: Receiver<(Order, Reply)>,
    pub(super) show: watch::Sender<Arc<Snapshot>>,
    pub(super) frame: watch::Sender<Option<Arc<Frame>>>,
    pub(super) stop: Arc<AtomicBool>,
}

struct Work<A> {
    screening: Screening<A>,
    board: Box<dyn hardware::Instrument>,
    desk: Desk,
    feed: Feed,
    source: Option<Box<dyn FrameSource>>,
    /// A source that has ended is not opened again.
    finished: bool,
    next_attempt: Duration,
    last_sign: Duration,
    last_frame: Option<Duration>,
    /// Counted by sources that are gone; a source that is opened again counts from 0.
    dropped_before: u64,
    sequence_before: u64,
    next_sequence: u64,
    shown: Snapshot,
    start: Instant,
    outlets: Outlets,
}

/// Runs until it is told to stop. `board` has the lamps, the buzzer and the buttons; it goes dark when this returns or panics.
pub(super) fn run<A: Assessor>(parts: Parts<A>, board: Box<dyn hardware::Instrument>, outlets: Outlets) {
    let Parts { assessor, settings, rules, feed, record, origin } = parts;
    let shown = Snapshot { source: feed.title.clone(), ..Snapshot::default() };
    let mut work = Work {
        screening: Screening::new(assessor, settings, rules),
        board,
        desk: Desk::new(record, origin),
        feed,
        source: None,
        finished: false,
        next_attempt: Duration::ZERO,
        last_sign: Duration::ZERO,
        last_frame: None,
        dropped_before: 0,
        sequence_before: 0,
        next_sequence: 0,
        shown,
        start: Instant::now(),
        outlets,
    };
    while !work.outlets.stop.load(Ordering::Relaxed) {
        work.turn();
    }
    work.finish();
}

impl<A: Assessor> Work<A> {
    fn turn(&mut self) {
        if self.source.is_none() && !self.finished && self.start.elapsed() >= self.next_attempt {
            self.open();
        }
        match self.source.as_mut().map(|source| source.next_frame(LOOK_AROUND.min(self.feed.stall))) {
            Some(Ok(frame)) => self.look(frame),
            Some(Err(error)) => self.miss(&error),
            None => match self.outlets.inbox.recv_timeout(IDLE) {
                Ok((order, reply)) => self.desk.follow(order, reply, &mut self.screening, self.start.elapsed()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(IDLE),
            },
        }
        while let Ok((order, reply)) = self.outlets.inbox.try_recv() {
            self.desk.follow(order, reply, &mut self.screening, self.start.elapsed());
        }
        self.desk.look(&mut self.screening, self.start.elapsed());
        self.attend();
        self.publish();
    }

    /// Follows the buttons. Nobody waits for the answer; what is refused is logged.
    fn attend(&mut self) {
        for notice in self.board.notices() {
            let event = match notice {
                Notice::Pressed(event) => event,
                Notice::Warning(warning) => {
                    tracing::warn!(target: "hardware", "{warning}");
                    continue;
                }
            };
            let order = match event.button {
                Button::Take => Some(Order::Take),
                Button::Confirm => self.confirmation(),
            };
            let Some(order) = order else {
                tracing::warn!(target: "hardware", "confirm: no field of a session that goes on is shown");
                continue;
            };
            let (reply, answer) = oneshot::channel();
            self.desk.follow(order, reply, &mut self.screening, self.start.elapsed());
            if let Ok(Err(refusal)) = { answer }.try_recv() {
                tracing::warn!(target: "hardware", "{}: {refusal}", event.button);
            }
        }
    }

    /// That the operator confirms what is said of the field that is shown; `None` where it is not in the record.
    fn confirmation(&self) -> Option<Order> {
        let session = self.desk.session()?;
        let Presence::Taken { number } = self.screening.presence() else { return None };
        Some(Order::Opinion {
            session: session.id,
            sequence: number,
            says: Says::Confirms,
            note: "by the button".into(),
            by: session.operator.clone(),
        })
    }

    fn open(&mut self) {
        let now = self.start.elapsed();
        self.next_attempt = now + self.feed.retry;
        match (self.feed.open)() {
            Ok(source) => {
                self.source = Some(source);
                self.sequence_before = self.next_sequence;
                self.last_sign = self.start.elapsed();
            }
            Err(error) => self.say(&error),
        }
    }

    fn look(&mut self, mut frame: Frame) {
        let now = self.start.elapsed();
        frame.sequence += self.sequence_before;
        self.next_sequence = frame.sequence + 1;
        if let Some(last) = self.last_frame {
            self.shown.flow.rate = smoothed_rate(self.shown.flow.rate, now.saturating_sub(last));
        }
        (self.last_sign, self.last_frame) = (now, Some(now));
        let frame = Arc::new(frame);
        if let Some(step) = self.screening.step(&frame, now) {
            if let Some(statement) = &step.announced {
                self.board.announce(statement);
            }
            self.shown.read(&step.reading);
            if let Some(taken) = step.taken {
                self.desk.keep(&taken, &mut self.screening, now);
            }
        }
        self.shown.flow.frames += 1;
        (self.shown.source_state, self.shown.source_reason) = (SourceState::Streaming, None);
        self.outlets.frame.send_replace(Some(frame));
    }

    fn miss(&mut self, error: &SourceError) {
        let now = self.start.elapsed();
        match error {
            SourceError::Stalled { .. } => {
                let after = now.saturating_sub(self.last_sign);
                if after >= self.feed.stall {
                    self.shown.flow.stalls += u64::from(self.shown.source_state != SourceState::Stalled);
                    self.say(&SourceError::Stalled { after });
                }
            }
            SourceError::Corrupt { .. } => {
                self.last_sign = now;
                self.shown.flow.corrupt += 1;
                // The last good frame stands: the next one may be fine.
                (self.shown.source_state, self.shown.source_reason) = (SourceState::Corrupt, Some(error.to_string()));
            }
            error => {
                self.dropped_before += self.source.take().map_or(0, |source| source.dropped());
                self.shown.flow.losses += u64::from(matches!(error, SourceError::Lost(_)));
                self.say(error);
            }
        }
    }

    /// No frames come: an old verdict must not stand.
    fn say(&mut self, error: &SourceError) {
        let (state, again) = state_of(error);
        self.finished = !again && state == SourceState::Ended;
        // An attempt that fails does not hide how the source was lost.
        if !(state == SourceState::Absent && self.shown.source_state == SourceState::Lost) {
            (self.shown.source_state, self.shown.source_reason) = (state, Some(error.to_string()));
        }
        if let Some(statement) = self.screening.interrupt(&error.to_string()) {
            self.board.announce(&statement);
        }
        self.shown.forget_picture();
        self.last_frame = None;
        self.outlets.frame.send_replace(None);
    }

    fn publish(&mut self) {
        let dropped = self.source.as_ref().map_or(0, |source| source.dropped());
        self.shown.flow.dropped = self.dropped_before + dropped;
        self.shown.elapsed = self.start.elapsed();
        self.shown.focus = self.screening.focus();
        self.shown.field = self.screening.presence();
        self.shown.session = self.desk.session().cloned();
        (self.shown.saving, self.shown.unsaved, self.shown.record_version) = self.desk.saving();
        self.outlets.show.send_replace(Arc::new(self.shown.clone()));
    }

    /// Ends the session and waits for the disk.
    fn finish(&mut self) {
        self.desk.close();
        let since = Instant::now();
        while self.desk.is_waiting() && since.elapsed() < FAREWELL {
            self.desk.look(&mut self.screening, self.start.elapsed());
            std::thread::sleep(Duration::from_millis(2));
        }
        self.publish();
    }
}

/// Frames a second as an exponential mean of the time between frames.
fn smoothed_rate(rate: f64, between: Duration) -> f64 {
    let now = 1.0 / between.as_secs_f64().max(1e-6);
    if rate == 0.0 { now } else { 1.0 / (0.9 / rate + 0.1 / now) }
}
