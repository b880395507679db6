//! Follows a source: opens it, asks it for frames, notices what it is doing, and opens it again when it was lost. Everybody who
//! watches a camera does so through here, so that all say the same of it.

use std::time::{Duration, Instant};

use blastscope_core::frame::Frame;
use serde::Serialize;

use super::{
    FrameSource, SourceError,
    state::{CameraState, Change, Patience, Sign, Watchdog},
};

/// What opens a source, the first time and again, and has something to say about it.
pub trait Opener {
    /// Opens it.
    ///
    /// # Errors
    /// Why it cannot be opened now.
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError>;

    /// What was opened, for a person; `None` while that is not known.
    fn title(&self) -> Option<String> {
        None
    }

    /// What there is to say since the last time.
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

/// Opens what a closure makes.
#[derive(Debug)]
pub struct OpenWith<F>(pub F);

impl<F: FnMut() -> Result<Box<dyn FrameSource>, SourceError>> Opener for OpenWith<F> {
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError> {
        (self.0)()
    }
}

/// What went wrong with a source, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Frames that came and were not looked at, because a newer one was there.
    pub dropped: u64,
    /// Frames that could not be decoded.
    pub corrupt: u64,
    /// Times that no frame came for a while.
    pub stalls: u64,
    /// Times that the camera sent the same frame again and again.
    pub freezes: u64,
    /// Times that the source was lost.
    pub losses: u64,
}

/// What a turn brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// A frame to be judged; frames of a frozen camera are none.
    pub frame: Option<Frame>,
    /// The source does something else now.
    pub change: Option<Change>,
    /// A frame was damaged, and how.
    pub damage: Option<String>,
    /// What was said before must not stand any more, and why.
    pub interrupted: Option<String>,
    /// The source has ended. [`SourceError::End`] is final; after anything else it is opened again, where somebody asks for another turn.
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
    /// Frames a second, over the last ones.
    rate: f64,
    last_frame: Option<Duration>,
    start: Instant,
    next_attempt: Duration,
    finished: bool,
    /// Whether it was said that what was seen before must not stand.
    blind: bool,
    /// Whether the caller got a frame and has spent the time since with it.
    judging: bool,
    /// Of sources that are gone; one that is opened again counts from 0.
    dropped_before: u64,
    sequence_before: u64,
    time_before: Duration,
    next_sequence: u64,
}

impl<'a> Follower<'a> {
    /// Follows what `opener` opens; attempts to open it again come every `retry`.
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

    /// Goes on with a source that is open already.
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

    /// What the source is doing.
    #[must_use]
    pub const fn state(&self) -> CameraState {
        self.watchdog.state()
    }

    /// Why it is in its state, where it is not as it should be.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.watchdog.reason()
    }

    /// What went wrong so far.
    #[must_use]
    pub const fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// Frames a second, over the last ones; 0 while none come.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// What was opened, for a person; `None` while that is not known.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.opener.title()
    }

    /// What there is to say about the source since the last time.
    pub fn notes(&mut self) -> Vec<String> {
        self.opener.notes()
    }

    /// Whether there is a source to wait for; without one a turn returns at once, and the caller has time.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.source.is_some()
    }

    /// Waits for a frame, at most `wait`; opens the source where there is none and it is time for it.
    pub fn turn(&mut self, wait: Duration) -> Turn {
        if std::mem::take(&mut self.judging) {
            // Somebody else's work is no silence of the source.
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

    /// The frame with numbers that go on where those of the source before ended.
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
                // Its own clock starts now.
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

/// What it means that a source cannot be opened.
fn refused(error: &SourceError) -> Sign {
    match error {
        SourceError::NoCamera | SourceError::NoSuchCamera { .. } => Sign::Missing(error.to_string()),
        _ => Sign::Gone(error.to_string()),
    }
}

/// Frames a second as an exponential mean of the time between frames.
fn smoothed(rate: f64, between: Duration) -> f64 {
    let now = 1.0 / between.as_secs_f64().max(1e-6);
    if rate == 0.0 { now } else { 1.0 / (0.9 / rate + 0.1 / now) }
}

#[cfg(test)]
mod tests;
