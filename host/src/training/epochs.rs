//! The loop over epochs on one device. Burn's has no place between training and validation, where the statistics of batch
//! normalization are [measured](super::statistics); otherwise this one does what Burn's does.

use std::sync::Arc;

use burn::{
    data::dataloader::{DataLoader, DataLoaderIterator},
    module::Module as _,
    prelude::*,
    train::{
        EventProcessorTraining, InferenceStep, Interrupter, Learner, LearnerEvent, SupervisedLearningStrategy,
        SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents, TrainingItem, ValidLoader,
    },
};

use super::{batches::Batch, network::Network, statistics::measure};

/// Epochs on one device: training, statistics measured anew, validation, checkpoint.
pub struct Epochs {
    device: Device,
    statistics: Arc<dyn DataLoader<Batch>>,
}

impl Epochs {
    /// Trains on `device`, which differentiates, and measures on what `statistics` gives.
    #[must_use]
    pub fn new(device: &Device, statistics: Arc<dyn DataLoader<Batch>>) -> Self {
        Self { device: device.clone(), statistics }
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
        let (train, validation) = (train.to_device(&self.device), validation.to_device(&self.device.clone().inner()));
        let statistics = self.statistics.to_device(&self.device);
        learner.fork(&self.device);
        for epoch in starting_epoch..=num_epochs {
            let total_items = train.num_items();
            let start = LearnerEvent::StartSplit { epoch_number: epoch, total_items };
            interrupter.fail_on_error(processor.process_train(start));
            train_epoch(&mut learner, train.as_ref(), &mut processor, &interrupter);
            interrupter.fail_on_error(processor.process_train(LearnerEvent::EndSplit(epoch)));
            if interrupter.should_stop() {
                break;
            }
            if let Err(error) = measure(&learner.model(), statistics.as_ref(), &interrupter) {
                interrupter.fail(error);
            }
            if interrupter.should_stop() {
                break;
            }
            let total_items = validation.num_items();
            let start = LearnerEvent::StartSplit { epoch_number: epoch, total_items };
            interrupter.fail_on_error(processor.process_valid(start));
            validate(&learner.model().valid(), validation.as_ref(), &mut processor, &interrupter);
            interrupter.fail_on_error(processor.process_valid(LearnerEvent::EndSplit(epoch)));
            interrupter.fail_on_error(processor.process_train(LearnerEvent::EndEpoch(epoch)));
            // The table of epochs is made of what has been processed.
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

/// The next batch; a failure to give one stops the training.
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
