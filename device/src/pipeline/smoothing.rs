//! The mean over the frames of a view.

use blastscope_shared::{Class, classifier::Assessment};

/// What is averaged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    pub probabilities: [f32; Class::COUNT],
    pub novelty: f32,
}

/// A plain mean of the first frames that turns into an exponential mean: the newest frame weighs one over the number of
/// frames, but never less than `newest_weight`.
#[derive(Clone, Copy, Debug)]
pub struct Smoothing {
    newest_weight: f32,
    frames: u32,
    /// Frames that went into the mean.
    averaged: u32,
    /// The newest frames without cells.
    empty_in_a_row: u32,
    mean: Option<Mean>,
}

impl Smoothing {
    pub const fn new(newest_weight: f32) -> Self {
        Self { newest_weight, frames: 0, averaged: 0, empty_in_a_row: 0, mean: None }
    }

    pub const fn clear(&mut self) {
        *self = Self::new(self.newest_weight);
    }

    pub const fn frames(&self) -> u32 {
        self.frames
    }

    pub const fn mean(&self) -> Option<Mean> {
        self.mean
    }

    /// How many of the newest frames showed no cells.
    pub const fn empty_in_a_row(&self) -> u32 {
        self.empty_in_a_row
    }

    /// Adds a frame. One without cells counts, but says nothing that could be averaged.
    pub fn add(&mut self, assessment: &Assessment) {
        self.frames = self.frames.saturating_add(1);
        if !assessment.is_seen() {
            self.empty_in_a_row = self.empty_in_a_row.saturating_add(1);
            return;
        }
        self.empty_in_a_row = 0;
        self.averaged = self.averaged.saturating_add(1);
        let newest = Mean { probabilities: assessment.probabilities, novelty: assessment.novelty };
        let weight = (1.0 / self.averaged as f32).max(self.newest_weight);
        self.mean = Some(match self.mean {
            None => newest,
            Some(mut mean) => {
                for (mean, newest) in mean.probabilities.iter_mut().zip(newest.probabilities) {
                    *mean += weight * (newest - *mean);
                }
                mean.novelty += weight * (newest.novelty - mean.novelty);
                mean
            }
        });
    }
}
