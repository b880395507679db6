//! Evaluates one training of the plan.

use burn::prelude::Device;

use super::{outcome::Outcome, plan::Planned};
use blastscope_host::{
    Error,
    data::{
        dataset::Dataset,
        split::{Item, Part, SplitKind},
    },
    measure::{
        colour_baseline,
        evaluation::{Evaluation, Subject},
    },
    pack::float_predictions::float_predictions,
    support::{output, progress::Progress},
    training::{float_network::FloatNetwork, network::Network, queue::Trained},
};

/// Evaluates a training of the plan on its test part.
///
/// # Errors
/// A file cannot be read, or the compute device returns something other than logits.
pub fn measure(data: &Dataset, planned: &Planned, trained: &Trained, device: &Device) -> Result<Outcome, Error> {
    let Trained { run, config, split, seconds_per_epoch } = trained;
    let epochs = run.epochs()?;
    let last = epochs.last().map_or(0, |epoch| epoch.epoch);
    let (measured_epoch, weights) = match split.kind {
        SplitKind::Paper => (last, "last.bpk"),
        _ => (config.chosen(&epochs).map_or(last, |epoch| epoch.epoch), "chosen.bpk"),
    };
    let network = FloatNetwork::load(config, &run.root().join(weights), device)?;
    let inputs = data.load_inputs(&config.sight.framing, Progress::Shown)?;
    let items: Vec<Item> = split.items(Part::Test).copied().collect();
    let predictions = float_predictions(&network, data, &inputs, &items, Progress::Shown)?;
    let subject = Subject {
        name: format!("{}, epoch {measured_epoch}, test part of the {} split", planned.name(), split.kind),
        drawn: data.drawn,
        warning: split.kind.warning().map(str::to_owned),
    };
    let baseline = |part| colour_baseline::evaluate(data, &inputs, &config.sight.framing, split, part);
    let side = usize::from(config.sight.framing.width);
    let outcome = Outcome {
        name: planned.name(),
        studies: planned.studies.clone(),
        plan: config.plan.clone(),
        weights_sha256: config.weights_sha256.clone(),
        parameters: Network::new(config.plan.arch, side, config.plan.dropout, device).trainable(),
        items: [split.items(Part::Train).count(), items.len()],
        epochs,
        measured_epoch,
        test: Evaluation::new(&subject, &predictions)?,
        baseline: baseline(Part::Test)?,
        baseline_validation: baseline(Part::Validation)?.accuracy,
        seconds_per_epoch: *seconds_per_epoch,
        hardware: config.hardware.clone(),
        code_version: config.code_version.clone(),
        manifest_hash: config.manifest_hash.clone(),
    };
    output::progress(format_args!(
        "{}: {} on the test part, six colour numbers {}",
        outcome.name,
        outcome.test.accuracy.percent(),
        outcome.baseline.accuracy.percent()
    ));
    Ok(outcome)
}
