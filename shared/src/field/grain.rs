//! The grain of a field: how much neighbouring pixels differ where nothing is stained.
//!
//! Noise of the sensor, from little light or much gain, changes what a network sees of chromatin. It is measured where there is no
//! chromatin: by the mask of Immerkær, "Fast Noise Variance Estimation" (Computer Vision and Image Understanding 64, 1996), which takes
//! away what is flat or slanted, over the two fifths of the pixels that absorb least green.

use crate::field::{framing::Framing, histogram::percentile};

/// Share of the pixels that count as unstained, per cent.
const UNSTAINED: u64 = 40;

/// The grain of a field in optical density (HWC bytes, red first): the mean absolute response of the mask, in units of density. Rows from
/// the mask down are left out. 0 for a field that is flat.
pub(crate) fn grain(framing: &Framing, density: &[u8]) -> f32 {
    let (width, rows) = (usize::from(framing.width), framing.rows_above_mask());
    let green = |x: usize, y: usize| i32::from(density[(y * width + x) * 3 + 1]);
    let inner = || (1..rows.saturating_sub(1)).flat_map(move |y| (1..width.saturating_sub(1)).map(move |x| (x, y)));
    let mut counts = [0u32; 256];
    inner().for_each(|(x, y)| counts[green(x, y) as usize] += 1);
    let unstained = i32::from(percentile(&counts, UNSTAINED));
    let (mut sum, mut count) = (0u64, 0u64);
    for (x, y) in inner().filter(|&(x, y)| green(x, y) <= unstained) {
        let corners = green(x - 1, y - 1) + green(x + 1, y - 1) + green(x - 1, y + 1) + green(x + 1, y + 1);
        let sides = green(x - 1, y) + green(x + 1, y) + green(x, y - 1) + green(x, y + 1);
        sum += u64::from((4 * green(x, y) + corners - 2 * sides).unsigned_abs());
        count += 1;
    }
    sum as f32 / count.max(1) as f32
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    const FRAMING: Framing = Framing::of(200, 150);

    #[test]
    fn it_is_noise_and_not_cells_or_a_slanted_light() {
        let plain: Vec<u8> = (0..FRAMING.input_len())
            .map(|at| {
                let (x, y) = (at / 3 % 200, at / 600);
                if x % 40 < 16 && y % 40 < 16 { 150 } else { (x / 10) as u8 }
            })
            .collect();
        let mut state = 9u32;
        let mut noisy = |amplitude: u32| -> Vec<u8> {
            plain
                .iter()
                .map(|&value| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    value + ((state >> 16) % amplitude) as u8
                })
                .collect()
        };
        let [little, much] = [3, 12].map(|amplitude| grain(&FRAMING, &noisy(amplitude)));
        let none = grain(&FRAMING, &plain);
        assert!(none + 1.0 < little && 2.0 * little < much, "{none} {little} {much}");
        assert_eq!(grain(&FRAMING, &vec![7; FRAMING.input_len()]), 0.0);
    }
}
