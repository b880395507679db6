//! The kernels in plain Rust: the oracle that every faster kernel must equal.
//!
//! The compiler can vectorize them for any target, but they require no instruction set.

use super::{Shape, packed::PackedFilters, plan::BLOCK};
use crate::layers::quantization::requantize;

/// 3x3 convolution, stride 1, padding 1 with zeros, then requantization (which includes ReLU).
///
/// `input` has `shape`; `output` has the same height and width and `filters.outputs` channels.
pub(crate) fn convolve(filters: &PackedFilters, shape: Shape, input: &[u8], output: &mut [u8]) {
    let Shape { height, width, channels } = shape;
    let tap_row = 3 * channels * BLOCK;
    for block in 0..filters.blocks() {
        let weights = filters.weights(block);
        let lanes = BLOCK.min(filters.outputs - block * BLOCK);
        for y in 0..height {
            for x in 0..width {
                let (left, right) = (x.saturating_sub(1), (x + 2).min(width));
                let skipped = (left + 1 - x) * channels * BLOCK;
                let mut sums = [0; BLOCK];
                for row in y.saturating_sub(1)..(y + 2).min(height) {
                    let pixels = &input[(row * width + left) * channels..(row * width + right) * channels];
                    let taps = &weights[(row + 1 - y) * tap_row + skipped..];
                    accumulate(&mut sums, pixels, taps);
                }
                let at = (y * width + x) * filters.outputs + block * BLOCK;
                finish(filters, block, &sums, &mut output[at..at + lanes]);
            }
        }
    }
}

/// 2x2 maximum, stride 2; an odd last row or column is dropped.
pub(crate) fn max_pool(shape: Shape, input: &[u8], output: &mut [u8]) {
    let Shape { height, width, channels } = shape;
    let row_len = width * channels;
    let output_row_len = width / 2 * channels;
    for y in 0..height / 2 {
        let upper = &input[2 * y * row_len..(2 * y + 1) * row_len];
        let lower = &input[(2 * y + 1) * row_len..(2 * y + 2) * row_len];
        let out = &mut output[y * output_row_len..(y + 1) * output_row_len];
        for ((out, upper), lower) in
            out.chunks_exact_mut(channels).zip(upper.chunks_exact(2 * channels)).zip(lower.chunks_exact(2 * channels))
        {
            for (channel, out) in out.iter_mut().enumerate() {
                *out = upper[channel].max(upper[channels + channel]).max(lower[channel]).max(lower[channels + channel]);
            }
        }
    }
}

/// Fully connected layer, then requantization (which includes ReLU).
pub(crate) fn dense(filters: &PackedFilters, input: &[u8], output: &mut [u8]) {
    for (block, output) in output.chunks_mut(BLOCK).enumerate() {
        let mut sums = [0; BLOCK];
        accumulate(&mut sums, input, filters.weights(block));
        finish(filters, block, &sums, output);
    }
}

/// Fully connected layer; returns its accumulators, bias included.
pub(crate) fn dense_sums(filters: &PackedFilters, input: &[u8], output: &mut [i32]) {
    for (block, output) in output.chunks_mut(BLOCK).enumerate() {
        let mut sums = [0; BLOCK];
        accumulate(&mut sums, input, filters.weights(block));
        for ((output, &sum), &bias) in output.iter_mut().zip(&sums).zip(filters.biases(block)) {
            *output = sum + bias;
        }
    }
}

/// Adds `input[i] * weights[i * BLOCK + lane]` to each lane. Skips zeros, which are half of the inputs after a ReLU.
#[inline]
fn accumulate(sums: &mut [i32; BLOCK], input: &[u8], weights: &[i8]) {
    let mut local = *sums;
    for (&value, weights) in input.iter().zip(weights.chunks_exact(BLOCK)) {
        if value != 0 {
            let value = i16::from(value);
            for (sum, &weight) in local.iter_mut().zip(weights) {
                // 255 * 127 fits 16 bits, so the compiler gets twice the lanes for the product.
                *sum += i32::from(value * i16::from(weight));
            }
        }
    }
    *sums = local;
}

