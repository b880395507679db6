//! What predictions are worth: rates with intervals, confusion, calibration, and what abstaining gains.
//!
//! Abstentions affect only [`Evaluation::selective`]: everything else takes the most probable class of every field, so that
//! networks compare whatever their thresholds. A field in which nothing was seen has no such class: it counts as a field, never as
//! right and never as any class, and not in the calibration; [`Evaluation::unseen`] counts these fields.

use std::collections::BTreeMap;

use blastscope_shared::{Class, Observation, Rate};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    measure::{prediction::Prediction, slides::Slides, unfamiliar::Unfamiliar},
    support::notice::RESEARCH_USE_ONLY,
};

mod reliability;
mod risk_coverage;
mod table;

pub(crate) use reliability::equal_width_bin;
pub use reliability::{BINS, Bin, Reliability};
pub use risk_coverage::{RiskCoverage, RiskPoint};

/// What was evaluated, and what the reader must know about it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Subject {
    /// Network, data and split in one line: `int8 network, test part of the grouped split with seed 1`.
    pub name: String,
    /// Whether the fields were drawn by the program ([`Dataset::drawn`](crate::data::dataset::Dataset::drawn)).
    pub drawn: bool,
    /// The split's [`warning`](crate::data::split::SplitKind::warning).
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
    /// Why the numbers are too good, if they are.
    pub warning: Option<String>,
    /// Fields whose most probable class is the true one.
    pub accuracy: Rate,
    /// Malignant fields classified as malignant, whether the class is right or not.
    pub sensitivity: Rate,
    /// Benign fields classified as benign.
    pub specificity: Rate,
    /// Scores by class, in the order of [`Class::ALL`].
    pub classes: [ClassScore; Class::COUNT],
    /// Means over the classes that occur, each class counting the same.
    pub macro_average: MacroAverage,
    /// Numbers of fields: rows are true classes, columns predicted ones.
    pub confusion: [[usize; Class::COUNT]; Class::COUNT],
    /// Fields in which nothing was seen, by true class: no column of the confusion holds them.
    #[serde(default)]
    pub unseen: [usize; Class::COUNT],
    /// Whether a probability of 0.9 is right nine times in ten.
    pub calibration: Reliability,
    /// What withholding the least confident answers would gain.
    pub risk_coverage: RiskCoverage,
    /// The scores of the answered fields, if any field was not answered, or only as malignant without a subtype.
    pub selective: Option<Selective>,
    /// The fields whose most probable class is wrong, most confident first.
    pub mistakes: Vec<Mistake>,
    /// Folders of pictures that the network should not be sure about, if any were measured.
    pub unfamiliar: Vec<Unfamiliar>,
    /// Pseudo-slides of the fields, judged as the model judges slides, if they were measured.
    #[serde(default)]
    pub slides: Option<Slides>,
}

/// The scores of one class against the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The class.
    pub class: Class,
    /// Fields of the class.
    pub support: usize,
    /// Of the fields classified as this class, those that belong to it.
    pub precision: Rate,
    /// Of the fields of the class, those classified as it.
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

/// What abstaining gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selective {
    /// Fields that were answered.
    pub coverage: Rate,
    /// Of these, those answered correctly: benign or malignant, and the subtype where one is named.
    pub accuracy: Rate,
    /// Answered malignant fields classified as malignant.
    pub sensitivity: Rate,
    /// Answered benign fields classified as benign.
    pub specificity: Rate,
    /// Of the fields called malignant, those whose subtype is named.
    pub subtyped: Rate,
    /// Number of abstentions by reason.
    pub reasons: BTreeMap<String, usize>,
}

