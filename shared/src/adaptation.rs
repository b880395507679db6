//! A model made at home at a site: its last layer moved towards the site's labelled fields, its calibration and thresholds chosen
//! anew.
//!
//! How far the layer may move is found by cross-validation over overlap groups; "not at all" is among the choices and wins where the
//! labelled fields teach nothing. The calibration and the thresholds come from the same held-out logits. Convolutions stay as they
//! are, so that a few fields suffice. The site's stain becomes a known one, so that its fields are not called unfamiliar for it.

pub mod folds;
pub mod head;

use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use self::head::{Labelled, Shift};
use crate::{
    Class,
    adaptation::folds::Fold,
    artifact::{Artifact, ArtifactError, MAX_STAINS, Measurement, NoveltyBytes, PICTURE_ID_LEN},
    field::stain::{Hue, Stain},
    hex,
    judge::{
        calibration::Calibration,
        novelty::NoveltyStatistics,
        operating_point::{OperatingPoint, Scored, cross_entropy},
    },
    layers::{
        Filters, Layer,
        quantization::{FloatFilters, INPUT_SCALE, QuantizedFilters},
    },
    rate::Rate,
};

/// Strengths that the last layer may be held with, from the strongest.
pub const PULLS: [f64; 10] = [30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
/// Folds of the cross-validation.
pub const FOLDS: usize = 5;
/// Fewest labelled fields with cells.
pub const FEWEST: usize = 20;

/// A site's labelled fields.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Those with cells.
    pub fields: &'a [Labelled],
    /// How they are cross-validated; positions in `fields`.
    pub folds: &'a [Fold],
    /// Identities of the pictures, also of those without cells: no model may be measured on what it learned from.
    pub pictures: &'a [[u8; PICTURE_ID_LEN]],
}

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

/// Lines for people.
impl fmt::Display for Fitted {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "learned from {}; {} fields without cells", by_class(&self.fields), self.without_cells)?;
        let [was, recalibrated, is] = self.held_out_loss;
        writeln!(to, "held-out loss {was:.3} as it was, {recalibrated:.3} with a new calibration")?;
        match self.pull {
            Some(pull) => writeln!(to, "last layer moved, held by {pull}: held-out loss {is:.3}")?,
            None => writeln!(to, "last layer kept: no move lowered the held-out loss")?,
        }
        to.write_str(match self.stain {
            true => "the stain of these fields is a known one now\n",
            false => "the stain of these fields was not added: the model knows as many as it may\n",
        })?;
        write!(
            to,
            "temperature {:.3}, biases of Early, Pre, Pro {}, least probability of a verdict {:.2}, largest novelty {:.2}",
            self.calibration.temperature,
            self.calibration.biases.map(|bias| format!("{bias:.2}")).join(" "),
            self.min_probability,
            self.max_novelty
        )
    }
}

/// Why a model cannot be adapted. Each is what follows the name of what gave the fields, or of the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdaptationError {
    /// The file is no model.
    #[error("the model {0}")]
    Model(#[from] ArtifactError),
    /// The network has a single dense layer behind its convolutions.
    #[error("the model has no dense layer before its last one, so its head cannot be adapted")]
    NoHead,
    /// Not enough to learn from.
    #[error(
        "there are {} labelled fields with cells ({}); an adaptation needs at least {FEWEST} of at least two classes, because a \
         last layer that has seen one class names it always",
        .0.iter().sum::<usize>(),
        by_class(.0)
    )]
    TooFew([usize; Class::COUNT]),
    /// The model computes something other than finite numbers for a labelled field.
    #[error("the model computes no finite numbers for a labelled field; start from another model")]
    NotFinite,
}

impl AdaptationError {
    /// Whether it is the model that is not usable, rather than the fields.
    #[must_use]
    pub const fn is_of_the_model(&self) -> bool {
        matches!(self, Self::Model(_) | Self::NoHead | Self::NotFinite)
    }
}

/// `Benign 12, Early 9, Pre 0, Pro 0`
fn by_class(counts: &[usize; Class::COUNT]) -> String {
    Class::ALL.map(|class| format!("{class} {}", counts[class.index()])).join(", ")
}

