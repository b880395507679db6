//! Adapts a model to a site: moves its jurors' last layers towards the site's labelled fields and chooses calibrations and
//! thresholds again.
//!
//! Cross-validation over overlap groups finds how far the layer may move; "not at all" is among the choices and wins if the
//! labelled fields teach nothing. Calibrations and thresholds come from the same held-out logits. Convolutions stay fixed, so a few
//! fields suffice. The site's stain is added to the known ones, so that it does not make the site's fields unfamiliar.

pub mod folds;
pub mod head;

use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use self::head::{Labelled, Shift};
use crate::{
    Class,
    adaptation::folds::Fold,
    artifact::{Artifact, ArtifactError, Juror, MAX_STAINS, Measurement, NoveltyBytes, PICTURE_ID_LEN},
    classifier::{Classifier, Workspace},
    field::{
        palette::{self, Palette},
        pixels::RgbPixels,
        stain::{self, Hue},
    },
    hex,
    judge::{
        Judge, Thresholds,
        calibration::Calibration,
        jury::{Testimonies, Voice},
        novelty::NoveltyStatistics,
        operating_point::{JuryPoint, OperatingPoint, Scored, cross_entropy},
    },
    layers::{
        Filters, Layer,
        quantization::{FloatFilters, INPUT_SCALE, QuantizedFilters},
    },
    rate::Rate,
    sight::{Blank, Observation},
};

/// Candidate strengths that hold the last layer, strongest first.
pub const PULLS: [f64; 10] = [30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
/// Folds of the cross-validation.
pub const FOLDS: usize = 5;
/// Fewest labelled fields with cells for an adaptation.
pub const FEWEST: usize = 20;

/// A site's labelled fields.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The fields in which every juror sees something: for each juror, as it sees them, in one order.
    pub fields: &'a [Vec<Labelled>],
    /// Folds of the cross-validation; indices into the fields.
    pub folds: &'a [Fold],
    /// Identities of all pictures, including those without cells: no model may be measured on what it learned from.
    pub pictures: &'a [[u8; PICTURE_ID_LEN]],
}

/// The result of an adaptation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Number of labelled fields learned from, in the order of [`Class::ALL`].
    pub fields: [usize; Class::COUNT],
    /// Number of labelled fields without a cell; nothing was learned from them.
    pub without_cells: usize,
    /// What became of each juror.
    pub jurors: Vec<Moved>,
    /// The chosen thresholds.
    pub thresholds: Thresholds,
}

/// What became of one juror.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// How strongly the last layer was held, in units of its activations' mean squared length; `None` if it did not move.
    pub pull: Option<f64>,
    /// Mean cross-entropy over held-out labelled fields, in nats: the original network with its own calibration, the original
    /// network with the best calibration, the adapted network with the best calibration.
    pub held_out_loss: [f64; 3],
    /// Whether the site's stain was added; `false` if a hue is not finite, or the juror already knows the most it can hold.
    pub stain: bool,
    /// The chosen calibration.
    pub calibration: Calibration,
}

/// A summary of several lines.
impl fmt::Display for Fitted {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "learned from {}; {} fields without cells", by_class(&self.fields), self.without_cells)?;
        for (number, juror) in (1..).zip(&self.jurors) {
            if self.jurors.len() > 1 {
                writeln!(to, "network {number}:")?;
            }
            writeln!(to, "{juror}")?;
        }
        let Thresholds { min_probability, min_subtype, max_novelty } = self.thresholds;
        write!(
            to,
            "least probability of a verdict {min_probability:.2}, least share of a subtype {min_subtype:.2}, largest novelty \
             {max_novelty:.2}"
        )
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [was, recalibrated, is] = self.held_out_loss;
        writeln!(to, "held-out loss {was:.3} before, {recalibrated:.3} with a new calibration")?;
        match self.pull {
            Some(pull) => writeln!(to, "last layer moved, held by {pull}: held-out loss {is:.3}")?,
            None => writeln!(to, "last layer kept: no move lowered the held-out loss")?,
        }
        to.write_str(match self.stain {
            true => "the model now knows the stain of these fields\n",
            false => "the stain of these fields was not added: the model already knows the most it can hold\n",
        })?;
        let Calibration { temperature, biases } = self.calibration;
        let biases = biases.map(|bias| format!("{bias:.2}")).join(" ");
        write!(to, "temperature {temperature:.3}, biases of Early, Pre, Pro {biases}")
    }
}

