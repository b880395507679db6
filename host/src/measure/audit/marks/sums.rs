//! What stands still in the pictures of a class.

use std::collections::BTreeSet;

use super::GRID;

/// Fewest pictures of a class for a statement about what stands still.
pub const LEAST_PICTURES: usize = 20;
/// Standard errors from 0 beyond which a mean difference is not chance: one in 5e8 for a normal distribution, and there are 1e5
/// differences.
const ERRORS: f64 = 6.0;
/// Least mean difference that counts, in units of a byte: uneven light differs by far less from one pixel to the next.
const LEAST_DIFFERENCE: f64 = 2.0;

/// Sums over the pictures of a class.
#[derive(Clone, Debug)]
pub struct Sums {
    pictures: usize,
    /// Red, green and blue by pixel.
    colours: Vec<u32>,
    /// Difference of the grey values to the right and to the lower neighbour by pixel: sum, and sum of squares.
    differences: Vec<[(i32, u64); 2]>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { pictures: 0, colours: vec![0; GRID * GRID * 3], differences: vec![[(0, 0); 2]; GRID * GRID] }
    }
}

impl Sums {
    /// Adds a picture of 224x224 pixels, HWC.
    pub fn add(&mut self, input: &[u8]) {
        self.pictures += 1;
        for (sum, value) in self.colours.iter_mut().zip(input) {
            *sum += u32::from(*value);
        }
        // Red, green and blue weigh the same: a red mark on white glass must count.
        let grey: Vec<i32> =
            input.chunks_exact(3).map(|pixel| pixel.iter().map(|value| i32::from(*value)).sum::<i32>() / 3).collect();
        for (at, sums) in self.differences.iter_mut().enumerate() {
            let (x, y) = (at % GRID, at / GRID);
            let neighbours = [(x + 1 < GRID).then_some(at + 1), (y + 1 < GRID).then_some(at + GRID)];
            for (sum, neighbour) in sums.iter_mut().zip(neighbours) {
                if let Some(neighbour) = neighbour {
                    let difference = grey[neighbour] - grey[at];
                    sum.0 += difference;
                    sum.1 += u64::from(difference.unsigned_abs().pow(2));
                }
            }
        }
    }

    /// Pictures added.
    #[must_use]
    pub const fn pictures(&self) -> usize {
        self.pictures
    }

    /// The mean picture, 224x224 pixels, HWC; grey without pictures.
    #[must_use]
    pub fn mean(&self) -> Vec<u8> {
        let pictures = self.pictures as u32;
        self.colours.iter().map(|sum| (sum + pictures / 2).checked_div(pictures).unwrap_or(128) as u8).collect()
    }

    /// The pixels (column, row) that stand still: those on both sides of a mean difference beyond chance. `None` with fewer than
    /// [`LEAST_PICTURES`] pictures.
    #[must_use]
    pub fn still(&self) -> Option<BTreeSet<(u16, u16)>> {
        if self.pictures < LEAST_PICTURES {
            return None;
        }
        let count = self.pictures as f64;
        let mut still = BTreeSet::new();
        for (at, sums) in self.differences.iter().enumerate() {
            for ((sum, squares), step) in sums.iter().zip([1, GRID]) {
                let mean = f64::from(*sum) / count;
                // A difference of whole numbers is never known better than to a third of a unit.
                let variance = (*squares as f64 / count - mean * mean).max(1.0 / 12.0);
                if mean.abs() >= LEAST_DIFFERENCE && mean.abs() > ERRORS * (variance / count).sqrt() {
                    for pixel in [at, at + step] {
                        still.insert(((pixel % GRID) as u16, (pixel / GRID) as u16));
                    }
                }
            }
        }
        Some(still)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of the seed, with a dark square at (10, 20) in one of `every` pictures.
    fn sums(pictures: usize, every: usize) -> Sums {
        let mut sums = Sums::default();
        let mut state = 1u32;
        for number in 0..pictures {
            let mut input: Vec<u8> = (0..GRID * GRID * 3)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8 / 2 + 64
                })
                .collect();
            if number % every == 0 {
                for (x, y) in (10..18).flat_map(|x| (20..28).map(move |y| (x, y))) {
                    input[(y * GRID + x) * 3..][..3].copy_from_slice(&[0; 3]);
                }
            }
            sums.add(&input);
        }
        sums
    }

    #[test]
    fn a_mark_in_a_third_of_the_pictures_stands_still_and_noise_does_not() {
        let still = sums(90, 3).still().expect("enough pictures");
        assert!(
            still.len() >= 24 && still.iter().all(|(x, y)| (9..=18).contains(x) && (19..=28).contains(y)),
            "{still:?}"
        );
        assert_eq!(sums(90, 1000).still().expect("enough pictures").len(), 0);
        assert_eq!(sums(LEAST_PICTURES - 1, 1).still(), None);
    }

    #[test]
    fn the_mean_is_rounded_and_grey_for_nothing() {
        let mut sums = Sums::default();
        assert!(sums.mean().iter().all(|value| *value == 128));
        sums.add(&vec![10; GRID * GRID * 3]);
        sums.add(&vec![13; GRID * GRID * 3]);
        assert!(sums.mean().iter().all(|value| *value == 12));
        assert_eq!(sums.pictures(), 2);
    }
}
