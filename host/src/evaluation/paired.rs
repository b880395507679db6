//! Two networks on the same fields: the differences of their scores, with bootstrap intervals over the same resamples of both.

use blastscope_shared::Class;
use serde::{Deserialize, Serialize};

use super::{
    BINS, Prediction, Rate,
    bootstrap::{Bootstrap, Estimate, number_clusters},
    calibration::equal_width_bin,
};
use crate::Error;

mod picture;
mod table;

/// The differences between two lists of predictions on the same fields, the second less the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// What the two are called.
    pub names: [String; 2],
    /// Number of fields.
    pub fields: usize,
    /// Number of overlap groups that the fields fall into; they are what is drawn anew.
    pub groups: usize,
    /// How the intervals were drawn.
    pub bootstrap: Bootstrap,
    /// Accuracy, sensitivity and specificity, recall of each class, calibration error, coverage, in this order.
    pub scores: Vec<Difference>,
    /// Fields for which both name the same class.
    pub agreement: Rate,
    /// Fields that only the first, and only the second, takes for what they are.
    pub only_right: [usize; 2],
    /// The fields for which they name different classes, by file.
    pub changed: Vec<Changed>,
}

/// One score of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The score's name.
    pub score: String,
    /// Both values, 0..=1; `None` without fields to compute it from.
    pub values: [Option<f64>; 2],
    /// The second less the first, -1..=1, with a 95 % interval.
    pub difference: Option<Estimate>,
}

/// A field for which the two name different classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The picture.
    pub file: String,
    /// What it shows.
    pub truth: Class,
    /// What the two take it for.
    pub predicted: [Class; 2],
    /// With which probability.
    pub confidence: [f32; 2],
}

/// Number of scores that are compared.
const SCORES: usize = 5 + Class::COUNT;

impl Paired {
    /// Compares two lists of predictions on the same fields in the same order. `groups` has the overlap group of each; without
    /// knowledge of any, each field is a group of its own.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are none or the lists' lengths differ; [`Error::Content`] with the picture when the lists are not
    /// about the same fields.
    pub fn new(
        names: [&str; 2],
        predictions: [&[Prediction]; 2],
        groups: &[u32],
        bootstrap: Bootstrap,
    ) -> Result<Self, Error> {
        let [first, second] = predictions;
        if first.is_empty() || first.len() != second.len() || first.len() != groups.len() {
            return Err(Error::Usage(format!(
                "{} and {} predictions on {} fields cannot be compared; both need one for every field",
                first.len(),
                second.len(),
                groups.len()
            )));
        }
        let pairs = || first.iter().zip(second);
        if let Some((one, other)) = pairs().find(|(one, other)| one.file != other.file || one.truth != other.truth) {
            let reason = format!("is compared with {}; the predictions must be on the same fields", other.file);
            return Err(Error::content(&one.file, reason));
        }
        let (clusters, count) = number_clusters(groups);
        let mut tallies = vec![Tally::default(); count];
        for ((one, other), cluster) in pairs().zip(clusters) {
            tallies[cluster].add(&Tally::of([one, other]), 1.0);
        }
        let differences = bootstrap.estimates(&[count], |times| {
            let [one, other] = Tally::sum(&tallies, times).scores();
            std::array::from_fn::<_, SCORES, _>(|at| Some(other[at]? - one[at]?))
        });
        let [one, other] = Tally::sum(&tallies, &vec![1; count]).scores();
        let scores = score_names().into_iter().enumerate().map(|(at, score)| Difference {
            score,
            values: [one[at], other[at]],
            difference: differences[at],
        });
        let is_right = |prediction: &Prediction| prediction.class() == prediction.truth;
        let only =
            |wanted: (bool, bool)| pairs().filter(|(one, other)| (is_right(one), is_right(other)) == wanted).count();
        let mut changed: Vec<Changed> = pairs()
            .filter(|(one, other)| one.class() != other.class())
            .map(|(one, other)| Changed {
                file: one.file.clone(),
                truth: one.truth,
                predicted: [one.class(), other.class()],
                confidence: [one.confidence(), other.confidence()],
            })
            .collect();
        changed.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(Self {
            names: names.map(str::to_owned),
            fields: first.len(),
            groups: count,
            bootstrap,
            scores: scores.collect(),
            agreement: Rate::new(first.len() - changed.len(), first.len()),
            only_right: [only((true, false)), only((false, true))],
            changed,
        })
    }

