//! A model made at home at a site: its last layer moved towards the site's labelled fields, its calibration and thresholds chosen
//! anew.
//!
//! How far the layer may move is found by cross-validation over overlap groups; "not at all" is among the choices and wins where the
//! labelled fields teach nothing. The calibration and the thresholds come from the same held-out logits. Convolutions stay as they
//! are, so that a few fields suffice. The site's stain becomes a known one, so that its fields are not called unfamiliar for it.

pub mod head;

use std::collections::BTreeMap;

use blastscope_shared::{
    Class, Classifier,
    artifact::{Artifact, Filters, Layer, MAX_STAINS, Measurement, NoveltyBytes, PICTURE_ID_LEN},
    calibration::{Calibration, most_probable},
    classifier::Workspace,
    hex,
    novelty::NoveltyStatistics,
    quantization::INPUT_SCALE,
    stain::{Hue, Stain},
};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::head::{Labelled, Shift};
use crate::{
    Error,
    colour_baseline::grouped_folds,
    dataset::{Dataset, LabelledImage},
    evaluation::Rate,
    progress::Progress,
    quantization::{FloatFilters, FloatLayer, OperatingPoint, QuantizedFilters, Scored, cross_entropy, dequantized},
    random::stream,
};

/// Strengths that the last layer may be held with, from the strongest.
pub(crate) const PULLS: [f64; 10] = [30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
/// Folds of the cross-validation.
const FOLDS: usize = 5;
/// Fewest labelled fields with cells.
pub const FEWEST: usize = 20;

/// What was learned from the labelled fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Labelled fields that were learned from, in the order of [`Class::ALL`].
    pub fields: [usize; Class::COUNT],
    /// Labelled fields without a cell; nothing was learned from them.
    pub without_cells: usize,
    /// How strongly the last layer was held, in units of its activations' mean squared length; `None` where it did not move.
    pub pull: Option<f64>,
    /// Mean cross-entropy over held-out labelled fields in nats: of the model as it was, and of the adapted one, each with the
    /// calibration that is best for it; the former with its own as well, first.
    pub held_out_loss: [f64; 3],
    /// Whether the site's stain is known to the model now; not where it knows as many as it may already.
    pub stain: bool,
    /// The calibration that was chosen.
    pub calibration: Calibration,
    /// Least calibrated probability of a class that is named.
    pub min_probability: f32,
    /// Largest novelty of a field that is classified.
    pub max_novelty: f32,
}

/// Draws about `count` labelled fields out of `images` (indices into the data set) the way a clinic would label them: the classes in
/// turn, and of each class whole overlap groups. Gives them and the rest, both sorted.
#[must_use]
pub fn draw(data: &Dataset, images: &[usize], count: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    images.iter().for_each(|&image| groups.entry(data.images[image].group).or_default().push(image));
    let mut by_class: BTreeMap<Class, Vec<Vec<usize>>> = BTreeMap::new();
    for group in groups.into_values() {
        by_class.entry(data.images[group[0]].class).or_default().push(group);
    }
    by_class.values_mut().for_each(|groups| groups.shuffle(&mut stream(seed, 0)));
    let mut drawn = Vec::new();
    // The class with the fewest fields so far is next.
    let mut taken: BTreeMap<Class, usize> = by_class.keys().map(|&class| (class, 0)).collect();
    while drawn.len() < count {
        let next = taken.iter().filter(|(class, _)| !by_class[class].is_empty()).min_by_key(|(_, taken)| **taken);
        let Some((&class, _)) = next else { break };
        let Some(group) = by_class.get_mut(&class).and_then(Vec::pop) else { break };
        *taken.entry(class).or_default() += group.len();
        drawn.extend(group);
    }
    drawn.sort_unstable();
    let rest = images.iter().copied().filter(|image| drawn.binary_search(image).is_err()).collect();
    (drawn, rest)
}