/// Why a model cannot be adapted; the text follows the name of the fields' source, or of the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdaptationError {
    /// The file is not a model.
    #[error("the model {0}")]
    Model(#[from] ArtifactError),
    /// The network has only one dense layer after its convolutions.
    #[error("the model has no dense layer before its last one, so its head cannot be adapted")]
    NoHead,
    /// Too few labelled fields or classes.
    #[error(
        "there are {} labelled fields with cells ({}); an adaptation needs at least {FEWEST} of at least two classes, because a \
         last layer that has seen one class always names it",
        .0.iter().sum::<usize>(),
        by_class(.0)
    )]
    TooFew([usize; Class::COUNT]),
    /// The model's output for a labelled field is not finite.
    #[error("the model's output for a labelled field is not finite; start from another model")]
    NotFinite,
}

impl AdaptationError {
    /// Whether the model is at fault rather than the fields.
    #[must_use]
    pub const fn is_of_the_model(&self) -> bool {
        matches!(self, Self::Model(_) | Self::NoHead | Self::NotFinite)
    }
}

/// `Benign 12, Early 9, Pre 0, Pro 0`
fn by_class(counts: &[usize; Class::COUNT]) -> String {
    Class::ALL.map(|class| format!("{class} {}", counts[class.index()])).join(", ")
}

/// Adapts the model in `file` to a `site` and returns the new model's bytes. `progress` gets the number of strengths tried so far
/// and the total.
///
/// # Errors
/// [`AdaptationError`]: too few fields or only one class; or the file is not a model, has no head, or its outputs are not finite.
pub fn adapt(
    file: &[u8],
    site: &Site<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Vec<u8>, Fitted), AdaptationError> {
    let (mut artifact, id) = Artifact::read(file)?;
    let [lead, ..] = site.fields else { return Err(AdaptationError::TooFew([0; Class::COUNT])) };
    let fields = Class::ALL.map(|class| lead.iter().filter(|field| field.class == class).count());
    if lead.len() < FEWEST || fields.iter().filter(|&&count| count > 1).count() < 2 {
        return Err(AdaptationError::TooFew(fields));
    }
    let total = artifact.jurors.len() * PULLS.len();
    let mut done = 0;
    let mut fits = Vec::new();
    for (juror, labelled) in artifact.jurors.iter().zip(site.fields) {
        fits.push(fit(juror, labelled, site.folds, &mut |tried, _| progress(done + tried, total))?);
        done += PULLS.len();
    }
    let (moved, refits): (Vec<Moved>, Vec<Refit>) = fits.into_iter().unzip();
    let heard = replace(&mut artifact, &refits).ok_or(AdaptationError::NotFinite)?;
    let fitted = Fitted {
        fields,
        without_cells: site.pictures.len().saturating_sub(lead.len()),
        jurors: moved,
        thresholds: artifact.thresholds,
    };
    let judge = Judge::of(artifact.jury()?, artifact.thresholds);
    artifact.card.results = measurements(&judge, &heard);
    remember(&mut artifact, site.pictures, &hex(&id), &fitted);
    Ok((artifact.to_bytes()?, fitted))
}

/// What replaces a juror's own: the last layer, unless it stays, the statistics of usual fields and the calibration.
pub struct Refit {
    /// The last layer; `None` if it stays.
    pub layer: Option<QuantizedFilters>,
    /// Statistics of usual fields.
    pub novelty: NoveltyBytes,
    /// The calibration, and thresholds for a juror that is alone.
    pub point: OperatingPoint,
    /// The fields that the thresholds are chosen on, with their new logits; the same fields for every juror.
    pub scored: Vec<Scored>,
}

