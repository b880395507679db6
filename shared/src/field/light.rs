//! The lamp of a field: how bright its background is in each channel.
//!
//! A network that sees a field's colours, and not its optical density, learns the lamp along with the cells: a little less light, and it
//! may take every field for another class, and be sure. So the lamp is measured beside such a network.

use crate::field::{density::background, framing::Framing};

/// Fewest fields needed to learn a [`Light`].
pub const FEWEST_FIELDS: usize = 20;

/// Added to each variance: 0.02 squared, two percent of a value, so that a lamp that hardly varies does not make every field
/// unfamiliar.
const FLOOR: f64 = 4e-4;

/// The logarithms of a field's background in red, green and blue: `ln(b + 1)` of the 95th percentile `b` of the values outside the mask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamp(pub [f32; 3]);

impl Lamp {
    /// Measures the lamp of a field from [`Framing::apply`].
    pub(crate) fn of(framing: &Framing, field: &[u8]) -> Self {
        Self(background(framing, field).map(|value| libm::logf(f32::from(value) + 1.0)))
    }
}

/// Distribution of the lamps of fields: mean and variance of each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Mean lamp.
    pub mean: [f32; 3],
    /// One over the variance of each channel.
    pub inverse_variance: [f32; 3],
}

impl Light {
    /// Learns a light from the lamps of fields; `None` if there are fewer than [`FEWEST_FIELDS`] or a number is not finite.
    #[must_use]
    pub fn learn(lamps: &[Lamp]) -> Option<Self> {
        if lamps.len() < FEWEST_FIELDS || !lamps.iter().flat_map(|lamp| lamp.0).all(f32::is_finite) {
            return None;
        }
        let count = lamps.len() as f64;
        let mean = [0, 1, 2].map(|at: usize| lamps.iter().map(|lamp| f64::from(lamp.0[at])).sum::<f64>() / count);
        let variance = [0, 1, 2].map(|at: usize| {
            lamps
                .iter()
                .map(|lamp| (f64::from(lamp.0[at]) - mean[at]) * (f64::from(lamp.0[at]) - mean[at]))
                .sum::<f64>()
                / count
        });
        Some(Self {
            mean: mean.map(|value| value as f32),
            inverse_variance: variance.map(|variance| (1.0 / (variance + FLOOR)) as f32),
        })
    }

    /// The mean squared distance of the channels of `lamp`, each in units of its variance: about 1 for a field of this light, at least
    /// 0. NaN if a number is NaN.
    #[must_use]
    pub fn distance(&self, lamp: &Lamp) -> f32 {
        let mut sum = 0.0f32;
        for ((value, mean), inverse_variance) in lamp.0.iter().zip(self.mean).zip(self.inverse_variance) {
            let difference = value - mean;
            sum += difference * difference * inverse_variance;
        }
        sum / 3.0
    }
}

/// Distance of `lamp` from the nearest of `lights`: 0 without lights, for a network that does not see the lamp; NaN if there is no lamp
/// to compare, or any distance is NaN.
#[must_use]
pub fn nearest(lights: &[Light], lamp: Option<&Lamp>) -> f32 {
    match (lights, lamp) {
        ([], _) => 0.0,
        (_, None) => f32::NAN,
        (lights, Some(lamp)) => lights.iter().map(|light| light.distance(lamp)).fold(f32::INFINITY, libm::fminimumf),
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    fn lamp(value: f32) -> Lamp {
        Lamp([libm::logf(value), libm::logf(255.0), libm::logf(250.0)])
    }

    #[test]
    fn a_lamp_that_is_turned_down_is_far_away() {
        let lamps: Vec<Lamp> = (0..40).map(|at| lamp(245.0 + (at % 10) as f32)).collect();
        let light = Light::learn(&lamps).expect("enough fields");
        assert!(lamps.iter().all(|lamp| light.distance(lamp) < 1.0));
        let dim = Lamp(lamps[0].0.map(|value| value - 0.1));
        assert!(light.distance(&dim) > 5.0, "{}", light.distance(&dim));
        assert_eq!(nearest(&[], Some(&dim)), 0.0);
        assert!(nearest(&[light], None).is_nan());
        assert!(nearest(&[light, Light { mean: dim.0, ..light }], Some(&dim)) < 1e-6);
    }

    #[test]
    fn the_lamp_is_the_brightest_of_the_unmasked() {
        let framing = Framing::square(64);
        let mut field = vec![200; framing.input_len()];
        framing.mask(&mut field);
        assert_eq!(Lamp::of(&framing, &field), Lamp([libm::logf(201.0); 3]));
    }

    #[test]
    fn what_is_not_a_number_is_never_familiar() {
        let sound = Light { mean: [5.5; 3], inverse_variance: [100.0; 3] };
        assert!(sound.distance(&Lamp([5.5, f32::NAN, 5.5])).is_nan());
        assert!(Light { mean: [f32::NAN; 3], ..sound }.distance(&Lamp([5.5; 3])).is_nan());
        assert!(nearest(&[sound, Light { mean: [f32::NAN; 3], ..sound }], Some(&Lamp([5.5; 3]))).is_nan());
        assert_eq!(Light::learn(&[Lamp([f32::INFINITY; 3]); 30]), None);
        assert_eq!(Light::learn(&[Lamp([1.0; 3]); 19]), None);
    }
}
