//! The layers of a network as stored in an artifact.

use serde::{Deserialize, Serialize};

/// One layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Layer<'a> {
    /// 3x3 convolution, stride 1, padding 1 with zeros, ReLU. Weights in the order OHWI: output, row, column, input channel.
    #[serde(borrow)]
    Convolution(Filters<'a>),
    /// 2x2 maximum, stride 2.
    MaxPool,
    /// Fully connected; ReLU except in the last layer. Inputs in the order HWC of the last map.
    #[serde(borrow)]
    Dense(Filters<'a>),
}

/// Quantized weights of a layer; see [`crate::layers::quantization`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filters<'a> {
    /// Scale of the layer's output; 1 in the last layer, whose accumulators become `f32` logits.
    pub output_scale: f32,
    /// One `f32` per output, little-endian.
    #[serde(with = "serde_bytes")]
    pub weight_scales: &'a [u8],
    /// One `i32` per output, little-endian, in units of input scale times weight scale.
    #[serde(with = "serde_bytes")]
    pub biases: &'a [u8],
    /// One `i8` per weight, all inputs of output 0 first.
    #[serde(with = "serde_bytes")]
    pub weights: &'a [u8],
}

impl Filters<'_> {
    /// Number of outputs.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.weight_scales.len() / 4
    }

    /// The scale of each output's weights.
    pub fn weight_scales(&self) -> impl Iterator<Item = f32> {
        f32s(self.weight_scales)
    }

    /// The bias of each output.
    pub fn biases(&self) -> impl Iterator<Item = i32> {
        self.biases.chunks_exact(4).map(|bytes| i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// Little-endian numbers.
pub(crate) fn f32s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}
