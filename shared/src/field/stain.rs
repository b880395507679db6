//! The hue of a field's stain: the proportions in which its dyes absorb red, green and blue.
//!
//! Wright-Giemsa and its relatives are mixtures, and every laboratory has its own: batch, buffer, minutes, age. What a network
//! learned on one laboratory's slides need not hold on another's, and a network that sees the density of one channel, like
//! [`cells`](crate::sight::cells), cannot notice a different stain. So the stain is measured beside the network.
//!
//! A [`Hue`] is four ratios of mean optical densities: red to green and blue to green, over pixels stained like erythrocytes and
//! over the darkest pixels, the nuclei. By the law of Beer and Lambert a ratio depends on the dyes and on the camera's colour
//! filters, not on the thickness of the smear. Density is taken against the field's own background, so lamp and white balance
//! cancel too.

use crate::field::{density::for_each_unmasked, framing::Framing, histogram::percentile};

/// Numbers of a [`Hue`].
pub const HUES: usize = 4;
/// Fewest fields needed to learn a [`Stain`].
pub const FEWEST_FIELDS: usize = 20;

/// Pixels that count as erythrocytes: green density above this percentile of the field's,
const PALE: u64 = 60;
/// and up to this one.
const DEEP: u64 = 85;
/// Pixels above this percentile count as nuclei.
const NUCLEAR: u64 = 95;
/// Added to each variance: 0.01 squared, so that a stain that hardly varies does not make every field unfamiliar.
const FLOOR: f64 = 1e-4;

/// The hue of a field's stain: density of red to green and of blue to green over erythrocytes, then the same over nuclei.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hue(pub [f32; HUES]);

/// Measures the hue of a field in optical density: HWC bytes, red first.
/// Sums are integers, so that every machine gets the same bits. An unstained field has ratios of 1.
pub(crate) fn hue(framing: &Framing, density: &[u8]) -> Hue {
    let mut counts = [0u32; 256];
    for_each_unmasked(framing, density, |pixel| counts[usize::from(pixel[1])] += 1);
    let [pale, deep, nuclear] = [PALE, DEEP, NUCLEAR].map(|percent| percentile(&counts, percent));
    let (mut erythrocytes, mut nuclei) = ([0u32; 3], [0u32; 3]);
    for_each_unmasked(framing, density, |pixel| {
        let green = pixel[1];
        let sums = match green {
            _ if green > nuclear => &mut nuclei,
            _ if green > pale && green <= deep => &mut erythrocytes,
            _ => return,
        };
        sums.iter_mut().zip(pixel).for_each(|(sum, density)| *sum += u32::from(density));
    });
    let ratio = |sum: u32, green: u32| (sum + 1) as f32 / (green + 1) as f32;
    let [of_erythrocytes, of_nuclei] =
        [erythrocytes, nuclei].map(|[red, green, blue]| [ratio(red, green), ratio(blue, green)]);
    Hue([of_erythrocytes[0], of_erythrocytes[1], of_nuclei[0], of_nuclei[1]])
}

/// Distribution of the hues of one stain's fields: mean and covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Stain {
    /// Mean hue.
    pub mean: [f32; HUES],
    /// Inverse of the hues' covariance, symmetric.
    pub inverse_covariance: [[f32; HUES]; HUES],
}

impl Stain {
    /// Learns a stain from the hues of fields; `None` if there are fewer than [`FEWEST_FIELDS`] or a hue is not finite.
    #[must_use]
    pub fn learn(hues: &[Hue]) -> Option<Self> {
        if hues.len() < FEWEST_FIELDS || !hues.iter().flat_map(|hue| hue.0).all(f32::is_finite) {
            return None;
        }
        let count = hues.len() as f64;
        let mut mean = [0.0f64; HUES];
        for Hue(hue) in hues {
            mean.iter_mut().zip(hue).for_each(|(sum, &value)| *sum += f64::from(value) / count);
        }
        let mut covariance = [[0.0f64; HUES]; HUES];
        for Hue(hue) in hues {
            for (row, values) in covariance.iter_mut().enumerate() {
                for (column, value) in values.iter_mut().enumerate() {
                    *value += (f64::from(hue[row]) - mean[row]) * (f64::from(hue[column]) - mean[column]) / count;
                }
            }
        }
        covariance.iter_mut().enumerate().for_each(|(at, row)| row[at] += FLOOR);
        let inverse = inverse(covariance);
        Some(Self {
            mean: mean.map(|value| value as f32),
            inverse_covariance: inverse.map(|row| row.map(|value| value as f32)),
        })
    }