/// Adapts the model in `file` to the labelled fields `images` (indices into `data`). Gives the new model's bytes.
///
/// # Errors
/// [`Error::Content`] with the data's folder when there are fewer than [`FEWEST`] fields with cells or only one class; other errors
/// when a picture cannot be read or the file is no model.
pub fn adapt(file: &[u8], data: &Dataset, images: &[usize], progress: Progress) -> Result<(Vec<u8>, Fitted), Error> {
    let unusable = |error: blastscope_shared::artifact::ArtifactError| Error::Usage(format!("the model {error}"));
    let (mut artifact, id) = Artifact::read(file).map_err(unusable)?;
    let classifier = Classifier::read(file).map_err(unusable)?;
    let (layer, scale) = last_layer(&artifact)?;

    let seen = look(&classifier, data, images, scale, progress)?;
    let labelled: Vec<&Labelled> = seen.iter().map(|(_, labelled)| labelled).collect();
    let fields = Class::ALL.map(|class| labelled.iter().filter(|field| field.class == class).count());
    if labelled.len() < FEWEST || fields.iter().filter(|&&count| count > 1).count() < 2 {
        let counts = Class::ALL.map(|class| format!("{class} {}", fields[class.index()])).join(", ");
        return Err(Error::content(
            &data.root,
            format!(
                "gives {} labelled fields with cells ({counts}); an adaptation needs at least {FEWEST} of at least two classes, \
                 because a last layer that has seen one class names it always",
                labelled.len()
            ),
        ));
    }

    let subset: Vec<LabelledImage> = seen.iter().map(|(image, _)| data.images[*image].clone()).collect();
    let mut statistics = artifact.novelty.statistics(classifier.network().hidden_len()).map_err(unusable)?;
    let hues: Vec<Hue> = labelled.iter().map(|field| field.hue).collect();
    let stain = learn_stain(&mut statistics, &hues);
    let novelties: Vec<f32> = labelled.iter().map(|field| field.novelty(&statistics, scale)).collect();
    let try_out = |pull: Option<f64>| {
        let logits = held_out_logits(&labelled, &subset, artifact.calibration.temperature, pull);
        let fields = labelled.iter().zip(&logits).zip(&novelties);
        let scored: Vec<Scored> =
            fields.map(|((field, &logits), &novelty)| Scored { truth: field.class, logits, novelty }).collect();
        OperatingPoint::choose(&scored)
            .map(|point| (pull, point, cross_entropy(&scored, &point.calibration), scored))
            .ok_or_else(|| Error::content(&data.root, "gives nothing to choose thresholds on"))
    };
    let unmoved = try_out(None)?;
    let as_it_was = [cross_entropy(&unmoved.3, &artifact.calibration), unmoved.2];
    let mut best = unmoved;
    for candidate in PULLS {
        let moved = try_out(Some(candidate))?;
        if moved.2 < best.2 {
            best = moved;
        }
    }
    let (pull, point, lowest, scored) = best;
    let moved = pull
        .map(|pull| shifted(&layer, &Shift::fit(&labelled, artifact.calibration.temperature, pull)))
        .unwrap_or(layer);
    let quantized = QuantizedFilters::new(&moved, scale, 1.0);

    let fitted = Fitted {
        fields,
        without_cells: images.len() - seen.len(),
        pull,
        stain,
        held_out_loss: [as_it_was[0], as_it_was[1], lowest],
        calibration: point.calibration,
        min_probability: point.thresholds.min_probability,
        max_novelty: point.thresholds.max_novelty,
    };
    if pull.is_some() {
        artifact.layers.pop();
        artifact.layers.push(Layer::Dense(quantized.view()));
    }
    let novelty = NoveltyBytes::new(&statistics);
    artifact.novelty = novelty.view();
    artifact.calibration = point.calibration;
    artifact.thresholds = point.thresholds;
    artifact.card.results = measurements(&scored, &point.calibration);
    remember(&mut artifact, data, images, &hex(&id), &fitted);
    Ok((artifact.to_bytes().map_err(unusable)?, fitted))
}

/// Makes the stain of a site's fields a known one. Not where there are too few fields, or the model knows as many as it may.
pub(crate) fn learn_stain(statistics: &mut NoveltyStatistics, hues: &[Hue]) -> bool {
    match Stain::learn(hues) {
        Some(stain) if statistics.stains.len() < MAX_STAINS => {
            statistics.stains.push(stain);
            true
        }
        _ => false,
    }
}

/// The last layer in float, and the scale of the activations it sees.
pub(crate) fn last_layer(artifact: &Artifact<'_>) -> Result<(FloatFilters, f32), Error> {
    let hidden = artifact.layers.iter().rev().nth(1);
    match (dequantized(&artifact.layers).pop(), hidden) {
        (Some(FloatLayer::Dense(filters)), Some(Layer::Dense(Filters { output_scale, .. }))) => {
            Ok((filters, *output_scale))
        }
        (Some(FloatLayer::Dense(filters)), None) => Ok((filters, INPUT_SCALE)),
        _ => {
            Err(Error::Usage("the model has no dense layer before its last one, so its head cannot be adapted".into()))
        }
    }
}

