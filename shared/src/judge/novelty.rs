//! How unlike the training data a field is, in its activations, in its stain and, for a network that sees it, in its lamp.
//!
//! Three distances make the score. The first is the smallest, over the classes, of the mean squared distance of the network's hidden
//! activations to the class's mean, each activation measured in units of the variance within classes: a Mahalanobis distance with a
//! diagonal, tied covariance, after Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples" (NeurIPS
//! 2018), divided by the number of activations. The second is that of the field's hue to the nearest known [`stain`], the third that of
//! its lamp to the nearest known [`light`]. Each is
//! divided by the distance that all but a few validation fields stay below, and the largest one counts: a field that is strange in
//! one way is not excused by being usual in the other. Few usual fields exceed 1.

use alloc::{vec, vec::Vec};

use crate::{
    field::{
        light::{self, Lamp, Light},
        stain::{self, Hue, Stain},
    },
    label::Class,
};

/// Statistics of usual fields: class means and within-class variance of the hidden activations, and the known stains.
#[derive(Clone, Debug, PartialEq)]
pub struct NoveltyStatistics {
    /// For each class, the mean of each activation, in units of the quantized activation (0..=255).
    pub means: [Vec<f32>; Class::COUNT],
    /// One over the variance within classes of each activation.
    pub inverse_variances: Vec<f32>,
    /// The stains of the training data, and of sites that the model was adapted to.
    pub stains: Vec<Stain>,
    /// The lights of the training data, and of sites that the model was adapted to; empty if the network does not see the lamp.
    pub lights: Vec<Light>,
    /// The distances that few usual fields exceed.
    pub usual: Distances,
}

/// Distances of a field from usual ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distances {
    /// From its hidden activations to the nearest class mean.
    pub activations: f32,
    /// From its hue to the nearest stain.
    pub stain: f32,
    /// From its lamp to the nearest light; 0 for a network that does not see the lamp.
    pub light: f32,
}

impl Distances {
    /// Unit distances, for use before the usual ones are known.
    pub const ONE: Self = Self { activations: 1.0, stain: 1.0, light: 1.0 };
}

