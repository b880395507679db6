//! Normal distributions of a few numbers that are measured in fields: what is usual, and how far a field is from it.

/// Fewest fields that a distribution is learned from.
pub const FEWEST_FIELDS: usize = 20;

/// A normal distribution of `N` numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Normal<const N: usize> {
    /// The mean.
    pub mean: [f32; N],
    /// Inverse of the covariance, symmetric.
    pub inverse_covariance: [[f32; N]; N],
}

impl<const N: usize> Normal<N> {
    /// The distribution to which every field is usual.
    pub const EVERYTHING: Self = Self { mean: [0.0; N], inverse_covariance: [[0.0; N]; N] };

    /// Learns the distribution from the numbers of fields. `floor` is added to each variance, so that numbers that hardly vary do not
    /// make every other field unusual. `None` if there are fewer than [`FEWEST_FIELDS`] or a number is not finite.
    #[must_use]
    pub fn learn(fields: impl Iterator<Item = [f32; N]> + Clone, floor: f64) -> Option<Self> {
        let count = fields.clone().count();
        if count < FEWEST_FIELDS || !fields.clone().flatten().all(f32::is_finite) {
            return None;
        }
        let count = count as f64;
        let mut mean = [0.0f64; N];
        for field in fields.clone() {
            mean.iter_mut().zip(field).for_each(|(sum, value)| *sum += f64::from(value) / count);
        }
        let mut covariance = [[0.0f64; N]; N];
        for field in fields {
            for (row, values) in covariance.iter_mut().enumerate() {
                for (column, value) in values.iter_mut().enumerate() {
                    *value += (f64::from(field[row]) - mean[row]) * (f64::from(field[column]) - mean[column]) / count;
                }
            }
        }
        covariance.iter_mut().enumerate().for_each(|(at, row)| row[at] += floor);
        let inverse = inverse(covariance);
        Some(Self {
            mean: mean.map(|value| value as f32),
            inverse_covariance: inverse.map(|row| row.map(|value| value as f32)),
        })
    }

    /// The squared Mahalanobis distance of `field` divided by `N`: about 1 for a usual field, at least 0. NaN if a number of `field` or
    /// of the distribution is NaN.
    #[must_use]
    pub fn distance(&self, field: &[f32; N]) -> f32 {
        let mut difference = *field;
        difference.iter_mut().zip(self.mean).for_each(|(value, mean)| *value -= mean);
        let mut sum = 0.0f32;
        for (row, left) in self.inverse_covariance.iter().zip(difference) {
            for (entry, right) in row.iter().zip(difference) {
                sum += left * entry * right;
            }
        }
        // Negative by rounding only. `f32::max` would turn NaN into 0, the most usual of all.
        libm::fmaximumf(sum / N as f32, 0.0)
    }
}

/// Distance of `field` from the nearest of `known` distributions: infinite without any, NaN if any distance is NaN.
#[must_use]
pub fn nearest<const N: usize>(known: &[Normal<N>], field: &[f32; N]) -> f32 {
    known.iter().map(|normal| normal.distance(field)).fold(f32::INFINITY, libm::fminimumf)
}

/// How far below zero an eigenvalue of an inverse covariance may lie, relative to the sum of the diagonal: the error of rounding to
/// 32 bits.
const ROUNDING: f64 = 1e-6;
/// Least addition to a diagonal: the square root of the smallest normal number, so that no product of two pivots underflows.
const LEAST_SHIFT: f64 = 1.5e-154;
/// Largest difference between the two sides of the diagonal, relative to the largest number.
const ASYMMETRY: f64 = 1e-3;

