//! Weights in blocks of output channels, the order in which the scalar kernels read them.

use alloc::{vec, vec::Vec};

use super::plan::{BLOCK, Parameters};

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

    /// The weights of a block: [`BLOCK`] per input.
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
