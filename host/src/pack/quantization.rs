//! From a float network to int8 layers: chooses the scales and rounds the weights.
//!
//! Batch normalization is [folded](fold) into the convolution before it. Weights are quantized symmetrically with one scale per
//! output channel. Each layer's activations get one scale, chosen by [`Histogram::clip`] on training fields. All rounding follows
//! [`blastscope_shared::layers::quantization`].

use blastscope_shared::layers::{
    Layer,
    quantization::{FloatFilters, INPUT_SCALE, QuantizedFilters},
};

/// A layer in float, in the network's order.
#[derive(Clone, Debug, PartialEq)]
pub enum FloatLayer {
    /// 3x3 convolution and ReLU.
    Convolution(FloatFilters),
    /// 2x2 max-pool.
    MaxPool,
    /// Fully connected; with ReLU unless it is the last.
    Dense(FloatFilters),
}

/// Batch normalization of one channel at inference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// Learned scale.
    pub gamma: f32,
    /// Learned shift.
    pub beta: f32,
    /// Running mean.
    pub mean: f32,
    /// Running variance.
    pub variance: f32,
    /// Added to the variance.
    pub epsilon: f64,
}

/// Folds a normalization into the convolution before it, which has no bias: `weights *= s`, `bias = beta - mean * s`
/// with `s = gamma / sqrt(variance + epsilon)`.
#[must_use]
pub fn fold(mut weights: Vec<f32>, normalizations: &[Normalization]) -> FloatFilters {
    let inputs = weights.len() / normalizations.len().max(1);
    let mut biases = Vec::with_capacity(normalizations.len());
    for (row, normalization) in weights.chunks_exact_mut(inputs.max(1)).zip(normalizations) {
        let Normalization { gamma, beta, mean, variance, epsilon } = *normalization;
        let scale = f64::from(gamma) / (f64::from(variance) + epsilon).sqrt();
        row.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * scale) as f32);
        biases.push((f64::from(beta) - f64::from(mean) * scale) as f32);
    }
    FloatFilters { weights, biases }
}

/// Reorders rows of inputs from channels first (CHW), as the trainer flattens a map, to channels last (HWC).
#[must_use]
pub fn channels_last(rows: &[f32], channels: usize, positions: usize) -> Vec<f32> {
    let mut reordered = Vec::with_capacity(rows.len());
    for row in rows.chunks_exact(channels * positions) {
        for position in 0..positions {
            reordered.extend((0..channels).map(|channel| row[channel * positions + position]));
        }
    }
    reordered
}

/// Bins of a [`Histogram`].
const BINS: usize = 2048;

/// Counts of a layer's activations by size.
#[derive(Clone, Debug)]
pub struct Histogram {
    largest: f32,
    counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram of activations from 0 to `largest`.
    #[must_use]
    pub fn new(largest: f32) -> Self {
        Self { largest: largest.max(f32::MIN_POSITIVE), counts: vec![0; BINS] }
    }

    /// Counts activations; those above the largest go to the last bin.
    pub fn add(&mut self, activations: &[f32]) {
        let scale = BINS as f32 / self.largest;
        for &activation in activations.iter().filter(|&&activation| activation > 0.0) {
            self.counts[((activation * scale) as usize).min(BINS - 1)] += 1;
        }
    }

    /// The largest activation worth resolving: of 256 candidates, the one with the least squared error when larger activations are
    /// clipped and smaller ones are rounded to 255 steps.
    #[must_use]
    pub fn clip(&self) -> f32 {
        let bin_width = f64::from(self.largest) / BINS as f64;
        let error = |clip: f64| -> f64 {
            let step = clip / 255.0;
            let bins = self.counts.iter().enumerate().filter(|&(_, &count)| count > 0);
            bins.map(|(bin, &count)| {
                let value = (bin as f64 + 0.5) * bin_width;
                let squared = if value > clip { (value - clip).powi(2) } else { step * step / 12.0 };
                squared * count as f64
            })
            .sum()
        };
        let candidates = (1..=256).map(|share| f64::from(self.largest) * f64::from(share) / 256.0);
        candidates.min_by(|a, b| error(*a).total_cmp(&error(*b))).map_or(self.largest, |clip| clip as f32)
    }
}

/// Layers in int8, owning their bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedLayers(Vec<QuantizedLayer>);

#[derive(Clone, Debug, PartialEq)]
enum QuantizedLayer {
    Convolution(QuantizedFilters),
    MaxPool,
    Dense(QuantizedFilters),
}

