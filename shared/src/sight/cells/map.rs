//! The map of the evidence for a class, from the network's logits for each cell.

use alloc::vec;

use super::{super::cell::Cell, SIDE};
use crate::{field::framing::Framing, label::Class, layers::explanation::Explanation};

/// Pixels of the field per cell of the map.
const STEP: usize = 4;

/// By how much each cell's logit of `class` exceeds the mean of its logits, drawn at the cell's place as a disc of the size of a
/// nucleus that fades towards its edge.
pub(super) fn map(framing: &Framing, cells: &[Cell], logits: &[[f32; Class::COUNT]], class: Class) -> Explanation {
    let (width, height) = (usize::from(framing.width) / STEP, usize::from(framing.height) / STEP);
    let mut map = vec![0.0f32; width * height];
    let radius = SIDE as f32 / 2.0;
    for (cell, logits) in cells.iter().zip(logits) {
        let margin = logits[class.index()] - logits.iter().sum::<f32>() / Class::COUNT as f32;
        // Finite outputs only: a map contains no NaN.
        let speaks_for = margin > 0.0 && margin.is_finite();
        if !speaks_for {
            continue;
        }
        for (y, row) in map.chunks_exact_mut(width).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let centre = |at: usize| ((2 * at + 1) * STEP) as f32 / 2.0;
                let (across, down) = (centre(x) - f32::from(cell.x), centre(y) - f32::from(cell.y));
                let share = (across * across + down * down) / (radius * radius);
                *value = value.max(margin * (1.0 - share).max(0.0));
            }
        }
    }
    Explanation::new(class, width, height, map)
}
