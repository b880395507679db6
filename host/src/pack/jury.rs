//! Several models as one: their networks become the jurors of a single artifact. How their opinions are pooled, and the thresholds,
//! are chosen on validation pictures; the test pictures only measure.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use blastscope_shared::{
    Class, Classifier, Rate,
    artifact::{
        Artifact, ArtifactError, Measurement, ModelCard, PICTURE_ID_LEN, Pictures, Pooling, Provenance, STATEMENT,
    },
    judge::{
        Thresholds,
        jury::{MAX_JURORS, Testimonies, Voice},
        operating_point::JuryPoint,
        slide::SlidePooling,
    },
};
use rayon::prelude::*;

use crate::{
    Error,
    data::{dataset::Dataset, picture::read_picture, split::Part},
    measure::{prediction::Prediction, screening},
    support::progress::Progress,
};

/// How to assemble a jury.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JuryPlan {
    /// The model's name in its card.
    pub name: String,
    /// How many jurors must be fit to speak; by default all.
    pub quorum: Option<usize>,
    /// Numbers, from 1, of jurors that only say benign or malignant.
    pub malignancy_only: Vec<usize>,
}

/// A jury, and what it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembled {
    /// The artifact's bytes.
    pub bytes: Vec<u8>,
    /// Number of pictures that chose the pooling and the thresholds.
    pub validation: usize,
    /// Number of these in which fewer jurors than the quorum saw anything.
    pub unseen: usize,
    /// What was measured on the test pictures; also in the model's card.
    pub results: Vec<Measurement>,
}

/// Models that can become one jury.
pub struct Candidates<'a> {
    artifacts: Vec<Artifact<'a>>,
    plan: JuryPlan,
    quorum: usize,
    slide: SlidePooling,
}

