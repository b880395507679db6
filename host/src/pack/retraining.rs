//! Retraining on corrections from the microscope: makes a challenger, and decides whether it may replace the champion.
//!
//! The last layer moves ([`head`](blastscope_shared::adaptation::head)) towards the corrected fields. Fields of the champion's own
//! training part hold it back, so that it does not forget them. The champion's validation part and cross-validation over the
//! corrected fields choose how far it moves; whole specimens are left out, or single fields if a class comes from a single
//! specimen. The champion's test part is locked: nothing is chosen on it, corrected fields in it are left out, and both models are
//! measured on it.

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    data::{
        dataset::{Dataset, LabelledImage},
        split::Part,
    },
    measure::{
        paired::{Paired, Score},
        prediction::Prediction,
        screening,
    },
    pack::adaptation,
    statistics::bootstrap::Bootstrap,
    support::progress::Progress,
};
use blastscope_shared::{
    Class, Classifier, Rate,
    adaptation::{
        AdaptationError, PULLS, Refit, by_juror,
        head::{Labelled, Shift},
        last_layer, learn_stain, lowest_loss, replace, scales, shifted,
    },
    artifact::{Artifact, ArtifactError, Juror, Measurement, NoveltyBytes, PICTURE_ID_LEN},
    hex,
    judge::operating_point::{OperatingPoint, Scored, cross_entropy},
    layers::quantization::QuantizedFilters,
};

/// How to retrain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetrainingPlan {
    /// Number of replayed fields of the champion's training part.
    pub replay: usize,
    /// Weight of a corrected field relative to a replayed one.
    pub emphasis: f64,
    /// How much worse than the champion's any [`Score`] may be, 0..=1.
    pub tolerance: f64,
    /// Seed for drawing the replayed fields.
    pub seed: u64,
}

/// Outcome of a retraining.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contest {
    /// Identity of the champion, 64 hexadecimal digits.
    pub champion: String,
    /// Identity of the challenger.
    pub challenger: String,
    /// Number of corrected fields learned from, in the order of [`Class::ALL`].
    pub learned: [usize; Class::COUNT],
    /// Number of corrected fields left out: in the locked or the validation part, without cells, or copies.
    pub left_out: usize,
    /// Number of replayed fields.
    pub replayed: usize,
    /// Validation fields in which nothing was seen; calibration and thresholds ignore them.
    pub validation_unseen: usize,
    /// How strongly the last layer of each juror was held.
    pub pulls: Vec<f64>,
    /// Whether cross-validation left out whole specimens; otherwise it left out single fields, because a class came from a single
    /// specimen.
    pub by_specimen: bool,
    /// Corrected fields that champion and challenger classify correctly.
    pub corrected_right: [usize; 2],
    /// Both models on the locked part.
    pub locked: Paired,
    /// Scores in which the challenger is worse than allowed; empty if it may replace the champion.
    pub worse: Vec<String>,
}

