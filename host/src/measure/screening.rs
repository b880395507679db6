//! Runs the int8 network over a data set, on all cores, with the classifier that the device runs.

use std::{collections::BTreeMap, path::Path};

use blastscope_shared::{
    Classifier, RgbPixels, Verdict,
    artifact::{PICTURE_ID_LEN, Pictures},
    classifier::Workspace,
    field::gate::Gate,
    judge::{Assessment, slide::SlideField, verdict::MALIGNANT},
};
use rayon::prelude::*;

use crate::{
    Error,
    data::{
        dataset::{Dataset, LabelledImage},
        picture::{read_file, read_picture},
        split::Part,
    },
    measure::{prediction::Prediction, slides::Sitting},
    support::progress::Progress,
};

/// Reads a model's file.
///
/// # Errors
/// When it cannot be read or is no usable artifact; the sentence names the file.
pub fn read_model(path: &Path) -> Result<Classifier, Error> {
    let bytes = read_file(path)?;
    Classifier::read(&bytes).map_err(|error| Error::content(path, error.to_string()))
}

/// What the device would find in a picture.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// The network's answer.
    pub assessment: Assessment,
    /// Whether the gate would reject the picture.
    pub rejected: bool,
}

/// Screens one picture.
#[must_use]
pub fn find(classifier: &Classifier, picture: &RgbPixels, workspace: &mut Workspace) -> Finding {
    Finding { assessment: classifier.assess(picture, workspace), rejected: Gate::default().check(picture).is_err() }
}

/// Screens the pictures at `images` (indices into the data set), in that order.
///
/// # Errors
/// When a picture cannot be read.
pub fn screen(
    classifier: &Classifier,
    data: &Dataset,
    images: &[usize],
    progress: Progress,
) -> Result<Vec<Finding>, Error> {
    let task = progress.start("classifying", images.len());
    images
        .par_iter()
        .map_init(
            || classifier.workspace(),
            |workspace, &image| {
                let finding = find(classifier, &read_picture(&data.path(&data.images[image]))?, workspace);
                task.advance(1);
                Ok(finding)
            },
        )
        .collect()
}

/// As [`screen`], but returns predictions.
///
/// # Errors
/// As [`screen`].
pub fn predictions(
    classifier: &Classifier,
    data: &Dataset,
    images: &[usize],
    progress: Progress,
) -> Result<Vec<Prediction>, Error> {
    let findings = screen(classifier, data, images, progress)?;
    Ok(images.iter().zip(&findings).map(|(&image, finding)| prediction(&data.images[image], finding)).collect())
}

/// A finding as a prediction.
#[must_use]
pub fn prediction(image: &LabelledImage, finding: &Finding) -> Prediction {
    Prediction {
        file: image.file.clone(),
        truth: image.class,
        probabilities: finding.assessment.sight.map(|scores| scores.probabilities()),
        abstained: match finding.assessment.verdict {
            _ if finding.rejected => Some("rejected by the quality gate".to_owned()),
            Verdict::Benign { .. } | Verdict::Malignant { .. } => None,
            Verdict::Abstain(reason) => Some(reason.kind().to_owned()),
        },
        without_subtype: finding.assessment.verdict.name() == MALIGNANT,
    }
}

/// The findings at `images`, sitting by sitting in the order of the data set, benign and malignant fields apart. Fields of an unknown
/// sitting are taken for one.
#[must_use]
pub fn sittings(data: &Dataset, images: &[usize], findings: &[Finding]) -> Vec<Sitting> {
    let mut sittings = BTreeMap::<(&str, bool), Vec<SlideField>>::new();
    for (&image, finding) in images.iter().zip(findings) {
        let LabelledImage { session, class, .. } = &data.images[image];
        let field = match finding.rejected {
            true => SlideField { spoken: None, cells: None },
            false => SlideField::new(&finding.assessment, None),
        };
        let name = session.as_deref().unwrap_or("unknown sitting");
        sittings.entry((name, class.is_malignant())).or_default().push(field);
    }
    sittings
        .into_iter()
        .map(|((name, malignant), fields)| Sitting { name: name.to_owned(), malignant, fields })
        .collect()
}

/// Indices of the pictures that a model knows as those of `part`, matched by content; for `None`, the pictures new to the model.
#[must_use]
pub fn known_as(pictures: &Pictures, data: &Dataset, part: Option<Part>) -> Vec<usize> {
    let knows =
        |list: &[u8], image: &LabelledImage| list.chunks_exact(PICTURE_ID_LEN).any(|id| image.sha256.starts_with(id));
    let in_part = |image: &LabelledImage, part| match part {
        Part::Train => knows(&pictures.train, image),
        Part::Validation => knows(&pictures.validation, image),
        Part::Test => knows(&pictures.test, image),
    };
    let images = data.images.iter().enumerate();
    images
        .filter(|(_, image)| match part {
            Some(part) => in_part(image, part),
            None => !Part::ALL.into_iter().any(|part| in_part(image, part)),
        })
        .map(|(index, _)| index)
        .collect()
}
