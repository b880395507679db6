//! Checks that a back end agrees with the others: a few fixed steps from the same weights must give the same losses.
//!
//! GPU back ends have been silently wrong before (fused kernels, autotuned convolutions), so training checks this first.

use burn::{optim::GradientsParams, prelude::*, tensor::TensorData};

use super::{
    fixed_weights::{Numbers, fixed},
    network::Network,
    optimizer::OptimizerKind,
};
use crate::{
    Error,
    recipe::batches::{Batch, Objective},
    training::architecture::Architecture,
};

const SIDE: usize = 32;
const BATCH: usize = 8;

/// The losses of five steps of Adam at 0.00001 from the fixed weights on two fixed batches, as flex computes them.
pub const REFERENCE: [f32; 5] = [2.208_002, 2.538_674, 1.516_262, 1.995_566, 1.127_211];
/// Largest relative difference that the order of summation explains.
pub const TOLERANCE: f32 = 2e-3;

/// The losses of five training steps on `device`.
#[must_use]
pub fn losses(device: &Device) -> [f32; 5] {
    let autodiff = device.clone().autodiff();
    let mut network = fixed(Network::new(Architecture::Allcnn, SIDE, 0.0, &autodiff), 7);
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

fn batch(seed: u64, device: &Device) -> Batch {
    let mut numbers = Numbers(seed);
    let pixels: Vec<f32> = (0..BATCH * 3 * SIDE * SIDE).map(|_| numbers.next() * 0.5 + 0.5).collect();
    let targets: Vec<i32> = (0..BATCH as i32).map(|index| index % 4).collect();
    Batch {
        inputs: Tensor::from_data(TensorData::new(pixels, [BATCH, 3, SIDE, SIDE]), device),
        targets: Tensor::from_data(TensorData::new(targets, [BATCH]), device),
        views: 1,
        objective: Objective::Classes,
    }
}

/// Compares the losses on `device` with [`REFERENCE`]; `tolerance` is relative.
///
/// # Errors
/// When they differ; the message holds both. Such a back end must not be trusted.
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
