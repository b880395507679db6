//! Measures a fold's network on the fields it has never seen.

use blastscope_shared::{
    Framing,
    judge::{
        calibration::Calibration,
        operating_point::{OperatingPoint, Scored},
    },
};
use burn::prelude::Device;

use crate::{
    Error,
    data::{
        dataset::Dataset,
        folds::Fold,
        split::{Item, Part},
        symmetry::Symmetry,
    },
    measure::{
        colour_baseline::{self, ColourFeatures, ColourSet, Method, Question},
        crossval::{Answer, FoldOutcome},
    },
    recipe::batches,
    support::{output, progress::Progress},
    training::{float_network::FloatNetwork, queue::Trained},
};

/// Inputs that all folds share.
pub(super) struct Material {
    /// Every picture, as [`Dataset::load_inputs`] returns it.
    inputs: Vec<Vec<u8>>,
    colours: ColourFeatures,
}

impl Material {
    pub(super) fn read(data: &Dataset, framing: &Framing) -> Result<Self, Error> {
        let for_colours = Framing::square(224);
        let colours = ColourFeatures::of(&data.load_inputs(&for_colours, Progress::Silent)?, &for_colours)?;
        Ok(Self { inputs: data.load_inputs(framing, Progress::Shown)?, colours })
    }
}

/// Answers of the trained network and of the six colour numbers on the fold.
pub(super) fn ask(
    data: &Dataset,
    fold: &Fold,
    material: &Material,
    trained: &Trained,
    device: &Device,
) -> Result<FoldOutcome, Error> {
    let Trained { run, config, split, .. } = trained;
    let network = FloatNetwork::load(config, &run.root().join("chosen.bpk"), device)?;
    let logits = |items: &[Item]| network.logits(&batches::examples(data, &material.inputs, items), Progress::Shown);
    let validation: Vec<Item> = split.items(Part::Validation).copied().collect();
    let scored: Vec<Scored> = logits(&validation)?
        .into_iter()
        .zip(&validation)
        .filter_map(|(logits, item)| Scored::new(data.images[item.image].class, logits.observed()?, 1.0).observed())
        .collect();
    let calibration = OperatingPoint::choose(&scored).map_or(Calibration::NONE, |point| point.calibration);
    let item = |&image: &usize| Item { image, symmetry: Symmetry::Identity, part: Part::Test };
    let items: Vec<Item> = fold.test.iter().map(item).collect();
    let (set, method, question) = (ColourSet::Six, Method::NearestNeighbours, Question::Malignant);
    let colours = colour_baseline::predict(data, &material.colours, set, method, question, fold)?;
    let answers = logits(&items)?.into_iter().zip(&items).zip(colours).map(|((logits, item), shares)| {
        let image = &data.images[item.image];
        Answer {
            file: image.file.clone(),
            group: image.group,
            truth: image.class,
            probabilities: logits.map(|logits| calibration.probabilities(&logits)),
            colour: shares[1],
        }
    });
    let outcome = FoldOutcome {
        name: fold.name.clone(),
        epoch: config.chosen(&run.epochs()?).map_or(config.plan.epochs, |epoch| epoch.epoch),
        calibration,
        validation_unseen: validation.len() - scored.len(),
        answers: answers.collect(),
    };
    let right = outcome.answers.iter().filter(|answer| answer.is_right()).count();
    let unseen = outcome.answers.iter().filter(|answer| answer.malignant().is_none()).count();
    output::progress(format_args!(
        "{}: {right} of {} fields right about benign or malignant, {unseen} with nothing to see",
        fold.name,
        outcome.answers.len()
    ));
    Ok(outcome)
}
