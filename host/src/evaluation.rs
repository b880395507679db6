//! What predictions are worth: rates with intervals, confusion, calibration, and what abstaining buys.
//!
//! Abstentions change nothing but [`Evaluation::selective`]: everything else takes the most probable class of every field, so that
//! two networks compare whatever their thresholds are.

use std::collections::BTreeMap;

use blastscope_shared::Class;
use serde::{Deserialize, Serialize};

use crate::{Error, unfamiliar::Unfamiliar};

pub mod bootstrap;
mod calibration;
mod paired;
mod picture;
mod risk_coverage;
pub mod roc;
mod table;

pub use blastscope_shared::Rate;
pub use calibration::{BINS, Bin, Calibration};
pub use paired::{Changed, Difference, Paired};
pub use risk_coverage::{RiskCoverage, RiskPoint};

/// What every table, picture and file says.
pub const RESEARCH_USE_ONLY: &str = blastscope_shared::artifact::STATEMENT;
/// What every table, picture and file says where the fields were drawn by the program.
pub const DRAWN_FIELDS: &str =
    "Drawn fields: the pictures were drawn by the program, so these numbers say nothing about blood.";

/// One field's true class and what was predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The picture, relative to the data set's root.
    pub file: String,
    /// What it shows.
    pub truth: Class,
    /// Probabilities in the order of [`Class::ALL`], which add up to 1.
    pub probabilities: [f32; Class::COUNT],
    /// Why no answer would be given; `None` where one would.
    pub abstained: Option<String>,
}

impl Prediction {
    /// The most probable class, the first of equals.
    #[must_use]
    pub fn class(&self) -> Class {
        let mut best = Class::Benign;
        for class in Class::ALL {
            if self.probabilities[class.index()] > self.probabilities[best.index()] {
                best = class;
            }
        }
        best
    }

    /// The most probable class's probability.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.probabilities[self.class().index()]
    }
}

/// What was evaluated, and what its reader must know.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Subject {
    /// Network, data and split in one line: `int8 network, test part of the grouped split with seed 1`.
    pub name: String,
    /// Whether the fields were drawn by the program ([`Dataset::drawn`](crate::dataset::Dataset::drawn)).
    pub drawn: bool,
    /// The split's [`warning`](crate::split::Split::warning).
    pub warning: Option<String>,
}

/// The scores of a list of predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated.
    pub subject: String,
    /// [`RESEARCH_USE_ONLY`].
    pub notice: String,
    /// Whether the fields were drawn by the program.
    pub drawn: bool,
    /// What makes the numbers too good, if anything.
    pub warning: Option<String>,
    /// Fields of the most probable class that is true.
    pub accuracy: Rate,
    /// Malignant fields that were taken for a malignant class, the right one or not.
    pub sensitivity: Rate,
    /// Benign fields that were taken for benign.
    pub specificity: Rate,
    /// Scores by class, in the order of [`Class::ALL`].
    pub classes: [ClassScore; Class::COUNT],
    /// Means over the classes that occur, each class counting the same.
    pub macro_average: MacroAverage,
    /// Numbers of fields: rows are true classes, columns predicted ones.
    pub confusion: [[usize; Class::COUNT]; Class::COUNT],
    /// Whether a probability of 0.9 is right nine times in ten.
    pub calibration: Calibration,
    /// What withholding the least confident answers would buy.
    pub risk_coverage: RiskCoverage,
    /// The scores of the fields that were answered, where there were abstentions.
    pub selective: Option<Selective>,
    /// The fields of which the most probable class is wrong, most confident first.
    pub mistakes: Vec<Mistake>,
    /// Folders of pictures that the network should not be sure about, where some were measured.
    pub unfamiliar: Vec<Unfamiliar>,
}

/// The scores of one class against the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The class.
    pub class: Class,
    /// Fields of the class.
    pub support: usize,
    /// Of the fields that were taken for the class, those that are of it.
    pub precision: Rate,
    /// Of the fields of the class, those that were taken for it.
    pub recall: Rate,
    /// Harmonic mean of precision and recall, 0..=1; `None` when the class neither occurs nor was predicted.
    pub f1: Option<f64>,
}

/// Means over the classes that occur; a class that was never predicted has precision 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MacroAverage {
    /// Mean precision, 0..=1.
    pub precision: f64,
    /// Mean recall, 0..=1: the balanced accuracy.
    pub recall: f64,
    /// Mean F1, 0..=1.
    pub f1: f64,
}

/// What abstaining buys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selective {
    /// Fields that were answered.
    pub coverage: Rate,
    /// Of these, the ones answered rightly.
    pub accuracy: Rate,
    /// Answered malignant fields that were taken for malignant.
    pub sensitivity: Rate,
    /// Answered benign fields that were taken for benign.
    pub specificity: Rate,
    /// Number of abstentions by reason.
    pub reasons: BTreeMap<String, usize>,
}

/// A field whose most probable class is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// The picture.
    pub file: String,
    /// What it shows.
    pub truth: Class,
    /// What it was taken for.
    pub predicted: Class,
    /// The wrong class's probability.
    pub confidence: f32,
    /// Whether the answer was withheld.
    pub abstained: bool,
}