    /// The squared Mahalanobis distance of `hue` divided by [`HUES`]: about 1 for a field of this stain, at least 0. NaN if a
    /// number of `hue` or of the stain is NaN.
    #[must_use]
    pub fn distance(&self, hue: &Hue) -> f32 {
        let mut difference = hue.0;
        difference.iter_mut().zip(self.mean).for_each(|(value, mean)| *value -= mean);
        let mut sum = 0.0f32;
        for (row, left) in self.inverse_covariance.iter().zip(difference) {
            for (entry, right) in row.iter().zip(difference) {
                sum += left * entry * right;
            }
        }
        // Negative by rounding only. `f32::max` would turn NaN into 0, the most familiar hue of all.
        libm::fmaximumf(sum / HUES as f32, 0.0)
    }
}

/// Distance of `hue` from the nearest of `stains`: infinite without stains, NaN if any distance is NaN.
#[must_use]
pub fn nearest(stains: &[Stain], hue: &Hue) -> f32 {
    stains.iter().map(|stain| stain.distance(hue)).fold(f32::INFINITY, libm::fminimumf)
}

/// How far below zero an eigenvalue of an inverse covariance may lie, relative to the sum of the diagonal: the error of rounding to
/// 32 bits.
const ROUNDING: f64 = 1e-6;
/// Least addition to a diagonal: the square root of the smallest normal number, so that no product of two pivots underflows.
const LEAST_SHIFT: f64 = 1.5e-154;
/// Largest difference between the two sides of the diagonal, relative to the largest number.
const ASYMMETRY: f64 = 1e-3;

impl Stain {
    /// Checks that the stain gives valid distances.
    ///
    /// # Errors
    /// A clause about the stain: a number is not finite, or the inverse covariance is not symmetric or not positive semi-definite,
    /// so that another stain's hues would lie at a negative distance and count as familiar.
    pub fn check(&self) -> Result<(), &'static str> {
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return Err("has a mean hue that is not a finite number");
        }
        let matrix = self.inverse_covariance.map(|row| row.map(f64::from));
        if !matrix.iter().flatten().all(|entry| entry.is_finite()) {
            return Err("has an inverse covariance with an entry that is not a finite number");
        }
        let largest = matrix.iter().flatten().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
        let is_symmetric = (0..HUES)
            .all(|row| (0..row).all(|column| (matrix[row][column] - matrix[column][row]).abs() <= ASYMMETRY * largest));
        if !is_symmetric {
            return Err("has an inverse covariance that is not symmetric");
        }
        if is_positive_semi_definite(&matrix) {
            Ok(())
        } else {
            Err("has an inverse covariance that is not positive semi-definite")
        }
    }
}

/// Whether the symmetric part of a finite `matrix` has no eigenvalue below zero, within [`ROUNDING`]: adds that much to the
/// diagonal and requires positive pivots in the Cholesky elimination.
fn is_positive_semi_definite(matrix: &[[f64; HUES]; HUES]) -> bool {
    let trace: f64 = (0..HUES).map(|at| matrix[at][at].abs()).sum();
    let shift = (ROUNDING * trace).max(LEAST_SHIFT);
    let mut rest = [[0.0; HUES]; HUES];
    for (row, entries) in rest.iter_mut().enumerate() {
        for (column, entry) in entries.iter_mut().enumerate() {
            *entry = f64::midpoint(matrix[row][column], matrix[column][row]) + if row == column { shift } else { 0.0 };
        }
    }
    for pivot in 0..HUES {
        let row = rest[pivot];
        let is_positive = row[pivot] > 0.0;
        if !is_positive {
            return false;
        }
        for (below, entries) in rest.iter_mut().enumerate().skip(pivot + 1) {
            let factor = row[below] / row[pivot];
            entries.iter_mut().zip(row).for_each(|(entry, by)| *entry -= factor * by);
        }
    }
    true
}

