//! The arithmetic of the layers on HWC `u8` maps.
//!
//! Output channels are worked on in blocks of [`BLOCK`]: the accumulators of a block stay in registers while the inputs pass
//! by. [`PackedFilters`] holds the weights in the order in which that loop reads them.

pub mod explanation;
pub(crate) mod filters;
pub(crate) mod identity;
pub mod quantization;
pub(crate) mod reference;
pub(crate) mod scalar;

use alloc::{vec, vec::Vec};

pub use self::filters::{Filters, Layer};

/// Output channels a block.
pub(crate) const BLOCK: usize = 16;

/// What a layer computes with, checked: one row of `inputs` weights an output, one bias and one multiplier an output.
pub(crate) struct Parameters<'a> {
    pub(crate) inputs: usize,
    pub(crate) weights: &'a [i8],
    pub(crate) biases: Vec<i32>,
    pub(crate) multipliers: Vec<f32>,
}

/// A layer and, of a map, the shape that it works on.
pub(crate) enum LayerPlan<'a> {
    Convolution(Shape, Parameters<'a>),
    MaxPool(Shape),
    Dense(Parameters<'a>),
}

impl LayerPlan<'_> {
    /// Shape of what the layer puts out.
    pub(crate) const fn output(&self) -> Shape {
        match self {
            Self::Convolution(shape, parameters) => Shape { channels: parameters.biases.len(), ..*shape },
            Self::MaxPool(shape) => shape.halved(),
            Self::Dense(parameters) => Shape { height: 1, width: 1, channels: parameters.biases.len() },
        }
    }

    /// Number of weights.
    #[cfg(feature = "std")]
    pub(crate) const fn weights(&self) -> usize {
        match self {
            Self::Convolution(_, parameters) | Self::Dense(parameters) => parameters.weights.len(),
            Self::MaxPool(_) => 0,
        }
    }

    /// Multiply-accumulate operations of the layer.
    pub(crate) const fn macs(&self) -> u64 {
        match self {
            Self::Convolution(shape, parameters) => (shape.height * shape.width * parameters.weights.len()) as u64,
            Self::MaxPool(_) => 0,
            Self::Dense(parameters) => parameters.weights.len() as u64,
        }
    }
}

/// What a step of a network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Lays the input out for the first layer.
    Input,
    /// A 3x3 convolution.
    Convolution,
    /// A 3x3 convolution and the 2x2 maximum behind it.
    ConvolutionAndMaxPool,
    /// A 2x2 maximum.
    MaxPool,
    /// Puts a map's activations side by side.
    Flatten,
    /// A fully connected layer.
    Dense,
}

/// A step of a network as it is run, for measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// What it does.
    pub kind: StepKind,
    /// What it reads.
    pub input: Shape,
    /// What it writes.
    pub output: Shape,
    /// Multiply-accumulate operations that the layer asks for.
    pub macs: u64,
}

/// Weights, biases and multipliers of a layer, channels padded with zeros to a multiple of [`BLOCK`].
///
/// The weight of input `i` (of `inputs`, in the order HWC of the filter) for output `o` is
/// `weights[(o / BLOCK * inputs + i) * BLOCK + o % BLOCK]`.
pub(crate) struct PackedFilters {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    weights: Vec<i8>,
    biases: Vec<i32>,
    multipliers: Vec<f32>,
}

impl PackedFilters {
    /// Packs a layer's parameters.
    pub(crate) fn new(parameters: &Parameters<'_>) -> Self {
        let &Parameters { inputs, weights, ref biases, ref multipliers } = parameters;
        let outputs = biases.len();
        let padded = outputs.next_multiple_of(BLOCK);
        let mut packed = vec![0; padded * inputs];
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let block = &mut packed[output / BLOCK * inputs * BLOCK..];
            for (lanes, &weight) in block.chunks_exact_mut(BLOCK).zip(row) {
                lanes[output % BLOCK] = weight;
            }
        }
        let mut biases = biases.clone();
        biases.resize(padded, 0);
        let mut multipliers = multipliers.clone();
        multipliers.resize(padded, 0.0);
        Self { inputs, outputs, weights: packed, biases, multipliers }
    }

    /// Number of blocks.
    pub(crate) fn blocks(&self) -> usize {
        self.biases.len() / BLOCK
    }

    /// The weights of a block: [`BLOCK`] for each input.
    pub(crate) fn weights(&self, block: usize) -> &[i8] {
        let len = self.inputs * BLOCK;
        &self.weights[block * len..(block + 1) * len]
    }

    /// Writes an output's weights in the order of the inputs.
    pub(crate) fn unpack(&self, output: usize, row: &mut [i8]) {
        let lane = self.weights(output / BLOCK).iter().skip(output % BLOCK).step_by(BLOCK);
        for (weight, packed) in row.iter_mut().zip(lane) {
            *weight = *packed;
        }
    }

    /// The multipliers of all outputs, without padding.
    pub(crate) fn output_multipliers(&self) -> &[f32] {
        &self.multipliers[..self.outputs]
    }

    /// The biases of a block.
    pub(crate) fn biases(&self, block: usize) -> &[i32] {
        &self.biases[block * BLOCK..(block + 1) * BLOCK]
    }

    /// The multipliers of a block.
    pub(crate) fn multipliers(&self, block: usize) -> &[f32] {
        &self.multipliers[block * BLOCK..(block + 1) * BLOCK]
    }
}

/// Size of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Activations of a pixel.
    pub channels: usize,
}

impl Shape {
    /// Number of elements.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// What a 2x2 maximum leaves.
    pub(crate) const fn halved(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2, channels: self.channels }
    }
}
