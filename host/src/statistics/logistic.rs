//! Multinomial logistic regression with a penalty on the weights, fitted by Newton's method.
//!
//! Minimizes the sum of the negative log-likelihoods plus half the sum of the squared weights, on standardized numbers (ridge
//! penalty 1, as usual). The objective is convex and its Hessian positive definite, so damped Newton steps (Boyd and Vandenberghe,
//! "Convex Optimization", 2004, section 9.5) reach its only minimum; there are at most 12 x 4 coefficients.

use super::{neighbours::check_labels, standard::Standard};
use crate::Error;

/// Penalty on the weights, and a small one on the intercepts, which only keeps the Hessian definite.
const PENALTY: [f64; 2] = [1.0, 1e-3];
/// A fit takes about ten steps; perfectly separable data take a few more.
const MOST_STEPS: usize = 60;
/// Newton decrement at which the minimum counts as reached.
const TOLERANCE: f64 = 1e-9;

/// A fitted regression.
#[derive(Clone, Debug)]
pub struct LogisticRegression {
    standard: Standard,
    /// For each label: the weights, then the intercept.
    coefficients: Vec<Vec<f64>>,
}

impl LogisticRegression {
    /// Fits pictures, each given by its numbers and its label in `0..labels`.
    ///
    /// # Errors
    /// [`Error::Usage`] without pictures, when pictures differ in the number of numbers, or a label is beyond `labels`.
    pub fn fit(train: &[(&[f64], usize)], labels: usize) -> Result<Self, Error> {
        let standard = Standard::fit(train, 1)?;
        check_labels(train, labels)?;
        let points: Vec<(Vec<f64>, usize)> = train
            .iter()
            .map(|(numbers, label)| {
                let mut point = standard.apply(numbers);
                point.push(1.0);
                (point, *label)
            })
            .collect();
        let width = train[0].0.len() + 1;
        let mut coefficients = vec![vec![0.0; width]; labels];
        let mut loss = objective(&points, &coefficients);
        for _ in 0..MOST_STEPS {
            let (gradient, hessian) = derivatives(&points, &coefficients);
            let Some(step) = solve(hessian, &gradient) else { break };
            let decrement: f64 = step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum();
            if decrement <= TOLERANCE {
                break;
            }
            let mut length = 1.0;
            let next = loop {
                let next = moved(&coefficients, &step, length);
                let reached = objective(&points, &next);
                if reached <= loss - 0.25 * length * decrement || length < 1e-6 {
                    break (next, reached);
                }
                length /= 2.0;
            };
            if next.1 >= loss {
                break;
            }
            (coefficients, loss) = next;
        }
        Ok(Self { standard, coefficients })
    }

    /// The probabilities, by label.
    #[must_use]
    pub fn probabilities(&self, numbers: &[f64]) -> Vec<f32> {
        let mut point = self.standard.apply(numbers);
        point.push(1.0);
        softmax(&self.coefficients, &point).1.into_iter().map(|probability| probability as f32).collect()
    }
}

