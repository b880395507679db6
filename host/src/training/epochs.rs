//! The loop over epochs, on one device or [several](super::shares). Unlike Burn's, it [measures](super::batch_statistics) the
//! statistics of batch normalization between training and validation; otherwise it does what Burn's does.

use std::sync::Arc;

use burn::{
    data::dataloader::{DataLoader, DataLoaderIterator, split::split_dataloader},
    module::Module as _,
    prelude::*,
    train::{
        EventProcessorTraining, InferenceStep, Interrupter, Learner, LearnerEvent, SupervisedLearningStrategy,
        SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents, TrainingItem, ValidLoader,
    },
};

use super::{batch_statistics::measure, network::Network, shares::Shares};
use crate::recipe::batches::Batch;

/// Epochs: training, statistics measured anew, validation, checkpoint.
pub struct Epochs {
    devices: Vec<Device>,
    statistics: Option<Arc<dyn DataLoader<Batch>>>,
}

impl Epochs {
    /// Trains on `devices`, which differentiate, and validates on the first. Measures statistics on the batches of `statistics`;
    /// without it, keeps the running averages of training.
    #[must_use]
    pub fn new(devices: Vec<Device>, statistics: Option<Arc<dyn DataLoader<Batch>>>) -> Self {
        Self { devices, statistics }
    }
}

type Processor = SupervisedTrainingEventProcessor<Network>;

impl SupervisedLearningStrategy<Network> for Epochs {
    fn fit(
        &self,
        components: TrainingComponents<Network>,
        mut learner: Learner<Network>,
        train: TrainLoader<Network>,
        validation: ValidLoader<Network>,
        starting_epoch: usize,
    ) -> (Network, Processor) {
        let TrainingComponents {
            num_epochs,
            mut checkpointer,
            interrupter,
            mut early_stopping,
            event_processor: mut processor,
            event_store,
            ..
        } = components;
        let main = &self.devices[0];
        let train = match self.devices.as_slice() {
            [one] => vec![train.to_device(one)],
            several => split_dataloader(train, several),
        };
        let total_items = train.iter().map(|share| share.num_items()).sum();
        let validation = validation.to_device(&main.clone().inner());
        let statistics = self.statistics.as_ref().map(|statistics| statistics.to_device(main));
        learner.fork(main);
        for epoch in starting_epoch..=num_epochs {
            let start = LearnerEvent::StartSplit { epoch_number: epoch, total_items };
            interrupter.fail_on_error(processor.process_train(start));
            match train.as_slice() {
                [one] => train_epoch(&mut learner, one.as_ref(), &mut processor, &interrupter),
                several => {
                    train_epoch_in_shares(&mut learner, several, &self.devices, &mut processor, &interrupter);
                }
            }
            interrupter.fail_on_error(processor.process_train(LearnerEvent::EndSplit(epoch)));
            if interrupter.should_stop() {
                break;
            }
            if let Some(statistics) = &statistics
                && let Err(error) = measure(&learner.model(), statistics.as_ref(), &interrupter)
            {
                interrupter.fail(error);
            }
            if interrupter.should_stop() {
                break;
            }
            let start = LearnerEvent::StartSplit { epoch_number: epoch, total_items: validation.num_items() };
            interrupter.fail_on_error(processor.process_valid(start));
            validate(&learner.model().valid(), validation.as_ref(), &mut processor, &interrupter);
            interrupter.fail_on_error(processor.process_valid(LearnerEvent::EndSplit(epoch)));
            interrupter.fail_on_error(processor.process_train(LearnerEvent::EndEpoch(epoch)));
            // The table of epochs must include everything processed so far.
            interrupter.fail_on_error(processor.flush());
            if interrupter.should_stop() {
                break;
            }
            if let Some(checkpointer) = &mut checkpointer {
                checkpointer.checkpoint(&learner, epoch, &event_store);
            }
            if early_stopping.as_mut().is_some_and(|strategy| strategy.should_stop(epoch, &event_store)) {
                break;
            }
        }
        (learner.model(), processor)
    }
}

/// The next batch; a failure stops the training.
fn next(batches: &mut dyn DataLoaderIterator<Batch>, interrupter: &Interrupter) -> Option<Batch> {
    batches.next()?.map_err(|error| interrupter.fail(error)).ok()
}

fn train_epoch(
    learner: &mut Learner<Network>,
    loader: &dyn DataLoader<Batch>,
    processor: &mut Processor,
    interrupter: &Interrupter,
) {
    let mut batches = loader.iter();
    let mut iteration = 0;
    while let Some(batch) = next(&mut *batches, interrupter) {
        iteration += 1;
        let progress = batches.progress();
        let output = learner.train_step(batch);
        learner.lr_step();
        learner.optimizer_step(output.grads);
        let item = TrainingItem::new(output.item, progress, Some(iteration), Some(learner.lr_current()));
        interrupter.fail_on_error(processor.process_train(LearnerEvent::ProcessedItem(item)));
        if interrupter.should_stop() {
            return;
        }
    }
}

fn train_epoch_in_shares(
    learner: &mut Learner<Network>,
    loaders: &[Arc<dyn DataLoader<Batch>>],
    devices: &[Device],
    processor: &mut Processor,
    interrupter: &Interrupter,
) {
    let shares = Shares::new(devices);
    let mut batches: Vec<_> = loaders.iter().map(|loader| loader.iter()).collect();
    let mut iteration = 0;
    loop {
        let found = match shares.step(&mut batches, &learner.model()) {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => return interrupter.fail(error),
        };
        learner.lr_step();
        learner.optimizer_step(found.gradients);
        for output in found.outputs {
            iteration += 1;
            let item = TrainingItem::new(output, found.progress.clone(), Some(iteration), Some(learner.lr_current()));
            interrupter.fail_on_error(processor.process_train(LearnerEvent::ProcessedItem(item)));
        }
        if interrupter.should_stop() {
            return;
        }
    }
}

fn validate(network: &Network, loader: &dyn DataLoader<Batch>, processor: &mut Processor, interrupter: &Interrupter) {
    let mut batches = loader.iter();
    let mut iteration = 0;
    while let Some(batch) = next(&mut *batches, interrupter) {
        iteration += 1;
        let item = TrainingItem::new(network.step(batch), batches.progress(), Some(iteration), None);
        interrupter.fail_on_error(processor.process_valid(LearnerEvent::ProcessedItem(item)));
        if interrupter.should_stop() {
            return;
        }
    }
}
