//! Converts a layer's weights between float and int8.

use alloc::vec::Vec;

use super::{quantize_bias, quantize_channel};
use crate::layers::Filters;

/// A convolution or dense layer in float; `weights` has one row of inputs per output.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatFilters {
    /// In the order OHWI for a convolution; rows in the order HWC for a dense layer over a map.
    pub weights: Vec<f32>,
    /// One per output.
    pub biases: Vec<f32>,
}

impl FloatFilters {
    /// Dequantizes a layer whose input activations have `input_scale`.
    #[must_use]
    pub fn dequantize(filters: &Filters<'_>, input_scale: f32) -> Self {
        let inputs = filters.weights.len() / filters.outputs().max(1);
        let rows = filters.weights.chunks(inputs.max(1)).zip(filters.weight_scales());
        let weights =
            rows.flat_map(|(row, scale)| row.iter().map(move |&weight| f32::from(weight as i8) * scale)).collect();
        let unit = |scale: f32| f64::from(input_scale) * f64::from(scale);
        let biases = filters.biases().zip(filters.weight_scales());
        let biases = biases.map(|(bias, scale)| (f64::from(bias) * unit(scale)) as f32).collect();
        Self { weights, biases }
    }
}

/// The int8 weights of one layer, owning their bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedFilters {
    output_scale: f32,
    weight_scales: Vec<u8>,
    biases: Vec<u8>,
    weights: Vec<u8>,
}

impl QuantizedFilters {
    /// Quantizes a layer with inputs of `input_scale` and outputs of `output_scale` (1 for the last layer). An output with a
    /// non-finite weight or bias gets a non-finite scale, which a reader refuses.
    #[must_use]
    pub fn new(filters: &FloatFilters, input_scale: f32, output_scale: f32) -> Self {
        let inputs = filters.weights.len() / filters.biases.len().max(1);
        let mut quantized = Self { output_scale, weight_scales: Vec::new(), biases: Vec::new(), weights: Vec::new() };
        for (row, &bias) in filters.weights.chunks_exact(inputs.max(1)).zip(&filters.biases) {
            let (scale, weights) = quantize_channel(row);
            let scale = if bias.is_finite() { scale } else { f32::NAN };
            quantized.weight_scales.extend(scale.to_le_bytes());
            quantized.biases.extend(quantize_bias(bias, input_scale, scale).to_le_bytes());
            quantized.weights.extend(weights.iter().map(|&weight| weight as u8));
        }
        quantized
    }

    /// The layer as stored in an artifact.
    #[must_use]
    pub fn view(&self) -> Filters<'_> {
        Filters {
            output_scale: self.output_scale,
            weight_scales: &self.weight_scales,
            biases: &self.biases,
            weights: &self.weights,
        }
    }
}
