//! The detail of a field: how the variation of its density divides over sizes, from single pixels to the width of a nucleus.
//!
//! Another objective, another adapter, a camera that sharpens, noise, a soft focus: each moves variation from one size to another. So
//! does another laboratory's camera. Depth of stain, light and colour do not: density is taken against the field's own background, and
//! only the proportions of neighbouring sizes count. It tells what a network cannot: a network that was trained at one magnification
//! gives sure answers at another.
//!
//! The density of green is smoothed step by step, each step doubling the variance, as in a difference-of-Gaussians pyramid (Burt and
//! Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on Communications 31, 1983). What a step takes away is
//! the variation of one size. Binomial and box filters of integers make the steps, so that every machine gets the same bits; after
//! every second step every second pixel is dropped. Rows from the mask down are left out.

use alloc::vec::Vec;

use crate::field::{framing::Framing, normal::Normal, pixels::mirrored};

/// Numbers of a [`Detail`].
pub const SIZES: usize = 9;
/// Steps of smoothing; the variation that each takes away has a size of its own.
const STEPS: usize = SIZES + 1;
/// Fractional bits of a smoothed density.
const FRACTION: u32 = 4;
/// Added to each variance: 0.045 squared, 4.5 per cent of a proportion.
const FLOOR: f64 = 2e-3;
/// Added to the mean square of each size, in units of density squared, so that an empty field has a detail, too.
const LEAST: f64 = 1e-2;

/// For each size but the finest, the logarithm of its variation over that of the next finer size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail(pub [f32; SIZES]);

/// Distribution of the details of fields that are seen through the same optics.
pub type Texture = Normal<SIZES>;

/// Learns a texture from the details of fields, as [`Normal::learn`].
#[must_use]
pub fn learn(details: &[Detail]) -> Option<Texture> {
    Normal::learn(details.iter().map(|detail| detail.0), FLOOR)
}

/// Measures details; keeps its buffers from field to field.
#[derive(Default)]
pub(crate) struct DetailMeter {
    plane: Vec<u16>,
    smoothed: Vec<u16>,
    rows: Vec<u16>,
}

impl DetailMeter {
    /// The detail of a field in optical density: HWC bytes, red first.
    pub(crate) fn measure(&mut self, framing: &Framing, density: &[u8]) -> Detail {
        let (mut width, mut height) = (usize::from(framing.width), framing.rows_above_mask());
        self.plane.clear();
        self.plane.extend(density.chunks_exact(3).take(width * height).map(|pixel| u16::from(pixel[1]) << FRACTION));
        let mut variations = [0.0; STEPS];
        for (step, variation) in variations.iter_mut().enumerate() {
            self.smooth(width, height, step);
            *variation = libm::log(mean_square(&self.plane, &self.smoothed) + LEAST);
            core::mem::swap(&mut self.plane, &mut self.smoothed);
            if step >= 3 && step % 2 == 1 {
                (width, height) = self.halve(width, height);
            }
        }
        let mut detail = [0.0; SIZES];
        detail.iter_mut().zip(variations.windows(2)).for_each(|(to, pair)| *to = (pair[1] - pair[0]) as f32);
        Detail(detail)
    }

    /// Smooths the plane so that the variance of all smoothing so far doubles; the first step makes it half a pixel squared. In units
    /// of the pixels that are left, a step adds a variance of 1/2, 1/2, 1, 2, then 1 and 2 in turn.
    fn smooth(&mut self, width: usize, height: usize, step: usize) {
        let Self { plane, smoothed, rows } = self;
        rows.resize(plane.len(), 0);
        smoothed.resize(plane.len(), 0);
        let mut pass = |filter: Filter| {
            filter.along_rows(plane, rows, width);
            filter.down_columns(rows, smoothed, width, height);
        };
        match step {
            0 | 1 => pass(Filter::Binomial),
            _ if step.is_multiple_of(2) => pass(Filter::TwiceBinomial),
            _ => pass(Filter::Box),
        }
    }

    /// Drops every second pixel of every second row.
    fn halve(&mut self, width: usize, height: usize) -> (usize, usize) {
        let (narrow, low) = (width.div_ceil(2), height.div_ceil(2));
        for y in 0..low {
            for x in 0..narrow {
                self.plane[y * narrow + x] = self.plane[2 * y * width + 2 * x];
            }
        }
        self.plane.truncate(narrow * low);
        (narrow, low)
    }
}

/// Mean squared difference, in units of density squared.
fn mean_square(one: &[u16], other: &[u16]) -> f64 {
    let square = |(&one, &other): (&u16, &u16)| u64::from(u32::from(one.abs_diff(other)).pow(2));
    let sum: u64 = one.iter().zip(other).map(square).sum();
    sum as f64 / one.len().max(1) as f64 / f64::from(1u32 << (2 * FRACTION))
}

/// A symmetric filter of five taps. Beyond the edges the plane is mirrored.
#[derive(Clone, Copy)]
enum Filter {
    /// 1, 2, 1: a variance of 1/2.
    Binomial,
    /// 1, 4, 6, 4, 1, which is the former twice: a variance of 1.
    TwiceBinomial,
    /// Five equal taps: a variance of 2.
    Box,
}

impl Filter {
    /// Rounds half up; the sum of the taps times the largest density fits 32 bits.
    fn of(self, [far_left, left, middle, right, far_right]: [u16; 5]) -> u16 {
        let [far, near, middle] =
            [u32::from(far_left) + u32::from(far_right), u32::from(left) + u32::from(right), u32::from(middle)];
        let value = match self {
            Self::Binomial => (near + 2 * middle + 2) >> 2,
            Self::TwiceBinomial => (far + 4 * near + 6 * middle + 8) >> 4,
            Self::Box => (2 * (far + near + middle) + 5) / 10,
        };
        value as u16
    }

