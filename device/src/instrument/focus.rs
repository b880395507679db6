//! A bar that helps the hand at the fine focus.

use blastscope_shared::field::gate::{Quality, Rejection};

/// Sharpness of a straight ramp, as out of focus as can be; see [`blastscope_shared::field::gate`].
const NOTHING: f32 = 0.25;
/// Weight of the newest frame: the hand must feel its turn at once, and noise must not shake the bar.
const NEWEST: f32 = 0.4;

/// Sharpness relative to the best of the session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Focus {
    /// From this sharpness on the gate passes.
    least: f32,
    smoothed: Option<f32>,
    best: f32,
}

impl Focus {
    pub(super) const fn new(least: f32) -> Self {
        Self { least, smoothed: None, best: least }
    }

    /// Takes a frame. One that shows no cells says nothing about the focus.
    pub(super) fn add(&mut self, quality: &Quality, rejection: Option<&Rejection>) {
        if rejection.is_some_and(|rejection| !matches!(rejection, Rejection::OutOfFocus { .. })) {
            return;
        }
        let before = self.smoothed.unwrap_or(quality.focus);
        let smoothed = before + NEWEST * (quality.focus - before);
        self.smoothed = Some(smoothed);
        self.best = self.best.max(smoothed);
    }

    /// There is no picture any more.
    pub(super) const fn forget(&mut self) {
        self.smoothed = None;
    }

    /// 0 for nothing sharp at all, 1 for the sharpest of the session; `None` without a picture.
    pub(super) fn level(&self) -> Option<f32> {
        self.smoothed.map(|smoothed| self.scaled(smoothed))
    }

    /// Where on the same scale the gate begins to pass.
    pub(super) fn threshold(&self) -> f32 {
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
        assert_eq!(focus.level(), Some(blurred), "noise of an empty field is no focus");
        focus.forget();
        assert_eq!(focus.level(), None);
    }
}
