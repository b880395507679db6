//! The station's loop.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use blastscope_core::{
    field::Presence,
    frame::Frame,
    pipeline::Assessor,
    screening::Screening,
    session::{Change, JUST_NOW, Now, Order},
};
use tokio::sync::{oneshot, watch};

use super::{
    Parts, Refusal,
    desk::{Desk, Reply},
    face::{Face, News},
    snapshot::Snapshot,
    unrecorded::Unrecorded,
};
use crate::{
    board::{Board, Button, NoHardware, Notice},
    record::{CheckState, Receipt, RecordWriter, Says, Seen, SessionId},
    source::{
        FrameSource, SourceError,
        follow::{Follower, Turn},
        state::CameraState,
    },
    support::clock::Clock,
};

/// Waiting time for a frame before checking for orders.
const LOOK_AROUND: Duration = Duration::from_millis(30);
/// Waiting time for an order while there is no source.
const IDLE: Duration = Duration::from_millis(100);
/// How long to wait for the disk at the end.
const FAREWELL: Duration = Duration::from_secs(10);
/// Waiting time before trying again to end a session.
const AGAIN: Duration = Duration::from_millis(250);

/// Channels into and out of the thread.
pub(super) struct Outlets {
    pub(super) inbox: Receiver<(Order, Reply)>,
    pub(super) show: watch::Sender<Arc<Snapshot>>,
    pub(super) stop: Arc<AtomicBool>,
}

struct Work<'a, A> {
    /// Dropped first on every way out, even a panic: `desk` waits for the disk.
    board: Box<dyn Board + 'a>,
    screening: Screening<A>,
    desk: Desk,
    follower: Follower<'static>,
    /// Whether every picture of the source is a separate field, as in a folder.
    of_pictures: bool,
    shown: Snapshot,
    /// The slide of a face's station, which records nothing.
    unrecorded: Option<Unrecorded>,
    clock: Clock,
    /// The session for which the clock's steps count.
    timed: Option<SessionId>,
    /// The recorded field on display, and since when.
    settled: (Presence, Duration),
    /// Orders from buttons without an answer yet.
    pressed: Vec<(Button, oneshot::Receiver<Result<Receipt, Refusal>>)>,
    audience: Audience<'a>,
}

/// Who watches and gives orders.
enum Audience<'a> {
    /// Viewers of the latest state, and operators who give orders.
    Remote(Outlets),
    /// A face that gets every event in this thread; there are no orders.
    Face(&'a mut dyn Face),
}

/// Runs until stopped. `board` has the lamps, the buzzer and the buttons; it is dropped before the disk is waited for.
pub(super) fn run<A: Assessor>(parts: Parts<A>, board: Box<dyn Board>, outlets: Outlets) {
    let stop = Arc::clone(&outlets.stop);
    let mut work = Work::new(parts, board, Audience::Remote(outlets));
    let now = work.now();
    work.desk.begin(&mut work.screening, now);
    while !stop.load(Ordering::Relaxed) {
        // Without a face nothing is written, and nothing can fail.
        let _ = work.turn();
        work.attend_orders();
    }
    work.finish();
}

/// Runs in this thread and passes every event to `face`, until it declines, `stop` is set, or the source ends. Records nothing.
/// Returns the last snapshot, and why the source ended, unless there were just no more frames.
pub(super) fn run_before<A: Assessor>(
    parts: Parts<A>,
    opened: Option<Box<dyn FrameSource>>,
    board: Box<dyn Board + '_>,
    face: &mut dyn Face,
    stop: &AtomicBool,
) -> io::Result<(Option<SourceError>, Snapshot)> {
    let mut work = Work::new(parts, board, Audience::Face(face));
    work.follower = work.follower.with_source(opened);
    if work.unrecorded.as_ref().is_some_and(Unrecorded::is_screened) {
        work.screening.start();
    }
    let ended = loop {
        if stop.load(Ordering::Relaxed) || !work.goes_on() {
            break None;
        }
        match work.turn()? {
            Some(SourceError::End) => break None,
            Some(error) => break Some(error),
            None if !work.follower.is_open() => thread::sleep(LOOK_AROUND),
            None => {}
        }
    };
    work.refresh();
    Ok((ended, work.shown))
}

impl<'a, A: Assessor> Work<'a, A> {
    fn new(parts: Parts<A>, board: Box<dyn Board + 'a>, audience: Audience<'a>) -> Self {
        let Parts { assessor, settings, rules, feed, record, left, origin } = parts;
        let clock = Clock::new(record.as_ref().and_then(RecordWriter::newest));
        // Without views every picture is a field.
        let by_picture = settings.same_view < 0.0;
        let unrecorded = matches!(audience, Audience::Face(_)).then(|| Unrecorded::new(origin.slide, by_picture));
        Self {
            board,
            screening: Screening::new(assessor, settings, rules),
            desk: Desk::new(record, left, origin),
            follower: Follower::boxed(feed.opener, feed.patience, feed.retry),
            of_pictures: feed.of_pictures,
            shown: Snapshot {
                source: feed.title,
                slide: unrecorded.as_ref().map(Unrecorded::told),
                ..Snapshot::default()
            },
            unrecorded,
            clock,
            timed: None,
            settled: (Presence::Nothing, Duration::ZERO),
            pressed: Vec::new(),
            audience,
        }
    }

