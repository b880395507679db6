//! The loop: frames in, readings, states and statements out; a camera that is lost is opened again.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Display, Session};
use crate::{
    frame::Frame,
    hardware::{Instrument, Notice},
    pipeline::{Action, Assessor, Pipeline},
    service::notify,
    source::{
        FrameSource, SourceError,
        state::{CameraState, Patience, Sign, Watchdog},
    },
};

/// When to stop and how long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub frames: Option<u64>,
    /// Whether frames come from a camera, whose states are told; of a folder only what is amiss is.
    pub camera: bool,
    pub patience: Patience,
    /// Time between attempts to open a lost source again.
    pub retry: Duration,
}

/// How long to wait for a frame before looking for a request to stop.
const LOOK_AROUND: Duration = Duration::from_millis(50);

/// What opens a source, the first time and again, and has something to say about it.
pub(super) trait Opener {
    /// Opens it.
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError>;
    /// What there is to say since the last time.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Everything around the loop.
pub(super) struct Watch<'a, A> {
    pub pipeline: &'a mut Pipeline<A>,
    pub display: &'a mut dyn Display,
    pub instrument: &'a mut dyn Instrument,
    pub opener: &'a mut dyn Opener,
    pub limits: Limits,
    pub stop: &'a AtomicBool,
}

/// How the numbers of a source that was opened again go on.
#[derive(Default)]
struct Continuation {
    sequence: u64,
    time: Duration,
    dropped: u64,
    next_sequence: u64,
}

struct State {
    start: Instant,
    session: Session,
    watchdog: Watchdog,
    continuation: Continuation,
    /// When the last frame was taken.
    last_frame: Duration,
    /// Whether the pipeline knows that there is no picture.
    blind: bool,
}

