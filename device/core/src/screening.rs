//! Pipeline, fields and focus in one step. Pure.

use alloc::{sync::Arc, vec::Vec};
use core::time::Duration;

use crate::{
    field::{NotTaken, Presence, Rules, Taken, Token, Tracker},
    focus::{Focus, FocusBar},
    frame::Frame,
    pipeline::{Action, Assessor, Pipeline, Reading, Settings, Statement, Tally, Thumbnail},
};

/// Result of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The reading of the frame.
    pub reading: Reading,
    /// A field to record now, if any.
    pub taken: Option<Taken>,
    /// The statement, if it has changed: for lamps and buzzer.
    pub announced: Option<Statement>,
}

/// Screens a slide: no input, no output, no clock.
#[derive(Debug)]
pub struct Screening<A> {
    pipeline: Pipeline<A>,
    tracker: Tracker,
    focus: Focus,
    least_focus: f32,
}

impl<A: Assessor> Screening<A> {
    /// A new screening, without frames; it counts no fields yet.
    pub fn new(assessor: A, settings: Settings, rules: Rules) -> Self {
        let least_focus = settings.gate.unwrap_or_default().min_focus;
        Self {
            pipeline: Pipeline::new(assessor, settings),
            tracker: Tracker::new(rules),
            focus: Focus::new(least_focus),
            least_focus,
        }
    }

    /// Starts a session: fields are taken from now on.
    pub fn start(&mut self) {
        self.tracker.count(true);
        self.focus = Focus::new(self.least_focus);
    }

    /// Resumes a session that was cut off: these fields are counted already, newest last.
    pub fn resume(&mut self, known: Vec<(u64, Thumbnail)>) {
        self.tracker.resume(known);
        self.focus = Focus::new(self.least_focus);
    }

    /// Ends the session.
    pub fn end(&mut self) {
        self.tracker.count(false);
    }

    /// Takes a frame at the time `now`, which must not decrease.
    pub fn step(&mut self, frame: &Arc<Frame>, now: Duration) -> Option<Step> {
        let actions = self.pipeline.step(frame, now);
        let (mut shown, mut announced) = (None, None);
        for action in actions {
            match action {
                Action::Show(reading) => shown = Some(*reading),
                Action::Announce(statement) => announced = Some(statement),
            }
        }
        let reading = shown?;
        self.focus.add(&reading.quality, reading.frame.as_ref().err());
        let taken = self.tracker.step(frame, &reading, now);
        Some(Step { reading, taken, announced })
    }

    /// Notes that no frames come, and why. Returns the new statement, if it has changed.
    pub fn interrupt(&mut self, reason: &str) -> Option<Statement> {
        let actions = self.pipeline.interrupt(reason);
        self.tracker.interrupt();
        self.focus.forget();
        actions.into_iter().find_map(|action| match action {
            Action::Announce(statement) => Some(statement),
            Action::Show(_) => None,
        })
    }

    /// Whether the frame with this number showed the current field.
    #[must_use]
    pub fn still_shows(&self, frame: u64) -> bool {
        self.tracker.still_shows(frame)
    }

    /// Takes the current field, whatever the verdict.
    ///
    /// # Errors
    /// [`NotTaken`] if there is no field, or it was taken already.
    pub fn take(&mut self) -> Result<Taken, NotTaken> {
        self.tracker.take()
    }

    /// The field with this token was saved under this number.
    pub fn saved(&mut self, token: Token, number: u64) {
        self.tracker.saved(token, number);
    }

    /// The field with this token could not be saved; it may be taken again.
    pub fn failed(&mut self, token: Token, now: Duration) {
        self.tracker.failed(token, now);
    }

    /// Progress of the current field.
    #[must_use]
    pub fn presence(&self) -> Presence {
        self.tracker.presence()
    }

    /// The focus bar.
    #[must_use]
    pub fn focus(&self) -> FocusBar {
        FocusBar { level: self.focus.level(), threshold: self.focus.threshold() }
    }

    /// Counts so far.
    pub const fn tally(&self) -> &Tally {
        self.pipeline.tally()
    }
}

#[cfg(test)]
mod tests;