    /// The current time.
    fn now(&mut self) -> Now {
        let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { elapsed: self.follower.elapsed(), utc, is_trusted: self.clock.trust().is_trusted() }
    }

    fn goes_on(&mut self) -> bool {
        match &mut self.audience {
            Audience::Remote(_) => true,
            Audience::Face(face) => face.goes_on(&self.shown),
        }
    }

    /// Handles at most one frame, and all notes of source and board. Returns why the source has ended, if a face follows it;
    /// viewers keep seeing its state.
    fn turn(&mut self) -> io::Result<Option<SourceError>> {
        self.attend_board()?;
        let mut turn = self.follower.turn(LOOK_AROUND);
        self.refresh();
        for note in self.follower.notes() {
            self.note("camera", note)?;
        }
        if let (Audience::Face(_), Some(ended)) = (&self.audience, turn.ended.take()) {
            return Ok(Some(ended));
        }
        self.take_note(turn)?;
        Ok(None)
    }

    /// Carries out viewers' orders, shows the results, and waits for more if there is no source.
    fn attend_orders(&mut self) {
        while let Audience::Remote(outlets) = &self.audience
            && let Ok((order, reply)) = outlets.inbox.try_recv()
        {
            let now = self.now();
            self.desk.follow(order, reply, &mut self.screening, now);
        }
        let now = self.now();
        self.desk.look(&mut self.screening, now);
        self.publish();
        self.answer_buttons();
        // Show a loss before doing anything else.
        if let Audience::Remote(outlets) = &self.audience
            && !self.follower.is_open()
        {
            match outlets.inbox.recv_timeout(IDLE) {
                Ok((order, reply)) => {
                    let now = self.now();
                    self.desk.follow(order, reply, &mut self.screening, now);
                    self.publish();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(IDLE),
            }
        }
    }

    /// Handles a turn of the source: a frame, or the withdrawal of an old verdict.
    fn take_note(&mut self, turn: Turn) -> io::Result<()> {
        if let Some(damage) = turn.damage.filter(|_| self.of_pictures) {
            if let Audience::Face(face) = &mut self.audience {
                face.tell(News::Damage(&damage), &self.shown)?;
            }
            // The statement about the previous picture does not apply to this one.
            self.take_back(&damage);
        }
        if let Some(change) = &turn.change {
            match &mut self.audience {
                Audience::Face(face) => face.tell(News::Source(change), &self.shown)?,
                Audience::Remote(_) => {
                    let reason = change.reason.as_deref().unwrap_or_default();
                    tracing::info!(target: "camera", state = %change.state, reason, "changed");
                }
            }
            // The camera's name may become known after its connection.
            if matches!(change.state, CameraState::Opening | CameraState::Streaming) {
                self.shown.source = self.follower.title().unwrap_or_else(|| self.shown.source.clone());
            }
        }
        if let Some(reason) = &turn.interrupted {
            self.take_back(reason);
        }
        turn.frame.map_or(Ok(()), |frame| self.look(frame))
    }

    /// Withdraws the statement, and says why.
    fn take_back(&mut self, reason: &str) {
        if let Some(statement) = self.screening.interrupt(reason) {
            self.board.announce(&statement);
        }
        self.shown.forget_picture();
    }

    /// Passes on a note of source or board.
    fn note(&mut self, of: &str, note: String) -> io::Result<()> {
        match &mut self.audience {
            Audience::Face(face) => return face.tell(News::Note(&note), &self.shown),
            Audience::Remote(_) if of == "camera" => tracing::info!(target: "camera", "{note}"),
            Audience::Remote(_) => tracing::warn!(target: "hardware", "{note}"),
        }
        self.shown.note(note);
        Ok(())
    }

    /// Passes on the board's notes, and carries out button orders. Nobody waits for the answer; a refusal is logged and noted.
    fn attend_board(&mut self) -> io::Result<()> {
        for notice in self.board.notices() {
            match (notice, &mut self.audience) {
                (Notice::Warning(warning), _) => self.note("hardware", warning)?,
                (Notice::Pressed(event), Audience::Face(face)) => face.tell(News::Button(event), &self.shown)?,
                (Notice::Pressed(event), Audience::Remote(_)) => self.press(event.button),
            }
        }
        Ok(())
    }

    fn press(&mut self, button: Button) {
        let order = match button {
            Button::Take => self
                .desk
                .open()
                .map(|session| Order::Take { session: session.id, frame: None })
                .ok_or_else(|| Refusal::NoSession.to_string()),
            Button::Confirm => self.confirmation(),
        };
        match order {
            Ok(order) => {
                let (reply, answer) = oneshot::channel();
                let now = self.now();
                self.desk.follow(order, reply, &mut self.screening, now);
                self.pressed.push((button, answer));
            }
            Err(why) => self.refuse(&format!("{button}: {why}")),
        }
    }

    fn answer_buttons(&mut self) {
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

    /// The order to confirm the verdict on the current field, if it has no answer yet.
    fn confirmation(&self) -> Result<Order, String> {
        let (Some(session), Presence::Taken { number }) = (self.desk.open(), self.screening.presence()) else {
            return Err("no field of an open session is shown".into());
        };
        let (settled, since) = self.settled;
        if settled != (Presence::Taken { number }) || self.follower.elapsed().saturating_sub(since) < JUST_NOW {
            return Err(format!("field {number} has just come into view; look at it and press again"));
        }
        let change = Change::Opinion {
            sequence: number,
            says: Says::Confirms,
            note: "by the button".into(),
            by: session.operator.clone(),
            seen: Seen::default(),
        };
        Ok(Order::Change { session: session.id, change })
    }

    fn look(&mut self, frame: Frame) -> io::Result<()> {
        let now = self.now();
        let frame = Arc::new(frame);
        let step = self.screening.step(&frame, now.elapsed);
        self.shown.flow.frames += 1;
        self.shown.frame = Some(frame);
        let Some(step) = step else { return Ok(()) };
        // Lamps first: a terminal is slower.
        if let Some(statement) = &step.announced {
            self.board.announce(statement);
        }
        self.shown.read(&step.reading);
        let before = self.unrecorded.as_ref().map(Unrecorded::fields);
        match (&mut self.unrecorded, step.taken) {
            (Some(slide), Some(taken)) => self.screening.saved(taken.token, slide.add(&taken.reading)),
            (Some(slide), None) => slide.add_picture(&step.reading),
            (None, Some(taken)) => self.desk.keep(taken, &mut self.screening, now),
            (None, None) => {}
        }
        if let Some(slide) = self.unrecorded.as_ref().filter(|slide| before != Some(slide.fields())) {
            self.shown.slide = Some(slide.told());
        }
        self.refresh();
        match &mut self.audience {
            Audience::Face(face) => face.tell(News::Frame(&step.reading), &self.shown),
            Audience::Remote(_) => Ok(()),
        }
    }

    /// Copies the source's state and the counts into the snapshot.
    fn refresh(&mut self) {
        self.shown.flow.rate = self.follower.rate();
        self.shown.flow.trouble = self.follower.trouble();
        self.shown.source_state = self.follower.state();
        self.shown.elapsed = self.follower.elapsed();
        self.shown.tally = *self.screening.tally();
    }

    /// Shows the state to viewers, then answers the orders that led to it.
    fn publish(&mut self) {
        self.refresh();
        self.shown.source_reason = self.follower.reason().map(str::to_owned);
        self.shown.focus = self.screening.focus();
        self.shown.field = self.screening.presence();
        if self.settled.0 != self.shown.field {
            self.settled = (self.shown.field, self.shown.elapsed);
        }
        let session = self.desk.session();
        self.shown.session = session.open().cloned();
        self.shown.left = session.left().cloned();
        self.shown.slide = session.slide().cloned();
        self.shown.saving = session.saving().clone();
        (self.shown.unsaved, self.shown.record_version) = (session.unsaved(), session.version());
        self.tell_trouble();
        if let Audience::Remote(outlets) = &self.audience {
            outlets.show.send_replace(Arc::new(self.shown.clone()));
        }
        self.desk.reply();
    }

    /// Shows what makes the record doubtful as long as it lasts; logs it once.
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
                .map(|reason| format!("the clock {reason}: record and report mark the times; set the clock"));
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
                    let sentence = format!("cannot check the record: {reason}");
                    tracing::warn!(target: "record", "{sentence}");
                    self.shown.note(sentence);
                }
                Some(CheckState::Intact { entries }) => {
                    tracing::info!(target: "record", entries, "the whole record is unchanged");
                }
                Some(CheckState::Running { .. }) | None => {}
            }
        }
    }

    /// Ends the session, turns the board off and waits for the disk. An end that fails is tried again, as is the end of a session
    /// whose start was still pending: a session left open may continue with another slide.
    fn finish(&mut self) {
        let now = self.now();
        self.desk.close(&mut self.screening, now);
        self.board = Box::new(NoHardware);
        let since = Instant::now();
        let mut tried = since;
        while (self.desk.session().is_waiting() || self.desk.open().is_some()) && since.elapsed() < FAREWELL {
            let now = self.now();
            self.desk.look(&mut self.screening, now);
            if self.desk.has_answers() {
                self.publish();
            }
            if tried.elapsed() >= AGAIN {
                tried = Instant::now();
                // Nothing while the end is being saved.
                self.desk.close(&mut self.screening, now);
            }
            thread::sleep(Duration::from_millis(2));
        }
        self.publish();
    }
}