/// Makes a challenger to the model in `file` from the corrected fields `additions`; `data` is the data set the champion was made
/// from.
///
/// # Errors
/// [`Error::Content`] when `data` does not hold the champion's training, validation and test pictures, or nothing is left to learn
/// from; other errors when a picture cannot be read or the file is not a model.
pub fn retrain(
    file: &[u8],
    data: &Dataset,
    additions: &[Dataset],
    plan: &RetrainingPlan,
    progress: Progress,
) -> Result<(Vec<u8>, Contest), Error> {
    let unusable = |error: ArtifactError| Error::Usage(format!("the model {error}"));
    let (mut artifact, id) = Artifact::read(file).map_err(unusable)?;
    let champion = Classifier::read(file).map_err(unusable)?;
    let scales = scales(&artifact).map_err(|error: AdaptationError| Error::Usage(error.to_string()))?;

    let part = |part: Part| {
        let images = screening::known_as(&champion.provenance().pictures, data, Some(part));
        if images.is_empty() {
            return Err(Error::content(
                &data.root,
                format!("holds no picture of the model's {part} part; give --data the data set that it was made from"),
            ));
        }
        Ok(images)
    };
    let (training, validation, locked) = (part(Part::Train)?, part(Part::Validation)?, part(Part::Test)?);
    let (replay, _) = adaptation::draw(data, &training, plan.replay, plan.seed);
    let replayed = adaptation::look(&champion, data, &replay, &scales, progress)?;
    let validated = adaptation::look(&champion, data, &validation, &scales, progress)?;
    let corrected =
        Corrected::look(&champion, data, additions, [&validation, &locked], &scales, plan.emphasis, progress)?;

    if validated.is_empty() {
        return Err(Error::content(
            &data.root,
            "has no validation field with something to see to choose thresholds on",
        ));
    }
    let validation_unseen = validation.len() - validated.len();
    let unzipped =
        |fields: Vec<(usize, Vec<Labelled>)>| by_juror(scales.len(), fields.into_iter().map(|(_, field)| field));
    let (replayed, validated) = (unzipped(replayed), unzipped(validated));
    let task = progress.start("moving the last layers", scales.len() * PULLS.len());
    let mut moves = Vec::new();
    for (at, juror) in artifact.jurors.iter().enumerate() {
        let fields = [&replayed[at], &validated[at]];
        moves.push(moved(juror, fields, &corrected, at, &mut |tried| task.advance(tried)).map_err(unusable)?.ok_or_else(
            || {
                Error::Usage(
                    "the model computes no finite numbers for the validation and the corrected fields; start from another \
                     --base"
                        .into(),
                )
            },
        )?);
    }
    drop(task);
    let (pulls, refits): (Vec<f64>, Vec<Refit>) = moves.into_iter().unzip();
    replace(&mut artifact, &refits).ok_or_else(|| {
        Error::content(&data.root, "has no validation field of which a quorum of the model's networks sees anything")
    })?;
    corrected.remember(&mut artifact, &hex(&id), &pulls);
    let challenger = Classifier::new(artifact.clone()).map_err(unusable)?;
    let (locked, results) = compare([&champion, &challenger], data, &locked, progress)?;
    artifact.card.results = results;
    let bytes = artifact.to_bytes().map_err(unusable)?;
    let (_, challenger_id) = Artifact::read(&bytes).map_err(unusable)?;
    let right = |classifier: &Classifier| -> Result<usize, Error> {
        let mut right = 0;
        for (addition, images) in additions.iter().zip(&corrected.images) {
            let predictions = screening::predictions(classifier, addition, images, Progress::Silent)?;
            right += predictions.iter().filter(|prediction| prediction.is_right()).count();
        }
        Ok(right)
    };
    let contest = Contest {
        champion: champion.model_id().to_owned(),
        challenger: hex(&challenger_id),
        learned: corrected.by_class(),
        left_out: corrected.left_out,
        replayed: replayed[0].len(),
        validation_unseen,
        pulls,
        by_specimen: adaptation::groups_suffice(&corrected.pictures),
        corrected_right: [right(&champion)?, right(&challenger)?],
        worse: worse(&locked, plan.tolerance),
        locked,
    };
    Ok((bytes, contest))
}

