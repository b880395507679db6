//! The gradient of a logit with respect to the channels of the last convolution, in closed form.
//!
//! Max-pools follow that convolution, then dense layers with ReLU between them. A max-pool passes each output's gradient to one of
//! its inputs, so the sum over positions is the same on both sides, and `alpha` needs only that sum. For the first dense layer it
//! is a product with `S[j][k]`, the sum over positions of the weights of output `j` for channel `k`; later layers are small. With
//! `m[j]` the multiplier of an output and `on[j]` whether its activation is above 0:
//!
//! ```text
//! g = 1 for the class, 0 else           at the logits
//! g'[i] = sum over j of on[j] * g[j] * m[j] * W[j][i]    from a dense layer's outputs to its inputs, W = S for the first
//! alpha[k] = g[k] / positions
//! ```
//! Activations are in quantized units, so `alpha` is in logits per unit. An activation clipped at 255 passes the gradient on, as in
//! the float network, which clips nothing. Sums run in the order of the outputs and of the channels, without fused multiply-add, so
//! every machine gets the same bits.

use alloc::{vec, vec::Vec};

use super::Explanation;
use crate::{label::Class, layers::Shape};

/// Data of a run from which a map is made.
pub(crate) struct Evidence {
    /// Shape of the last convolution's output, before any max-pool.
    pub(crate) shape: Shape,
    /// The last convolution's activations, HWC.
    pub(crate) activations: Vec<u8>,
    /// The activations of each later dense layer except the last.
    pub(crate) hidden: Vec<Vec<u8>>,
}

/// A dense layer; the weights of the first one after a map are summed over the positions of each channel.
pub(crate) struct DenseLayer {
    /// Number of inputs, or of channels.
    inputs: usize,
    /// One row of `inputs` per output. Integers below 2^24, so exact.
    weights: Vec<f32>,
    multipliers: Vec<f32>,
}

impl DenseLayer {
    /// Sums the weights of all inputs that belong to the same one of `channels` channels. `unpack` writes an output's weights for
    /// all `inputs`, in the order HWC.
    pub(crate) fn summed(
        inputs: usize,
        channels: usize,
        multipliers: &[f32],
        unpack: impl Fn(usize, &mut [i8]),
    ) -> Self {
        let mut weights = Vec::with_capacity(multipliers.len() * channels);
        let mut sums = vec![0i32; channels];
        let mut row = vec![0i8; inputs];
        for output in 0..multipliers.len() {
            sums.fill(0);
            unpack(output, &mut row);
            for position in row.chunks_exact(channels) {
                for (sum, &weight) in sums.iter_mut().zip(position) {
                    *sum += i32::from(weight);
                }
            }
            weights.extend(sums.iter().map(|&sum| sum as f32));
        }
        Self { inputs: channels, weights, multipliers: multipliers.to_vec() }
    }

    /// The gradient at the inputs from that at the outputs; `activations` is `None` for the last layer, which has no ReLU.
    fn backward(&self, gradient: &[f32], activations: Option<&Vec<u8>>) -> Vec<f32> {
        let mut before = vec![0.0f32; self.inputs];
        for (output, row) in self.weights.chunks_exact(self.inputs).enumerate() {
            if activations.is_some_and(|activations| activations[output] == 0) {
                continue;
            }
            let factor = gradient[output] * self.multipliers[output];
            for (before, weight) in before.iter_mut().zip(row) {
                *before += factor * weight;
            }
        }
        before
    }
}

/// The dense layers after the last convolution, ready for gradients.
pub(crate) struct Head(pub(crate) Vec<DenseLayer>);

impl Head {
    /// `alpha` for each channel: logits per quantized unit of activation, mean over `positions`.
    pub(crate) fn channel_weights(&self, hidden: &[Vec<u8>], class: Class, positions: usize) -> Vec<f32> {
        let mut gradient = vec![0.0; Class::COUNT];
        gradient[class.index()] = 1.0;
        for (at, layer) in self.0.iter().enumerate().rev() {
            gradient = layer.backward(&gradient, hidden.get(at));
        }
        gradient.iter_mut().for_each(|weight| *weight /= positions as f32);
        gradient
    }

    /// The map for `class`.
    pub(crate) fn explain(&self, evidence: &Evidence, class: Class) -> Explanation {
        let Shape { height, width, channels } = evidence.shape;
        let alpha = self.channel_weights(&evidence.hidden, class, height * width);
        let sum = |activations: &[u8]| {
            let mut sum = 0.0f32;
            for (&activation, weight) in activations.iter().zip(&alpha) {
                sum += f32::from(activation) * weight;
            }
            sum
        };
        let map = evidence.activations.chunks_exact(channels).map(sum).collect();
        Explanation::new(class, width, height, map)
    }
}
