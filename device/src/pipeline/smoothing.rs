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
    mean: Option<Mean>,
}

impl Smoothing {
    pub const fn new(newest_weight: f32) -> Self {
        Self { newest_weight, frames: 0, mean: None }
    }

    pub const fn clear(&mut self) {
        self.frames = 0;
        self.mean = None;
    }

    pub const fn frames(&self) -> u32 {
        self.frames
    }

    pub const fn mean(&self) -> Option<Mean> {
        self.mean
    }

    pub fn add(&mut self, assessment: &Assessment) {
        self.frames = self.frames.saturating_add(1);
        let newest = Mean { probabilities: assessment.probabilities, novelty: assessment.novelty };
        let weight = (1.0 / self.frames as f32).max(self.newest_weight);
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