/// Moves a juror's last layer towards the corrected fields, and says how strongly it was held. `fields`: the replayed and the validation
/// fields; `at`: the juror's number. `None` if the network computes no finite numbers.
fn moved(
    juror: &Juror<'_>,
    [replayed, validated]: [&Vec<Labelled>; 2],
    corrected: &Corrected,
    at: usize,
    advance: &mut dyn FnMut(usize),
) -> Result<Option<(f64, Refit)>, ArtifactError> {
    let Ok((layer, scale)) = last_layer(juror) else { return Ok(None) };
    let temperature = juror.calibration.temperature;
    let replayed: Vec<&Labelled> = replayed.iter().collect();
    let validated: Vec<&Labelled> = validated.iter().collect();
    let corrections: Vec<&Labelled> = corrected.fields[at].iter().collect();
    let learned: Vec<&Labelled> = replayed.iter().chain(&corrections).copied().collect();
    let mut statistics = juror.statistics()?;
    learn_stain(&mut statistics, corrections.iter().copied());
    // All or none: a layer that fails on some fields must not be compared on the others.
    let scored = |fields: &[&Labelled], logits: &[[f32; Class::COUNT]]| -> Option<Vec<Scored>> {
        let scored = fields
            .iter()
            .zip(logits)
            .map(|(field, &logits)| Scored::new(field.class, logits, field.novelty(&statistics, scale)).observed());
        scored.collect()
    };
    let try_out = |pull: f64| {
        let shift = Shift::fit(&learned, temperature, pull);
        let logits: Vec<_> = validated.iter().map(|field| shift.apply(field)).collect();
        let held_out = corrected.held_out(at, &replayed, temperature, pull);
        let on_corrected = scored(&corrections, &held_out)?;
        let fields = scored(&validated, &logits)?;
        let point = OperatingPoint::choose(&fields)?;
        let loss = cross_entropy(&fields, &point.calibration) + cross_entropy(&on_corrected, &point.calibration);
        loss.is_finite().then_some((loss, (pull, shift, point, fields)))
    };
    let best = lowest_loss(None, try_out, &mut |done, _| advance(usize::from(done > 0)));
    Ok(best.map(|(_, (pull, shift, point, scored))| {
        let layer = Some(QuantizedFilters::new(&shifted(&layer, &shift), scale, 1.0));
        (pull, Refit { layer, novelty: NoveltyBytes::new(&statistics), point, scored })
    }))
}

/// Corrected fields to learn from.
struct Corrected {
    /// By juror, all in the same order.
    fields: Vec<Vec<Labelled>>,
    /// Their pictures, in the same order, to fold by overlap group.
    pictures: Vec<LabelledImage>,
    /// Their indices, by data set.
    images: Vec<Vec<usize>>,
    left_out: usize,
}

impl Corrected {
    fn look(
        champion: &Classifier,
        data: &Dataset,
        additions: &[Dataset],
        kept_apart: [&[usize]; 2],
        scales: &[f32],
        emphasis: f64,
        progress: Progress,
    ) -> Result<Self, Error> {
        let mut met: std::collections::HashSet<[u8; 32]> =
            kept_apart.into_iter().flatten().map(|&image| data.images[image].sha256).collect();
        let mut corrected = Self {
            fields: scales.iter().map(|_| Vec::new()).collect(),
            pictures: Vec::new(),
            images: Vec::new(),
            left_out: 0,
        };
        for (number, addition) in additions.iter().enumerate() {
            let fresh: Vec<usize> =
                (0..addition.images.len()).filter(|&at| met.insert(addition.images[at].sha256)).collect();
            let seen = adaptation::look(champion, addition, &fresh, scales, progress)?;
            corrected.left_out += addition.images.len() - seen.len();
            corrected.images.push(seen.iter().map(|(image, _)| *image).collect());
            for (image, field) in seen {
                for (fields, field) in corrected.fields.iter_mut().zip(field) {
                    fields.push(Labelled { weight: emphasis, ..field });
                }
                // Groups of different exports are distinct.
                let group = addition.images[image].group | (number as u32) << 24;
                corrected.pictures.push(LabelledImage { group, ..addition.images[image].clone() });
            }
        }
        if corrected.pictures.is_empty() {
            return Err(Error::Usage(format!(
                "none of {} corrected fields is usable: they have no cells, are copies, or lie in the part that models are \
                 measured on",
                corrected.left_out
            )));
        }
        Ok(corrected)
    }

    /// A juror's logits of each corrected field, from a layer that learned from the other corrected fields and from `replayed`.
    fn held_out(&self, juror: usize, replayed: &[&Labelled], temperature: f32, pull: f64) -> Vec<[f32; Class::COUNT]> {
        let fields = &self.fields[juror];
        let mut logits: Vec<_> = fields.iter().map(|field| field.logits).collect();
        for fold in adaptation::folds_of(&self.pictures) {
            let others = fold.train.iter().map(|&at| &fields[at]);
            let train: Vec<&Labelled> = replayed.iter().copied().chain(others).collect();
            let shift = Shift::fit(&train, temperature, pull);
            fold.test.into_iter().for_each(|at| logits[at] = shift.apply(&fields[at]));
        }
        logits
    }