    fn along_rows(self, from: &[u16], to: &mut [u16], width: usize) {
        for (from, to) in from.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
            let at_edge =
                |x: usize| self.of(core::array::from_fn(|tap| from[mirrored(x as isize + tap as isize - 2, width)]));
            for x in (0..width.min(2)).chain(width.saturating_sub(2).max(2)..width) {
                to[x] = at_edge(x);
            }
            if let Some(inner) = to.get_mut(2..width.saturating_sub(2)) {
                for (to, taps) in inner.iter_mut().zip(from.windows(5)) {
                    *to = self.of([taps[0], taps[1], taps[2], taps[3], taps[4]]);
                }
            }
        }
    }

    fn down_columns(self, from: &[u16], to: &mut [u16], width: usize, height: usize) {
        let row = |y: isize| &from[mirrored(y, height) * width..][..width];
        for (y, to) in to.chunks_exact_mut(width).enumerate() {
            let y = y as isize;
            let [a, b, c, d, e] = [y - 2, y - 1, y, y + 1, y + 2].map(row);
            for (((((to, a), b), c), d), e) in to.iter_mut().zip(a).zip(b).zip(c).zip(d).zip(e) {
                *to = self.of([*a, *b, *c, *d, *e]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    /// Discs of one size in rows, as density of one depth.
    fn discs(framing: &Framing, radius: i32, depth: u8) -> Vec<u8> {
        let mut density = vec![0u8; framing.input_len()];
        let width = i32::from(framing.width);
        for (at, pixel) in (0i32..).zip(density.chunks_exact_mut(3)) {
            let (x, y) = (at % width, at / width);
            let from_middle = |place: i32| place.rem_euclid(4 * radius) - 2 * radius;
            if from_middle(x).pow(2) + from_middle(y).pow(2) < radius * radius {
                pixel.fill(depth);
            }
        }
        density
    }

    fn detail(density: &[u8]) -> Detail {
        DetailMeter::default().measure(&FRAMING, density)
    }

    fn distance(one: Detail, other: Detail) -> f32 {
        one.0.iter().zip(other.0).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
    }

    const FRAMING: Framing = Framing::of(200, 150);

    #[test]
    fn it_knows_size_and_not_depth() {
        let [small, deep, large] =
            [(6, 60), (6, 180), (12, 60)].map(|(radius, depth)| detail(&discs(&FRAMING, radius, depth)));
        assert!(distance(small, deep) < 0.1, "{small:?} {deep:?}");
        assert!(distance(small, large) > 0.5, "{small:?} {large:?}");
    }

    #[test]
    fn noise_is_fine_detail_and_a_soft_focus_takes_it_away() {
        let sharp = discs(&FRAMING, 8, 120);
        let mut state = 3u32;
        let noisy: Vec<u8> = sharp
            .iter()
            .map(|&value| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                value.saturating_add((state >> 27) as u8)
            })
            .collect();
        let (width, length) = (usize::from(FRAMING.width) * 3, sharp.len());
        let soft: Vec<u8> = (0..length)
            .map(|at| {
                let around =
                    [at, (at + 3) % length, (at + 6) % length, (at + width) % length, (at + 2 * width) % length];
                (around.into_iter().map(|at| u32::from(sharp[at])).sum::<u32>() / 5) as u8
            })
            .collect();
        let [sharp, noisy, soft] = [&sharp, &noisy, &soft].map(|density| detail(density));
        assert!(noisy.0[0] < sharp.0[0] - 0.2, "{noisy:?} {sharp:?}");
        assert!(soft.0[0] > sharp.0[0] + 0.1, "{soft:?} {sharp:?}");
    }

    #[test]
    fn an_empty_field_and_the_smallest_one_have_a_detail() {
        assert_eq!(detail(&vec![0; FRAMING.input_len()]), Detail([0.0; SIZES]));
        for side in [32, 33, 47] {
            let framing = Framing::square(side);
            let found = DetailMeter::default().measure(&framing, &discs(&framing, 3, 100));
            assert!(found.0.iter().all(|number| number.is_finite()), "{side}: {found:?}");
        }
    }

    #[test]
    fn a_step_doubles_the_variance() {
        // A line of light spreads by the filters' variances: 1/2, 1 and 2 pixels squared.
        for (filter, variance) in [(Filter::Binomial, 0.5), (Filter::TwiceBinomial, 1.0), (Filter::Box, 2.0)] {
            let mut line = vec![0u16; 31];
            line[15] = 16_000;
            let mut spread = vec![0u16; 31];
            filter.along_rows(&line, &mut spread, 31);
            let total: f64 = spread.iter().map(|&value| f64::from(value)).sum();
            let second: f64 = (-15i32..).zip(&spread).map(|(x, &value)| f64::from(x * x) * f64::from(value)).sum();
            assert!((total - 16_000.0).abs() < 5.0 && (second / total - variance).abs() < 1e-3, "{second} {total}");
            let mut down = vec![0u16; 31];
            filter.down_columns(&line, &mut down, 1, 31);
            assert_eq!(down, spread);
        }
    }

    #[test]
    fn what_lies_below_the_mask_does_not_count() {
        let mut density = discs(&FRAMING, 8, 120);
        let before = detail(&density);
        density[usize::from(FRAMING.mask.top) * 200 * 3..].fill(7);
        assert_eq!(detail(&density), before);
    }
}