impl<const N: usize> Normal<N> {
    /// Checks that it gives valid distances.
    ///
    /// # Errors
    /// A clause about the distribution: a number is not finite, or the inverse covariance is not symmetric or not positive
    /// semi-definite, so that unusual numbers would lie at a negative distance and count as usual.
    pub fn check(&self) -> Result<(), &'static str> {
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return Err("has a mean that is not a finite number");
        }
        let matrix = self.inverse_covariance.map(|row| row.map(f64::from));
        if !matrix.iter().flatten().all(|entry| entry.is_finite()) {
            return Err("has an inverse covariance with an entry that is not a finite number");
        }
        let largest = matrix.iter().flatten().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
        let is_symmetric = (0..N)
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
fn is_positive_semi_definite<const N: usize>(matrix: &[[f64; N]; N]) -> bool {
    let trace: f64 = (0..N).map(|at| matrix[at][at].abs()).sum();
    let shift = (ROUNDING * trace).max(LEAST_SHIFT);
    let mut rest = [[0.0; N]; N];
    for (row, entries) in rest.iter_mut().enumerate() {
        for (column, entry) in entries.iter_mut().enumerate() {
            *entry = f64::midpoint(matrix[row][column], matrix[column][row]) + if row == column { shift } else { 0.0 };
        }
    }
    for pivot in 0..N {
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
fn inverse<const N: usize>(mut matrix: [[f64; N]; N]) -> [[f64; N]; N] {
    let mut inverse = [[0.0; N]; N];
    inverse.iter_mut().enumerate().for_each(|(at, row)| row[at] = 1.0);
    for pivot in 0..N {
        let divisor = matrix[pivot][pivot];
        matrix[pivot].iter_mut().chain(&mut inverse[pivot]).for_each(|value| *value /= divisor);
        let (row, inverse_row) = (matrix[pivot], inverse[pivot]);
        for other in (0..N).filter(|&other| other != pivot) {
            let factor = matrix[other][pivot];
            matrix[other].iter_mut().zip(row).for_each(|(value, by)| *value -= factor * by);
            inverse[other].iter_mut().zip(inverse_row).for_each(|(value, by)| *value -= factor * by);
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn learn(fields: &[[f32; 4]]) -> Option<Normal<4>> {
        Normal::learn(fields.iter().copied(), 1e-4)
    }

    #[test]
    fn a_distribution_knows_its_own() {
        let mut state = 5u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let fields: Vec<[f32; 4]> = (0..500)
            .map(|_| {
                let shared = noise();
                [0.3 + 0.2 * shared, 0.9 + 0.2 * shared + 0.05 * noise(), 0.7 + 0.1 * noise(), 0.5]
            })
            .collect();
        let known = learn(&fields).expect("enough fields");
        let mean = fields.iter().map(|field| known.distance(field)).sum::<f32>() / 500.0;
        // One of the four numbers does not vary, so three of four units remain.
        assert!((0.5..0.8).contains(&mean), "{mean}");
        // Far off in one number, though within the variation of the other.
        assert!(known.distance(&[0.3, 1.0, 0.7, 0.5]) > 3.0);
        assert!(known.distance(&[0.3, 0.9, 0.7, 0.6]) > 20.0);
        let identity = [[4.0, 1.0, 0.0, 0.0], [1.0, 3.0, 0.5, 0.0], [0.0, 0.5, 2.0, 0.0], [0.0, 0.0, 0.0, 5.0]];
        for (row, values) in inverse(inverse(identity)).iter().zip(identity) {
            assert!(row.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-9), "{row:?}");
        }
        assert_eq!(learn(&fields[..FEWEST_FIELDS - 1]), None);
        assert_eq!(nearest(&[], &fields[0]), f32::INFINITY);
        assert_eq!(known.check(), Ok(()));
        let mut odd = fields.clone();
        odd[7][2] = f32::NAN;
        assert_eq!(learn(&odd), None);
    }

    const IDENTITY: [[f32; 4]; 4] =
        [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

    #[test]
    fn what_is_not_a_number_is_never_familiar() {
        let known = Normal { mean: [0.5; 4], inverse_covariance: IDENTITY };
        let usual = [0.5; 4];
        for at in 0..4 {
            let mut field = usual;
            field[at] = f32::NAN;
            assert!(known.distance(&field).is_nan(), "number {at}");
            let (mut mean, mut matrix) = (known.clone(), known.clone());
            mean.mean[at] = f32::NAN;
            matrix.inverse_covariance[at][(at + 1) % 4] = f32::NAN;
            for broken in [mean, matrix] {
                assert!(broken.distance(&usual).is_nan(), "{broken:?}");
                // Neither before nor after a distribution near the field.
                assert!(nearest(&[broken.clone(), known.clone()], &usual).is_nan());
                assert!(nearest(&[known.clone(), broken], &usual).is_nan());
            }
        }
    }

    #[test]
    fn only_matrices_that_measure_distances_pass() {
        let check = |inverse_covariance| Normal { mean: [0.5; 4], inverse_covariance }.check();
        let with = |entries: &[(usize, usize, f32)]| {
            let mut matrix = IDENTITY;
            entries.iter().for_each(|&(row, column, value)| matrix[row][column] = value);
            matrix
        };
        // Positive definite, of rank 1 and 0, small and large.
        assert_eq!(check(IDENTITY), Ok(()));
        assert_eq!(check([[1.0; 4]; 4]), Ok(()));
        assert_eq!(check([[0.0; 4]; 4]), Ok(()));
        for scale in [1e-30, 1e-3, 1e4, 1e30] {
            assert_eq!(check(with(&[(0, 1, 0.9), (1, 0, 0.9)]).map(|row| row.map(|entry| entry * scale))), Ok(()));
            let negative = with(&[(2, 2, -0.01)]).map(|row| row.map(|entry| entry * scale));
            assert!(check(negative).is_err_and(|reason| reason.contains("not positive semi-definite")), "{scale}");
        }
        // Each row alone looks harmless; together they have an eigenvalue below zero.
        for at in 0..4 {
            let across = (at + 1) % 4;
            let indefinite = check(with(&[(at, across, 1.1), (across, at, 1.1)]));
            assert_eq!(indefinite, Err("has an inverse covariance that is not positive semi-definite"));
            assert_eq!(check(with(&[(at, across, 0.3)])), Err("has an inverse covariance that is not symmetric"));
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let reason = check(with(&[(at, across, wrong)])).expect_err("not finite");
                assert!(reason.contains("inverse covariance") && reason.contains("finite"), "{reason}");
                let mut mean = [0.5; 4];
                mean[at] = wrong;
                let reason = Normal { mean, inverse_covariance: IDENTITY }.check().expect_err("not finite");
                assert!(reason.contains("mean"), "{reason}");
            }
        }
    }
}
