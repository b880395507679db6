//! A layer's weights in the order a kernel reads them.

use alloc::vec::Vec;

use super::{
    kernels::Kernels,
    memory::{Lines, Map},
    tile::Convolution,
    vector::BLOCK,
    winograd,
};
use crate::layers::Parameters;

/// Method of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Directly, product by product; holds the number of segments per filter row.
    Direct { segments: usize },
    /// By Winograd's method.
    Winograd,
}

/// Weights, biases and multipliers of a layer, outputs padded to whole blocks.
pub(crate) struct Packed {
    /// Multiplications of the layer, without padding.
    pub(crate) macs: u64,
    pub(crate) method: Method,
    /// Groups per filter, or pairs of channels.
    pub(crate) groups: usize,
    pub(crate) weights: Lines,
    pub(crate) biases: Vec<i32>,
    pub(crate) multipliers: Vec<f32>,
}

impl Packed {
    /// A convolution over `input`.
    pub(crate) fn convolution(kernels: &Kernels, parameters: &Parameters<'_>, input: &Map, macs: u64) -> Self {
        let channels = input.shape.channels;
        if let Some(pair_index) = kernels.winograd_pays(input, parameters) {
            let weights = winograd::weights::transform(parameters.weights, channels, pair_index);
            let groups = channels.div_ceil(winograd::PAIR);
            return Self::with(kernels, parameters, macs, Method::Winograd, groups, weights);
        }
        let segments = if input.channels() == channels.next_multiple_of(kernels.group()) { 1 } else { 3 };
        Self::direct(kernels, parameters, channels, segments, macs)
    }

    /// A fully connected layer.
    pub(crate) fn dense(kernels: &Kernels, parameters: &Parameters<'_>, macs: u64) -> Self {
        Self::direct(kernels, parameters, parameters.inputs, 1, macs)
    }

    /// Packs rows of runs of `run` weights, each padded to whole groups.
    fn direct(kernels: &Kernels, parameters: &Parameters<'_>, run: usize, segments: usize, macs: u64) -> Self {
        let group = kernels.group();
        let groups = parameters.inputs / run * run.div_ceil(group);
        let outputs = parameters.biases.len().next_multiple_of(BLOCK);
        let group_bytes = BLOCK * group;
        let block_bytes = groups * group_bytes;
        let places: Vec<usize> = (0..group_bytes).map(|at| kernels.tap_index(at / group, at % group)).collect();
        let mut weights = Lines::new(outputs / BLOCK * block_bytes, 0);
        for (output, row) in parameters.weights.chunks_exact(parameters.inputs).enumerate() {
            let places = &places[output % BLOCK * group..][..group];
            let block = &mut weights.bytes_mut()[output / BLOCK * block_bytes..][..block_bytes];
            let packed = block.chunks_exact_mut(group_bytes);
            // Loading sends most weights of a network through here, and most instruction sets keep groups contiguous.
            match *places {
                [a, b] if b == a + 1 => pack_together::<2>(packed, row, run, a),
                [a, b, c, d] if b == a + 1 && c == a + 2 && d == a + 3 => pack_together::<4>(packed, row, run, a),
                _ => {
                    let taps = row.chunks_exact(run).flat_map(|run| run.chunks(group));
                    for (packed, weights) in packed.zip(taps) {
                        for (&place, &weight) in places.iter().zip(weights) {
                            packed[place] = weight as u8;
                        }
                    }
                }
            }
        }
        Self::with(kernels, parameters, macs, Method::Direct { segments }, groups, weights)
    }

    /// Unpacks the weights of one output of a dense layer, in the order of the inputs; the inverse of [`Self::dense`].
    pub(super) fn unpack_dense(&self, kernels: &Kernels, output: usize, row: &mut [i8]) {
        let group = kernels.group();
        let places: Vec<usize> = (0..group).map(|channel| kernels.tap_index(output % BLOCK, channel)).collect();
        let group_bytes = BLOCK * group;
        let block = output / BLOCK * row.len().div_ceil(group) * group_bytes;
        let packed = self.weights.bytes()[block..].chunks_exact(group_bytes);
        for (weights, packed) in row.chunks_mut(group).zip(packed) {
            for (weight, &place) in weights.iter_mut().zip(&places) {
                *weight = packed[place] as i8;
            }
        }
    }

    fn with(
        kernels: &Kernels,
        parameters: &Parameters<'_>,
        macs: u64,
        method: Method,
        groups: usize,
        weights: Lines,
    ) -> Self {
        let outputs = parameters.biases.len().next_multiple_of(BLOCK);
        let mut biases = parameters.biases.clone();
        if kernels.zero() != 0 {
            // Read as a signed number, a stored activation is `ZERO` too small.
            for (bias, row) in biases.iter_mut().zip(parameters.weights.chunks_exact(parameters.inputs)) {
                let sum: i32 = row.iter().map(|&weight| i32::from(weight)).sum();
                *bias = bias.wrapping_add(sum * i32::from(kernels.zero()));
            }
        }
        biases.resize(outputs, 0);
        let mut multipliers = parameters.multipliers.clone();
        multipliers.resize(outputs, 0.0);
        Self { macs, method, groups, weights, biases, multipliers }
    }

    /// The task that convolves the map at `from` into the one at `to`, the first pixel inside its border.
    pub(crate) fn convolution_between(
        &self,
        input: &Map,
        from: *const u8,
        output: &Map,
        to: *mut u8,
        pool: bool,
    ) -> Convolution {
        let (segments, groups) = match self.method {
            Method::Direct { segments } => (segments, self.groups / (3 * segments)),
            Method::Winograd => (1, self.groups),
        };
        Convolution {
            input: from,
            input_row: input.row,
            input_pixel: input.pixel,
            groups,
            segments,
            output: to,
            output_row: output.row,
            output_pixel: output.pixel,
            weights: self.weights.as_ptr().cast(),
            biases: self.biases.as_ptr(),
            multipliers: self.multipliers.as_ptr(),
            blocks: self.blocks(),
            height: input.shape.height,
            width: input.shape.width,
            pool,
        }
    }

    /// Blocks of outputs.
    pub(crate) fn blocks(&self) -> usize {
        self.biases.len() / BLOCK
    }
}

/// Packs runs of `run` weights: writes each group to its `place` in `packed`.
fn pack_together<'a, const GROUP: usize>(
    mut packed: impl Iterator<Item = &'a mut [u8]>,
    row: &[i8],
    run: usize,
    place: usize,
) {
    for run in row.chunks_exact(run) {
        let (groups, rest) = run.as_chunks::<GROUP>();
        for (weights, packed) in groups.iter().zip(&mut packed) {
            packed[place..place + GROUP].copy_from_slice(&weights.map(|weight| weight as u8));
        }
        if !rest.is_empty() {
            let place = packed.next().and_then(|packed| packed.get_mut(place..));
            for (packed, &weight) in place.into_iter().flatten().zip(rest) {
                *packed = weight as u8;
            }
        }
    }
}