impl<A: Assessor> Watch<'_, A> {
    /// Runs until the end of the source, the wanted number of frames, or a request to stop. Without a `source` it is waited
    /// for. A source that fails for good ends the session with its error.
    pub(super) fn run(&mut self, mut source: Option<Box<dyn FrameSource>>) -> io::Result<Option<SourceError>> {
        let mut state = State {
            start: Instant::now(),
            session: Session::default(),
            watchdog: Watchdog::new(self.limits.patience, Duration::ZERO),
            continuation: Continuation::default(),
            last_frame: Duration::ZERO,
            blind: false,
        };
        let mut next_attempt = Duration::ZERO;
        let mut alive = notify::Watchdog::from_environment();
        let ended = loop {
            alive.beat(Instant::now());
            if self.stop.load(Ordering::Relaxed) || self.display.wants_to_stop()? {
                break None;
            }
            if self.limits.frames.is_some_and(|frames| state.session.tally.frames >= frames) {
                break None;
            }
            state.session.elapsed = state.start.elapsed();
            self.tend(&state.session)?;
            let Some(open) = &mut source else {
                if state.session.elapsed < next_attempt {
                    thread::sleep(LOOK_AROUND.min(self.limits.retry));
                    continue;
                }
                next_attempt = state.session.elapsed + self.limits.retry;
                let sign = match self.opener.open() {
                    Ok(opened) => {
                        source = Some(opened);
                        // Its own clock starts now.
                        state.continuation.time = state.start.elapsed();
                        Sign::Opened
                    }
                    Err(error @ (SourceError::NoCamera | SourceError::NoSuchCamera { .. })) => {
                        Sign::Missing(error.to_string())
                    }
                    Err(error) => Sign::Gone(error.to_string()),
                };
                self.note(&mut state, sign)?;
                continue;
            };
            let outcome = open.next_frame(LOOK_AROUND.min(self.limits.patience.stall));
            state.session.elapsed = state.start.elapsed();
            state.session.dropped = state.continuation.dropped + open.dropped();
            match outcome {
                Ok(frame) => {
                    let unchanged = open.unchanged();
                    self.note(&mut state, Sign::Frame { unchanged })?;
                    if state.watchdog.state() == CameraState::Streaming {
                        self.step(&mut state, frame)?;
                    }
                }
                Err(SourceError::Stalled { .. }) => self.note(&mut state, Sign::Silence)?,
                Err(error @ SourceError::Corrupt { .. }) => {
                    state.session.corrupt += 1;
                    if !self.limits.camera {
                        self.display.note(&error.to_string(), &state.session)?;
                    }
                    self.note(&mut state, Sign::Damaged(error.to_string()))?;
                }
                Err(SourceError::End) => break None,
                Err(error @ SourceError::Lost(_)) => {
                    source = None;
                    state.session.losses += 1;
                    state.continuation.sequence = state.continuation.next_sequence;
                    state.continuation.dropped = state.session.dropped;
                    next_attempt = state.session.elapsed;
                    self.note(&mut state, Sign::Gone(error.to_string()))?;
                }
                Err(error) => break Some(error),
            }
        };
        state.session.elapsed = state.start.elapsed();
        self.display.finish(&state.session)?;
        Ok(ended)
    }

    /// One frame through the pipeline and out.
    fn step(&mut self, state: &mut State, mut frame: Frame) -> io::Result<()> {
        let State { session, continuation, .. } = state;
        frame.sequence += continuation.sequence;
        frame.time += continuation.time;
        continuation.next_sequence = frame.sequence + 1;
        let actions = self.pipeline.step(&frame, session.elapsed);
        session.tally = *self.pipeline.tally();
        session.elapsed = state.start.elapsed();
        session.rate = smoothed_rate(session.rate, session.elapsed.saturating_sub(state.last_frame));
        state.last_frame = session.elapsed;
        state.watchdog.occupied_until(session.elapsed);
        // Lamps first: writing to a terminal takes longer.
        for action in &actions {
            if let Action::Announce(statement) = action {
                self.instrument.announce(statement);
            }
        }
        for action in &actions {
            if let Action::Show(reading) = action {
                self.display.show(reading, session)?;
            }
        }
        Ok(())
    }

    /// Takes note of a sign; a change of the camera's state is shown, and what was said is taken back when it must not stand.
    fn note(&mut self, state: &mut State, sign: Sign) -> io::Result<()> {
        let now = state.session.elapsed;
        let change = state.watchdog.note(sign, now);
        let session = &mut state.session;
        session.camera = state.watchdog.state();
        if let Some(change) = &change {
            match change.state {
                CameraState::Stalled => session.stalls += 1,
                CameraState::Frozen => session.freezes += 1,
                _ => {}
            }
            match &change.reason {
                _ if self.limits.camera => self.display.camera(change, session)?,
                // Every damaged picture of a folder is told by itself.
                Some(reason) if change.state != CameraState::Corrupt => self.display.note(reason, session)?,
                _ => {}
            }
        }
        let blind = state.watchdog.is_blind(now);
        if blind && (change.is_some() || !state.blind) {
            session.rate = 0.0;
            for action in self.pipeline.interrupt(state.watchdog.reason().unwrap_or_default()) {
                if let Action::Announce(statement) = action {
                    self.instrument.announce(&statement);
                    self.display.no_picture(&statement.reason().unwrap_or_default(), session)?;
                }
            }
        }
        state.blind = blind;
        Ok(())
    }

    /// Passes on what hardware and source have to say.
    fn tend(&mut self, session: &Session) -> io::Result<()> {
        for notice in self.instrument.notices() {
            match notice {
                Notice::Pressed(event) => self.display.button(event, session)?,
                Notice::Warning(warning) => self.display.note(&warning, session)?,
            }
        }
        for note in self.opener.notes() {
            self.display.note(&note, session)?;
        }
        Ok(())
    }
}

/// Frames a second as an exponential mean of the time between frames.
fn smoothed_rate(rate: f64, between: Duration) -> f64 {
    let now = 1.0 / between.as_secs_f64().max(1e-6);
    if rate == 0.0 { now } else { 1.0 / (0.9 / rate + 0.1 / now) }
}
