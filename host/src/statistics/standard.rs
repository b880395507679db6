//! Standardizes numbers to mean 0 and deviation 1 over the training pictures.

use crate::Error;

/// Mean and deviation of each number over the training pictures.
#[derive(Clone, Debug)]
pub(super) struct Standard {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standard {
    /// # Errors
    /// [`Error::Usage`] with fewer than `least` pictures, or when pictures differ in the number of numbers.
    pub(super) fn fit(train: &[(&[f64], usize)], least: usize) -> Result<Self, Error> {
        if train.len() < least.max(1) {
            return Err(Error::Usage(format!(
                "the colour baseline needs at least {} different training pictures, and there are {}",
                least.max(1),
                train.len()
            )));
        }
        let width = train[0].0.len();
        if train.iter().any(|(numbers, _)| numbers.len() != width) {
            return Err(Error::Usage("the training pictures have different numbers of colour numbers".to_string()));
        }
        let count = train.len() as f64;
        let mean_of =
            |value: &dyn Fn(&[f64]) -> f64| train.iter().map(|(numbers, _)| value(numbers)).sum::<f64>() / count;
        let mean: Vec<f64> = (0..width).map(|at| mean_of(&|numbers| numbers[at])).collect();
        let deviation = (0..width).map(|at| mean_of(&|numbers| (numbers[at] - mean[at]).powi(2)).sqrt()).collect();
        Ok(Self { mean, deviation })
    }

    /// A number that is constant over the training pictures counts nothing.
    pub(super) fn apply(&self, numbers: &[f64]) -> Vec<f64> {
        let scale = self.mean.iter().zip(&self.deviation);
        numbers
            .iter()
            .zip(scale)
            .map(|(number, (mean, deviation))| if *deviation > 1e-9 { (number - mean) / deviation } else { 0.0 })
            .collect()
    }
}
