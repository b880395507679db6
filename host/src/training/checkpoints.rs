//! Checkpoints that survive a power cut, the table of epochs, and where to resume.

use std::{
    marker::PhantomData,
    path::{Path, PathBuf},
};

use burn::{
    lr_scheduler::LrSchedulerRecord,
    optim::OptimizerRecord,
    store::ModuleRecord,
    tensor::Bytes,
    train::{
        EarlyStoppingStrategy,
        checkpoint::{
            Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy,
            KeepLastNCheckpoints,
        },
        metric::store::{Aggregate, EventStoreClient, Split},
    },
};

use crate::{
    Error,
    support::{atomic_file, output},
    training::run_folder::{Epoch, RunConfig, RunFolder},
};

/// Writes records through a temporary file, flushed and renamed, so that a checkpoint is complete or absent.
pub struct AtomicCheckpointer<R> {
    folder: PathBuf,
    name: &'static str,
    record: PhantomData<fn() -> R>,
}

impl<R> AtomicCheckpointer<R> {
    /// Checkpoints `NAME-EPOCH.bpk` in `folder`.
    #[must_use]
    pub fn new(folder: &Path, name: &'static str) -> Self {
        Self { folder: folder.to_path_buf(), name, record: PhantomData }
    }

    fn path(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("{}-{epoch}.bpk", self.name))
    }
}

impl<R: Checkpoint> Checkpointer<R> for AtomicCheckpointer<R> {
    fn save(&self, epoch: usize, record: R) -> Result<(), CheckpointerError> {
        let bytes = record.checkpoint_into_bytes().map_err(CheckpointerError::Record)?;
        atomic_file::write(&self.path(epoch), &bytes).map_err(|error| CheckpointerError::Unknown(error.to_string()))
    }

    fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
        match std::fs::remove_file(self.path(epoch)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CheckpointerError::IOError(error)),
            _ => Ok(()),
        }
    }

    fn restore(&self, epoch: usize) -> Result<R, CheckpointerError> {
        let bytes = std::fs::read(self.path(epoch)).map_err(CheckpointerError::IOError)?;
        R::checkpoint_from_bytes(Bytes::from_bytes_vec(bytes)).map_err(CheckpointerError::Record)
    }
}

/// Keeps the last two checkpoints and the one that is [chosen](RunConfig::chosen), and writes the run's table of epochs.
pub struct Journal {
    run: RunFolder,
    config: RunConfig,
    last: KeepLastNCheckpoints,
    epochs: Vec<Epoch>,
    kept: Option<usize>,
}

impl Journal {
    /// Continues the run's table of epochs.
    #[must_use]
    pub fn new(run: RunFolder, config: RunConfig, epochs: Vec<Epoch>) -> Self {
        let kept = config.chosen(&epochs).map(|epoch| epoch.epoch);
        Self { run, config, last: KeepLastNCheckpoints::new(2), epochs, kept }
    }
}

impl CheckpointingStrategy for Journal {
    fn checkpointing(&mut self, epoch: usize, store: &EventStoreClient) -> Vec<CheckpointingAction> {
        let metric = |name, split: &Split| store.find_metric(name, epoch, Aggregate::Mean, split).unwrap_or(f64::NAN);
        self.epochs.retain(|row| row.epoch < epoch);
        self.epochs.push(Epoch {
            epoch,
            train_loss: metric("Loss", &Split::Train),
            train_accuracy: metric("Accuracy", &Split::Train) / 100.0,
            validation_loss: metric("Loss", &Split::Valid),
            validation_accuracy: metric("Accuracy", &Split::Valid) / 100.0,
        });
        if let Err(error) = self.run.write_epochs(&self.epochs) {
            output::note(format_args!("warning: {error}"));
        }
        let chosen = self.config.chosen(&self.epochs).map(|row| row.epoch);
        let mut actions = self.last.checkpointing(epoch, store);
        actions.retain(|action| !matches!(action, CheckpointingAction::Delete(old) if Some(*old) == chosen));
        if self.kept != chosen {
            if let Some(former) = self.kept.filter(|&former| former + 1 < epoch) {
                actions.push(CheckpointingAction::Delete(former));
            }
            self.kept = chosen;
        }
        actions
    }
}

/// Stops a training once its table of epochs says that it is [finished](RunConfig::is_finished). The table outlives an interruption,
/// which a count in memory would not.
#[derive(Clone)]
pub struct Patience {
    /// The run, whose [`Journal`] has written the epoch that ends.
    pub run: RunFolder,
    /// Its configuration.
    pub config: RunConfig,
}

impl EarlyStoppingStrategy for Patience {
    fn should_stop(&mut self, _: usize, _: &EventStoreClient) -> bool {
        self.run.epochs().is_ok_and(|epochs| self.config.is_finished(&epochs))
    }
}

/// The last epoch whose model, optimizer and schedule can all be read, if any; skips damaged and incomplete ones.
///
/// # Errors
/// When the checkpoint folder cannot be listed.
pub fn last_complete(run: &RunFolder) -> Result<Option<usize>, Error> {
    let folder = run.checkpoints();
    let mut epochs = run.checkpointed_epochs()?;
    epochs.sort_unstable_by(|a, b| b.cmp(a));
    Ok(epochs.into_iter().find(|&epoch| {
        AtomicCheckpointer::<LrSchedulerRecord>::new(&folder, "scheduler").restore(epoch).is_ok()
            && AtomicCheckpointer::<OptimizerRecord>::new(&folder, "optim").restore(epoch).is_ok()
            && AtomicCheckpointer::<ModuleRecord>::new(&folder, "model").restore(epoch).is_ok()
    }))
}
