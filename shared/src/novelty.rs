//! How unlike the training data a field is, from the network's hidden activations.
//!
//! The score is the smallest, over the classes, of the mean squared distance to the class's mean, each activation measured in
//! units of the variance within classes: a Mahalanobis distance with a diagonal, tied covariance, after Lee et al., "A Simple
//! Unified Framework for Detecting Out-of-Distribution Samples" (NeurIPS 2018), divided by the number of activations. A usual
//! field scores about 1.

use alloc::{vec, vec::Vec};

use crate::label::Class;

/// Means a class and the variance within classes of the hidden activations.
#[derive(Clone, Debug, PartialEq)]
pub struct NoveltyStatistics {
    /// For each class, the mean of each activation, in units of the quantized activation (0..=255).
    pub means: [Vec<f32>; Class::COUNT],
    /// One over the variance within classes of each activation.
    pub inverse_variances: Vec<f32>,
}

impl NoveltyStatistics {
    /// Learns the statistics from activations of training fields, all of the same length.
    ///
    /// Every variance gets 1 added: the rounding of the activations, and a floor for those that never move.
    /// `None` when a class has no field.
    #[must_use]
    pub fn learn<'a>(fields: impl Iterator<Item = (Class, &'a [u8])> + Clone) -> Option<Self> {
        let length = fields.clone().next()?.1.len();
        let mut sums = [(); Class::COUNT].map(|()| vec![0.0f64; length]);
        let mut counts = [0u32; Class::COUNT];
        for (class, activations) in fields.clone() {
            counts[class.index()] += 1;
            for (sum, &activation) in sums[class.index()].iter_mut().zip(activations) {
                *sum += f64::from(activation);
            }
        }
        if counts.contains(&0) {
            return None;
        }
        for (sums, &count) in sums.iter_mut().zip(&counts) {
            sums.iter_mut().for_each(|sum| *sum /= f64::from(count));
        }
        let mut squares = vec![0.0f64; length];
        for (class, activations) in fields {
            for ((square, &activation), mean) in squares.iter_mut().zip(activations).zip(&sums[class.index()]) {
                *square += (f64::from(activation) - mean) * (f64::from(activation) - mean);
            }
        }
        let total = f64::from(counts.iter().sum::<u32>());
        Some(Self {
            means: sums.map(|means| means.iter().map(|&mean| mean as f32).collect()),
            inverse_variances: squares.iter().map(|square| (1.0 / (square / total + 1.0)) as f32).collect(),
        })
    }

    /// The score of a field's activations; sums run in the order of the activations, so that every machine gets the same bits.
    #[must_use]
    pub fn score(&self, activations: &[u8]) -> f32 {
        let mut smallest = f32::INFINITY;
        for means in &self.means {
            let mut sum = 0.0f32;
            for ((&activation, mean), inverse_variance) in activations.iter().zip(means).zip(&self.inverse_variances) {
                let distance = f32::from(activation) - mean;
                sum += distance * distance * inverse_variance;
            }
            smallest = smallest.min(sum / activations.len() as f32);
        }
        smallest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_fields_score_about_one_and_strange_ones_more() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 27) as u8
        };
        let fields: Vec<(Class, Vec<u8>)> = (0..400)
            .map(|index| {
                let class = Class::ALL[index % 4];
                (class, (0..64).map(|at| if at % 4 == class.index() { 150 + noise() } else { noise() }).collect())
            })
            .collect();
        let views = || fields.iter().map(|(class, activations)| (*class, activations.as_slice()));
        let statistics = NoveltyStatistics::learn(views()).expect("every class is there");
        let mean = views().map(|(_, activations)| statistics.score(activations)).sum::<f32>() / 400.0;
        assert!((0.9..1.1).contains(&mean), "{mean}");
        assert!(statistics.score(&[100; 64]) > 10.0);
    }

    #[test]
    fn a_missing_class_is_noticed() {
        let activations = [1u8, 2, 3];
        assert_eq!(NoveltyStatistics::learn([(Class::Pre, &activations[..])].into_iter()), None);
    }
}
