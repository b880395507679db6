//! Variations of a cell's picture in optical density: what another slide, stain, lamp or camera would have made of it.
//!
//! A picture of [`CROP`] x [`CROP`] pixels is turned by any angle, mirrored, scaled and shifted, and its middle of [`SIDE`] x
//! [`SIDE`] pixels is kept. Then its stain changes: of the densities `d` of red, green and blue, the network sees
//! `(gain * (d[green] + a * d[red] + b * d[blue]) + offset) ^ gamma`, sometimes blurred, with noise, sometimes sharpened: the objective
//! blurs, the sensor adds noise, and the camera sharpens both.

use blastscope_shared::sight::cells::SIDE;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};

/// Width and height of the picture that a variation is made from, in pixels.
pub const CROP: usize = 44;
/// Numbers of a variation: [`SIDE`] * [`SIDE`] densities, 1.0 for [`blastscope_shared::field::density::FULL_DENSITY`].
pub const PLANE: usize = SIDE * SIDE;

/// Strength of a variation. Deviations are those of normal distributions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variation {
    /// Deviation of the scale's logarithm.
    pub scale: f32,
    /// Deviation of the aspect ratio's logarithm.
    pub aspect: f32,
    /// Deviation of the shift, in pixels.
    pub shift: f32,
    /// Deviation of the share of red and blue that leaks into green.
    pub leak: f32,
    /// Deviation of the logarithm of the density's gain.
    pub gain: f32,
    /// Deviation of the offset, in units of full density.
    pub offset: f32,
    /// Deviation of the logarithm of the density's exponent.
    pub gamma: f32,
    /// How often a 3 x 3 blur follows, 0..=1.
    pub blur: f32,
    /// Largest deviation of the noise, in units of full density.
    pub noise: f32,
    /// How often an unsharp mask follows, 0..=1. Its strength is uniform in 0..1, its blur is the mean of 3 x 3 pixels.
    pub sharpened: f32,
}

impl Variation {
    /// The robust recipe's variation, chosen by leaving sittings out (docs/experiments.md).
    pub const ROBUST: Self = Self {
        scale: 0.12,
        aspect: 0.08,
        shift: 1.3,
        leak: 0.15,
        gain: 0.35,
        offset: 0.02,
        gamma: 0.15,
        blur: 0.35,
        noise: 0.04,
        sharpened: 0.35,
    };

    /// A variation of `crop` (HWC, [`CROP`] * [`CROP`] * 3 densities); the same `seed` gives the same one.
    ///
    /// # Panics
    /// When `crop` has another length.
    #[must_use]
    pub fn vary(&self, crop: &[u8], seed: u64) -> Vec<f32> {
        assert_eq!(crop.len(), CROP * CROP * 3, "a crop has CROP * CROP * 3 bytes");
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
        let angle = dice.unit() * std::f32::consts::TAU;
        let mirror = if dice.unit() < 0.5 { -1.0 } else { 1.0 };
        let scale = dice.normal(self.scale).exp();
        let aspect = dice.normal(self.aspect).exp();
        let shift = [dice.normal(self.shift), dice.normal(self.shift)];
        let (sine, cosine) = angle.sin_cos();
        let [leak_red, leak_blue] = [dice.normal(self.leak), dice.normal(self.leak)];
        let gain = dice.normal(self.gain).exp();
        let offset = dice.normal(self.offset);
        let gamma = dice.normal(self.gamma).exp();
        let blurred = dice.unit() < self.blur;
        let noise = self.noise * dice.unit();
        let sharpened = if dice.unit() < self.sharpened { dice.unit() } else { 0.0 };

        let mut plane = Vec::with_capacity(PLANE);
        let middle = (SIDE / 2) as f32;
        for y in 0..SIDE {
            for x in 0..SIDE {
                let (across, down) =
                    ((x as f32 - middle) * scale * aspect * mirror, (y as f32 - middle) * scale / aspect);
                let column = cosine * across - sine * down + shift[0] + (CROP / 2) as f32;
                let row = sine * across + cosine * down + shift[1] + (CROP / 2) as f32;
                let [red, green, blue] = sample(crop, column, row);
                let density = gain * (green + leak_red * red + leak_blue * blue) + offset;
                plane.push(density.max(0.0).powf(gamma));
            }
        }
        if blurred {
            plane = blur(&plane);
        }
        for value in &mut plane {
            *value = (*value + dice.normal(noise)).clamp(0.0, 1.0);
        }
        if sharpened > 0.0 {
            plane = sharpen(&plane, sharpened);
        }
        plane
    }
}

/// The middle of `crop` as the network sees it, without a variation.
///
/// # Panics
/// When `crop` is no square of at least [`SIDE`] pixels.
#[must_use]
pub fn middle(crop: &[u8], side: usize) -> Vec<f32> {
    assert!(crop.len() == side * side * 3 && side >= SIDE, "a crop is a square that holds the network's input");
    let start = side / 2 - SIDE / 2;
    let rows = crop.chunks_exact(side * 3).skip(start).take(SIDE);
    rows.flat_map(|row| row[start * 3..].chunks_exact(3).take(SIDE).map(|pixel| f32::from(pixel[1]) / 255.0)).collect()
}

