//! What a nearest-neighbour classifier sees in one place.

use rayon::prelude::*;

use super::{GRID, PLACES};
use crate::data::dataset::Dataset;
use blastscope_shared::Rate;

/// Pixels of a place are averaged in squares of this side, so that a shift of one pixel does not hide a similarity.
const STEP: usize = 2;
/// Values compared between checks whether the rest can still matter.
const STRETCH: usize = 192;

/// A picture's places at half the resolution: RGB bytes of each, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patches([Vec<u8>; PLACES.len()]);

impl Patches {
    /// Cuts the places out of a picture of 224x224 pixels, HWC.
    #[must_use]
    pub fn of(input: &[u8]) -> Self {
        Self(PLACES.map(|place| {
            let columns = usize::from(place.area.left)..usize::from(place.area.right);
            let rows = usize::from(place.area.top)..usize::from(place.area.bottom);
            let mut patch = Vec::with_capacity(columns.len() * rows.len() * 3 / (STEP * STEP));
            for y in rows.step_by(STEP) {
                for x in columns.clone().step_by(STEP) {
                    for channel in 0..3 {
                        let value = |dx: usize, dy: usize| u32::from(input[((y + dy) * GRID + x + dx) * 3 + channel]);
                        patch.push(((value(0, 0) + value(1, 0) + value(0, 1) + value(1, 1) + 2) / 4) as u8);
                    }
                }
            }
            patch
        }))
    }
}

/// How many of `compared` have the class of the most similar picture of another overlap group in a place; the first of equals
/// counts.
pub(super) fn nearest_is_right(dataset: &Dataset, patches: &[Patches], compared: &[usize], place: usize) -> Rate {
    let asked: Vec<bool> = compared
        .par_iter()
        .filter_map(|&at| {
            let (image, patch) = (&dataset.images[at], &patches[at].0[place]);
            let mut nearest = None;
            let mut least = u32::MAX;
            for &other in compared {
                if dataset.images[other].group == image.group {
                    continue;
                }
                let distance = distance(patch, &patches[other].0[place], least);
                if distance < least {
                    (nearest, least) = (Some(other), distance);
                }
            }
            nearest.map(|other| dataset.images[other].class == image.class)
        })
        .collect();
    Rate::new(asked.iter().filter(|right| **right).count(), asked.len())
}

/// Sum of squared differences; above `limit`, any number that is at least `limit`.
fn distance(one: &[u8], other: &[u8], limit: u32) -> u32 {
    let mut sum = 0;
    for (one, other) in one.chunks(STRETCH).zip(other.chunks(STRETCH)) {
        let stretch: i32 = one
            .iter()
            .zip(other)
            .map(|(one, other)| {
                let difference = i32::from(i16::from(*one) - i16::from(*other));
                difference * difference
            })
            .sum();
        sum += stretch as u32;
        if sum >= limit {
            return sum;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_cut_out_and_averaged() {
        let mut input = vec![0; GRID * GRID * 3];
        for (at, pixel) in input.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[(at % GRID) as u8, (at / GRID) as u8, 7]);
        }
        let patches = Patches::of(&input);
        for (patch, place) in patches.0.iter().zip(PLACES) {
            let area = place.area;
            let pixels = usize::from(area.right - area.left) * usize::from(area.bottom - area.top);
            assert_eq!(patch.len(), pixels / 4 * 3, "{}", place.name);
            // The mean of two neighbours, rounded half up, is the greater one.
            assert_eq!(patch[..3], [area.left as u8 + 1, area.top as u8 + 1, 7], "{}", place.name);
            let last = [area.right as u8 - 1, area.bottom as u8 - 1, 7];
            assert_eq!(patch[patch.len() - 3..], last, "{}", place.name);
        }
    }

    #[test]
    fn distances_below_the_limit_are_exact() {
        let one: Vec<u8> = (0..1000).map(|at| (at % 256) as u8).collect();
        let other: Vec<u8> = (0..1000).map(|at| ((at * 7) % 256) as u8).collect();
        let exact: u32 = one.iter().zip(&other).map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum();
        assert_eq!(distance(&one, &other, u32::MAX), exact);
        assert!(distance(&one, &other, exact / 3) >= exact / 3);
    }
}