impl NoveltyStatistics {
    /// Learns the statistics from training fields: their activations, all of one length, their hues, and their lamps, if the network
    /// sees them; else `lamps` is empty. The usual distances stay 1.
    ///
    /// Every variance gets 1 added: the rounding of the activations, and a floor for those that never move.
    /// `None` if a class has no field, or there are too few fields for a [`Stain`] or a [`Light`].
    #[must_use]
    pub fn learn<'a>(
        fields: impl Iterator<Item = (Class, &'a [u8])> + Clone,
        hues: &[Hue],
        lamps: &[Lamp],
    ) -> Option<Self> {
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
            stains: vec![Stain::learn(hues)?],
            lights: if lamps.is_empty() { Vec::new() } else { vec![Light::learn(lamps)?] },
            usual: Distances::ONE,
        })
    }

    /// Distances of a field from usual ones; NaN if a statistic is NaN. Sums run in the order of the activations, so that every
    /// machine gets the same bits.
    #[must_use]
    pub fn distances(&self, activations: &[u8], hue: &Hue, lamp: Option<&Lamp>) -> Distances {
        let mut smallest = f32::INFINITY;
        for means in &self.means {
            let mut sum = 0.0f32;
            for ((&activation, mean), inverse_variance) in activations.iter().zip(means).zip(&self.inverse_variances) {
                let distance = f32::from(activation) - mean;
                sum += distance * distance * inverse_variance;
            }
            smallest = libm::fminimumf(smallest, sum / activations.len() as f32);
        }
        let (stain, light) = (stain::nearest(&self.stains, hue), light::nearest(&self.lights, lamp));
        Distances { activations: smallest, stain, light }
    }

    /// The novelty score for these distances; NaN if any is NaN.
    #[must_use]
    pub fn score(&self, distances: &Distances) -> f32 {
        let of_cells =
            libm::fmaximumf(distances.activations / self.usual.activations, distances.stain / self.usual.stain);
        libm::fmaximumf(of_cells, distances.light / self.usual.light)
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
        let hue = |at: usize| Hue([0.3 + 0.01 * (at % 7) as f32, 0.9 - 0.01 * (at % 5) as f32, 0.7, 0.5]);
        let hues: Vec<Hue> = (0..400).map(hue).collect();
        let mut statistics = NoveltyStatistics::learn(views(), &hues, &[]).expect("every class is there");
        let distances: Vec<Distances> =
            views().zip(&hues).map(|((_, activations), hue)| statistics.distances(activations, hue, None)).collect();
        let mean = |of: fn(&Distances) -> f32| distances.iter().map(of).sum::<f32>() / 400.0;
        assert!((0.9..1.1).contains(&mean(|field| field.activations)), "{distances:?}");
        assert!(mean(|field| field.stain) < 1.1, "{distances:?}");

        statistics.usual = Distances { activations: 1.5, stain: 3.0, light: 1.0 };
        let score = |activations: &[u8], hue: Hue| statistics.score(&statistics.distances(activations, &hue, None));
        let usual = &fields[0].1;
        assert!(score(usual, hue(0)) < 1.0);
        // Strange activations, a strange stain: either is enough.
        assert!(score(&[100; 64], hue(0)) > 10.0 / 1.5);
        assert!(score(usual, Hue([0.8, 0.9, 0.7, 0.5])) > 10.0);
    }

    #[test]
    fn what_is_not_a_number_is_never_familiar() {
        let fields: Vec<(Class, Vec<u8>)> = (0..40).map(|at| (Class::ALL[at % 4], vec![at as u8; 3])).collect();
        let hues = [Hue([0.5; 4]); 40];
        let views = fields.iter().map(|(class, activations)| (*class, activations.as_slice()));
        let sound = NoveltyStatistics::learn(views, &hues, &[]).expect("every class is there");
        let score = |statistics: &NoveltyStatistics, hue| statistics.score(&statistics.distances(&[20; 3], &hue, None));
        assert!(score(&sound, hues[0]).is_finite());
        assert!(score(&sound, Hue([f32::NAN, 0.5, 0.5, 0.5])).is_nan());
        for class in 0..4 {
            let mut broken = sound.clone();
            broken.means[class][1] = f32::NAN;
            assert!(score(&broken, hues[0]).is_nan(), "class {class}");
        }
        let mut broken = sound.clone();
        broken.inverse_variances[2] = f32::NAN;
        assert!(score(&broken, hues[0]).is_nan());
        let usual = Distances { stain: f32::NAN, ..sound.usual };
        assert!(score(&NoveltyStatistics { usual, ..sound.clone() }, hues[0]).is_nan());
        let usual = Distances { activations: f32::NAN, ..sound.usual };
        assert!(score(&NoveltyStatistics { usual, ..sound }, hues[0]).is_nan());
    }

    #[test]
    fn a_network_that_sees_the_lamp_knows_its_own() {
        let fields: Vec<(Class, Vec<u8>)> = (0..40).map(|at| (Class::ALL[at % 4], vec![at as u8; 3])).collect();
        let views = fields.iter().map(|(class, activations)| (*class, activations.as_slice()));
        let (hues, lamp) = ([Hue([0.5; 4]); 40], Lamp([5.5; 3]));
        let statistics = NoveltyStatistics::learn(views, &hues, &[lamp; 40]).expect("every class is there");
        let score = |lamp: Option<&Lamp>| statistics.score(&statistics.distances(&[20; 3], &hues[0], lamp));
        assert!(score(Some(&Lamp([5.3; 3]))) > score(Some(&lamp)) + 50.0);
        assert!(score(None).is_nan(), "a lamp that was not measured is not a known one");
    }

    #[test]
    fn a_missing_class_is_noticed() {
        let activations = [1u8, 2, 3];
        assert_eq!(
            NoveltyStatistics::learn([(Class::Pre, &activations[..])].into_iter(), &[Hue([1.0; 4]); 50], &[]),
            None
        );
    }
}
