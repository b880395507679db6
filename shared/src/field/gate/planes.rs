//! The gate's counts and sums over a field with separate channels: whole registers of pixels at a time.

use alloc::{vec, vec::Vec};
use core::fmt;

use super::{CLIPPED, ROWS, SIDE};
use crate::field::histogram::percentile;

/// The measured rows of a field: red, green and blue of each row, 0..=255; signed, for differences.
pub(super) struct Planes(Vec<[[i16; SIDE]; 3]>);

impl fmt::Debug for Planes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Planes")
    }
}

impl Planes {
    pub(super) fn new() -> Self {
        Self(vec![[[0; SIDE]; 3]; ROWS])
    }

    /// Loads a field of `SIDE` pixels per row, red first.
    pub(super) fn fill(&mut self, field: &[u8]) {
        for ([reds, greens, blues], row) in self.0.iter_mut().zip(field.chunks_exact(SIDE * 3)) {
            for (((red, green), blue), pixel) in reds.iter_mut().zip(greens).zip(blues).zip(row.chunks_exact(3)) {
                (*red, *green, *blue) = (pixel[0].into(), pixel[1].into(), pixel[2].into());
            }
        }
    }

    pub(super) fn brightness(&self) -> Brightness {
        // Neighbours are often equal: with two histograms, neither count waits for the other.
        let mut histograms = [[0u32; 256]; 2];
        for [reds, greens, blues] in &self.0 {
            let mut lumas = [0u16; SIDE];
            for (((luma, &red), &green), &blue) in lumas.iter_mut().zip(reds).zip(greens).zip(blues) {
                *luma = (77 * red as u16 + 150 * green as u16 + 29 * blue as u16) >> 8;
            }
            for pair in lumas.chunks_exact(2) {
                for (histogram, &luma) in histograms.iter_mut().zip(pair) {
                    histogram[usize::from(luma as u8)] += 1;
                }
            }
        }
        let [mut histogram, other] = histograms;
        for (count, other) in histogram.iter_mut().zip(other) {
            *count += other;
        }
        Brightness(histogram)
    }

    /// Counts pixels by colour, in a field whose background has the luma `background`.
    pub(super) fn colours(&self, background: u8) -> Colours {
        let mut colours = Colours::default();
        for [reds, greens, blues] in &self.0 {
            // A row's counts fit 16 bits, as do the pixels.
            let (mut clipped, mut foreign, mut stained) = (0u16, 0u16, 0u16);
            for ((&red, &green), &blue) in reds.iter().zip(greens).zip(blues) {
                let brightest = red.max(green).max(blue);
                let dark = brightest * 5 < i16::from(background) * 2;
                let yellow = (green - blue) * 6 > brightest;
                let brown = (red - blue) * 3 > brightest;
                clipped += u16::from(red.min(green).min(blue) >= i16::from(CLIPPED));
                foreign += u16::from(dark | yellow | brown);
                stained += u16::from((red.max(blue) - green) * 8 > brightest);
            }
            colours.clipped += u32::from(clipped);
            colours.foreign += u32::from(foreign);
            colours.stained += u32::from(stained);
        }
        colours
    }

    /// Energy of central differences over 2 pixels divided by that over 4, in the green channel; 0 if the latter is 0.
    pub(super) fn focus(&self) -> f32 {
        let greens = |y: usize| &self.0[y][1];
        // At most 2 * 255^2 per pixel: a row fits 32 bits, the picture needs 64.
        let mut energies = [0u64; 2];
        for (reach, energy) in [1, 2].into_iter().zip(&mut energies) {
            for y in 2..ROWS - 2 {
                let row = greens(y);
                let above = &greens(y - reach)[2..SIDE - 2];
                let below = &greens(y + reach)[2..SIDE - 2];
                let left = &row[2 - reach..SIDE - 2 - reach];
                let right = &row[2 + reach..SIDE - 2 + reach];
                let mut sum = 0;
                for (((a, b), l), r) in above.iter().zip(below).zip(left).zip(right) {
                    let (down, along) = (i32::from(a - b), i32::from(l - r));
                    sum += down * down + along * along;
                }
                *energy += u64::from(sum as u32);
            }
        }
        let [fine, coarse] = energies;
        if coarse == 0 { 0.0 } else { fine as f32 / coarse as f32 }
    }
}

/// A histogram of luma, `(77 red + 150 green + 29 blue) / 256` rounded down.
pub(super) struct Brightness([u32; 256]);

impl Brightness {
    /// The least luma that at least `percent` per cent of the pixels do not exceed.
    pub(super) fn percentile(&self, percent: u64) -> u8 {
        percentile(&self.0, percent)
    }
}

/// Numbers of pixels by colour.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Colours {
    pub(super) clipped: u32,
    pub(super) foreign: u32,
    pub(super) stained: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of drawn colours, with all the corners of the colour space among them.
    fn drawn(seed: u32, noise: u32) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let mut bytes = Vec::new();
        while bytes.len() < SIDE * ROWS * 3 {
            let base = [(); 3].map(|()| [0, 60, 110, 180, 236, 250][next() as usize % 6]);
            for _ in 0..next() % 40 {
                bytes.extend(base.map(|value: u8| value.saturating_add((next() % noise) as u8)));
            }
        }
        bytes
    }

    /// The definitions of the [`gate`](super::super), a pixel at a time.
    #[test]
    fn rows_of_planes_are_measured_like_single_pixels() {
        for (seed, noise) in [(1, 1), (2, 6), (3, 256)] {
            let field = drawn(seed, noise);
            let mut planes = Planes::new();
            planes.fill(&field);
            let pixels =
                || field.chunks_exact(3).take(SIDE * ROWS).map(|pixel| [0, 1, 2].map(|at| i32::from(pixel[at])));

            let mut histogram = [0; 256];
            for [red, green, blue] in pixels() {
                histogram[((77 * red + 150 * green + 29 * blue) / 256) as usize] += 1;
            }
            assert_eq!(planes.brightness().0, histogram);

            for background in [0, 100, 230, 255] {
                let mut colours = Colours::default();
                for [red, green, blue] in pixels() {
                    let brightest = red.max(green).max(blue);
                    let dark = brightest * 5 < i32::from(background) * 2;
                    let foreign = dark || (green - blue) * 6 > brightest || (red - blue) * 3 > brightest;
                    colours.clipped += u32::from([red, green, blue].iter().all(|&value| value >= i32::from(CLIPPED)));
                    colours.foreign += u32::from(foreign);
                    colours.stained += u32::from((red.max(blue) - green) * 8 > brightest);
                }
                assert_eq!(planes.colours(background), colours);
            }

            let green = |x: usize, y: usize| i64::from(field[(y * SIDE + x) * 3 + 1]);
            let energy = |reach: usize| {
                let inner = (2..ROWS - 2).flat_map(|y| (2..SIDE - 2).map(move |x| (x, y)));
                let energies = inner.map(|(x, y)| {
                    (green(x, y - reach) - green(x, y + reach)).pow(2)
                        + (green(x - reach, y) - green(x + reach, y)).pow(2)
                });
                energies.sum::<i64>() as f32
            };
            assert_eq!(planes.focus().to_bits(), (energy(1) / energy(2)).to_bits());
        }
    }
}