/// Puts `refits` in the places of an artifact's jurors and chooses its thresholds, and the calibration of the pooled opinion of several.
/// Returns what the jurors say of the scored fields; `None` if nothing can be chosen on them.
pub fn replace<'a>(artifact: &mut Artifact<'a>, refits: &'a [Refit]) -> Option<Vec<(Class, Testimonies)>> {
    let fields = refits.first()?.scored.iter().enumerate();
    let heard: Vec<(Class, Testimonies)> = fields
        .map(|(at, field)| {
            let mut heard = Testimonies::default();
            for (to, Refit { scored, point, .. }) in heard.iter_mut().zip(refits) {
                *to = scored[at].testimony(&point.calibration);
            }
            (field.truth(), heard)
        })
        .collect();
    if let [only] = refits {
        artifact.thresholds = only.point.thresholds;
    } else {
        let voices: Vec<Voice> = artifact.jurors.iter().map(|juror| juror.voice).collect();
        let JuryPoint { jury, thresholds } = JuryPoint::choose(&voices, artifact.pooling.quorum.into(), &heard)?;
        (artifact.pooling.calibration, artifact.thresholds) = (*jury.calibration(), thresholds);
    }
    for (juror, Refit { layer, novelty, point, .. }) in artifact.jurors.iter_mut().zip(refits) {
        if let Some(layer) = layer {
            juror.layers.pop();
            juror.layers.push(Layer::Dense(layer.view()));
        }
        juror.novelty = novelty.view();
        juror.calibration = point.calibration;
    }
    Some(heard)
}

/// Fits a juror to a site.
fn fit(
    juror: &Juror<'_>,
    labelled: &[Labelled],
    folds: &[Fold],
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Moved, Refit), AdaptationError> {
    let (layer, scale) = last_layer(juror)?;
    let mut statistics = juror.statistics()?;
    let stain = learn_stain(&mut statistics, labelled);
    let novelties: Vec<f32> = labelled.iter().map(|field| field.novelty(&statistics, scale)).collect();
    let temperature = juror.calibration.temperature;
    let try_out = |pull: Option<f64>| {
        let logits = held_out_logits(labelled, folds, temperature, pull);
        let fields = labelled.iter().zip(&logits).zip(&novelties);
        // All or none: a layer that fails on some fields must not be compared on the others.
        let scored: Vec<Scored> = fields
            .map(|((field, &logits), &novelty)| Scored::new(field.class, logits, novelty).observed())
            .collect::<Option<_>>()?;
        let point = OperatingPoint::choose(&scored)?;
        let loss = cross_entropy(&scored, &point.calibration);
        loss.is_finite().then_some((loss, (pull, point, scored)))
    };
    let unmoved = try_out(None).ok_or(AdaptationError::NotFinite)?;
    let as_it_was = [cross_entropy(&unmoved.1.2, &juror.calibration), unmoved.0];
    let best = lowest_loss(Some(unmoved), |pull| try_out(Some(pull)), progress);
    let (lowest, (pull, point, scored)) = best.ok_or(AdaptationError::NotFinite)?;
    let all: Vec<&Labelled> = labelled.iter().collect();
    let moved =
        pull.map(|pull| QuantizedFilters::new(&shifted(&layer, &Shift::fit(&all, temperature, pull)), scale, 1.0));
    let held_out_loss = [as_it_was[0], as_it_was[1], lowest];
    Ok((
        Moved { pull, held_out_loss, stain, calibration: point.calibration },
        Refit { layer: moved, novelty: NoveltyBytes::new(&statistics), point, scored },
    ))
}

/// What every juror of a model sees in a labelled picture, for a [`Site`]; `scales` are [those of the jurors](scales). `None` if one
/// of them sees nothing.
pub fn look(
    classifier: &Classifier,
    scales: &[f32],
    picture: &RgbPixels,
    class: Class,
    workspace: &mut Workspace,
) -> Option<Vec<Labelled>> {
    let jurors = classifier.jurors().iter().zip(scales).enumerate();
    jurors
        .map(|(number, (juror, &scale))| {
            let field = juror.framing().apply(picture);
            let seen = classifier.observe(number, &field, workspace).observed()?;
            Some(Labelled::new(&seen, scale, class))
        })
        .collect()
}

/// Fields as [`look`] gives them, sorted by juror. `jurors`: their number.
#[must_use]
pub fn by_juror(jurors: usize, fields: impl IntoIterator<Item = Vec<Labelled>>) -> Vec<Vec<Labelled>> {
    let mut sorted: Vec<Vec<Labelled>> = (0..jurors).map(|_| Vec::new()).collect();
    for field in fields {
        sorted.iter_mut().zip(field).for_each(|(fields, seen)| fields.push(seen));
    }
    sorted
}

