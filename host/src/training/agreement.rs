//! Whether a back end computes what the others compute: a few fixed steps from the same weights must give the same losses.
//!
//! GPU back ends have been silently wrong before (fused kernels, autotuned convolutions), so training asks this first.

use burn::{
    module::{Module, ModuleMapper, Param},
    optim::GradientsParams,
    prelude::*,
    tensor::TensorData,
};

use super::{OptimizerKind, batches::Batch, network::Network};
use crate::{Error, architecture::Architecture};

const SIDE: usize = 32;
const BATCH: usize = 8;

/// The losses of five steps of Adam at 0.00001 from the fixed weights on two fixed batches, as flex computes them.
pub const REFERENCE: [f32; 5] = [2.208_002, 2.538_674, 1.516_262, 1.995_566, 1.127_211];
/// Largest relative difference that is put down to another order of summation.
pub const TOLERANCE: f32 = 2e-3;

/// A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
    /// The next number in -1..1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0
    }
}

/// Replaces every weight by a fixed one of the size that He et al. (2015) recommend; biases by zero.
struct FixedWeights(Numbers);

impl ModuleMapper for FixedWeights {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|tensor| {
            let dims = tensor.dims();
            let count: usize = dims.iter().product();
            let values: Vec<f32> = match D {
                0 | 1 => return tensor,
                2 => self.uniform(count, dims[0]),
                _ => self.uniform(count, count / dims[0]),
            };
            let device = tensor.device();
            let tracked = tensor.is_require_grad();
            Tensor::from_data(TensorData::new(values, dims), &device).set_require_grad(tracked)
        })
    }
}

impl FixedWeights {
    fn uniform(&mut self, count: usize, fan_in: usize) -> Vec<f32> {
        let bound = (6.0 / fan_in as f32).sqrt();
        (0..count).map(|_| self.0.next() * bound).collect()
    }
}

/// The losses of five training steps on `device`.
#[must_use]
pub fn losses(device: &Device) -> [f32; 5] {
    let autodiff = device.clone().autodiff();
    let network = Network::new(Architecture::Allcnn, SIDE, 0.0, &autodiff);
    // The hidden biases start random; zero them like every other bias, so that all back ends start alike.
    let mut network = network.map(&mut ZeroBiases).map(&mut FixedWeights(Numbers(7)));
    let mut optimizer = OptimizerKind::Adam.build();
    let batches = [batch(11, &autodiff), batch(12, &autodiff)];
    std::array::from_fn(|step| {
        let output = burn::train::TrainStep::step(&network, batches[step % 2].clone());
        let loss = output.item.loss.clone().into_scalar::<f32>();
        let gradients: GradientsParams = output.grads;
        network = optimizer.step(1e-5, network.clone(), gradients);
        loss
    })
}

struct ZeroBiases;

impl ModuleMapper for ZeroBiases {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Rank 1: biases, and batch normalization's scale (ones) and shift (zeros), which are fixed anyway.
        if D != 1 {
            return parameter;
        }
        parameter.map(|tensor| {
            let tracked = tensor.is_require_grad();
            let ones = tensor.clone().detach().sub_scalar(1.0).abs().max().into_scalar::<f32>() < 1e-6;
            let zeros = tensor.zeros_like();
            (if ones { zeros.add_scalar(1.0) } else { zeros }).detach().set_require_grad(tracked)
        })
    }
}

fn batch(seed: u64, device: &Device) -> Batch {
    let mut numbers = Numbers(seed);
    let pixels: Vec<f32> = (0..BATCH * 3 * SIDE * SIDE).map(|_| numbers.next() * 0.5 + 0.5).collect();
    let targets: Vec<i32> = (0..BATCH as i32).map(|index| index % 4).collect();
    Batch {
        inputs: Tensor::from_data(TensorData::new(pixels, [BATCH, 3, SIDE, SIDE]), device),
        targets: Tensor::from_data(TensorData::new(targets, [BATCH]), device),
        smoothing: None,
    }
}

/// Compares the losses on `device` with [`REFERENCE`]; `tolerance` is relative.
///
/// # Errors
/// When they differ, with both in the sentence: the back end must not be trusted then.
pub fn check(device: &Device, tolerance: f32) -> Result<[f32; 5], Error> {
    let found = losses(device);
    let agree =
        found.iter().zip(&REFERENCE).all(|(found, expected)| (found - expected).abs() <= tolerance * expected.abs());
    if agree {
        Ok(found)
    } else {
        Err(Error::Usage(format!(
            "this back end computes wrongly: losses {found:?} instead of {REFERENCE:?}; use --backend flex, or another driver"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "flex")]
    #[test]
    fn flex_computes_the_reference() {
        check(&Device::flex(), TOLERANCE).expect("flex agrees with its own record");
    }

    #[cfg(feature = "ndarray")]
    #[test]
    #[expect(deprecated, reason = "offered for comparison until Burn drops it")]
    fn ndarray_computes_the_reference() {
        check(&Device::ndarray(), TOLERANCE).expect("ndarray agrees with flex");
    }
}
