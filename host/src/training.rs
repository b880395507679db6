//! Training with Burn: the network, the optimizers, and what surrounds the loop. Compiled only with a back end.
//!
//! The loop itself, its metrics and its terminal dashboard are Burn's supervised training. Around it stands what makes a run
//! trustworthy: a [split](crate::data::split) that is written before the first step, checkpoints that are complete or absent, and a
//! table of epochs.

pub mod architecture;
pub mod batch_statistics;
pub mod run_folder;

pub mod adamax;
pub mod agreement;
pub mod backend;
pub mod begin;
pub mod checkpoints;
pub mod epochs;
pub(crate) mod fixed_weights;
pub mod float_network;
pub mod machine;
pub mod metric_memory;
pub mod model;
pub mod network;
pub mod optimizer;
pub mod plain_renderer;
pub mod plan;
pub mod queue;
pub mod resnet;
pub mod schedule;
pub mod shares;
pub mod throughput;
pub mod weights;
pub mod yolo;

use std::{io::IsTerminal, path::Path, sync::Arc};

use blastscope_files::Printable as _;
use burn::{
    lr_scheduler::module_lr_scheduler::ModuleLrScheduler,
    prelude::*,
    train::{
        Interrupter, Learner, SupervisedTraining, TrainingStrategy,
        metric::{AccuracyMetric, LossMetric},
    },
};

use self::{
    batch_statistics::BatchStatistics,
    checkpoints::{AtomicCheckpointer, Journal, Patience},
    epochs::Epochs,
    metric_memory::MetricMemory,
    network::Network,
    plain_renderer::{Outlook, PlainRenderer},
    schedule::ScheduledRate,
};
use crate::{
    Error,
    data::{dataset::Dataset, split::Split},
    recipe::loaders::{Course, Loaders},
    support::{atomic_file, output},
    training::run_folder::{Epoch, RunConfig, RunFolder},
};

/// Trains in `run`'s folder for the configured number of epochs; resumes from the last complete checkpoint. Several `devices` share
/// each batch; the first one validates.
///
/// # Errors
/// When the data or the folder cannot be read or written, the data are not those of the run, the devices cannot share a batch
/// equally, or the user stops.
///
/// # Panics
/// Without a device.
pub fn train(
    run: &RunFolder,
    config: &RunConfig,
    data: &Dataset,
    split: &Split,
    devices: &[Device],
) -> Result<(), Error> {
    train_in_queue(run, config, data, split, devices, None)
}