/// The scales of the input activations of the jurors' last layers.
///
/// # Errors
/// As [`last_layer`].
pub fn scales(artifact: &Artifact<'_>) -> Result<Vec<f32>, AdaptationError> {
    artifact.jurors.iter().map(|juror| last_layer(juror).map(|(_, scale)| scale)).collect()
}

/// Tries the strengths of [`PULLS`], strongest first, and keeps the try with the lowest loss; ties go to the earlier one, first of
/// all to `best`. A try is a loss and the layer that reached it. `progress` gets the number of strengths tried and the total.
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

/// Adds the stain of a site's fields to the known ones, and its palette if the network sees colours, unless there are too few fields or
/// the model already knows the most it can hold. Returns whether it did.
pub fn learn_stain<'a>(statistics: &mut NoveltyStatistics, labelled: impl IntoIterator<Item = &'a Labelled>) -> bool {
    let (hues, palettes): (Vec<Hue>, Vec<Option<Palette>>) =
        labelled.into_iter().map(|field| (field.appearance.hue, field.appearance.palette)).unzip();
    let palettes: Vec<Palette> = palettes.into_iter().flatten().collect();
    if let Some(sitting) = palette::learn([palettes.as_slice()].into_iter())
        && (1..MAX_STAINS).contains(&statistics.sittings.len())
    {
        statistics.sittings.extend(sitting);
    }
    match stain::learn(&hues) {
        Some(stain) if statistics.stains.len() < MAX_STAINS => {
            statistics.stains.push(stain);
            true
        }
        _ => false,
    }
}

/// The last layer in float, and the scale of its input activations.
///
/// # Errors
/// [`AdaptationError::NoHead`] if the network has no such layer.
pub fn last_layer(juror: &Juror<'_>) -> Result<(FloatFilters, f32), AdaptationError> {
    let mut last = juror.layers.iter().rev();
    match (last.next(), last.next()) {
        (Some(Layer::Dense(filters)), Some(Layer::Dense(Filters { output_scale, .. }))) => {
            Ok((FloatFilters::dequantize(filters, *output_scale), *output_scale))
        }
        (Some(Layer::Dense(filters)), None) => Ok((FloatFilters::dequantize(filters, INPUT_SCALE), INPUT_SCALE)),
        _ => Err(AdaptationError::NoHead),
    }
}

/// Each field's logits from a layer fitted without its fold; without a pull, the shipped logits.
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

/// `layer` with the shift applied.
#[must_use]
pub fn shifted(layer: &FloatFilters, shift: &Shift) -> FloatFilters {
    let moves = shift.weights.iter().flatten();
    FloatFilters {
        weights: layer.weights.iter().zip(moves).map(|(weight, by)| weight + by).collect(),
        biases: layer.biases.iter().zip(shift.biases).map(|(bias, by)| bias + by).collect(),
    }
}

/// Results on the held-out logits, for the card.
fn measurements(judge: &Judge, heard: &[(Class, Testimonies)]) -> Vec<Measurement> {
    let part = "labelled fields of the site, cross-validated";
    let scored: Vec<(Class, Option<Class>)> = heard
        .iter()
        .map(|(truth, heard)| {
            let seen = heard.map(|heard| heard.map_or(Observation::Nothing(Blank::NoCells), Observation::Observed));
            let scores = judge.weigh(&seen[..judge.jury().count()]).observed();
            (*truth, scores.map(|scores| scores.most_probable().0))
        })
        .collect();
    let rate = |of: &dyn Fn(Class) -> bool, right: &dyn Fn(Class, Class) -> bool| {
        let fields = || scored.iter().filter(|(truth, _)| of(*truth));
        let named = |(truth, named): &&(Class, Option<Class>)| named.is_some_and(|named| right(*truth, named));
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

/// Records the adaptation in card and provenance: a model must not be measured on fields that it learned from.
fn remember(artifact: &mut Artifact<'_>, pictures: &[[u8; PICTURE_ID_LEN]], base: &str, fitted: &Fitted) {
    let of_each = fitted.jurors.iter();
    let moved: Vec<String> = of_each
        .map(|juror| juror.pull.map_or("stayed as it was".to_owned(), |pull| format!("was moved, held by {pull}")))
        .collect();
    let moved = moved.join("; that of the next ");
    let stain = if fitted.jurors.iter().all(|juror| juror.stain) { "; the site's stain is known" } else { "" };
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
