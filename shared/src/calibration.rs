//! From logits to calibrated probabilities: first benign against malignant, then which malignant class, each with the same temperature
//! (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
//!
//! At a temperature of 1 this is the softmax. At others it keeps what a plain `softmax(logits / temperature)` loses: whether benign or
//! malignant is the more probable does not depend on the temperature. A network that is sure of malignancy and in doubt about the
//! class spreads its logits over three classes; a low temperature, which suits logits that are means over many cells, would let each
//! of them lose against Benign.

use crate::label::Class;

/// Four probabilities that add up to 1. With `m = ln(e^early + e^pre + e^pro) - benign` over the logits, the probability of a
/// malignant class is `1 / (1 + e^(-m / temperature))`, and it is divided among them by `softmax(logits / temperature)`.
///
/// Exponential and logarithm are those of `libm` in 32 bits, so that every machine gets the same bits.
#[must_use]
pub fn probabilities(logits: &[f32; Class::COUNT], temperature: f32) -> [f32; Class::COUNT] {
    let [benign, malignant @ ..] = *logits;
    let largest = malignant.iter().fold(f32::NEG_INFINITY, |largest, &logit| largest.max(logit));
    let sum = |temperature: f32| malignant.map(|logit| libm::expf((logit - largest) / temperature));
    let margin = largest - benign + libm::logf(sum(1.0).iter().sum());
    let is_malignant = 1.0 / (1.0 + libm::expf(-margin / temperature));
    let shares = sum(temperature);
    let total: f32 = shares.iter().sum();
    let [early, pre, pro] = shares.map(|share| is_malignant * share / total);
    [1.0 / (1.0 + libm::expf(margin / temperature)), early, pre, pro]
}

/// The most probable class, the first of equals, and its probability.
#[must_use]
pub fn most_probable(probabilities: &[f32; Class::COUNT]) -> (Class, f32) {
    let mut best = (Class::Benign, probabilities[0]);
    for class in Class::ALL {
        if probabilities[class.index()] > best.1 {
            best = (class, probabilities[class.index()]);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_and_keep_the_order() {
        let p = probabilities(&[1.0, 3.0, -200.0, 2.0], 1.0);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((p[1] - 0.665_24).abs() < 1e-4, "{p:?}");
        assert_eq!(most_probable(&p).0, Class::Early);
    }

    #[test]
    fn the_temperature_does_not_decide_about_malignancy() {
        let spread = [1.0, 0.9, 0.9, 0.9];
        for temperature in [0.05, 0.3, 1.0, 5.0] {
            let p = probabilities(&spread, temperature);
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!(p[0] < 0.5 && (p[1] - p[2]).abs() < 1e-6, "{p:?}");
        }
        let benign = [2.1, 0.9, 0.9, 0.9];
        assert!([0.05, 1.0, 5.0].iter().all(|&temperature| probabilities(&benign, temperature)[0] > 0.5));
    }

    #[test]
    fn a_temperature_of_one_is_the_softmax() {
        let logits = [0.3f32, -1.0, 2.0, 0.7];
        let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
        for (probability, logit) in probabilities(&logits, 1.0).iter().zip(logits) {
            assert!((probability - logit.exp() / sum).abs() < 1e-6);
        }
    }

    #[test]
    fn a_higher_temperature_is_less_sure() {
        let logits = [0.0, 4.0, 1.0, 1.0];
        assert!(probabilities(&logits, 3.0)[1] < probabilities(&logits, 1.0)[1]);
    }

    #[test]
    fn huge_logits_stay_finite() {
        assert_eq!(probabilities(&[1e30, -1e30, 0.0, 0.0], 0.5), [1.0, 0.0, 0.0, 0.0]);
    }
}
