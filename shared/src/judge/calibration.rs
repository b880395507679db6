//! From logits to calibrated probabilities: first benign against malignant, then which malignant class. One temperature (Guo et
//! al., "On Calibration of Modern Neural Networks", ICML 2017) and a bias for each malignant class (Alexandari, Kundaje and
//! Shrikumar, "Maximum Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020). The
//! margin between benign and malignant has no bias: it would learn how many fields of a data set are benign, and a clinic's are
//! others.
//!
//! At temperature 1 and without biases this is the softmax. At other temperatures it keeps what a plain `softmax(logits /
//! temperature)` loses: whether benign or malignant is more probable does not depend on the temperature. A network that is sure of
//! malignancy but not of the class spreads its logits over three classes; at a low temperature, which suits logits averaged over
//! many cells, each of them alone would lose against Benign.

use serde::{Deserialize, Serialize};

use crate::label::Class;

/// Turns logits into probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Divisor of the malignancy margin and of the malignant logits, above 0.
    pub temperature: f32,
    /// Added to the divided logits of Early, Pre and Pro when malignancy is split among them.
    pub biases: [f32; 3],
}

impl Calibration {
    /// The plain softmax.
    pub const NONE: Self = Self { temperature: 1.0, biases: [0.0; 3] };

    /// Four probabilities that add up to 1. With `m = ln(e^early + e^pre + e^pro) - benign` over the logits, the probability of
    /// malignancy is `1 / (1 + e^(-m / temperature))`, and it is divided among the malignant classes by
    /// `softmax(logits / temperature + biases)`.
    ///
    /// Exponential and logarithm are `libm`'s in 32 bits, so that every machine gets the same bits. A NaN logit makes all four NaN.
    #[must_use]
    pub fn probabilities(&self, logits: &[f32; Class::COUNT]) -> [f32; Class::COUNT] {
        let [_, malignant @ ..] = *logits;
        let largest = malignant.into_iter().fold(f32::NEG_INFINITY, libm::fmaximumf);
        let margin = malignancy_margin(logits) / self.temperature;
        let mut shares = malignant.map(|logit| (logit - largest) / self.temperature);
        shares.iter_mut().zip(self.biases).for_each(|(share, bias)| *share += bias);
        let largest = shares.into_iter().fold(f32::NEG_INFINITY, libm::fmaximumf);
        let shares = shares.map(|share| libm::expf(share - largest));
        let total: f32 = shares.iter().sum();
        let is_malignant = 1.0 / (1.0 + libm::expf(-margin));
        let [early, pre, pro] = shares.map(|share| is_malignant * share / total);
        [1.0 / (1.0 + libm::expf(margin)), early, pre, pro]
    }

    /// Whether the temperature is positive and finite and the biases are finite.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.temperature.is_finite() && self.temperature > 0.0 && self.biases.iter().all(|bias| bias.is_finite())
    }
}

/// The log-odds of malignancy at temperature 1: `ln(e^early + e^pre + e^pro) - benign` over the logits. NaN if a logit is NaN.
#[must_use]
pub(crate) fn malignancy_margin(logits: &[f32; Class::COUNT]) -> f32 {
    let [benign, malignant @ ..] = *logits;
    let largest = malignant.into_iter().fold(f32::NEG_INFINITY, libm::fmaximumf);
    let sum: f32 = malignant.map(|logit| libm::expf(logit - largest)).iter().sum();
    largest - benign + libm::logf(sum)
}

/// The most probable class and its probability: benign or malignant first, then the most probable malignant class, so that three
/// malignant classes that are more probable together are not outvoted by Benign. A field as probably malignant as benign counts as
/// malignant; other ties go to the first class. `None` if any number is not finite.
#[must_use]
pub fn most_probable(probabilities: &[f32; Class::COUNT]) -> Option<(Class, f32)> {
    probabilities.iter().all(|probability| probability.is_finite()).then(|| largest(probabilities))
}