fn finish(filters: &PackedFilters, block: usize, sums: &[i32; BLOCK], output: &mut [u8]) {
    let parameters = filters.biases(block).iter().zip(filters.multipliers(block));
    for ((output, &sum), (&bias, &multiplier)) in output.iter_mut().zip(sums).zip(parameters) {
        *output = requantize(sum, bias, multiplier);
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::layers::Parameters;

    /// Convolution by its definition, one multiplication at a time in 64 bits; weights as one OHWI row per output.
    fn convolve_by_definition(
        shape: Shape,
        input: &[u8],
        weights: &[i8],
        biases: &[i32],
        multipliers: &[f32],
    ) -> Vec<u8> {
        let Shape { height, width, channels } = shape;
        let mut output = Vec::new();
        for y in 0..height as isize {
            for x in 0..width as isize {
                for (o, (&bias, &multiplier)) in biases.iter().zip(multipliers).enumerate() {
                    let mut sum = i64::from(bias);
                    for ky in 0..3 {
                        for kx in 0..3 {
                            let (row, column) = (y + ky - 1, x + kx - 1);
                            if row < 0 || column < 0 || row >= height as isize || column >= width as isize {
                                continue;
                            }
                            for c in 0..channels {
                                let at = (row as usize * width + column as usize) * channels + c;
                                let weight = weights[((o * 3 + ky as usize) * 3 + kx as usize) * channels + c];
                                sum += i64::from(input[at]) * i64::from(weight);
                            }
                        }
                    }
                    output.push((sum as f32 * multiplier).round_ties_even().clamp(0.0, 255.0) as u8);
                }
            }
        }
        output
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn convolution_follows_its_definition(
            height in 1usize..6, width in 1usize..6, channels in 1usize..19, outputs in 1usize..35, seed: u64, extreme: bool,
        ) {
            let shape = Shape { height, width, channels };
            let mut state = seed;
            let mut next = || { state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1); (state >> 33) as u32 };
            let input: Vec<u8> = (0..shape.len()).map(|_| if extreme { 255 } else { (next() % 256) as u8 }).collect();
            let weights: Vec<i8> =
                (0..outputs * 9 * channels).map(|_| if extreme { -127 } else { (next() % 255) as i32 as i16 - 127 } as i8).collect();
            let biases: Vec<i32> = (0..outputs).map(|_| next() as i32 % 100_000).collect();
            let multipliers: Vec<f32> = (0..outputs).map(|_| (next() % 1000) as f32 * 1e-6).collect();
            let expected = convolve_by_definition(shape, &input, &weights, &biases, &multipliers);
            let filters =
                PackedFilters::new(&Parameters { inputs: 9 * channels, weights: &weights, biases, multipliers });
            let mut output = vec![0; height * width * outputs];
            convolve(&filters, shape, &input, &mut output);
            prop_assert_eq!(output, expected);
        }
    }

    #[test]
    fn max_pool_takes_the_largest_of_four_and_drops_odd_borders() {
        #[rustfmt::skip]
        let input = [
            1, 2, 9,
            4, 3, 9,
            9, 9, 9,
        ];
        let mut output = [0];
        max_pool(Shape { height: 3, width: 3, channels: 1 }, &input, &mut output);
        assert_eq!(output, [4]);
        let two_channels = [1, 80, 2, 70, 3, 60, 4, 50];
        let mut output = [0; 2];
        max_pool(Shape { height: 2, width: 2, channels: 2 }, &two_channels, &mut output);
        assert_eq!(output, [4, 80]);
    }

    #[test]
    fn dense_layers_add_up() {
        let filters = PackedFilters::new(&Parameters {
            inputs: 3,
            weights: &[1, 2, 3, -1, -1, -1],
            biases: vec![10, 600],
            multipliers: vec![1.0, 0.5],
        });
        let mut bytes = [0; 2];
        dense(&filters, &[1, 10, 100], &mut bytes);
        assert_eq!(bytes, [255, 244]); // 331 clamped; (600 - 111) / 2 = 244.5, half to even
        let mut sums = [0; 2];
        dense_sums(&filters, &[1, 10, 100], &mut sums);
        assert_eq!(sums, [331, 489]);
    }
}
