//! The statistics of batch normalization: averaged during training, or measured anew with the weights fixed.
//!
//! Training normalizes each batch by its own mean and variance; afterwards the network needs fixed ones. The usual running averages
//! come from batches that saw older weights. At a constant rate of 0.001, Adam moves the weights of these networks so far in ten
//! steps that the averages lag behind the weights: a network of the paper's kind with a training accuracy of 97 % fell to 26 %
//! with its running averages, and had 98 % with statistics measured anew. Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021
//! (arXiv:2105.07576), section 3, give the remedy: fix the weights and take the plain mean over some batches.

use burn::{
    data::{dataloader::DataLoader, dataset::DatasetError},
    module::Module as _,
    train::Interrupter,
};
use serde::{Deserialize, Serialize};

use super::network::Network;
use crate::recipe::batches::Batch;

/// Source of batch normalization's statistics after training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BatchStatistics {
    /// Running averages over about the last ten batches, which lag behind the weights.
    Running,
    /// Means over [`MEASURED_BATCHES`](crate::recipe::loaders::MEASURED_BATCHES) batches after each epoch, with the weights fixed.
    #[default]
    Anew,
}

/// Measures the statistics of `network` anew: the mean over the batches of `loader`, with the weights fixed. Clones of `network`
/// share its statistics. Does nothing when `loader` is empty.
///
/// # Errors
/// When the loader fails to give a batch.
pub fn measure(
    network: &Network,
    loader: &dyn DataLoader<Batch>,
    interrupter: &Interrupter,
) -> Result<(), DatasetError> {
    // Lets several devices finish their averages now, so that nothing of them enters the first mean.
    drop(network.valid());
    // Clones share the statistics but not the momentum. Without gradients, no activations are kept for a backward pass.
    let mut network = network.clone().no_grad();
    for (seen, batch) in loader.iter().enumerate() {
        let batch = batch?;
        // With these momenta, a running average is the plain mean of all batches so far; the first replaces the old value.
        let momentum = 1.0 / (seen as f64 + 1.0);
        for normalization in network.normalizations_mut() {
            normalization.momentum = momentum;
        }
        drop(network.forward(batch.inputs));
        if interrupter.should_stop() {
            break;
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use std::sync::Arc;

    use burn::{
        data::{
            dataloader::{DataLoaderBuilder, batcher::Batcher},
            dataset::Dataset,
        },
        module::{ModuleVisitor, Param},
        prelude::*,
    };

    use super::*;
    use crate::recipe::batches::Objective;
    use crate::training::{
        architecture::Architecture,
        fixed_weights::{Numbers, fixed},
    };

    /// Gives back its inputs one by one, each a whole batch.
    struct Inputs(Vec<Tensor<4>>);

    impl Dataset<Tensor<4>> for Inputs {
        fn get(&self, index: usize) -> Result<Tensor<4>, DatasetError> {
            Ok(self.0[index].clone())
        }

        fn len(&self) -> usize {
            self.0.len()
        }
    }

    struct AsTheyAre;

    impl Batcher<Tensor<4>, Batch> for AsTheyAre {
        fn batch(&self, inputs: Vec<Tensor<4>>, device: &Device) -> Batch {
            let inputs = Tensor::cat(inputs, 0).to_device(device);
            let targets = Tensor::zeros([inputs.dims()[0]], device);
            Batch { inputs, targets, views: 1, objective: Objective::Classes }
        }
    }

    fn batches(count: usize, device: &Device) -> (Vec<Tensor<4>>, Arc<dyn DataLoader<Batch>>) {
        let mut numbers = Numbers(blastscope_tests::seed());
        let inputs: Vec<Tensor<4>> =
            (0..count).map(|at| numbers.tensor([4, 3, 32, 32], 0.3, 0.2 + 0.2 * at as f32, device)).collect();
        let loader =
            DataLoaderBuilder::new(AsTheyAre).batch_size(1).set_device(device.clone()).build(Inputs(inputs.clone()));
        (inputs, loader)
    }

    /// Every running mean and variance, in order.
    #[derive(Default)]
    struct Statistics {
        is_running: bool,
        values: Vec<Vec<f32>>,
    }

    impl ModuleVisitor for Statistics {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.is_running = name.starts_with("running_");
        }

        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            if self.is_running {
                self.values.push(parameter.val().into_data().try_to_vec::<f32>().expect("numbers"));
            }
        }
    }

    fn statistics(network: &Network) -> Vec<Vec<f32>> {
        let mut found = Statistics::default();
        network.valid().visit(&mut found);
        found.values
    }

    /// The statistics of one batch in every normalization, by a momentum of one.
    fn of_one_batch(network: &Network, input: &Tensor<4>) -> Vec<Vec<f32>> {
        let mut network = network.clone();
        network.normalizations_mut().into_iter().for_each(|normalization| normalization.momentum = 1.0);
        drop(network.forward(input.clone()));
        statistics(&network)
    }

    #[test]
    fn they_are_the_mean_over_the_batches_in_every_network_and_nothing_else_moves() {
        for architecture in [Architecture::Allcnn, Architecture::Resnet50, Architecture::Yolov8nCls] {
            let device = Device::flex().autodiff();
            let mut network = fixed(Network::new(architecture, 32, 0.0, &device), blastscope_tests::seed());
            let (inputs, loader) = batches(3, &device);
            let each: Vec<_> = inputs.iter().map(|input| of_one_batch(&network, input)).collect();
            let momenta: Vec<f64> =
                network.normalizations_mut().iter().map(|normalization| normalization.momentum).collect();
            let logits = |network: &Network| -> Vec<f32> {
                // In training mode the statistics are those of the batch: only weights matter.
                network.forward(inputs[0].clone()).into_data().try_to_vec::<f32>().expect("logits")
            };
            let name = architecture.name();
            // Leftovers of a worker on another device must not enter the means.
            let (worker, strange) = (network.clone(), inputs[2].clone().mul_scalar(40.0));
            std::thread::spawn(move || drop(worker.forward(strange))).join().expect("a forward pass");
            let before = logits(&network);
            std::thread::spawn({
                let (worker, strange) = (network.clone(), inputs[2].clone().mul_scalar(40.0));
                move || drop(worker.forward(strange))
            })
            .join()
            .expect("a forward pass");
            measure(&network, loader.as_ref(), &Interrupter::new()).expect("batches");
            let found = statistics(&network);
            assert_eq!(found.len(), 2 * momenta.len(), "{name}: two of each normalization");
            for (at, values) in found.iter().enumerate() {
                for (channel, &value) in values.iter().enumerate() {
                    let mean = each.iter().map(|batch| batch[at][channel]).sum::<f32>() / each.len() as f32;
                    assert!(
                        (value - mean).abs() <= 1e-4 * mean.abs().max(1.0),
                        "{name} {at} {channel}: {value} {mean}"
                    );
                }
            }
            let after: Vec<f64> =
                network.normalizations_mut().iter().map(|normalization| normalization.momentum).collect();
            assert_eq!(after, momenta, "{name}: training goes on with its own momentum");
            assert_eq!(logits(&network), before, "{name}: the weights are as they were");
        }
    }

    /// The module's claim: with statistics measured anew, evaluation gives the same logits as training.
    #[test]
    fn after_a_leap_of_the_weights_only_measured_statistics_fit_them() {
        let device = Device::flex().autodiff();
        let network = fixed(Network::new(Architecture::Yolov8nCls, 32, 0.0, &device), blastscope_tests::seed());
        let (inputs, loader) = batches(1, &device);
        let in_training: Vec<f32> = network.forward(inputs[0].clone()).into_data().try_to_vec::<f32>().expect("logits");
        let gap = || {
            let plain = inputs[0].clone().inner();
            let evaluated: Vec<f32> = network.valid().forward(plain).into_data().try_to_vec::<f32>().expect("logits");
            in_training.iter().zip(&evaluated).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        let before = gap();
        measure(&network, loader.as_ref(), &Interrupter::new()).expect("batches");
        let after = gap();
        assert!(after < 1e-3 && before > 10.0 * after, "{before} and then {after}");
    }
}