impl<'a> Candidates<'a> {
    /// Reads the `models`, each given with its file for messages, and checks the plan against them.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are fewer than two or too many networks, a plan names a juror that there is not, or drawn and
    /// photographed models are mixed; [`Error::Content`] when a file is not a model, or is given twice.
    pub fn read(models: &[(&Path, &'a [u8])], plan: JuryPlan) -> Result<Self, Error> {
        let (mut artifacts, mut met) = (Vec::new(), HashSet::new());
        for (path, bytes) in models {
            let (artifact, hash) = Artifact::read(bytes).map_err(|error| Error::content(path, error.to_string()))?;
            if !met.insert(hash) {
                return Err(Error::content(
                    path,
                    "is given twice; a network always agrees with itself, so give each of --models once",
                ));
            }
            artifacts.push(artifact);
        }
        let count: usize = artifacts.iter().map(|artifact| artifact.jurors.len()).sum();
        if !(2..=MAX_JURORS).contains(&count) {
            return Err(Error::Usage(format!(
                "a jury has 2 to {MAX_JURORS} networks, but these models have {count} together; give other --models"
            )));
        }
        let quorum = plan.quorum.unwrap_or(count);
        if !(1..=count).contains(&quorum) {
            return Err(Error::Usage(format!(
                "a quorum of {quorum} is impossible with {count} networks; give --quorum 1 to {count}"
            )));
        }
        if let Some(number) = plan.malignancy_only.iter().find(|number| !(1..=count).contains(*number)) {
            return Err(Error::Usage(format!("there is no network {number}; give --malignancy-only 1 to {count}")));
        }
        if (1..=count).all(|number| plan.malignancy_only.contains(&number)) {
            return Err(Error::Usage("no network would name subtypes; leave one out of --malignancy-only".into()));
        }
        if artifacts.iter().any(|artifact| artifact.card.drawn != artifacts[0].card.drawn) {
            return Err(Error::Usage(
                "some models were trained on drawn fields and others on photographs; give --models of one kind".into(),
            ));
        }
        Ok(Self { artifacts, plan, quorum, slide: SlidePooling::UNMEASURED })
    }

    /// The same candidates, whose jury pools the fields of a slide like this, instead of [`SlidePooling::UNMEASURED`].
    #[must_use]
    pub fn pooling_slides(self, slide: SlidePooling) -> Self {
        Self { slide, ..self }
    }

    /// Whether they were trained on drawn fields.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.artifacts.iter().any(|artifact| artifact.card.drawn)
    }
}

/// Makes one model of the candidates. `data` is the data set that they were made from.
///
/// # Errors
/// [`Error::Content`] when `data` lacks validation or test pictures that no model was trained on, or a picture cannot be read.
pub fn assemble(candidates: &Candidates<'_>, data: &Dataset, progress: Progress) -> Result<Assembled, Error> {
    let Candidates { artifacts, plan, quorum, slide } = candidates;
    let quorum = *quorum;
    let known: Vec<&Pictures> = artifacts.iter().map(|artifact| &artifact.provenance.pictures).collect();
    let pictures = common(&known);
    let mut artifact = Artifact {
        card: card(artifacts, plan, quorum),
        classes: Class::ALL.map(Class::name),
        jurors: artifacts.iter().flat_map(|artifact| artifact.jurors.clone()).collect(),
        // Until they are chosen: everybody is heard.
        pooling: Pooling::ALONE,
        thresholds: Thresholds { min_probability: 0.0, min_subtype: 0.0, max_novelty: f32::MAX },
        slide: *slide,
        provenance: Provenance { pictures, ..provenance(artifacts, plan, quorum) },
    };
    for (number, juror) in (1..).zip(&mut artifact.jurors) {
        juror.voice = Voice { names_subtypes: !plan.malignancy_only.contains(&number), ..Voice::FULL };
    }
    let unusable = |error: ArtifactError| Error::Usage(format!("the jury {error}"));
    let part = |part: Part| {
        let images = screening::known_as(&artifact.provenance.pictures, data, Some(part));
        match images.is_empty() {
            false => Ok(images),
            true => Err(Error::content(
                &data.root,
                format!(
                    "holds no picture of the {part} part that none of the models was trained on; give --data the data set that \
                     they were made from, and models of one split"
                ),
            )),
        }
    };
    let (validation, test) = (part(Part::Validation)?, part(Part::Test)?);

    let heard = hear(&Classifier::new(artifact.clone()).map_err(unusable)?, data, &validation, progress)?;
    let voices: Vec<Voice> = artifact.jurors.iter().map(|juror| juror.voice).collect();
    let seen = |heard: &Testimonies| heard.iter().flatten().count() >= quorum;
    let unseen = heard.iter().filter(|(_, heard)| !seen(heard)).count();
    let JuryPoint { jury, thresholds } = JuryPoint::choose(&voices, quorum, &heard).ok_or_else(|| {
        Error::content(&data.root, format!("has no validation picture in which {quorum} networks see anything"))
    })?;
    artifact.pooling = Pooling { quorum: quorum as u8, calibration: *jury.calibration() };
    artifact.thresholds = thresholds;

    let classifier = Classifier::new(artifact.clone()).map_err(unusable)?;
    let predictions = screening::predictions(&classifier, data, &test, progress)?;
    artifact.card.results = results(&predictions);
    artifact.card.results.extend(alone(artifacts));
    let bytes = artifact.to_bytes().map_err(unusable)?;
    Ok(Assembled { bytes, validation: validation.len(), unseen, results: artifact.card.results })
}

/// What the jurors say of each picture.
fn hear(
    classifier: &Classifier,
    data: &Dataset,
    images: &[usize],
    progress: Progress,
) -> Result<Vec<(Class, Testimonies)>, Error> {
    let task = progress.start("hearing the jury", images.len());
    images
        .par_iter()
        .map_init(
            || classifier.workspace(),
            |workspace, &image| {
                let image = &data.images[image];
                let scores = classifier.look(&read_picture(&data.path(image))?, workspace).observed();
                task.advance(1);
                Ok((image.class, scores.map_or_else(Testimonies::default, |scores| *scores.heard())))
            },
        )
        .collect()
}

/// The parts of the jury's pictures: trained on if any model was, else chosen on if any model was, else measured on.
fn common(known: &[&Pictures]) -> Pictures {
    let ids = |list: fn(&Pictures) -> &[u8]| -> HashSet<&[u8]> {
        known.iter().flat_map(|pictures| list(pictures).chunks_exact(PICTURE_ID_LEN)).collect()
    };
    let (train, validation, test) =
        (ids(|pictures| &pictures.train), ids(|pictures| &pictures.validation), ids(|pictures| &pictures.test));
    let list = |ids: HashSet<&[u8]>| {
        let mut ids: Vec<&[u8]> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.concat()
    };
    let test = test.iter().filter(|id| !train.contains(*id) && !validation.contains(*id)).copied().collect();
    let chosen_on = validation.iter().filter(|id| !train.contains(*id)).copied().collect();
    Pictures { validation: list(chosen_on), test: list(test), train: list(train) }
}

fn card(artifacts: &[Artifact<'_>], plan: &JuryPlan, quorum: usize) -> ModelCard {
    let first = &artifacts[0].card;
    let jurors: Vec<String> = (1..)
        .zip(artifacts.iter().flat_map(|artifact| artifact.jurors.iter().map(|juror| (&artifact.card, juror))))
        .map(|(number, (card, juror))| {
            let says = if plan.malignancy_only.contains(&number) { " It only says benign or malignant." } else { "" };
            format!("Network {number} sees {}: {}{says}", juror.sight.description(), card.training)
        })
        .collect();
    ModelCard {
        name: plan.name.clone(),
        statement: STATEMENT.into(),
        drawn: first.drawn,
        intended_use: first.intended_use.clone(),
        data: first.data.clone(),
        training: format!(
            "A jury of {} networks; a verdict needs at least {} that know the field, and those must agree. {}",
            jurors.len(),
            quorum,
            jurors.join(" ")
        ),
        results: Vec::new(),
        limits: first.limits.clone(),
    }
}

fn provenance(artifacts: &[Artifact<'_>], plan: &JuryPlan, quorum: usize) -> Provenance {
    let configurations: Vec<serde_json::Value> = artifacts
        .iter()
        .map(|artifact| serde_json::from_str(&artifact.provenance.configuration).unwrap_or(serde_json::Value::Null))
        .collect();
    let configuration = serde_json::json!({
        "quorum": quorum,
        "malignancy_only": plan.malignancy_only,
        "networks": configurations,
    });
    let first = &artifacts[0].provenance;
    Provenance {
        manifest_hash: first.manifest_hash,
        split_hash: first.split_hash,
        code_version: env!("CARGO_PKG_VERSION").into(),
        configuration: configuration.to_string(),
        pictures: Pictures::default(),
    }
}

/// What the jury is worth on the test pictures.
fn results(predictions: &[Prediction]) -> Vec<Measurement> {
    let part = "test part, the whole jury";
    let all = predictions.len();
    let count = |is: &dyn Fn(&Prediction) -> bool| predictions.iter().filter(|one| is(one)).count();
    let answered = count(&|one| one.withheld().is_none());
    let called = count(&|one| one.withheld().is_none() && one.is_malignant());
    let wrong = Rate::new(count(&|one| one.answer_is_right() == Some(false)), all);
    let rates = [
        ("spoken and wrong", wrong),
        ("spoken and on the wrong side", Rate::new(count(&|one| one.answer_is_on_the_wrong_side() == Some(true)), all)),
        ("coverage: verdicts spoken, int8", Rate::new(answered, all)),
        ("accuracy of spoken verdicts, int8", Rate::new(answered - wrong.hits, answered)),
        (
            "subtype named, of those called malignant",
            Rate::new(count(&|one| one.withheld().is_none() && one.is_malignant() && !one.without_subtype), called),
        ),
        ("accuracy, int8 (this file)", Rate::new(count(&Prediction::is_right), all)),
        (
            "sensitivity, malignant against benign, int8",
            Rate::new(
                count(&|one| one.truth.is_malignant() && one.is_malignant()),
                count(&|one| one.truth.is_malignant()),
            ),
        ),
        (
            "specificity, malignant against benign, int8",
            Rate::new(
                count(&|one| !one.truth.is_malignant() && one.is_benign()),
                count(&|one| !one.truth.is_malignant()),
            ),
        ),
    ];
    let mut results: Vec<Measurement> = rates.iter().map(|(what, rate)| rate.measurement(what, part)).collect();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in predictions.iter().filter_map(Prediction::withheld) {
        *reasons.entry(reason).or_default() += 1;
    }
    results.extend(
        reasons
            .into_iter()
            .map(|(reason, fields)| Rate::new(fields, all).measurement(&format!("nothing said: {reason}"), part)),
    );
    results
}

/// What each model's own card says of its accuracy, with and without quantization, and of the baseline.
fn alone(artifacts: &[Artifact<'_>]) -> Vec<Measurement> {
    const WANTED: [&str; 4] =
        ["accuracy, int8", "accuracy of spoken", "accuracy, float", "accuracy, six colour numbers"];
    let wanted = |result: &&Measurement| WANTED.iter().any(|what| result.what.starts_with(what));
    (1..)
        .zip(artifacts)
        .flat_map(|(number, artifact)| {
            artifact.card.results.iter().filter(wanted).map(move |result| Measurement {
                what: format!("{}, model {number} alone", result.what.replace(" (this file)", "")),
                ..result.clone()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
