//! The focus bar, a help for turning the fine focus.

use blastscope_shared::field::gate::{Quality, Rejection};
use serde::Serialize;

/// Sharpness of a straight ramp, the most blurred picture possible; see [`blastscope_shared::field::gate`].
const NOTHING: f32 = 0.25;
/// Weight of the newest frame: the bar must follow the hand at once, and noise must not shake it.
const NEWEST: f32 = 0.4;

/// The focus bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FocusBar {
    /// Sharpness relative to the best of the session, 0..=1; `None` without a picture.
    pub level: Option<f32>,
    /// Threshold of the gate on the same scale.
    pub threshold: f32,
}

/// Sharpness relative to the best of the session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Focus {
    /// Minimum sharpness that passes the gate.
    least: f32,
    smoothed: Option<f32>,
    best: f32,
}

impl Focus {
    pub(crate) const fn new(least: f32) -> Self {
        Self { least, smoothed: None, best: least }
    }

    /// Takes a frame. A frame without cells is ignored.
    pub(crate) fn add(&mut self, quality: &Quality, rejection: Option<&Rejection>) {
        if rejection.is_some_and(|rejection| !matches!(rejection, Rejection::OutOfFocus { .. })) {
            return;
        }
        let before = self.smoothed.unwrap_or(quality.focus);
        let smoothed = before + NEWEST * (quality.focus - before);
        self.smoothed = Some(smoothed);
        self.best = self.best.max(smoothed);
    }

    /// The picture is lost.
    pub(crate) const fn forget(&mut self) {
        self.smoothed = None;
    }

    /// 0 for completely blurred, 1 for the sharpest of the session; `None` without a picture.
    pub(crate) fn level(&self) -> Option<f32> {
        self.smoothed.map(|smoothed| self.scaled(smoothed))
    }

    /// Threshold of the gate on the same scale.
    pub(crate) fn threshold(&self) -> f32 {
        self.scaled(self.least)
    }

    fn scaled(&self, sharpness: f32) -> f32 {
        ((sharpness - NOTHING) / (self.best - NOTHING).max(1e-3)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(focus: f32) -> Quality {
        Quality { focus, background: 230, cells: 80, clipped: 0.0, foreign: 0.0, stained: 0.2 }
    }

    #[test]
    fn the_bar_follows_the_hand_and_the_best_of_the_session_is_full() {
        let mut focus = Focus::new(0.3);
        assert_eq!(focus.level(), None);
        for step in 0..40 {
            focus.add(&quality(0.25 + 0.005 * step as f32), None);
        }
        let sharp = focus.level().expect("pictures");
        for _ in 0..20 {
            focus.add(&quality(0.28), Some(&Rejection::OutOfFocus { focus: 0.28, threshold: 0.3 }));
        }
        let blurred = focus.level().expect("pictures");
        assert!(sharp > 0.95 && blurred < 0.3 && blurred < focus.threshold(), "{sharp} {blurred}");
        focus.add(&quality(0.9), Some(&Rejection::Empty { contrast: 1, threshold: 25 }));
        assert_eq!(focus.level(), Some(blurred), "noise of an empty field does not count");
        focus.forget();
        assert_eq!(focus.level(), None);
    }
}
