//! The instrument's thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use blastscope_core::{field::Presence, frame::Frame, pipeline::Assessor, screening::Screening};
use tokio::sync::{oneshot, watch};

use super::{
    Parts,
    desk::{Desk, Reply},
    order::{JUST_NOW, Order, Refusal},
    snapshot::Snapshot,
};
use crate::{
    board::{self, Button, Notice},
    record::{CheckState, Receipt, RecordWriter, Says, Seen, SessionId},
    source::{
        follow::{Follower, Turn},
        state::CameraState,
    },
    support::clock::Clock,
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
    pub(super) stop: Arc<AtomicBool>,
}

struct Work<A> {
    screening: Screening<A>,
    board: Box<dyn board::Instrument>,
    desk: Desk,
    follower: Follower<'static>,
    shown: Snapshot,
    clock: Clock,
    /// The session that the clock's steps are counted in.
    timed: Option<SessionId>,
    /// The field in the record that is shown, and since when.
    settled: (Presence, Duration),
    /// What buttons have asked for and was not answered yet.
    pressed: Vec<(Button, oneshot::Receiver<Result<Receipt, Refusal>>)>,
    outlets: Outlets,
}

/// Runs until it is told to stop. `board` has the lamps, the buzzer and the buttons; it goes dark when this returns or panics.
pub(super) fn run<A: Assessor>(parts: Parts<A>, board: Box<dyn board::Instrument>, outlets: Outlets) {
    let Parts { assessor, settings, rules, feed, record, left, origin } = parts;
    let shown = Snapshot { source: feed.title, ..Snapshot::default() };
    let clock = Clock::new(record.as_ref().and_then(RecordWriter::newest));
    let mut work = Work {
        screening: Screening::new(assessor, settings, rules),
        board,
        desk: Desk::new(record, left, origin),
        follower: Follower::boxed(feed.opener, feed.patience, feed.retry),
        shown,
        clock,
        timed: None,
        settled: (Presence::Nothing, Duration::ZERO),
        pressed: Vec::new(),
        outlets,
    };
    let trust = work.clock.trust();
    work.desk.resume(&mut work.screening, trust);
    while !work.outlets.stop.load(Ordering::Relaxed) {
        work.turn();
    }
    work.finish();
}

