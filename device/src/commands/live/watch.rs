//! The loop: frames in, readings, states and statements out.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use blastscope_core::{
    frame::Frame,
    pipeline::{Action, Assessor, Pipeline},
};

use super::run::{Display, Session};
use crate::{
    board::{Instrument, Notice},
    source::{
        FrameSource, SourceError,
        follow::{Follower, Opener, Turn},
        state::{CameraState, Patience},
    },
    support::notify,
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

/// Everything around the loop.
pub(super) struct Watch<'a, A> {
    pub pipeline: &'a mut Pipeline<A>,
    pub display: &'a mut dyn Display,
    pub instrument: &'a mut dyn Instrument,
    pub opener: &'a mut dyn Opener,
    pub limits: Limits,
    pub stop: &'a AtomicBool,
}

impl<A: Assessor> Watch<'_, A> {
    /// Runs until the end of the source, the wanted number of frames, or a request to stop. Without a `source` it is waited
    /// for. A source that fails for good ends the session with its error.
    pub(super) fn run(self, source: Option<Box<dyn FrameSource>>) -> io::Result<Option<SourceError>> {
        let Watch { pipeline, display, instrument, opener, limits, stop } = self;
        let follower = Follower::new(opener, limits.patience, limits.retry).with_source(source);
        let session = Session::default();
        Loop { pipeline, display, instrument, limits, stop, follower, session }.run()
    }
}

struct Loop<'a, A> {
    pipeline: &'a mut Pipeline<A>,
    display: &'a mut dyn Display,
    instrument: &'a mut dyn Instrument,
    limits: Limits,
    stop: &'a AtomicBool,
    follower: Follower<'a>,
    session: Session,
}

impl<A: Assessor> Loop<'_, A> {
    fn run(mut self) -> io::Result<Option<SourceError>> {
        let mut alive = notify::Watchdog::from_environment();
        let ended = loop {
            alive.beat(Instant::now());
            if self.stop.load(Ordering::Relaxed) {
                break None;
            }
            if self.limits.frames.is_some_and(|frames| self.session.tally.frames >= frames) {
                break None;
            }
            self.session.elapsed = self.follower.elapsed();
            self.tend()?;
            let turn = self.follower.turn(LOOK_AROUND);
            self.session.elapsed = self.follower.elapsed();
            self.session.trouble = self.follower.trouble();
            self.session.camera = self.follower.state();
            self.session.rate = self.follower.rate();
            match turn.ended {
                Some(SourceError::End) => break None,
                Some(error) => break Some(error),
                None => self.tell(turn)?,
            }
            if !self.follower.is_open() {
                thread::sleep(LOOK_AROUND.min(self.limits.retry));
            }
        };
        self.session.elapsed = self.follower.elapsed();
        self.display.finish(&self.session)?;
        Ok(ended)
    }

    /// Passes on what a turn brought; what was said is taken back when it must not stand.
    fn tell(&mut self, turn: Turn) -> io::Result<()> {
        if let Some(damage) = turn.damage.filter(|_| !self.limits.camera) {
            self.display.note(&damage, &self.session)?;
            // What was said of the picture before says nothing of this one.
            self.take_back(&damage);
        }
        if let Some(change) = &turn.change {
            match &change.reason {
                _ if self.limits.camera => self.display.camera(change, &self.session)?,
                // Every damaged picture of a folder is told by itself.
                Some(reason) if change.state != CameraState::Corrupt => self.display.note(reason, &self.session)?,
                _ => {}
            }
        }
        if let Some(reason) = turn.interrupted {
            self.take_back(&reason);
        }
        turn.frame.map_or(Ok(()), |frame| self.step(&frame))
    }

    /// Takes back what was said, and says why.
    fn take_back(&mut self, reason: &str) {
        for action in self.pipeline.interrupt(reason) {
            if let Action::Announce(statement) = action {
                self.instrument.announce(&statement);
            }
        }
    }

    /// One frame through the pipeline and out.
    fn step(&mut self, frame: &Frame) -> io::Result<()> {
        let actions = self.pipeline.step(frame, self.session.elapsed);
        let session = &mut self.session;
        session.tally = *self.pipeline.tally();
        session.elapsed = self.follower.elapsed();
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

    /// Passes on what hardware and source have to say.
    fn tend(&mut self) -> io::Result<()> {
        for notice in self.instrument.notices() {
            match notice {
                Notice::Pressed(event) => self.display.button(event, &self.session)?,
                Notice::Warning(warning) => self.display.note(&warning, &self.session)?,
            }
        }
        for note in self.follower.notes() {
            self.display.note(&note, &self.session)?;
        }
        Ok(())
    }
}
