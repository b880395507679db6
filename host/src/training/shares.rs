//! One step on several devices at once: each takes a share of the batch. The step itself is Burn's data-parallel one.
//!
//! Batch normalization uses each share's own mean and variance, as is usual in data parallelism without synchronized statistics.
//! The gradients of the shares are added; Adam, AdamW and Adamax move the weights by the same amount whatever the scale of the
//! gradients.

use burn::{
    data::dataloader::{DataLoaderIterator, Progress},
    optim::{GradientsAccumulator, GradientsParams},
    prelude::Device,
    train::{
        ClassificationOutput,
        train::{MultiDeviceStepError, MultiDevicesTrainStep},
    },
};

use super::network::Network;
use crate::recipe::batches::Batch;

/// A worker on each device.
pub struct Shares {
    main: Device,
    workers: MultiDevicesTrainStep<Network>,
}

/// Results of one step.
pub struct Found {
    /// One per share that had a batch.
    pub outputs: Vec<ClassificationOutput>,
    /// Their sum, on the main device.
    pub gradients: GradientsParams,
    /// Over all shares.
    pub progress: Progress,
}

impl Shares {
    /// Workers on `devices`, which differentiate; the first is the main device.
    ///
    /// # Panics
    /// Without a device.
    #[must_use]
    pub fn new(devices: &[Device]) -> Self {
        Self { main: devices[0].clone(), workers: MultiDevicesTrainStep::new(devices) }
    }

    /// Forward and backward through `network` on the next batch of each of `shares`, one per device, in order; `None` when all have
    /// ended.
    ///
    /// # Errors
    /// When a loader or a device fails.
    pub fn step(
        &self,
        shares: &mut [Box<dyn DataLoaderIterator<Batch> + '_>],
        network: &Network,
    ) -> Result<Option<Found>, MultiDeviceStepError> {
        let (found, progress) = self.workers.step(shares, network)?;
        if found.is_empty() {
            return Ok(None);
        }
        let mut sum = GradientsAccumulator::new();
        let mut outputs = Vec::with_capacity(found.len());
        for share in found {
            sum.accumulate(network, share.output.grads.to_device(&self.main, network));
            outputs.push(share.output.item);
        }
        Ok(Some(Found { outputs, gradients: sum.grads(), progress }))
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::{data::dataset::DatasetError, module::Module as _, prelude::*, train::TrainStep};

    use super::*;
    use crate::recipe::batches::Objective;
    use crate::training::{
        architecture::Architecture,
        fixed_weights::{Numbers, fixed},
        optimizer::OptimizerKind,
    };

    struct Once(Option<Batch>);

    impl Iterator for Once {
        type Item = Result<Batch, DatasetError>;

        fn next(&mut self) -> Option<Self::Item> {
            self.0.take().map(Ok)
        }
    }

    impl DataLoaderIterator<Batch> for Once {
        fn progress(&self) -> Progress {
            Progress::new(4, 4, None)
        }
    }

    fn once(batch: &Batch) -> Box<dyn DataLoaderIterator<Batch>> {
        Box::new(Once(Some(batch.clone())))
    }

    #[test]
    fn two_shares_of_the_same_pictures_move_the_weights_as_one_batch_of_them_does() {
        let device = Device::flex().autodiff();
        let seed = blastscope_tests::seed();
        let batch = Batch {
            inputs: Numbers(seed).tensor([4, 3, 32, 32], 0.5, 0.5, &device),
            targets: Tensor::from_ints([0, 1, 2, 3], &device),
            views: 1,
            objective: Objective::Classes,
        };
        let mut alone = fixed(Network::new(Architecture::AllcnnSmall, 32, 0.0, &device), seed);
        let mut shared = alone.clone().fork(&device);
        let (mut of_alone, mut of_shared) = (OptimizerKind::Adam.build(), OptimizerKind::Adam.build());
        let shares = Shares::new(&[device.clone(), device]);
        let mut losses = Vec::new();
        for _ in 0..4 {
            let output = TrainStep::step(&alone, batch.clone());
            let loss = output.item.loss.into_scalar::<f32>();
            alone = of_alone.step(1e-3, alone, output.grads);
            let mut batches = [once(&batch), once(&batch)];
            let found = shares.step(&mut batches, &shared).expect("no worker fails").expect("two batches");
            assert_eq!((found.outputs.len(), found.progress.items_processed), (2, 8));
            for output in found.outputs {
                let other = output.loss.into_scalar::<f32>();
                assert!((loss - other).abs() <= 1e-4 * loss, "{loss} alone, {other} shared, after {losses:?}");
            }
            assert!(shares.step(&mut batches, &shared).expect("no worker fails").is_none(), "both are at their end");
            shared = of_shared.step(1e-3, shared, found.gradients);
            losses.push(loss);
        }
        // Over six seeds at most 0.14 is left.
        assert!(losses[3] < 0.9 * losses[0], "it learns: {losses:?}");
    }
}