/// A field whose most probable class is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// The picture.
    pub file: String,
    /// Its true class.
    pub truth: Class,
    /// The predicted class.
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
    /// [`Error::Usage`] when there are none; [`Error::Content`] with the picture when its probabilities do not add up to 1.
    pub fn new(subject: &Subject, predictions: &[Prediction]) -> Result<Self, Error> {
        if predictions.is_empty() {
            return Err(Error::Usage("there is nothing to evaluate: no predictions".to_string()));
        }
        for Prediction { file, probabilities, .. } in predictions {
            let Observation::Observed(probabilities) = probabilities else { continue };
            let sum: f32 = probabilities.iter().sum();
            if !probabilities.iter().all(|value| (0.0..=1.0).contains(value)) || (sum - 1.0).abs() > 1e-3 {
                let reason = format!("its predicted values {probabilities:?} are not probabilities that add up to 1");
                return Err(Error::content(file, reason));
            }
        }
        let all: Vec<&Prediction> = predictions.iter().collect();
        let (confusion, unseen) = confusion(&all);
        let classes = Class::ALL.map(|class| ClassScore::new(class, &confusion, unseen[class.index()]));
        let Binary { accuracy, sensitivity, specificity } = Binary::new(&all);
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
            unseen,
            calibration: Reliability::new(predictions),
            risk_coverage: RiskCoverage::new(predictions),
            selective: Selective::new(predictions),
            mistakes: mistakes(predictions),
            unfamiliar: Vec::new(),
            slides: None,
        })
    }

    /// A table for a terminal, at most 100 columns wide.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
    }
}

/// Fields by true and by predicted class, and those in which nothing was seen by true class.
fn confusion(predictions: &[&Prediction]) -> ([[usize; Class::COUNT]; Class::COUNT], [usize; Class::COUNT]) {
    let (mut confusion, mut unseen) = ([[0; Class::COUNT]; Class::COUNT], [0; Class::COUNT]);
    for prediction in predictions {
        match prediction.class() {
            Some(class) => confusion[prediction.truth.index()][class.index()] += 1,
            None => unseen[prediction.truth.index()] += 1,
        }
    }
    (confusion, unseen)
}

struct Binary {
    accuracy: Rate,
    sensitivity: Rate,
    specificity: Rate,
}

impl Binary {
    fn new(predictions: &[&Prediction]) -> Self {
        let rate = |of: fn(Class) -> bool, is_right: fn(&Prediction) -> bool| {
            let fields = || predictions.iter().filter(|prediction| of(prediction.truth));
            Rate::new(fields().filter(|prediction| is_right(prediction)).count(), fields().count())
        };
        Self {
            accuracy: rate(|_| true, Prediction::is_right),
            sensitivity: rate(Class::is_malignant, Prediction::is_malignant),
            specificity: rate(|truth| !truth.is_malignant(), Prediction::is_benign),
        }
    }
}

impl ClassScore {
    fn new(class: Class, confusion: &[[usize; Class::COUNT]; Class::COUNT], unseen: usize) -> Self {
        let at = class.index();
        let hits = confusion[at][at];
        let support = confusion[at].iter().sum::<usize>() + unseen;
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
        for reason in predictions.iter().filter_map(Prediction::withheld) {
            *reasons.entry(reason.to_owned()).or_insert(0) += 1;
        }
        if reasons.is_empty() && !predictions.iter().any(|prediction| prediction.without_subtype) {
            return None;
        }
        let answered: Vec<&Prediction> =
            predictions.iter().filter(|prediction| prediction.withheld().is_none()).collect();
        let coverage = Rate::new(answered.len(), predictions.len());
        let Binary { sensitivity, specificity, .. } = Binary::new(&answered);
        let right = answered.iter().filter(|prediction| prediction.answer_is_right() == Some(true));
        let accuracy = Rate::new(right.count(), answered.len());
        let malignant: Vec<_> = answered.iter().filter(|prediction| prediction.is_malignant()).collect();
        let named = malignant.iter().filter(|prediction| !prediction.without_subtype);
        let subtyped = Rate::new(named.count(), malignant.len());
        Some(Self { coverage, accuracy, sensitivity, specificity, subtyped, reasons })
    }
}

fn mistakes(predictions: &[Prediction]) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = predictions
        .iter()
        .filter_map(|prediction| {
            let (predicted, confidence) = prediction.most_probable().filter(|(class, _)| *class != prediction.truth)?;
            let Prediction { file, truth, .. } = prediction;
            let abstained = prediction.withheld().is_some();
            Some(Mistake { file: file.clone(), truth: *truth, predicted, confidence, abstained })
        })
        .collect();
    mistakes.sort_by(|one, other| other.confidence.total_cmp(&one.confidence).then_with(|| one.file.cmp(&other.file)));
    mistakes
}

#[cfg(test)]
mod tests;
