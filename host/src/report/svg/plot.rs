//! The area of a diagram: where numbers lie on it, its grid and its axes.

use super::{Anchor, FAINT, Font, GREY, Svg};

/// A diagram's area in pixels, and the numbers at its edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    /// Left edge, pixels.
    pub left: f64,
    /// Upper edge, pixels.
    pub top: f64,
    /// Width, pixels.
    pub width: f64,
    /// Height, pixels.
    pub height: f64,
    /// The numbers at the left and the right edge; they differ.
    pub x: [f64; 2],
    /// The numbers at the lower and the upper edge; they differ.
    pub y: [f64; 2],
}

impl Plot {
    /// The pixel column of a number, clamped to the edges.
    #[must_use]
    pub fn column(&self, x: f64) -> f64 {
        self.left + self.width * share(x, self.x)
    }

    /// The pixel row of a number, clamped to the edges.
    #[must_use]
    pub fn row(&self, y: f64) -> f64 {
        self.top + self.height * (1.0 - share(y, self.y))
    }

    /// The pixel of a pair of numbers.
    #[must_use]
    pub fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.column(x), self.row(y)]
    }

    /// The lower edge, pixels.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The right edge, pixels.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Vertical lines at `ticks`, with their texts below.
    pub fn columns(&self, picture: &mut Svg, ticks: &[(f64, String)]) {
        for (tick, text) in ticks {
            let x = self.column(*tick);
            picture.line([x, self.top, x, self.bottom()], FAINT, 1.0);
            picture.text(x, self.bottom() + 15.0, Font::new(11.0, GREY).at(Anchor::Middle), text);
        }
    }

    /// Horizontal lines at `ticks`, with their texts on the left.
    pub fn rows(&self, picture: &mut Svg, ticks: &[(f64, String)]) {
        for (tick, text) in ticks {
            let y = self.row(*tick);
            picture.line([self.left, y, self.right(), y], FAINT, 1.0);
            picture.text(self.left - 7.0, y + 4.0, Font::new(11.0, GREY).at(Anchor::End), text);
        }
    }

    /// The left and the lower edge.
    pub fn axes(&self, picture: &mut Svg) {
        picture.line([self.left, self.top, self.left, self.bottom()], GREY, 1.2);
        picture.line([self.left, self.bottom(), self.right(), self.bottom()], GREY, 1.2);
    }

    /// Lines from point to point.
    pub fn curve(&self, picture: &mut Svg, points: &[[f64; 2]], colour: &str, width: f64) {
        let points: Vec<[f64; 2]> = points.iter().map(|&point| self.at(point)).collect();
        picture.polyline(&points, colour, width, false);
    }
}

/// Where a number lies between `low` (0) and `high` (1).
fn share(value: f64, [low, high]: [f64; 2]) -> f64 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// Ticks of a share from 0 to `highest` in steps of `step`, written in percent.
#[must_use]
pub fn percent_ticks(highest: f64, step: f64) -> Vec<(f64, String)> {
    let count = (highest / step + 1e-9).floor() as usize;
    let decimals = usize::from(step < 0.01 - 1e-9);
    (0..=count)
        .map(|at| {
            let value = at as f64 * step;
            (value, format!("{:.decimals$} %", value * 100.0))
        })
        .collect()
}

/// The end of an axis from 0 that holds `largest`, and a step for about five ticks: 1, 2 or 5 times a power of ten.
#[must_use]
pub fn round_scale(largest: f64) -> (f64, f64) {
    let largest = if largest.is_finite() && largest > 0.0 { largest } else { 1.0 };
    let rough = largest / 5.0;
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|&step| step >= rough * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * power);
    ((largest / step - 1e-9).ceil() * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_on_their_pixels() {
        let plot = Plot { left: 10.0, top: 20.0, width: 100.0, height: 50.0, x: [0.0, 2.0], y: [-1.0, 1.0] };
        assert_eq!(plot.at([0.0, -1.0]), [10.0, 70.0]);
        assert_eq!(plot.at([1.0, 1.0]), [60.0, 20.0]);
        assert_eq!(plot.at([9.0, 9.0]), [110.0, 20.0]);
    }

    #[test]
    fn scales_end_on_a_tick() {
        assert_eq!(round_scale(0.021), (0.025, 0.005));
        assert_eq!(round_scale(1.0), (1.0, 0.2));
        assert_eq!(round_scale(43.0), (50.0, 10.0));
        assert_eq!(round_scale(1.7), (2.0, 0.5));
        assert_eq!(round_scale(37.0), (40.0, 10.0));
        assert_eq!(round_scale(0.0), (1.0, 0.2));
        let texts: Vec<String> = percent_ticks(0.02, 0.005).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["0.0 %", "0.5 %", "1.0 %", "1.5 %", "2.0 %"]);
    }
}
