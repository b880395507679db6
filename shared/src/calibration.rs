//! From logits to calibrated probabilities: softmax with one temperature (Guo et al., "On Calibration of Modern Neural
//! Networks", ICML 2017).

use crate::label::Class;

/// `softmax(logits / temperature)`: four probabilities that add up to 1.
///
/// The exponential is that of `libm` in 32 bits, so that every machine gets the same bits.
#[must_use]
pub fn probabilities(logits: &[f32; Class::COUNT], temperature: f32) -> [f32; Class::COUNT] {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |largest, &logit| largest.max(logit));
    let exponentials = logits.map(|logit| libm::expf((logit - largest) / temperature));
    let sum: f32 = exponentials.iter().sum();
    exponentials.map(|exponential| exponential / sum)
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
    fn a_higher_temperature_is_less_sure() {
        let logits = [0.0, 4.0, 1.0, 1.0];
        assert!(probabilities(&logits, 3.0)[1] < probabilities(&logits, 1.0)[1]);
    }

    #[test]
    fn huge_logits_stay_finite() {
        assert_eq!(probabilities(&[1e30, -1e30, 0.0, 0.0], 0.5), [1.0, 0.0, 0.0, 0.0]);
    }
}