/// The probability of malignancy: the sum over the malignant classes.
#[must_use]
pub fn malignancy(probabilities: &[f32; Class::COUNT]) -> f32 {
    let [_, malignant @ ..] = probabilities;
    malignant.iter().sum()
}

/// [`most_probable`] of finite probabilities.
pub(crate) fn largest(probabilities: &[f32; Class::COUNT]) -> (Class, f32) {
    if probabilities[Class::Benign.index()] > malignancy(probabilities) {
        return (Class::Benign, probabilities[Class::Benign.index()]);
    }
    let mut best = (Class::Early, probabilities[Class::Early.index()]);
    for class in [Class::Pre, Class::Pro] {
        if probabilities[class.index()] > best.1 {
            best = (class, probabilities[class.index()]);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(temperature: f32) -> Calibration {
        Calibration { temperature, ..Calibration::NONE }
    }

    #[test]
    fn biases_move_the_shares_and_not_malignancy() {
        let logits = [1.0, 2.0, 0.5, 0.2];
        let plain = at(0.5).probabilities(&logits);
        let moved = Calibration { temperature: 0.5, biases: [-1.0, 2.0, 0.0] }.probabilities(&logits);
        assert!((moved.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(plain[0], moved[0]);
        let between = |p: &[f32; 4], one: usize, other: usize| (p[one] / p[other]).ln();
        assert!((between(&plain, 2, 1) + 3.0 - between(&moved, 2, 1)).abs() < 1e-4);
        assert!((between(&plain, 3, 1) + 1.0 - between(&moved, 3, 1)).abs() < 1e-4);
        assert!(!at(0.0).is_usable() && !Calibration { biases: [f32::NAN; 3], ..Calibration::NONE }.is_usable());
    }

    #[test]
    fn probabilities_add_up_and_keep_the_order() {
        let p = Calibration::NONE.probabilities(&[1.0, 3.0, -200.0, 2.0]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((p[1] - 0.665_24).abs() < 1e-4, "{p:?}");
        assert_eq!(most_probable(&p).map(|(class, _)| class), Some(Class::Early));
    }

    #[test]
    fn a_number_that_is_none_has_no_largest_and_spreads() {
        for wrong_one in 0..4 {
            let mut logits = [0.5, 2.0, -1.0, 0.0];
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                logits[wrong_one] = wrong;
                assert_eq!(most_probable(&logits), None, "{logits:?}");
            }
            logits[wrong_one] = f32::NAN;
            let probabilities = at(1.5).probabilities(&logits);
            assert!(probabilities.iter().all(|probability| probability.is_nan()), "{logits:?}: {probabilities:?}");
        }
    }

    #[test]
    fn the_temperature_does_not_decide_about_malignancy() {
        let spread = [1.0, 0.9, 0.9, 0.9];
        for temperature in [0.05, 0.3, 1.0, 5.0] {
            let p = at(temperature).probabilities(&spread);
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!(p[0] < 0.5 && (p[1] - p[2]).abs() < 1e-6, "{p:?}");
        }
        let benign = [2.1, 0.9, 0.9, 0.9];
        assert!([0.05, 1.0, 5.0].iter().all(|&temperature| at(temperature).probabilities(&benign)[0] > 0.5));
    }

    #[test]
    fn a_temperature_of_one_is_the_softmax() {
        let logits = [0.3f32, -1.0, 2.0, 0.7];
        let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
        for (probability, logit) in at(1.0).probabilities(&logits).iter().zip(logits) {
            assert!((probability - logit.exp() / sum).abs() < 1e-6);
        }
    }

    #[test]
    fn a_higher_temperature_is_less_sure() {
        let logits = [0.0, 4.0, 1.0, 1.0];
        assert!(at(3.0).probabilities(&logits)[1] < at(1.0).probabilities(&logits)[1]);
    }

    #[test]
    fn huge_logits_stay_finite() {
        assert_eq!(at(0.5).probabilities(&[1e30, -1e30, 0.0, 0.0]), [1.0, 0.0, 0.0, 0.0]);
    }
}