impl Evaluation {
    /// Scores `predictions`.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are none; [`Error::Content`] with the picture when its probabilities are none.
    pub fn new(subject: &Subject, predictions: &[Prediction]) -> Result<Self, Error> {
        if predictions.is_empty() {
            return Err(Error::Usage("there is nothing to evaluate: no predictions".to_string()));
        }
        for Prediction { file, probabilities, .. } in predictions {
            let sum: f32 = probabilities.iter().sum();
            if !probabilities.iter().all(|value| (0.0..=1.0).contains(value)) || (sum - 1.0).abs() > 1e-3 {
                let reason = format!("its predicted values {probabilities:?} are not probabilities that add up to 1");
                return Err(Error::content(file, reason));
            }
        }
        let all: Vec<&Prediction> = predictions.iter().collect();
        let confusion = confusion(&all);
        let classes = Class::ALL.map(|class| ClassScore::new(class, &confusion));
        let Binary { accuracy, sensitivity, specificity } = Binary::new(&confusion);
        Ok(Self {
            subject: subject.name.clone(),
            notice: RESEARCH_USE_ONLY.to_string(),
            drawn: subject.drawn,
            warning: subject.warning.clone(),
            accuracy,
            sensitivity,
            specificity,
            macro_average: MacroAverage::new(&classes),
            classes,
            confusion,
            calibration: Calibration::new(predictions),
            risk_coverage: RiskCoverage::new(predictions),
            selective: Selective::new(predictions),
            mistakes: mistakes(predictions),
            unfamiliar: Vec::new(),
        })
    }

    /// A table for a terminal, at most 100 columns wide.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
    }

    /// A picture: the confusion matrix, bars by class with intervals, the reliability diagram, the risk-coverage curve, and the
    /// notices.
    #[must_use]
    pub fn svg(&self) -> String {
        picture::svg(self)
    }

    /// A picture of the confusion matrix alone; `title` stands above it.
    #[must_use]
    pub fn confusion_svg(&self, title: &str) -> String {
        picture::confusion(self, title)
    }
}

fn confusion(predictions: &[&Prediction]) -> [[usize; Class::COUNT]; Class::COUNT] {
    let mut confusion = [[0; Class::COUNT]; Class::COUNT];
    for prediction in predictions {
        confusion[prediction.truth.index()][prediction.class().index()] += 1;
    }
    confusion
}

struct Binary {
    accuracy: Rate,
    sensitivity: Rate,
    specificity: Rate,
}

impl Binary {
    fn new(confusion: &[[usize; Class::COUNT]; Class::COUNT]) -> Self {
        let sum = |wanted: &dyn Fn(Class, Class) -> bool| -> usize {
            let pairs = Class::ALL.into_iter().flat_map(|truth| Class::ALL.map(|predicted| (truth, predicted)));
            let wanted = pairs.filter(|&(truth, predicted)| wanted(truth, predicted));
            wanted.map(|(truth, predicted)| confusion[truth.index()][predicted.index()]).sum()
        };
        Self {
            accuracy: Rate::new(sum(&|truth, predicted| truth == predicted), sum(&|_, _| true)),
            sensitivity: Rate::new(
                sum(&|truth, predicted| truth.is_malignant() && predicted.is_malignant()),
                sum(&|truth, _| truth.is_malignant()),
            ),
            specificity: Rate::new(
                sum(&|truth, predicted| !truth.is_malignant() && !predicted.is_malignant()),
                sum(&|truth, _| !truth.is_malignant()),
            ),
        }
    }
}

impl ClassScore {
    fn new(class: Class, confusion: &[[usize; Class::COUNT]; Class::COUNT]) -> Self {
        let at = class.index();
        let hits = confusion[at][at];
        let support: usize = confusion[at].iter().sum();
        let predicted: usize = confusion.iter().map(|row| row[at]).sum();
        let f1 = (support + predicted > 0).then(|| 2.0 * hits as f64 / (support + predicted) as f64);
        Self { class, support, precision: Rate::new(hits, predicted), recall: Rate::new(hits, support), f1 }
    }
}

impl MacroAverage {
    fn new(classes: &[ClassScore]) -> Self {
        let mean = |value: fn(&ClassScore) -> Option<f64>| {
            let occurring = classes.iter().filter(|score| score.support > 0);
            let count = occurring.clone().count().max(1);
            occurring.map(|score| value(score).unwrap_or(0.0)).sum::<f64>() / count as f64
        };
        Self {
            precision: mean(|score| score.precision.value),
            recall: mean(|score| score.recall.value),
            f1: mean(|score| score.f1),
        }
    }
}

impl Selective {
    fn new(predictions: &[Prediction]) -> Option<Self> {
        let mut reasons = BTreeMap::new();
        for reason in predictions.iter().filter_map(|prediction| prediction.abstained.as_ref()) {
            *reasons.entry(reason.clone()).or_insert(0) += 1;
        }
        if reasons.is_empty() {
            return None;
        }
        let answered: Vec<&Prediction> =
            predictions.iter().filter(|prediction| prediction.abstained.is_none()).collect();
        let coverage = Rate::new(answered.len(), predictions.len());
        let Binary { accuracy, sensitivity, specificity } = Binary::new(&confusion(&answered));
        Some(Self { coverage, accuracy, sensitivity, specificity, reasons })
    }
}

fn mistakes(predictions: &[Prediction]) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = predictions
        .iter()
        .filter(|prediction| prediction.class() != prediction.truth)
        .map(|prediction| Mistake {
            file: prediction.file.clone(),
            truth: prediction.truth,
            predicted: prediction.class(),
            confidence: prediction.confidence(),
            abstained: prediction.abstained.is_some(),
        })
        .collect();
    mistakes.sort_by(|one, other| other.confidence.total_cmp(&one.confidence).then_with(|| one.file.cmp(&other.file)));
    mistakes
}

#[cfg(test)]
mod tests;