/// Adapts the model in `file` to a `site` and returns the new model's bytes. `progress` is called with the strengths tried so far, and
/// their number.
///
/// # Errors
/// [`AdaptationError`]: too few fields or only one class, or a file that is no model, has no head or computes no finite numbers.
pub fn adapt(
    file: &[u8],
    site: &Site<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Vec<u8>, Fitted), AdaptationError> {
    let (mut artifact, id) = Artifact::read(file)?;
    let (layer, scale) = last_layer(&artifact)?;
    let labelled = site.fields;
    let fields = Class::ALL.map(|class| labelled.iter().filter(|field| field.class == class).count());
    if labelled.len() < FEWEST || fields.iter().filter(|&&count| count > 1).count() < 2 {
        return Err(AdaptationError::TooFew(fields));
    }

    let mut statistics = artifact.novelty.statistics(labelled[0].hidden.len())?;
    let hues: Vec<Hue> = labelled.iter().map(|field| field.hue).collect();
    let stain = learn_stain(&mut statistics, &hues);
    let novelties: Vec<f32> = labelled.iter().map(|field| field.novelty(&statistics, scale)).collect();
    let try_out = |pull: Option<f64>| {
        let logits = held_out_logits(labelled, site.folds, artifact.calibration.temperature, pull);
        let fields = labelled.iter().zip(&logits).zip(&novelties);
        // All or none: a layer that fails some of the fields must not be compared on the others.
        let scored: Vec<Scored> = fields
            .map(|((field, &logits), &novelty)| Scored::new(field.class, logits, novelty).observed())
            .collect::<Option<_>>()?;
        let point = OperatingPoint::choose(&scored)?;
        let loss = cross_entropy(&scored, &point.calibration);
        loss.is_finite().then_some((loss, (pull, point, scored)))
    };
    let unmoved = try_out(None).ok_or(AdaptationError::NotFinite)?;
    let as_it_was = [cross_entropy(&unmoved.1.2, &artifact.calibration), unmoved.0];
    let best = lowest_loss(Some(unmoved), |pull| try_out(Some(pull)), progress);
    let (lowest, (pull, point, scored)) = best.ok_or(AdaptationError::NotFinite)?;
    let all: Vec<&Labelled> = labelled.iter().collect();
    let moved =
        pull.map(|pull| shifted(&layer, &Shift::fit(&all, artifact.calibration.temperature, pull))).unwrap_or(layer);
    let quantized = QuantizedFilters::new(&moved, scale, 1.0);

    let fitted = Fitted {
        fields,
        without_cells: site.pictures.len().saturating_sub(labelled.len()),
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
    remember(&mut artifact, site.pictures, &hex(&id), &fitted);
    Ok((artifact.to_bytes()?, fitted))
}

/// Tries every strength of [`PULLS`], from the strongest, and keeps the try of the lowest loss; of equals the earlier one, and before all
/// of them `best`. A try is a loss and what it was reached with. `progress` is told how many strengths of how many were tried.
pub fn lowest_loss<T>(
    mut best: Option<(f64, T)>,
    mut try_out: impl FnMut(f64) -> Option<(f64, T)>,
    progress: &mut dyn FnMut(usize, usize),
) -> Option<(f64, T)> {
    for (tried, pull) in PULLS.into_iter().enumerate() {
        progress(tried, PULLS.len());
        if let Some(found) = try_out(pull)
            && best.as_ref().is_none_or(|(lowest, _)| found.0 < *lowest)
        {
            best = Some(found);
        }
    }
    progress(PULLS.len(), PULLS.len());
    best
}

/// Makes the stain of a site's fields a known one. Not where there are too few fields, or the model knows as many as it may.
pub fn learn_stain(statistics: &mut NoveltyStatistics, hues: &[Hue]) -> bool {
    match Stain::learn(hues) {
        Some(stain) if statistics.stains.len() < MAX_STAINS => {
            statistics.stains.push(stain);
            true
        }
        _ => false,
    }
}

/// The last layer in float, and the scale of the activations it sees.
///
/// # Errors
/// [`AdaptationError::NoHead`] when the network has no such layer.
pub fn last_layer(artifact: &Artifact<'_>) -> Result<(FloatFilters, f32), AdaptationError> {
    let mut last = artifact.layers.iter().rev();
    match (last.next(), last.next()) {
        (Some(Layer::Dense(filters)), Some(Layer::Dense(Filters { output_scale, .. }))) => {
            Ok((FloatFilters::dequantize(filters, *output_scale), *output_scale))
        }
        (Some(Layer::Dense(filters)), None) => Ok((FloatFilters::dequantize(filters, INPUT_SCALE), INPUT_SCALE)),
        _ => Err(AdaptationError::NoHead),
    }
}

/// The logits of each field by a layer that was fitted without its fold; the shipped ones without a pull.
fn held_out_logits(
    labelled: &[Labelled],
    folds: &[Fold],
    temperature: f32,
    pull: Option<f64>,
) -> Vec<[f32; Class::COUNT]> {
    let mut logits: Vec<[f32; Class::COUNT]> = labelled.iter().map(|field| field.logits).collect();
    let Some(pull) = pull else { return logits };
    let fit = |fold: &Fold| {
        let train: Vec<&Labelled> = fold.train.iter().map(|&at| &labelled[at]).collect();
        Shift::fit(&train, temperature, pull)
    };
    let shifts: Vec<Shift> = std::thread::scope(|scope| {
        let fits: Vec<_> = folds.iter().map(|fold| scope.spawn(move || fit(fold))).collect();
        fits.into_iter().map(|fit| fit.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    for (fold, shift) in folds.iter().zip(shifts) {
        fold.test.iter().for_each(|&at| logits[at] = shift.apply(&labelled[at]));
    }
    logits
}

/// `layer` with the shift.
#[must_use]
pub fn shifted(layer: &FloatFilters, shift: &Shift) -> FloatFilters {
    let moves = shift.weights.iter().flatten();
    FloatFilters {
        weights: layer.weights.iter().zip(moves).map(|(weight, by)| weight + by).collect(),
        biases: layer.biases.iter().zip(shift.biases).map(|(bias, by)| bias + by).collect(),
    }
}

/// What the held-out logits are worth, for the card.
fn measurements(scored: &[Scored], calibration: &Calibration) -> Vec<Measurement> {
    let part = "labelled fields of the site, cross-validated";
    let rate = |of: &dyn Fn(Class) -> bool, right: &dyn Fn(Class, Class) -> bool| {
        let fields = || scored.iter().filter(|field| of(field.truth()));
        let named = |field: &&Scored| field.most_probable(calibration).is_some_and(|named| right(field.truth(), named));
        Rate::new(fields().filter(named).count(), fields().count())
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
fn remember(artifact: &mut Artifact<'_>, pictures: &[[u8; PICTURE_ID_LEN]], base: &str, fitted: &Fitted) {
    let moved = fitted.pull.map_or("stayed as it was".to_owned(), |pull| format!("was moved, held by {pull}"));
    let stain = if fitted.stain { "; the site's stain is known" } else { "" };
    artifact.card.training = format!(
        "{} Adapted to one site from model {base:.12} with labelled fields ({}): the last layer {moved}{stain}; calibration and \
         thresholds were chosen on the same fields by cross-validation. What was measured of the former model stands in its card.",
        artifact.card.training,
        by_class(&fitted.fields)
    );
    let known = &mut artifact.provenance.pictures;
    let mut ids: Vec<&[u8]> = known.train.chunks_exact(PICTURE_ID_LEN).collect();
    ids.extend(pictures.iter().map(|id| &id[..]));
    ids.sort_unstable();
    ids.dedup();
    let without = |list: &[u8]| -> Vec<u8> {
        let unseen = list.chunks_exact(PICTURE_ID_LEN).filter(|id| ids.binary_search(id).is_err());
        unseen.flatten().copied().collect()
    };
    let (train, validation, test) = (ids.concat(), without(&known.validation), without(&known.test));
    (known.train, known.validation, known.test) = (train, validation, test);
}
