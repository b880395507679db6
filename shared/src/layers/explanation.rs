//! Maps of the evidence for a class in a field: Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
//! Gradient-based Localization", ICCV 2017).
//!
//! With `A[p][k]` the activation of channel `k` at position `p` after the last convolution and its ReLU, before any max-pool:
//!
//! ```text
//! alpha[k] = mean over p of d logit[class] / d A[p][k]
//! map[p]   = max(0, sum over k of alpha[k] * A[p][k]), divided by its largest value
//! ```
//! Only max-pools and dense layers follow the last convolution, so the gradient needs no differentiation at run time (`head`). A
//! map costs one more pass of the last convolution, without its max-pool, and only on request.
//!
//! A map shows which places the network's answer depends on. It does not show that the answer is right, and it is not a
//! segmentation: a cell of the map covers 16 pixels of the reference network's input, and the network sees far beyond that cell.

pub(crate) mod head;

#[cfg(test)]
mod tests;

use alloc::{vec, vec::Vec};

use crate::label::Class;

/// Why there is no map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// The network has only dense layers and max-pools.
    #[error("the network has no convolution, so it cannot give a map of a field")]
    NoConvolution,
    /// No field was run with the workspace yet.
    #[error("no field has been classified yet, so there is nothing to explain")]
    NothingRun,
    /// Another network used the workspace.
    #[error("the field was classified by another model; classify it with this one first")]
    OtherNetwork,
}

/// How strongly each place of a field supports a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    class: Class,
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Explanation {
    /// Normalizes `evidence`, row by row, `width` numbers per row. NaN counts as 0.
    pub(crate) fn new(class: Class, width: usize, height: usize, evidence: Vec<f32>) -> Self {
        let mut values = evidence;
        for value in &mut values {
            *value = if *value > 0.0 { value.min(f32::MAX) } else { 0.0 };
        }
        let largest = values.iter().fold(0.0f32, |largest, &value| largest.max(value));
        if largest > 0.0 {
            values.iter_mut().for_each(|value| *value /= largest);
        }
        Self { class, width, height, values }
    }

    /// The map's class.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Columns: 14 in the reference network.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows: 14 in the reference network.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Row by row from the top, 0..=1: the largest is 1, or all are 0 if nothing in the field supports the class.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Column and row of the largest value; ties go to the first. `None` if all are 0.
    #[must_use]
    pub fn peak(&self) -> Option<(usize, usize)> {
        let mut best = (0, 0.0);
        for (at, &value) in self.values.iter().enumerate() {
            if value > best.1 {
                best = (at, value);
            }
        }
        (best.1 > 0.0).then(|| (best.0 % self.width, best.0 / self.width))
    }

    /// Column and row of the pixel at the centre of the [`Self::peak`] cell, in a picture of `width` x `height` pixels under the
    /// map.
    #[must_use]
    pub fn peak_in(&self, width: usize, height: usize) -> Option<(usize, usize)> {
        let centre = |cell: usize, cells: usize, pixels: usize| (2 * cell + 1) * pixels / (2 * cells);
        self.peak().map(|(x, y)| (centre(x, self.width, width), centre(y, self.height, height)))
    }

    /// The map resized to `width` x `height` pixels, row by row, 0..=1.
    ///
    /// Bilinear, aligned at centres: pixel `x` lies at `(x + 0.5) * self.width / width - 0.5` among the map's columns; beyond the
    /// centres of the outermost columns their value repeats. Rows likewise.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize) -> Vec<f32> {
        let columns = blends(self.width, width);
        let mut resized = vec![0.0; width * height];
        if self.values.is_empty() || resized.is_empty() {
            return resized;
        }
        for (row, blend) in resized.chunks_exact_mut(width).zip(blends(self.height, height)) {
            let line = |y: usize| &self.values[y * self.width..(y + 1) * self.width];
            let (upper, lower) = (line(blend.first), line(blend.second));
            for (value, column) in row.iter_mut().zip(&columns) {
                *value = blend.mix(column.at(upper), column.at(lower));
            }
        }
        resized
    }
}

/// Two neighbouring cells and the weight of the second.
struct Blend {
    first: usize,
    second: usize,
    share: f32,
}

impl Blend {
    fn mix(&self, first: f32, second: f32) -> f32 {
        first * (1.0 - self.share) + second * self.share
    }

    fn at(&self, line: &[f32]) -> f32 {
        self.mix(line[self.first], line[self.second])
    }
}

/// The cells that each of `pixels` pixels interpolates, along one axis of `cells` cells.
fn blends(cells: usize, pixels: usize) -> Vec<Blend> {
    let last = cells.saturating_sub(1);
    (0..pixels)
        .map(|pixel| {
            let place = (pixel as f32 + 0.5) * cells as f32 / pixels as f32 - 0.5;
            let place = place.clamp(0.0, last as f32);
            let first = (place as usize).min(last);
            Blend { first, second: (first + 1).min(last), share: place - first as f32 }
        })
        .collect()
}