/// The logarithm of the sum of exponentials, and the probabilities.
fn softmax(coefficients: &[Vec<f64>], point: &[f64]) -> (f64, Vec<f64>) {
    let scores: Vec<f64> = coefficients.iter().map(|row| dot(row, point)).collect();
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut shares: Vec<f64> = scores.iter().map(|score| libm::exp(score - highest)).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    (highest + libm::log(sum), shares)
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

const fn penalty(at: usize, width: usize) -> f64 {
    PENALTY[(at + 1 == width) as usize]
}

fn objective(points: &[(Vec<f64>, usize)], coefficients: &[Vec<f64>]) -> f64 {
    let likelihood: f64 =
        points.iter().map(|(point, label)| softmax(coefficients, point).0 - dot(&coefficients[*label], point)).sum();
    let squares: f64 = coefficients
        .iter()
        .flat_map(|row| row.iter().enumerate().map(|(at, value)| penalty(at, row.len()) * value * value))
        .sum();
    likelihood + squares / 2.0
}

/// Gradient and Hessian (rows) in the order of the labels, each with its weights and intercept.
fn derivatives(points: &[(Vec<f64>, usize)], coefficients: &[Vec<f64>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (labels, width) = (coefficients.len(), coefficients[0].len());
    let size = labels * width;
    let mut gradient = vec![0.0; size];
    let mut hessian = vec![vec![0.0; size]; size];
    for (at, value) in coefficients.iter().flatten().enumerate() {
        gradient[at] = penalty(at % width, width) * value;
        hessian[at][at] = penalty(at % width, width);
    }
    for (point, label) in points {
        let (_, shares) = softmax(coefficients, point);
        for one in 0..labels {
            let slope = shares[one] - f64::from(u8::from(one == *label));
            for (at, value) in point.iter().enumerate() {
                gradient[one * width + at] += slope * value;
            }
            for other in 0..=one {
                let curvature = shares[one] * (f64::from(u8::from(one == other)) - shares[other]);
                for (at, value) in point.iter().enumerate() {
                    let row = &mut hessian[one * width + at][other * width..(other + 1) * width];
                    for (cell, beside) in row.iter_mut().zip(point) {
                        *cell += curvature * value * beside;
                    }
                }
            }
        }
    }
    (gradient, hessian)
}

/// Solves `hessian * step = gradient` by Cholesky's method on the lower triangle; `None` when it is not positive definite.
fn solve(mut matrix: Vec<Vec<f64>>, gradient: &[f64]) -> Option<Vec<f64>> {
    let size = gradient.len();
    for row in 0..size {
        for column in 0..=row {
            let done: f64 = (0..column).map(|at| matrix[row][at] * matrix[column][at]).sum();
            let rest = matrix[row][column] - done;
            matrix[row][column] = if row == column {
                if rest <= 0.0 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / matrix[column][column]
            };
        }
    }
    let mut step = gradient.to_vec();
    for row in 0..size {
        let done: f64 = (0..row).map(|at| matrix[row][at] * step[at]).sum();
        step[row] = (step[row] - done) / matrix[row][row];
    }
    for row in (0..size).rev() {
        let done: f64 = (row + 1..size).map(|at| matrix[at][row] * step[at]).sum();
        step[row] = (step[row] - done) / matrix[row][row];
    }
    Some(step)
}

fn moved(coefficients: &[Vec<f64>], step: &[f64], length: f64) -> Vec<Vec<f64>> {
    let width = coefficients[0].len();
    let rows = coefficients.iter().zip(step.chunks_exact(width));
    rows.map(|(row, step)| row.iter().zip(step).map(|(value, step)| value - length * step).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::answer::answer;

    /// Points on a line; one label's share grows along it.
    fn sloped() -> Vec<([f64; 1], usize)> {
        (0..400).map(|at| ([f64::from(at % 20)], usize::from(at / 20 * 7 % 20 < at % 20))).collect()
    }

    #[test]
    fn logistic_regression_reaches_its_minimum() {
        let points = sloped();
        let training: Vec<(&[f64], usize)> = points.iter().map(|(place, label)| (&place[..], *label)).collect();
        let fitted = LogisticRegression::fit(&training, 2).expect("fitted");
        // At the minimum, the derivative by the (almost unpenalized) intercepts vanishes: predicted and true shares agree.
        let ones = training.iter().filter(|(_, label)| *label == 1).count() as f64 / training.len() as f64;
        let predicted: f64 = training.iter().map(|(place, _)| f64::from(fitted.probabilities(place)[1])).sum::<f64>()
            / training.len() as f64;
        assert!((predicted - ones).abs() < 1e-4, "{predicted} for {ones}");
        let shares: Vec<f32> = (0..20).map(|place| fitted.probabilities(&[f64::from(place)])[1]).collect();
        assert!(shares.is_sorted(), "{shares:?}");
        let errors: f64 = (0..20)
            .map(|place| {
                let here: Vec<_> = points.iter().filter(|(at, _)| at[0] == f64::from(place)).collect();
                let share = here.iter().filter(|(_, label)| *label == 1).count() as f64 / here.len() as f64;
                (share - f64::from(shares[place as usize])).abs()
            })
            .sum();
        assert!(errors / 20.0 < 0.12, "{errors}: {shares:?}");
    }

    #[test]
    fn logistic_regression_separates_and_survives_odd_training() {
        let places: Vec<([f64; 2], usize)> =
            (0..90).map(|at| ([f64::from(at / 30) * 10.0 + f64::from(at % 5), 3.0], at as usize / 30)).collect();
        let training: Vec<(&[f64], usize)> = places.iter().map(|(place, label)| (&place[..], *label)).collect();
        // Label 3 never occurs, the second number never varies.
        let fitted = LogisticRegression::fit(&training, 4).expect("fitted");
        for (place, label) in &places {
            let probabilities = fitted.probabilities(place);
            assert_eq!(answer(&probabilities), *label);
            assert!(
                probabilities[3] < 0.05 && (probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5,
                "{probabilities:?}"
            );
        }
        let single = LogisticRegression::fit(&training[..1], 4).expect("fitted");
        assert_eq!(answer(&single.probabilities(&[50.0, 3.0])), 0);
        assert!(LogisticRegression::fit(&[], 4).is_err());
    }
}
