//! What colour alone achieves: the baseline for every network.
//!
//! A field becomes 3, 6 or 11 numbers without position ([`ColourFeatures`]), and two plain classifiers learn from them: the vote of
//! the five nearest training pictures ([`NearestNeighbours`]), and multinomial logistic regression ([`LogisticRegression`]). They
//! nearly solve a public set in which every class was stained and photographed in its own sittings, without looking at any cell.
//!
//! [`evaluate`] scores six numbers and five neighbours on a split; [`predict`] does the same for any numbers, classifier,
//! question and [`Fold`].

use std::collections::HashSet;

use blastscope_shared::{Class, Framing, Observation};
use rayon::prelude::*;

use crate::{
    Error,
    data::{
        dataset::Dataset,
        folds::Fold,
        split::{Part, Split},
    },
    measure::{
        evaluation::{Evaluation, Subject},
        prediction::Prediction,
    },
    statistics::{
        logistic::LogisticRegression,
        neighbours::{NEIGHBOURS, NearestNeighbours},
    },
};

mod features;

pub use features::{ColourFeatures, ColourSet, NUMBERS, colour_numbers};

/// The question about a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which of the four classes; labels are [`Class::index`].
    Class,
    /// Whether it is malignant; label 0 is benign, 1 malignant.
    Malignant,
}

impl Question {
    /// Number of possible answers.
    #[must_use]
    pub const fn labels(self) -> usize {
        match self {
            Self::Class => Class::COUNT,
            Self::Malignant => 2,
        }
    }

    /// The answer for a field of `class`.
    #[must_use]
    pub const fn label(self, class: Class) -> usize {
        match self {
            Self::Class => class.index(),
            Self::Malignant => class.is_malignant() as usize,
        }
    }
}

/// Which classifier learns from the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// [`NearestNeighbours`] with [`NEIGHBOURS`] votes.
    NearestNeighbours,
    /// [`LogisticRegression`].
    LogisticRegression,
}

/// Learns from a fold's training pictures and answers for its test pictures, in their order: shares that add up to 1, one per label
/// of `question`.
///
/// # Errors
/// [`Error::Usage`] when the fold is of another data set, or has fewer than [`NEIGHBOURS`] training pictures.
pub fn predict(
    dataset: &Dataset,
    features: &ColourFeatures,
    set: ColourSet,
    method: Method,
    question: Question,
    fold: &Fold,
) -> Result<Vec<Vec<f32>>, Error> {
    let pictures = dataset.images.len();
    if features.len() != pictures || fold.train.iter().chain(&fold.test).any(|&image| image >= pictures) {
        return Err(Error::Usage(format!("the colour numbers or the fold {} belong to another data set", fold.name)));
    }
    let train: Vec<(&[f64], usize)> = fold
        .train
        .iter()
        .map(|&image| (features.numbers(image, set), question.label(dataset.images[image].class)))
        .collect();
    let test = fold.test.par_iter().map(|&image| features.numbers(image, set));
    Ok(match method {
        Method::NearestNeighbours => {
            let fitted = NearestNeighbours::fit(&train, question.labels(), NEIGHBOURS)?;
            test.map(|numbers| fitted.shares(numbers)).collect()
        }
        Method::LogisticRegression => {
            let fitted = LogisticRegression::fit(&train, question.labels())?;
            test.map(|numbers| fitted.probabilities(numbers)).collect()
        }
    })
}

/// Fits six numbers and five neighbours on a split's training pictures and scores them on the items of `part`.
///
/// `inputs` come from [`Dataset::load_inputs`] with the same `dataset` and `framing`. Symmetries do not change the six numbers.
///
/// # Errors
/// As [`score`].
pub fn evaluate(
    dataset: &Dataset,
    inputs: &[Vec<u8>],
    framing: &Framing,
    split: &Split,
    part: Part,
) -> Result<Evaluation, Error> {
    let images = |part| split.items(part).map(|item| item.image).collect::<Vec<_>>();
    let subject = Subject {
        name: name(&format!("{part} part of the {} split with seed {}", split.kind, split.seed)),
        drawn: dataset.drawn,
        warning: split.kind.warning().map(str::to_owned),
    };
    score(dataset, &ColourFeatures::of(inputs, framing)?, &images(Part::Train), &images(part), &subject)
}

/// The baseline's name, measured on `pictures`.
#[must_use]
pub fn name(pictures: &str) -> String {
    format!("Colour baseline ({NEIGHBOURS} nearest neighbours by six colour numbers), {pictures}")
}

/// Fits six numbers and five neighbours on the pictures of `train`, byte-identical ones once, and scores them on those of `test`.
///
/// # Errors
/// [`Error::Usage`] when the features or the pictures are not of the data set, or there are none to fit or score.
pub fn score(
    dataset: &Dataset,
    features: &ColourFeatures,
    train: &[usize],
    test: &[usize],
    subject: &Subject,
) -> Result<Evaluation, Error> {
    let mut met = HashSet::new();
    let fold = Fold {
        name: subject.name.clone(),
        train: train.iter().copied().filter(|&image| met.insert(dataset.images[image].sha256)).collect(),
        test: test.to_vec(),
    };
    let shares = predict(dataset, features, ColourSet::Six, Method::NearestNeighbours, Question::Class, &fold)?;
    let predictions: Vec<Prediction> = fold
        .test
        .iter()
        .zip(shares)
        .map(|(&image, shares)| {
            let image = &dataset.images[image];
            let probabilities = Observation::Observed(std::array::from_fn(|label| shares[label]));
            Prediction {
                file: image.file.clone(),
                truth: image.class,
                probabilities,
                abstained: None,
                without_subtype: false,
            }
        })
        .collect();
    Evaluation::new(subject, &predictions)
}

#[cfg(test)]
mod tests;
