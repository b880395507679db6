//! Follows a source: opens it, reads frames, tracks its state, and reopens it after a loss. All displays
//! watch a camera through this module, so they agree on its state.

use std::time::{Duration, Instant};

use blastscope_core::frame::Frame;
use serde::Serialize;

use super::{
    FrameSource, SourceError,
    state::{CameraState, Change, Patience, Sign, Watchdog},
};

/// Opens and reopens a source, and reports notes about it.
pub trait Opener {
    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be opened now.
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError>;

    /// Name of the source for people; `None` while unknown.
    fn title(&self) -> Option<String> {
        None
    }

    /// Notes since the last call.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

impl<O: Opener + ?Sized> Opener for &mut O {
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError> {
        (**self).open()
    }

    fn title(&self) -> Option<String> {
        (**self).title()
    }

    fn notes(&mut self) -> Vec<String> {
        (**self).notes()
    }
}

/// An opener from a closure.
#[derive(Debug)]
pub struct OpenWith<F>(pub F);

impl<F: FnMut() -> Result<Box<dyn FrameSource>, SourceError>> Opener for OpenWith<F> {
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError> {
        (self.0)()
    }
}

/// Counts of a source's problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Frames dropped because a newer one arrived.
    pub dropped: u64,
    /// Frames that could not be decoded.
    pub corrupt: u64,
    /// Number of stalls.
    pub stalls: u64,
    /// Number of times that the camera froze.
    pub freezes: u64,
    /// Number of losses.
    pub losses: u64,
}

/// Result of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// A frame to judge; never from a frozen camera.
    pub frame: Option<Frame>,
    /// The source's state changed.
    pub change: Option<Change>,
    /// A frame was damaged; the text says how.
    pub damage: Option<String>,
    /// Why earlier statements must be withdrawn.
    pub interrupted: Option<String>,
    /// The source has ended. [`SourceError::End`] is final; after any other error the next turns reopen it.
    pub ended: Option<SourceError>,
}

/// Follows a source.
pub struct Follower<'a> {
    opener: Box<dyn Opener + 'a>,
    source: Option<Box<dyn FrameSource>>,
    patience: Patience,
    retry: Duration,
    watchdog: Watchdog,
    trouble: Trouble,
    /// Recent frames per second.
    rate: f64,
    last_frame: Option<Duration>,
    start: Instant,
    next_attempt: Duration,
    finished: bool,
    /// Whether the withdrawal was reported already.
    blind: bool,
    /// Whether the caller has been busy with a frame since the last turn.
    judging: bool,
    /// Totals of earlier openings; a reopened source counts from 0.
    dropped_before: u64,
    sequence_before: u64,
    time_before: Duration,
    next_sequence: u64,
}

impl<'a> Follower<'a> {
    /// Follows the source of `opener`; tries to reopen it every `retry`.
    #[must_use]
    pub fn new(opener: impl Opener + 'a, patience: Patience, retry: Duration) -> Self {
        Self::boxed(Box::new(opener), patience, retry)
    }

    /// As [`Self::new`].
    #[must_use]
    pub fn boxed(opener: Box<dyn Opener + 'a>, patience: Patience, retry: Duration) -> Self {
        Self {
            opener,
            source: None,
            patience,
            retry,
            watchdog: Watchdog::new(patience, Duration::ZERO),
            trouble: Trouble::default(),
            rate: 0.0,
            last_frame: None,
            start: Instant::now(),
            next_attempt: Duration::ZERO,
            finished: false,
            blind: false,
            judging: false,
            dropped_before: 0,
            sequence_before: 0,
            time_before: Duration::ZERO,
            next_sequence: 0,
        }
    }

    /// Continues with a source that is open already.
    #[must_use]
    pub fn with_source(mut self, source: Option<Box<dyn FrameSource>>) -> Self {
        self.source = source;
        self
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// State of the source.
    #[must_use]
    pub const fn state(&self) -> CameraState {
        self.watchdog.state()
    }

    /// Reason of the state, unless it is normal.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.watchdog.reason()
    }