    fn by_class(&self) -> [usize; Class::COUNT] {
        Class::ALL.map(|class| self.pictures.iter().filter(|picture| picture.class == class).count())
    }

    /// Records the retraining in card and provenance.
    fn remember(&self, artifact: &mut Artifact<'_>, champion: &str, pulls: &[f64]) {
        let counts = Class::ALL.map(|class| format!("{class} {}", self.by_class()[class.index()]));
        let pulls = pulls.iter().map(f64::to_string).collect::<Vec<_>>().join(" and ");
        artifact.card.training = format!(
            "{} Retrained from model {champion:.12} with {} corrected fields ({}): the last layer was moved, held by {pulls}.",
            artifact.card.training,
            self.pictures.len(),
            counts.join(", ")
        );
        let mut ids: Vec<Vec<u8>> =
            artifact.provenance.pictures.train.chunks_exact(PICTURE_ID_LEN).map(<[u8]>::to_vec).collect();
        ids.extend(self.pictures.iter().map(|picture| picture.sha256[..PICTURE_ID_LEN].to_vec()));
        ids.sort_unstable();
        ids.dedup();
        artifact.provenance.pictures.train = ids.concat();
    }
}

/// Both models on the locked part, and what the challenger's card says about it.
fn compare(
    models: [&Classifier; 2],
    data: &Dataset,
    locked: &[usize],
    progress: Progress,
) -> Result<(Paired, Vec<Measurement>), Error> {
    let predictions: Vec<Vec<Prediction>> = models
        .into_iter()
        .map(|model| screening::predictions(model, data, locked, progress))
        .collect::<Result<_, Error>>()?;
    let groups: Vec<u32> = locked.iter().map(|&image| data.images[image].group).collect();
    let both = [predictions[0].as_slice(), &predictions[1]];
    let paired = Paired::new(["champion", "challenger"], both, &groups, Bootstrap::default())?;
    Ok((paired, measurements(&predictions[1])))
}

/// Objections to the challenger: each [`Score`] that is worse by more than `tolerance`, missing, or not a number. A score that
/// neither model has, because no field shows the class, is no objection.
fn worse(locked: &Paired, tolerance: f64) -> Vec<String> {
    let percent = |value: f64| format!("{:.1} %", value * 100.0);
    let objection = |score: Score| {
        let found = locked.scores.iter().find(|found| found.score == score);
        let Some(found) = found else { return Some(format!("{score}: not measured")) };
        match found.values {
            [None, None] => None,
            [was, None] => {
                Some(format!("{score}: nothing to compute it from instead of {}", percent(was.unwrap_or(0.0))))
            }
            [None, Some(is)] => (!is.is_finite()).then(|| format!("{score}: not a number")),
            [Some(was), Some(is)] => {
                let loss = score.loss(was, is);
                let holds = loss <= tolerance + 1e-9;
                let is_number = loss.is_finite();
                match (is_number, holds) {
                    (true, true) => None,
                    (true, false) => Some(format!("{score}: {} instead of {}", percent(is), percent(was))),
                    (false, _) => Some(format!("{score}: not a number")),
                }
            }
        }
    };
    Score::ALL.into_iter().filter_map(objection).collect()
}

/// The challenger's results on the locked part, for its card.
fn measurements(predictions: &[Prediction]) -> Vec<Measurement> {
    let rate = |of: fn(Class) -> bool, right: fn(&Prediction) -> bool| {
        let fields = || predictions.iter().filter(|one| of(one.truth));
        Rate::new(fields().filter(|one| right(one)).count(), fields().count())
    };
    let rates = [
        ("accuracy, int8", rate(|_| true, Prediction::is_right)),
        ("sensitivity, malignant", rate(Class::is_malignant, Prediction::is_malignant)),
        ("specificity, benign", rate(|class| !class.is_malignant(), Prediction::is_benign)),
    ];
    let known = rates.iter().filter(|(_, rate)| rate.value.is_some());
    known
        .map(|(what, rate)| rate.measurement(what, "test part of the data set that the first model was made from"))
        .collect()
}

#[cfg(test)]
mod tests;