/// The densities at a place between pixels, bilinear; beyond the edge the picture is mirrored.
fn sample(crop: &[u8], column: f32, row: f32) -> [f32; 3] {
    let last = (CROP - 1) as f32;
    let inside = |at: f32| {
        let at = at.rem_euclid(2.0 * last);
        if at > last { 2.0 * last - at } else { at }
    };
    let (column, row) = (inside(column), inside(row));
    let (left, top) = ((column as usize).min(CROP - 2), (row as usize).min(CROP - 2));
    let (right_share, lower_share) = (column - left as f32, row - top as f32);
    let pixel = |x: usize, y: usize, channel: usize| f32::from(crop[(y * CROP + x) * 3 + channel]) / 255.0;
    std::array::from_fn(|channel| {
        let line = |y| pixel(left, y, channel) * (1.0 - right_share) + pixel(left + 1, y, channel) * right_share;
        line(top) * (1.0 - lower_share) + line(top + 1) * lower_share
    })
}

/// The mean of the 3 x 3 pixels around each; edge pixels are repeated beyond the edge.
fn blur(plane: &[f32]) -> Vec<f32> {
    let pass = |plane: &[f32], at: &dyn Fn(usize, usize) -> usize| -> Vec<f32> {
        (0..SIDE)
            .flat_map(|major| (0..SIDE).map(move |minor| (major, minor)))
            .map(|(major, minor)| {
                let around = [minor.saturating_sub(1), minor, (minor + 1).min(SIDE - 1)];
                around.map(|minor| plane[at(major, minor)]).iter().sum::<f32>() / 3.0
            })
            .collect()
    };
    let rows = pass(plane, &|y, x| y * SIDE + x);
    let columns = pass(&rows, &|x, y| y * SIDE + x);
    // The second pass wrote column by column.
    (0..PLANE).map(|at| columns[at % SIDE * SIDE + at / SIDE]).collect()
}

/// An unsharp mask: `strength` times what a [`blur`] takes away is added.
fn sharpen(plane: &[f32], strength: f32) -> Vec<f32> {
    plane
        .iter()
        .zip(blur(plane))
        .map(|(&value, blurred)| (value + strength * (value - blurred)).clamp(0.0, 1.0))
        .collect()
}

struct Dice(ChaCha8Rng);

impl Dice {
    /// Uniform in 0..1.
    fn unit(&mut self) -> f32 {
        self.0.random()
    }

    /// Normal around 0 (Box and Muller, 1958).
    fn normal(&mut self, deviation: f32) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        deviation * radius * (std::f32::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dark disc off the middle on a bright ground.
    fn crop() -> Vec<u8> {
        let mut bytes = Vec::new();
        for y in 0..CROP as i32 {
            for x in 0..CROP as i32 {
                let inside = (x - 25).pow(2) + (y - 20).pow(2) < 64;
                bytes.extend(if inside { [90, 160, 40] } else { [10, 20, 5] });
            }
        }
        bytes
    }

    #[test]
    fn without_strays_only_the_angle_and_the_mirror_change() {
        let none = Variation {
            scale: 0.0,
            aspect: 0.0,
            shift: 0.0,
            leak: 0.0,
            gain: 0.0,
            offset: 0.0,
            gamma: 0.0,
            blur: 0.0,
            noise: 0.0,
            sharpened: 0.0,
        };
        let crop = crop();
        let still = middle(&crop, CROP);
        assert_eq!(still.len(), PLANE);
        let sum = |plane: &[f32]| plane.iter().sum::<f32>();
        for seed in 0..20 {
            let varied = none.vary(&crop, seed);
            // A disc stays a disc: the density is unchanged, up to sampling.
            assert!((sum(&varied) - sum(&still)).abs() < 0.03 * sum(&still), "seed {seed}");
            assert!(varied.iter().all(|value| (20.0 / 255.0 - 1e-4..=160.0 / 255.0 + 1e-4).contains(value)));
        }
    }

    #[test]
    fn a_seed_gives_one_variation_and_another_another() {
        let crop = crop();
        assert_eq!(Variation::ROBUST.vary(&crop, 7), Variation::ROBUST.vary(&crop, 7));
        assert_ne!(Variation::ROBUST.vary(&crop, 7), Variation::ROBUST.vary(&crop, 8));
    }

    #[test]
    fn strays_have_their_size() {
        let crop = vec![100; CROP * CROP * 3];
        let only_gain =
            Variation { leak: 0.0, offset: 0.0, gamma: 0.0, noise: 0.0, sharpened: 0.0, ..Variation::ROBUST };
        let logarithms: Vec<f32> =
            (0..2000).map(|seed| (only_gain.vary(&crop, seed)[0] / (100.0 / 255.0)).ln()).collect();
        let mean = logarithms.iter().sum::<f32>() / 2000.0;
        let deviation = (logarithms.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 2000.0).sqrt();
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((deviation - 0.35).abs() < 0.03, "{deviation}");
    }

    #[test]
    fn a_blur_is_a_mean_of_nine() {
        let mut plane = vec![0.0; PLANE];
        plane[10 * SIDE + 12] = 9.0;
        let blurred = blur(&plane);
        for (at, value) in blurred.iter().enumerate() {
            let near = (at / SIDE).abs_diff(10) <= 1 && (at % SIDE).abs_diff(12) <= 1;
            assert!((value - if near { 1.0 } else { 0.0 }).abs() < 1e-5);
        }
    }

    #[test]
    fn an_unsharp_mask_doubles_what_a_blur_takes_away() {
        let mut plane = vec![0.5; PLANE];
        plane[10 * SIDE + 12] = 0.59;
        let sharper = sharpen(&plane, 1.0);
        assert!((sharper[10 * SIDE + 12] - 0.67).abs() < 1e-5);
        assert!((sharper[9 * SIDE + 13] - 0.49).abs() < 1e-5);
        assert!((sharper[20 * SIDE + 20] - 0.5).abs() < 1e-5);
    }
}