    /// A table for a terminal, at most 100 columns wide.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
    }

    /// A picture of the differences with their intervals; `notices` are what its reader must know.
    #[must_use]
    pub fn svg(&self, notices: &[&str]) -> String {
        picture::svg(self, notices)
    }
}

fn score_names() -> [String; SCORES] {
    let [benign, early, pre, pro] = Class::ALL.map(|class| format!("recall of {class}"));
    let [accuracy, sensitivity, specificity] =
        ["accuracy", "sensitivity, malignant", "specificity, benign"].map(str::to_owned);
    [
        accuracy,
        sensitivity,
        specificity,
        benign,
        early,
        pre,
        pro,
        "calibration error".into(),
        "coverage: answered".into(),
    ]
}

/// What the scores are computed from; sums over fields.
#[derive(Clone, Debug, Default)]
struct Tally {
    fields: f64,
    of_class: [f64; Class::COUNT],
    models: [ModelTally; 2],
}

#[derive(Clone, Debug, Default)]
struct ModelTally {
    right: [f64; Class::COUNT],
    malignant: f64,
    answered: f64,
    /// Confidence less rightness, in each bin of equal width.
    gaps: [f64; BINS],
}

impl Tally {
    fn of(predictions: [&Prediction; 2]) -> Self {
        let truth = predictions[0].truth;
        let mut tally = Self { fields: 1.0, ..Self::default() };
        tally.of_class[truth.index()] = 1.0;
        tally.models = predictions.map(|prediction| {
            let mut model = ModelTally::default();
            let confidence = f64::from(prediction.confidence());
            let right = f64::from(u8::from(prediction.class() == truth));
            model.right[truth.index()] = right;
            model.malignant = f64::from(u8::from(truth.is_malignant() && prediction.class().is_malignant()));
            model.answered = f64::from(u8::from(prediction.abstained.is_none()));
            model.gaps[equal_width_bin(confidence)] = confidence - right;
            model
        });
        tally
    }

    fn add(&mut self, other: &Self, times: f64) {
        fn add(sums: &mut [f64], others: &[f64], times: f64) {
            sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other * times);
        }
        self.fields += other.fields * times;
        add(&mut self.of_class, &other.of_class, times);
        for (model, other) in self.models.iter_mut().zip(&other.models) {
            add(&mut model.right, &other.right, times);
            model.malignant += other.malignant * times;
            model.answered += other.answered * times;
            add(&mut model.gaps, &other.gaps, times);
        }
    }

    fn sum(tallies: &[Self], times: &[u32]) -> Self {
        let mut sum = Self::default();
        for (tally, &times) in tallies.iter().zip(times).filter(|(_, times)| **times > 0) {
            sum.add(tally, f64::from(times));
        }
        sum
    }

    /// In the order of [`score_names`].
    fn scores(&self) -> [[Option<f64>; SCORES]; 2] {
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let benign = Class::Benign.index();
        self.models.each_ref().map(|model| {
            let recall = |class: usize| share(model.right[class], self.of_class[class]);
            [
                share(model.right.iter().sum(), self.fields),
                share(model.malignant, self.fields - self.of_class[benign]),
                recall(benign),
                recall(0),
                recall(1),
                recall(2),
                recall(3),
                share(model.gaps.iter().map(|gap| gap.abs()).sum(), self.fields),
                share(model.answered, self.fields),
            ]
        })
    }
}

#[cfg(test)]
mod tests;