    /// Problems so far.
    #[must_use]
    pub const fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// Recent frames per second; 0 while none come.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// Name of the source for people; `None` while unknown.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.opener.title()
    }

    /// Notes about the source since the last call.
    pub fn notes(&mut self) -> Vec<String> {
        self.opener.notes()
    }

    /// Whether a source is open; without one a turn returns at once, and the caller may wait.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.source.is_some()
    }

    /// Waits for a frame, at most `wait`; opens the source if it is not open and a retry is due.
    pub fn turn(&mut self, wait: Duration) -> Turn {
        if std::mem::take(&mut self.judging) {
            // The caller's work does not count as silence of the source.
            self.watchdog.occupied_until(self.start.elapsed());
        }
        let Some(source) = &mut self.source else { return self.open() };
        let outcome = source.next_frame(wait.min(self.patience.stall));
        let (unchanged, is_open) = (source.unchanged(), source.is_open());
        self.trouble.dropped = self.dropped_before + source.dropped();
        match outcome {
            Ok(frame) => {
                let turn = self.note(Sign::Frame { unchanged });
                let frame = self.continued(frame);
                self.judging = self.watchdog.state() == CameraState::Streaming;
                Turn { frame: Some(frame).filter(|_| self.judging), ..turn }
            }
            Err(SourceError::Stalled { .. }) => self.note(Sign::Silence),
            Err(error @ SourceError::Corrupt { .. }) => {
                self.trouble.corrupt += 1;
                Turn { damage: Some(error.to_string()), ..self.note(Sign::Damaged(error.to_string())) }
            }
            Err(error) if !is_open => {
                self.source = None;
                self.next_attempt = self.elapsed() + self.retry;
                self.note(refused(&error))
            }
            Err(error) => self.lose(error),
        }
    }

    /// The frame, with its number continued from the previous source.
    fn continued(&mut self, mut frame: Frame) -> Frame {
        let now = self.elapsed();
        if let Some(last) = self.last_frame.replace(now) {
            self.rate = smoothed(self.rate, now.saturating_sub(last));
        }
        frame.sequence += self.sequence_before;
        frame.time += self.time_before;
        self.next_sequence = frame.sequence + 1;
        frame
    }

    fn open(&mut self) -> Turn {
        let now = self.elapsed();
        if self.finished || now < self.next_attempt {
            return Turn::default();
        }
        self.next_attempt = now + self.retry;
        let sign = match self.opener.open() {
            Ok(source) => {
                self.source = Some(source);
                // The new source's clock starts now.
                self.time_before = self.elapsed();
                self.sequence_before = self.next_sequence;
                Sign::Opened
            }
            Err(error) => refused(&error),
        };
        self.note(sign)
    }

    fn lose(&mut self, error: SourceError) -> Turn {
        self.source = None;
        self.dropped_before = self.trouble.dropped;
        self.next_attempt = self.elapsed() + self.retry;
        self.trouble.losses += u64::from(matches!(error, SourceError::Lost(_)));
        self.finished = error == SourceError::End;
        let sign = if self.finished { Sign::Ended(error.to_string()) } else { Sign::Gone(error.to_string()) };
        let ended = (!matches!(error, SourceError::Lost(_))).then_some(error);
        Turn { ended, ..self.note(sign) }
    }

    fn note(&mut self, sign: Sign) -> Turn {
        let now = self.elapsed();
        let change = self.watchdog.note(sign, now);
        match change.as_ref().map(|change| change.state) {
            Some(CameraState::Stalled) => self.trouble.stalls += 1,
            Some(CameraState::Frozen) => self.trouble.freezes += 1,
            _ => {}
        }
        let blind = self.watchdog.is_blind(now);
        let told = blind && (change.is_some() || !self.blind);
        self.blind = blind;
        if told {
            (self.rate, self.last_frame) = (0.0, None);
        }
        let interrupted = told.then(|| self.watchdog.reason().unwrap_or_default().to_owned());
        Turn { change, interrupted, ..Turn::default() }
    }
}

/// The sign for a source that cannot be opened.
fn refused(error: &SourceError) -> Sign {
    match error {
        SourceError::NoCamera | SourceError::NoSuchCamera { .. } => Sign::Missing(error.to_string()),
        _ => Sign::Gone(error.to_string()),
    }
}

/// Frames per second, from an exponential mean of the time between frames.
fn smoothed(rate: f64, between: Duration) -> f64 {
    let now = 1.0 / between.as_secs_f64().max(1e-6);
    if rate == 0.0 { now } else { 1.0 / (0.9 / rate + 0.1 / now) }
}

#[cfg(test)]
mod tests;
