//! Weights and inputs that are the same on every machine and in every run.
//!
//! All threads of a process share Burn's own generator: two trainings, or two tests, that run at the same time take numbers from
//! each other, whatever their seeds.

use burn::{
    module::{Module, ModuleMapper, Param},
    prelude::*,
    tensor::TensorData,
};

/// A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
pub(crate) struct Numbers(pub u64);

impl Numbers {
    /// The next number in -1..1.
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0
    }

    /// A tensor of numbers in `middle - reach..middle + reach`.
    #[cfg(test)]
    pub fn tensor<const D: usize>(&mut self, dims: [usize; D], middle: f32, reach: f32, device: &Device) -> Tensor<D> {
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| middle + reach * self.next()).collect();
        Tensor::from_data(TensorData::new(values, dims), device)
    }
}

/// Replaces every weight by a fixed one, scaled as He et al. (2015) recommend, and every bias by zero.
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

/// `network` with fixed weights: layer weights from the generator seeded with `seed`, biases 0, normalizations in their initial
/// state.
pub(crate) fn fixed<M: Module>(network: M, seed: u64) -> M {
    // The hidden biases start random; zero them like every other bias.
    network.map(&mut ZeroBiases).map(&mut FixedWeights(Numbers(seed)))
}