/// What the network sees of the fields that have cells.
pub(crate) fn look(
    classifier: &Classifier,
    data: &Dataset,
    images: &[usize],
    scale: f32,
    progress: Progress,
) -> Result<Vec<(usize, Labelled)>, Error> {
    let task = progress.start("looking at labelled fields", images.len());
    let one = |workspace: &mut Workspace, &image: &usize| -> Result<Option<(usize, Labelled)>, Error> {
        let picture = crate::picture::read_picture(&data.path(&data.images[image]))?;
        let input = classifier.preprocessing().apply(&picture);
        let seen = classifier.observe(&input, workspace).map(|seen| Labelled {
            hidden: seen.hidden.iter().map(|&byte| f32::from(byte) * scale).collect(),
            logits: seen.logits,
            hue: seen.hue,
            class: data.images[image].class,
            weight: 1.0,
        });
        task.advance(1);
        Ok(seen.map(|seen| (image, seen)))
    };
    let seen: Result<Vec<_>, Error> = images.par_iter().map_init(|| classifier.workspace(), one).collect();
    Ok(seen?.into_iter().flatten().collect())
}

/// The logits of each field by a layer that was fitted without its fold.
pub(crate) fn held_out_logits(
    labelled: &[&Labelled],
    images: &[LabelledImage],
    temperature: f32,
    pull: Option<f64>,
) -> Vec<[f32; Class::COUNT]> {
    let mut logits: Vec<[f32; Class::COUNT]> = labelled.iter().map(|field| field.logits).collect();
    let Some(pull) = pull else { return logits };
    let folds: Vec<(Vec<usize>, Shift)> = grouped_folds(images, FOLDS, 1)
        .into_par_iter()
        .map(|fold| {
            let train: Vec<&Labelled> = fold.train.iter().map(|&at| labelled[at]).collect();
            (fold.test, Shift::fit(&train, temperature, pull))
        })
        .collect();
    for (test, shift) in folds {
        test.into_iter().for_each(|at| logits[at] = shift.apply(labelled[at]));
    }
    logits
}

/// `layer` with the shift.
pub(crate) fn shifted(layer: &FloatFilters, shift: &Shift) -> FloatFilters {
    let moves = shift.weights.iter().flatten();
    FloatFilters {
        weights: layer.weights.iter().zip(moves).map(|(weight, by)| weight + by).collect(),
        biases: layer.biases.iter().zip(shift.biases).map(|(bias, by)| bias + by).collect(),
    }
}

/// What the held-out logits are worth, for the card.
fn measurements(scored: &[Scored], calibration: &Calibration) -> Vec<Measurement> {
    let part = "labelled fields of the site, cross-validated";
    let named = |field: &Scored| most_probable(&calibration.probabilities(&field.logits)).0;
    let rate = |of: &dyn Fn(Class) -> bool, right: &dyn Fn(Class, Class) -> bool| {
        let fields = || scored.iter().filter(|field| of(field.truth));
        Rate::new(fields().filter(|field| right(field.truth, named(field))).count(), fields().count())
    };
    let mut results = Vec::new();
    let mut add = |what: &str, rate: Rate| {
        if rate.value.is_some() {
            results.push(rate.measurement(what, part));
        }
    };
    add("accuracy", rate(&|_| true, &|truth, named| truth == named));
    add("sensitivity, malignant", rate(&Class::is_malignant, &|_, named| named.is_malignant()));
    add("specificity, benign", rate(&|class| !class.is_malignant(), &|_, named| !named.is_malignant()));
    results
}

/// Writes into card and provenance what was done: a model must not be measured on fields that it learned from.
fn remember(artifact: &mut Artifact<'_>, data: &Dataset, images: &[usize], base: &str, fitted: &Fitted) {
    let counts = Class::ALL.map(|class| format!("{class} {}", fitted.fields[class.index()])).join(", ");
    let moved = fitted.pull.map_or("stayed as it was".to_owned(), |pull| format!("was moved, held by {pull}"));
    let stain = if fitted.stain { "; the site's stain is known" } else { "" };
    artifact.card.training = format!(
        "{} Adapted to one site from model {base:.12} with labelled fields ({counts}): the last layer {moved}{stain}; calibration and \
         thresholds were chosen on the same fields by cross-validation. What was measured of the former model stands in its card.",
        artifact.card.training
    );
    let mut ids: Vec<&[u8]> = artifact.provenance.pictures.train.chunks_exact(PICTURE_ID_LEN).collect();
    ids.extend(images.iter().map(|&image| &data.images[image].sha256[..PICTURE_ID_LEN]));
    ids.sort_unstable();
    ids.dedup();
    let known = ids.concat();
    let without = |list: &[u8]| -> Vec<u8> {
        let unseen = list.chunks_exact(PICTURE_ID_LEN).filter(|id| ids.binary_search(id).is_err());
        unseen.flatten().copied().collect()
    };
    let (validation, test) =
        (without(&artifact.provenance.pictures.validation), without(&artifact.provenance.pictures.test));
    artifact.provenance.pictures.train = known;
    artifact.provenance.pictures.validation = validation;
    artifact.provenance.pictures.test = test;
}
