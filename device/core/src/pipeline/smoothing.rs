//! The mean over the frames of a view.

use blastscope_shared::{
    judge::{Judge, Scores},
    sight::{Blank, Observation},
};

/// A plain mean of the first frames that turns into an exponential mean: the newest frame weighs one over the number of
/// frames, but never less than `newest_weight`.
#[derive(Clone, Copy, Debug)]
pub struct Smoothing {
    judge: Judge,
    newest_weight: f32,
    frames: u32,
    /// Number of frames in the mean.
    averaged: u32,
    /// Number of newest consecutive frames in which nothing was seen.
    blank_in_a_row: u32,
    /// Why nothing was seen in the last of them.
    blank: Blank,
    mean: Option<Scores>,
}

impl Smoothing {
    pub const fn new(judge: Judge, newest_weight: f32) -> Self {
        Self { judge, newest_weight, frames: 0, averaged: 0, blank_in_a_row: 0, blank: Blank::NoCells, mean: None }
    }

    pub const fn clear(&mut self) {
        *self = Self::new(self.judge, self.newest_weight);
    }

    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// The mean, unless nothing was seen in the newest `patience` frames or in any frame.
    pub const fn mean(&self, patience: u32) -> Observation<Scores> {
        match self.mean {
            Some(mean) if self.blank_in_a_row < patience => Observation::Observed(mean),
            _ => Observation::Nothing(self.blank),
        }
    }

    /// Adds a frame. A frame in which nothing was seen counts, but is not averaged.
    pub fn add(&mut self, frame: Observation<Scores>) {
        self.frames = self.frames.saturating_add(1);
        let weight = (1.0 / self.averaged.saturating_add(1) as f32).max(self.newest_weight);
        let mean = frame.and_then(|newest| match self.mean {
            None => frame,
            Some(mean) => self.judge.towards(&mean, &newest, weight),
        });
        match mean {
            Observation::Observed(mean) => {
                self.blank_in_a_row = 0;
                self.averaged = self.averaged.saturating_add(1);
                self.mean = Some(mean);
            }
            Observation::Nothing(blank) => {
                self.blank_in_a_row = self.blank_in_a_row.saturating_add(1);
                self.blank = blank;
            }
        }
    }
}