impl<A: Assessor> Work<A> {
    fn turn(&mut self) {
        let turn = self.follower.turn(LOOK_AROUND);
        self.take_note(turn);
        while let Ok((order, reply)) = self.outlets.inbox.try_recv() {
            self.desk.follow(order, reply, &mut self.screening, self.follower.elapsed());
        }
        self.desk.look(&mut self.screening, self.follower.elapsed());
        self.attend();
        self.publish();
        // What has just been lost is shown before there is time for anything else.
        if !self.follower.is_open() {
            match self.outlets.inbox.recv_timeout(IDLE) {
                Ok((order, reply)) => self.desk.follow(order, reply, &mut self.screening, self.follower.elapsed()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(IDLE),
            }
        }
    }

    /// Follows what the source brought: a frame, or the news that an old verdict must not stand.
    fn take_note(&mut self, turn: Turn) {
        if let Some(change) = &turn.change {
            let reason = change.reason.as_deref().unwrap_or_default();
            tracing::info!(target: "camera", state = %change.state, reason, "changed");
            // Which camera it is may be known later than that there is one.
            if matches!(change.state, CameraState::Opening | CameraState::Streaming) {
                self.shown.source = self.follower.title().unwrap_or_else(|| self.shown.source.clone());
            }
        }
        for note in self.follower.notes() {
            tracing::info!(target: "camera", "{note}");
            self.shown.note(note);
        }
        if let Some(reason) = &turn.interrupted {
            if let Some(statement) = self.screening.interrupt(reason) {
                self.board.announce(&statement);
            }
            self.shown.forget_picture();
        }
        if let Some(frame) = turn.frame {
            self.look(frame);
        }
    }

    /// Follows the buttons. Nobody waits for the answer; what is refused is logged and noted.
    fn attend(&mut self) {
        for notice in self.board.notices() {
            let event = match notice {
                Notice::Pressed(event) => event,
                Notice::Warning(warning) => {
                    tracing::warn!(target: "hardware", "{warning}");
                    self.shown.note(warning);
                    continue;
                }
            };
            let order = match event.button {
                Button::Take => self
                    .desk
                    .session()
                    .map(|session| Order::Take { session: session.id, frame: None })
                    .ok_or_else(|| Refusal::NoSession.to_string()),
                Button::Confirm => self.confirmation(),
            };
            match order {
                Ok(order) => {
                    let (reply, answer) = oneshot::channel();
                    self.desk.follow(order, reply, &mut self.screening, self.follower.elapsed());
                    self.pressed.push((event.button, answer));
                }
                Err(why) => self.refuse(&format!("{}: {why}", event.button)),
            }
        }
        for (button, mut answer) in std::mem::take(&mut self.pressed) {
            match answer.try_recv() {
                Ok(Err(refusal)) => self.refuse(&format!("{button}: {refusal}")),
                Err(oneshot::error::TryRecvError::Empty) => self.pressed.push((button, answer)),
                Ok(Ok(_)) | Err(oneshot::error::TryRecvError::Closed) => {}
            }
        }
    }

    fn refuse(&mut self, why: &str) {
        tracing::warn!(target: "hardware", "{why}");
        self.shown.note(format!("button {why}"));
    }

    /// That the operator confirms what is said of the field that is shown, which nobody has answered yet.
    fn confirmation(&self) -> Result<Order, String> {
        let (Some(session), Presence::Taken { number }) = (self.desk.session(), self.screening.presence()) else {
            return Err("no field of a session that goes on is shown".into());
        };
        let (settled, since) = self.settled;
        if settled != (Presence::Taken { number }) || self.follower.elapsed().saturating_sub(since) < JUST_NOW {
            return Err(format!("field {number} has just come into view; look at it and press again"));
        }
        Ok(Order::Opinion {
            session: session.id,
            sequence: number,
            says: Says::Confirms,
            note: "by the button".into(),
            by: session.operator.clone(),
            seen: Seen::default(),
        })
    }

    fn look(&mut self, frame: Frame) {
        let now = self.follower.elapsed();
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
        self.shown.frame = Some(frame);
    }

    fn publish(&mut self) {
        self.shown.flow.rate = self.follower.rate();
        self.shown.flow.trouble = self.follower.trouble();
        self.shown.source_state = self.follower.state();
        self.shown.source_reason = self.follower.reason().map(str::to_owned);
        self.shown.elapsed = self.follower.elapsed();
        self.shown.tally = *self.screening.tally();
        self.shown.focus = self.screening.focus();
        self.shown.field = self.screening.presence();
        if self.settled.0 != self.shown.field {
            self.settled = (self.shown.field, self.shown.elapsed);
        }
        self.shown.session = self.desk.session().cloned();
        self.shown.left = self.desk.left().cloned();
        (self.shown.saving, self.shown.unsaved, self.shown.record_version) = self.desk.saving();
        self.tell_trouble();
        self.outlets.show.send_replace(Arc::new(self.shown.clone()));
    }

    /// What makes the record doubtful is shown as long as it lasts, and told once.
    fn tell_trouble(&mut self) {
        let session = self.shown.session.as_ref().map(|session| session.id);
        if session.is_some() && session != self.timed {
            self.clock.begin();
            self.timed = session;
        }
        let trust = self.clock.trust();
        if trust != self.shown.clock {
            self.shown.clock = trust;
            self.shown.clock_reason = trust
                .reason()
                .map(|reason| format!("the clock {reason}: times are marked in record and report; set the clock"));
            if let Some(sentence) = self.shown.clock_reason.clone() {
                tracing::warn!(target: "live", "{sentence}");
                self.shown.note(sentence);
            }
        }
        let check = self.desk.record_check();
        if check != self.shown.record_check {
            self.shown.record_check = check;
            match &self.shown.record_check {
                Some(CheckState::Damaged { reason }) => {
                    tracing::error!(target: "record", "{reason}");
                    let reason = reason.clone();
                    self.shown.note(reason);
                }
                Some(CheckState::Failed { reason }) => {
                    let sentence = format!("the record could not be checked: {reason}");
                    tracing::warn!(target: "record", "{sentence}");
                    self.shown.note(sentence);
                }
                Some(CheckState::Intact { entries }) => {
                    tracing::info!(target: "record", entries, "the whole record is what was written");
                }
                Some(CheckState::Running { .. }) | None => {}
            }
        }
    }

    /// Ends the session and waits for the disk.
    fn finish(&mut self) {
        self.desk.close();
        let since = Instant::now();
        while self.desk.is_waiting() && since.elapsed() < FAREWELL {
            self.desk.look(&mut self.screening, self.follower.elapsed());
            std::thread::sleep(Duration::from_millis(2));
        }
        self.publish();
    }
}
