//! The hue of a field's stain: in which proportion its dyes swallow red, green and blue.
//!
//! Wright-Giemsa and its relatives are mixtures, and every laboratory has its own: batch, buffer, minutes, age. What a network
//! learned on one laboratory's slides need not hold on another's, and a network that sees the density of one channel, as that of
//! [`cells`](crate::cells), cannot tell that the stain is another. So it is measured beside the network.
//!
//! A [`Hue`] is four ratios of mean optical densities, red to green and blue to green, once over what is stained as erythrocytes
//! are and once over the darkest, the nuclei. By the law of Beer and Lambert a ratio depends on the dyes and on the camera's
//! colour filters, not on how thick the smear is; and since density is taken against the field's own background, not on the lamp
//! or the white balance either.

use crate::{density::for_each_unmasked, histogram::percentile, preprocess::Preprocessing};

/// Numbers of a [`Hue`].
pub const HUES: usize = 4;
/// Fewest fields that a [`Stain`] is learned from.
pub const FEWEST_FIELDS: usize = 20;

/// What stands for erythrocytes: the pixels whose green density is above this percentile of the field's,
const PALE: u64 = 60;
/// and not above this one.
const DEEP: u64 = 85;
/// Above this percentile lie nuclei.
const NUCLEAR: u64 = 95;
/// Added to each variance: a hundredth, squared, so that a stain that hardly varies does not make a stranger of everything.
const FLOOR: f64 = 1e-4;

/// The hue of a field's stain: density of red to green and of blue to green over erythrocytes, then the same over nuclei.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hue(pub [f32; HUES]);

/// Measures the hue of a field in optical density: HWC bytes as [`CellView::density`](crate::cells::CellView::density) gives them.
/// Sums are integers, so that every machine gets the same bits. A field without any stain has ratios of 1.
pub(crate) fn hue(preprocessing: &Preprocessing, density: &[u8]) -> Hue {
    let mut counts = [0u32; 256];
    for_each_unmasked(preprocessing, density, |pixel| counts[usize::from(pixel[1])] += 1);
    let [pale, deep, nuclear] = [PALE, DEEP, NUCLEAR].map(|percent| percentile(&counts, percent));
    let (mut erythrocytes, mut nuclei) = ([0u32; 3], [0u32; 3]);
    for_each_unmasked(preprocessing, density, |pixel| {
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

/// How the hues of fields of one stain lie: mean and covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Stain {
    /// Mean hue.
    pub mean: [f32; HUES],
    /// Inverse of the hues' covariance, symmetric.
    pub inverse_covariance: [[f32; HUES]; HUES],
}

impl Stain {
    /// Learns a stain from the hues of fields; `None` when there are fewer than [`FEWEST_FIELDS`].
    #[must_use]
    pub fn learn(hues: &[Hue]) -> Option<Self> {
        if hues.len() < FEWEST_FIELDS {
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

    /// The squared Mahalanobis distance of `hue` divided by [`HUES`]: about 1 for a field of this stain.
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
        (sum / HUES as f32).max(0.0)
    }
}

/// How far `hue` is from the nearest of `stains`; infinite where there is none.
#[must_use]
pub fn nearest(stains: &[Stain], hue: &Hue) -> f32 {
    stains.iter().map(|stain| stain.distance(hue)).fold(f32::INFINITY, f32::min)
}

/// By Gauss and Jordan; the matrix is positive definite, so that no pivot is 0.
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

    /// A field of columns of glass, erythrocytes and nuclei of varying depth, whose dyes swallow light in given proportions.
    fn field(preprocessing: &Preprocessing, thickness: f32, erythrocytes: [f32; 3], nuclei: [f32; 3]) -> Vec<u8> {
        let mut density = vec![0u8; preprocessing.input_len()];
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
        let preprocessing = Preprocessing::cells();
        let (eosin, azure) = ([0.2, 1.0, 0.9], [0.7, 1.0, 0.5]);
        let [thin, thick] =
            [0.7, 1.4].map(|thickness| hue(&preprocessing, &field(&preprocessing, thickness, eosin, azure)));
        for ((thin, thick), expected) in thin.0.into_iter().zip(thick.0).zip([0.2, 0.9, 0.7, 0.5]) {
            assert!((thin - expected).abs() < 0.03 && (thick - expected).abs() < 0.03, "{thin} {thick} {expected}");
        }
        let other = hue(&preprocessing, &field(&preprocessing, 1.0, [0.5, 1.0, 0.9], azure));
        assert!(other.0[0] > 0.45, "{other:?}");
        // Nothing to see is no division by zero.
        assert_eq!(hue(&preprocessing, &vec![0; preprocessing.input_len()]), Hue([1.0; HUES]));
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
        // One of four numbers does not vary, so that three of four units are left.
        assert!((0.5..0.8).contains(&mean), "{mean}");
        // Far for the one number, though within what the other varies by.
        assert!(stain.distance(&Hue([0.3, 1.0, 0.7, 0.5])) > 3.0);
        assert!(stain.distance(&Hue([0.3, 0.9, 0.7, 0.6])) > 20.0);
        let identity = [[4.0, 1.0, 0.0, 0.0], [1.0, 3.0, 0.5, 0.0], [0.0, 0.5, 2.0, 0.0], [0.0, 0.0, 0.0, 5.0]];
        for (row, values) in inverse(inverse(identity)).iter().zip(identity) {
            assert!(row.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-9), "{row:?}");
        }
        assert_eq!(Stain::learn(&hues[..FEWEST_FIELDS - 1]), None);
        assert_eq!(nearest(&[], &hues[0]), f32::INFINITY);
    }
}