/// As [`train`]; in a queue, `outlook` makes its progress plain lines that name the training.
///
/// # Errors
/// As [`train`].
///
/// # Panics
/// As [`train`].
fn train_in_queue(
    run: &RunFolder,
    config: &RunConfig,
    data: &Dataset,
    split: &Split,
    devices: &[Device],
    outlook: Option<Outlook>,
) -> Result<(), Error> {
    let plan = &config.plan;
    let start = checkpoints::last_complete(run)?;
    let mut epochs = run.epochs()?;
    epochs.retain(|epoch| start.is_some_and(|start| epoch.epoch <= start));
    run.write_epochs(&epochs)?;
    if config.is_finished(&epochs) {
        output::progress(format_args!("all {} epochs are done already", epochs.len()));
        return finish(run);
    }
    if let Some(epoch) = start {
        output::progress(format_args!("resuming after epoch {epoch} of {}", plan.epochs));
    }

    let device = &devices[0];
    let autodiff = device.clone().autodiff();
    let course = Course {
        sight: &config.sight,
        epochs: plan.epochs,
        batch_size: plan.batch_size,
        per_class: plan.per_class,
        seed: plan.seed,
        start,
        devices,
    };
    let Loaders { train, validation, statistics, steps } = plan.recipe.loaders(&course, data, split)?;

    device.seed(plan.seed);
    let mut model = Network::new(plan.arch, config.sight.shape().width, plan.dropout, &autodiff);
    if let Some(weights) = plan.weights.as_deref().filter(|_| start.is_none()) {
        model = started_from(model, config, weights)?;
    }
    let schedule = ModuleLrScheduler::from(ScheduledRate::new(plan.schedule, plan.learning_rate, steps));

    let interrupter = Interrupter::new();
    let on_signal = interrupter.clone();
    crate::support::signal::on_interrupt(move || on_signal.stop(Some("asked to stop")));
    let folder = run.checkpoints();
    let autodiffs = devices.iter().map(|device| device.clone().autodiff()).collect();
    let loop_over_epochs =
        Epochs::new(autodiffs, (plan.batch_statistics == BatchStatistics::Anew).then_some(statistics));
    let mut training = SupervisedTraining::<Network>::new(run.root(), train, validation)
        // Burn's own loggers write files and panic when they cannot.
        .with_application_logger(None)
        .with_metric_logger(MetricMemory::default())
        .with_training_strategy(TrainingStrategy::Custom(Arc::new(loop_over_epochs)))
        .metrics((LossMetric::new(), AccuracyMetric::new()))
        .with_custom_checkpointers(
            AtomicCheckpointer::new(&folder, "model"),
            AtomicCheckpointer::new(&folder, "optim"),
            AtomicCheckpointer::new(&folder, "scheduler"),
        )
        .with_checkpointing_strategy(Journal::new(run.clone(), config.clone(), epochs))
        .with_interrupter(interrupter)
        .num_epochs(plan.epochs);
    if plan.patience > 0 {
        training = training.early_stopping(Patience { run: run.clone(), config: config.clone() });
    }
    if outlook.is_some() || !std::io::stdout().is_terminal() {
        training = training.renderer(Box::new(PlainRenderer::new(outlook)));
    }
    if let Some(epoch) = start {
        training = training.checkpoint(epoch);
    }
    let again = format!("continue with: blastscope-host train --out {} --resume", run.root().printable());
    if crate::support::signal::interrupted() {
        return Err(Error::Interrupted(again));
    }
    let result = training.launch(Learner::new(model, plan.optimizer.build(), schedule));
    if let Some(error) = result.error {
        return Err(Error::content(run.root(), format!("training stopped on an error: {error}; {again}")));
    }
    if result.interrupted.is_some() {
        return Err(Error::Interrupted(again));
    }
    drop(result.renderer);
    finish(run)
}

/// The network with its initial weights.
fn started_from(mut network: Network, config: &RunConfig, weights: &Path) -> Result<Network, Error> {
    if Some(begin::fingerprint(weights)?) != config.weights_sha256 {
        return Err(Error::content(weights, "has changed since the run was started; start a new run"));
    }
    let loaded = weights::load(&mut network, config.plan.arch, weights)?;
    let fresh = if loaded.fresh.is_empty() { "none".into() } else { loaded.fresh.join(", ") };
    output::progress(format_args!("{}: {} tensors loaded; fresh: {fresh}", weights.printable(), loaded.taken));
    Ok(network)
}

/// Saves the chosen and the last weights beside the configuration.
fn finish(run: &RunFolder) -> Result<(), Error> {
    let (chosen, path) = run.chosen_weights()?;
    copy(&path, &run.root().join("chosen.bpk"))?;
    let last = checkpoints::last_complete(run)?.unwrap_or(chosen);
    copy(&run.checkpoints().join(format!("model-{last}.bpk")), &run.root().join("last.bpk"))?;
    for epoch in run.epochs()? {
        let Epoch { epoch, train_loss, train_accuracy, validation_loss, validation_accuracy } = epoch;
        let mark = if epoch == chosen { "  <- chosen" } else { "" };
        output::progress(format_args!(
            "epoch {epoch:>3}: training loss {train_loss:.4} accuracy {:.2} %, validation loss {validation_loss:.4} accuracy {:.2} %{mark}",
            train_accuracy * 100.0,
            validation_accuracy * 100.0,
        ));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let bytes = std::fs::read(from).map_err(Error::io("read", from))?;
    atomic_file::write(to, &bytes)
}