/// Inverse by Gauss-Jordan; the matrix is positive definite, so no pivot is 0.
fn inverse(mut matrix: [[f64; HUES]; HUES]) -> [[f64; HUES]; HUES] {
    let mut inverse = [[0.0; HUES]; HUES];
    inverse.iter_mut().enumerate().for_each(|(at, row)| row[at] = 1.0);
    for pivot in 0..HUES {
        let divisor = matrix[pivot][pivot];
        matrix[pivot].iter_mut().chain(&mut inverse[pivot]).for_each(|value| *value /= divisor);
        let (row, inverse_row) = (matrix[pivot], inverse[pivot]);
        for other in (0..HUES).filter(|&other| other != pivot) {
            let factor = matrix[other][pivot];
            matrix[other].iter_mut().zip(row).for_each(|(value, by)| *value -= factor * by);
            inverse[other].iter_mut().zip(inverse_row).for_each(|(value, by)| *value -= factor * by);
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    /// A field of columns of glass, erythrocytes and nuclei of varying depth, whose dyes absorb light in given proportions.
    fn field(framing: &Framing, thickness: f32, erythrocytes: [f32; 3], nuclei: [f32; 3]) -> Vec<u8> {
        let mut density = vec![0u8; framing.input_len()];
        for (at, pixel) in density.chunks_exact_mut(3).enumerate() {
            let (dye, depth) = match at % 32 {
                0..18 => continue,
                18..30 => (erythrocytes, 30 + at / 32 % 20),
                _ => (nuclei, 100 + at / 32 % 40),
            };
            pixel.iter_mut().zip(dye).for_each(|(value, part)| *value = (part * thickness * depth as f32) as u8);
        }
        density
    }

    #[test]
    fn a_hue_tells_dyes_apart_and_not_thickness() {
        let framing = Framing::square(192);
        let (eosin, azure) = ([0.2, 1.0, 0.9], [0.7, 1.0, 0.5]);
        let [thin, thick] = [0.7, 1.4].map(|thickness| hue(&framing, &field(&framing, thickness, eosin, azure)));
        for ((thin, thick), expected) in thin.0.into_iter().zip(thick.0).zip([0.2, 0.9, 0.7, 0.5]) {
            assert!((thin - expected).abs() < 0.03 && (thick - expected).abs() < 0.03, "{thin} {thick} {expected}");
        }
        let other = hue(&framing, &field(&framing, 1.0, [0.5, 1.0, 0.9], azure));
        assert!(other.0[0] > 0.45, "{other:?}");
        // An empty field causes no division by zero.
        assert_eq!(hue(&framing, &vec![0; framing.input_len()]), Hue([1.0; HUES]));
    }

    #[test]
    fn a_stain_knows_its_own() {
        let mut state = 5u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let hues: Vec<Hue> = (0..500)
            .map(|_| {
                let shared = noise();
                Hue([0.3 + 0.2 * shared, 0.9 + 0.2 * shared + 0.05 * noise(), 0.7 + 0.1 * noise(), 0.5])
            })
            .collect();
        let stain = Stain::learn(&hues).expect("enough fields");
        let mean = hues.iter().map(|hue| stain.distance(hue)).sum::<f32>() / 500.0;
        // One of the four numbers does not vary, so three of four units remain.
        assert!((0.5..0.8).contains(&mean), "{mean}");
        // Far off in one number, though within the variation of the other.
        assert!(stain.distance(&Hue([0.3, 1.0, 0.7, 0.5])) > 3.0);
        assert!(stain.distance(&Hue([0.3, 0.9, 0.7, 0.6])) > 20.0);
        let identity = [[4.0, 1.0, 0.0, 0.0], [1.0, 3.0, 0.5, 0.0], [0.0, 0.5, 2.0, 0.0], [0.0, 0.0, 0.0, 5.0]];
        for (row, values) in inverse(inverse(identity)).iter().zip(identity) {
            assert!(row.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-9), "{row:?}");
        }
        assert_eq!(Stain::learn(&hues[..FEWEST_FIELDS - 1]), None);
        assert_eq!(nearest(&[], &hues[0]), f32::INFINITY);
        assert_eq!(stain.check(), Ok(()));
        let mut odd = hues.clone();
        odd[7].0[2] = f32::NAN;
        assert_eq!(Stain::learn(&odd), None);
    }

    const IDENTITY: [[f32; HUES]; HUES] =
        [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

    #[test]
    fn what_is_not_a_number_is_never_familiar() {
        let known = Stain { mean: [0.5; HUES], inverse_covariance: IDENTITY };
        let usual = Hue([0.5; HUES]);
        for at in 0..HUES {
            let mut hue = usual;
            hue.0[at] = f32::NAN;
            assert!(known.distance(&hue).is_nan(), "hue {at}");
            let (mut mean, mut matrix) = (known.clone(), known.clone());
            mean.mean[at] = f32::NAN;
            matrix.inverse_covariance[at][(at + 1) % HUES] = f32::NAN;
            for broken in [mean, matrix] {
                assert!(broken.distance(&usual).is_nan(), "{broken:?}");
                // Neither before nor after a stain near the hue.
                assert!(nearest(&[broken.clone(), known.clone()], &usual).is_nan());
                assert!(nearest(&[known.clone(), broken], &usual).is_nan());
            }
        }
    }

    #[test]
    fn only_matrices_that_measure_distances_pass() {
        let check = |inverse_covariance| Stain { mean: [0.5; HUES], inverse_covariance }.check();
        let with = |entries: &[(usize, usize, f32)]| {
            let mut matrix = IDENTITY;
            entries.iter().for_each(|&(row, column, value)| matrix[row][column] = value);
            matrix
        };
        // Positive definite, of rank 1 and 0, small and large.
        assert_eq!(check(IDENTITY), Ok(()));
        assert_eq!(check([[1.0; HUES]; HUES]), Ok(()));
        assert_eq!(check([[0.0; HUES]; HUES]), Ok(()));
        for scale in [1e-30, 1e-3, 1e4, 1e30] {
            assert_eq!(check(with(&[(0, 1, 0.9), (1, 0, 0.9)]).map(|row| row.map(|entry| entry * scale))), Ok(()));
            let negative = with(&[(2, 2, -0.01)]).map(|row| row.map(|entry| entry * scale));
            assert!(check(negative).is_err_and(|reason| reason.contains("not positive semi-definite")), "{scale}");
        }
        // Each row alone looks harmless; together they have an eigenvalue below zero.
        for at in 0..HUES {
            let across = (at + 1) % HUES;
            let indefinite = check(with(&[(at, across, 1.1), (across, at, 1.1)]));
            assert_eq!(indefinite, Err("has an inverse covariance that is not positive semi-definite"));
            assert_eq!(check(with(&[(at, across, 0.3)])), Err("has an inverse covariance that is not symmetric"));
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let reason = check(with(&[(at, across, wrong)])).expect_err("not finite");
                assert!(reason.contains("inverse covariance") && reason.contains("finite"), "{reason}");
                let mut mean = [0.5; HUES];
                mean[at] = wrong;
                let reason = Stain { mean, inverse_covariance: IDENTITY }.check().expect_err("not finite");
                assert!(reason.contains("mean hue"), "{reason}");
            }
        }
    }
}
