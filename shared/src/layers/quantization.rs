//! The integer arithmetic that every kernel must reproduce bit for bit.
//!
//! * Activations are `u8` with one scale per tensor and zero point 0: `real = scale * q`. The input's scale is 1/255.
//! * Weights are `i8` in `-127..=127`, symmetric, with one scale per output channel.
//! * Biases are `i32` in units of `input_scale * weight_scale[c]`.
//! * Accumulators are `i32`, exact: [`MAX_INPUTS`] bounds the terms of a sum so that it can neither saturate nor wrap.
//! * [`requantize`] brings an accumulator back to `u8` with one IEEE multiplication and no fused multiply-add, so the result is the
//!   same on every instruction set.
//!
//! The scheme is that of Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
//! Inference" (CVPR 2018), with a float multiplier in place of a fixed-point one.

mod filters;

use alloc::vec::Vec;

pub use self::filters::{FloatFilters, QuantizedFilters};

/// Scale of the network's input: raw pixels, with 255 for 1.
pub const INPUT_SCALE: f32 = 1.0 / 255.0;
/// Largest absolute bias: with [`MAX_INPUTS`] terms of at most 255 * 127 an accumulator stays below 2^31.
pub const MAX_BIAS: i32 = 1 << 30;
/// Most terms of one sum: `33_000 * 255 * 127 < 2^30`.
pub const MAX_INPUTS: usize = 33_000;

/// Adding and subtracting 1.5 * 2^23 rounds an `f32` of small magnitude to an integer, half to even, in two IEEE operations.
const ROUND: f32 = 12_582_912.0;

/// `clamp(round_half_even((accumulator + bias) as f32 * multiplier), 0, 255)`.
///
/// `accumulator + bias` must not overflow; [`MAX_INPUTS`] and [`MAX_BIAS`] ensure that.
#[inline]
#[must_use]
pub fn requantize(accumulator: i32, bias: i32, multiplier: f32) -> u8 {
    // Clamping first changes nothing, because the bounds are integers, and keeps the sum below in range.
    let scaled = ((accumulator + bias) as f32 * multiplier).clamp(0.0, 255.0);
    ((scaled + ROUND) - ROUND) as u8
}

/// The multiplier from accumulator to output units: `input_scale * weight_scale / output_scale`, rounded once.
#[must_use]
pub fn multiplier(input_scale: f32, weight_scale: f32, output_scale: f32) -> f32 {
    (f64::from(input_scale) * f64::from(weight_scale) / f64::from(output_scale)) as f32
}

/// Quantizes the weights of one output channel: `(scale, weights)` with `scale = max|w| / 127`. All zeros get scale 1. A non-finite
/// weight makes the scale non-finite too, and a reader refuses the layer.
#[must_use]
pub fn quantize_channel(weights: &[f32]) -> (f32, Vec<i8>) {
    let largest = weights.iter().fold(0.0f32, |largest, weight| libm::fmaximumf(largest, weight.abs()));
    let scale = if largest == 0.0 { 1.0 } else { largest / 127.0 };
    let quantized = weights
        .iter()
        .map(|&weight| libm::rint(f64::from(weight) / f64::from(scale)).clamp(-127.0, 127.0) as i8)
        .collect();
    (scale, quantized)
}

/// Quantizes a bias to units of `input_scale * weight_scale`, limited to [`MAX_BIAS`].
#[must_use]
pub fn quantize_bias(bias: f32, input_scale: f32, weight_scale: f32) -> i32 {
    let units = f64::from(bias) / (f64::from(input_scale) * f64::from(weight_scale));
    libm::rint(units).clamp(-f64::from(MAX_BIAS), f64::from(MAX_BIAS)) as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requantize_rounds_half_to_even_and_clamps() {
        for (accumulator, bias, multiplier, expected) in [
            (1, 0, 0.5, 0),
            (3, 0, 0.5, 2),
            (5, 0, 0.5, 2),
            (7, 0, 0.5, 4),
            (509, 0, 0.5, 254),
            (510, 0, 0.5, 255),
            (511, 0, 0.5, 255),
            (-1, 0, 0.5, 0),
            (i32::MIN / 2, 0, 1.0, 0),
            (i32::MAX / 2, MAX_BIAS, 1.0, 255),
            (10, -10, 3.0, 0),
        ] {
            assert_eq!(requantize(accumulator, bias, multiplier), expected, "({accumulator} + {bias}) * {multiplier}");
        }
    }

    proptest! {
        #[test]
        fn requantize_is_its_formula(accumulator in -(1i32 << 30)..(1 << 30), bias in -MAX_BIAS..MAX_BIAS, multiplier in 1e-9f32..10.0) {
            let formula = ((accumulator + bias) as f32 * multiplier).round_ties_even().clamp(0.0, 255.0) as u8;
            prop_assert_eq!(requantize(accumulator, bias, multiplier), formula);
        }

        #[test]
        fn a_quantized_weight_is_within_half_a_step(weights in proptest::collection::vec(-3.0f32..3.0, 1..50)) {
            let (scale, quantized) = quantize_channel(&weights);
            for (&weight, &q) in weights.iter().zip(&quantized) {
                prop_assert!((weight - scale * f32::from(q)).abs() <= scale * 0.5001);
                prop_assert!(q >= -127);
            }
        }
    }

    #[test]
    fn a_channel_of_zeros_has_a_usable_scale() {
        assert_eq!(quantize_channel(&[0.0; 3]), (1.0, alloc::vec![0, 0, 0]));
    }

    #[test]
    fn what_is_not_finite_does_not_become_a_quiet_zero() {
        let sound = FloatFilters { weights: alloc::vec![0.5, -1.0, 0.25, 2.0], biases: alloc::vec![0.5, -0.5] };
        let scales = |filters: &FloatFilters| -> Vec<f32> {
            QuantizedFilters::new(filters, 1.0, 1.0).view().weight_scales().collect()
        };
        assert!(scales(&sound).iter().all(|scale| scale.is_finite()));
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..4 {
                let mut broken = sound.clone();
                broken.weights[at] = wrong;
                let scales = scales(&broken);
                assert!(
                    !scales[at / 2].is_finite() && scales[1 - at / 2].is_finite(),
                    "weight {at} {wrong}: {scales:?}"
                );
            }
            for at in 0..2 {
                let mut broken = sound.clone();
                broken.biases[at] = wrong;
                assert!(!scales(&broken)[at].is_finite(), "bias {at} is {wrong}");
            }
        }
    }
}