impl QuantizedLayers {
    /// Quantizes `layers`; `clips` has the largest activation of every layer with weights except the last, in order.
    #[must_use]
    pub fn new(layers: &[FloatLayer], clips: &[f32]) -> Self {
        let mut input_scale = INPUT_SCALE;
        let mut clips = clips.iter();
        let mut quantize = |filters: &FloatFilters| {
            // The last layer has no activation scale: its accumulators become logits.
            let output_scale = clips.next().map_or(1.0, |clip| clip / 255.0);
            let quantized = QuantizedFilters::new(filters, input_scale, output_scale);
            input_scale = output_scale;
            quantized
        };
        Self(
            layers
                .iter()
                .map(|layer| match layer {
                    FloatLayer::Convolution(filters) => QuantizedLayer::Convolution(quantize(filters)),
                    FloatLayer::MaxPool => QuantizedLayer::MaxPool,
                    FloatLayer::Dense(filters) => QuantizedLayer::Dense(quantize(filters)),
                })
                .collect(),
        )
    }

    /// The layers as an artifact holds them.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer<'_>> {
        self.0
            .iter()
            .map(|layer| match layer {
                QuantizedLayer::Convolution(filters) => Layer::Convolution(filters.view()),
                QuantizedLayer::MaxPool => Layer::MaxPool,
                QuantizedLayer::Dense(filters) => Layer::Dense(filters.view()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_function() {
        let normalization = Normalization { gamma: 1.5, beta: -0.25, mean: 0.75, variance: 4.0, epsilon: 1e-5 };
        let (weights, input) = (vec![0.5, -1.0, 2.0], [1.0, 3.0, -0.5]);
        let sum = |weights: &[f32]| weights.iter().zip(&input).map(|(w, x)| w * x).sum::<f32>();
        let expected = 1.5 * (sum(&weights) - 0.75) / (4.0f32 + 1e-5).sqrt() - 0.25;
        let folded = fold(weights, &[normalization]);
        assert!((sum(&folded.weights) + folded.biases[0] - expected).abs() < 1e-6);
    }

    #[test]
    fn channels_move_to_the_end() {
        // Two channels of three positions: c0 = 0 1 2, c1 = 10 11 12.
        assert_eq!(channels_last(&[0., 1., 2., 10., 11., 12.], 2, 3), [0., 10., 1., 11., 2., 12.]);
    }

    #[test]
    fn a_lonely_outlier_is_clipped_and_a_flat_histogram_is_not() {
        let mut flat = Histogram::new(10.0);
        flat.add(&(0..20_000).map(|index| index as f32 / 2000.0).collect::<Vec<_>>());
        assert!(flat.clip() > 9.5, "{}", flat.clip());
        let mut outlier = Histogram::new(1000.0);
        outlier.add(&(0..2_000_000).map(|index| (index % 1000) as f32 / 100.0).collect::<Vec<_>>());
        outlier.add(&[1000.0]);
        assert!(outlier.clip() < 500.0, "{}", outlier.clip());
    }

    #[test]
    fn a_quantized_dense_layer_computes_what_the_float_one_does() {
        use blastscope_shared::{Network, Sight};
        let side = 32;
        let sight = Sight::whole_field(side);
        let inputs = usize::from(side) * usize::from(side) * 3;
        let hidden = FloatFilters {
            weights: (0..8 * inputs).map(|at| ((at * 37 % 101) as f32 - 50.0) * 1e-3).collect(),
            biases: (0..8).map(|at| at as f32 * 0.1).collect(),
        };
        let output = FloatFilters {
            weights: (0..32).map(|at| ((at * 29 % 17) as f32 - 8.0) * 0.1).collect(),
            biases: vec![0.5, -0.5, 0.0, 0.25],
        };
        let input: Vec<u8> = (0..inputs).map(|at| (at * 11 % 256) as u8).collect();
        let dense = |filters: &FloatFilters, input: &[f32]| -> Vec<f32> {
            let rows = filters.weights.chunks_exact(input.len()).zip(&filters.biases);
            rows.map(|(row, bias)| row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>() + bias).collect()
        };
        let real: Vec<f32> = input.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let activations: Vec<f32> = dense(&hidden, &real).iter().map(|value| value.max(0.0)).collect();
        let expected = dense(&output, &activations);
        let largest = activations.iter().fold(0.0f32, |largest, &value| largest.max(value));
        let quantized = QuantizedLayers::new(&[FloatLayer::Dense(hidden), FloatLayer::Dense(output)], &[largest]);
        let network = Network::new(sight.shape(), &quantized.layers()).expect("it fits");
        let logits = network.run(&input, &mut network.workspace()).logits;
        for (logit, expected) in logits.iter().zip(&expected) {
            assert!((logit - expected).abs() < 0.02 * largest, "{logits:?} instead of {expected:?}");
        }
    }
}
