//! Two networks on the same fields: differences of their scores, with bootstrap intervals over the same resamples of both.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    evaluation::{BINS, equal_width_bin},
    prediction::Prediction,
};
use crate::{
    Error,
    statistics::bootstrap::{Bootstrap, Estimate, number_clusters},
};
use blastscope_shared::{Class, Rate};

pub(crate) mod table;

/// The differences between two lists of predictions on the same fields, the second minus the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Names of the two.
    pub names: [String; 2],
    /// Number of fields.
    pub fields: usize,
    /// Number of overlap groups of the fields; the bootstrap draws these.
    pub groups: usize,
    /// How the intervals were drawn.
    pub bootstrap: Bootstrap,
    /// In the order of [`Score::ALL`].
    pub scores: Vec<Difference>,
    /// Fields for which both name the same class, or both saw nothing.
    pub agreement: Rate,
    /// Fields that only the first, and only the second, classifies correctly.
    pub only_right: [usize; 2],
    /// The fields for which they name different classes, by file.
    pub changed: Vec<Changed>,
}

/// One score of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The score.
    pub score: Score,
    /// Both values, 0..=1; `None` without fields to compute it from.
    pub values: [Option<f64>; 2],
    /// The second minus the first, -1..=1, with a 95 % interval.
    pub difference: Option<Estimate>,
}

/// A field for which the two name different classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The picture.
    pub file: String,
    /// Its true class.
    pub truth: Class,
    /// The two predicted classes; `None` where nothing was seen.
    pub predicted: [Option<Class>; 2],
    /// Their probabilities.
    pub confidence: [Option<f32>; 2],
}

/// A score for comparing two networks; its name in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Score {
    /// Fields whose most probable class is the true one.
    Accuracy,
    /// Malignant fields classified as malignant.
    Sensitivity,
    /// Benign fields classified as benign.
    Specificity,
    /// Fields of a class classified as it.
    Recall(Class),
    /// The expected calibration error.
    CalibrationError,
    /// Fields that are answered.
    Coverage,
}

/// Which way a score improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The larger, the better.
    Higher,
    /// The smaller, the better.
    Lower,
}

impl Score {
    /// All scores, in the order of tables.
    pub const ALL: [Self; 5 + Class::COUNT] = [
        Self::Accuracy,
        Self::Sensitivity,
        Self::Specificity,
        Self::Recall(Class::Benign),
        Self::Recall(Class::Early),
        Self::Recall(Class::Pre),
        Self::Recall(Class::Pro),
        Self::CalibrationError,
        Self::Coverage,
    ];

    /// Its direction of improvement.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Accuracy | Self::Sensitivity | Self::Specificity | Self::Recall(_) | Self::Coverage => Better::Higher,
            Self::CalibrationError => Better::Lower,
        }
    }

    /// How much worse the score `is` than it `was`; negative if it is better, NaN if either is.
    #[must_use]
    pub fn loss(self, was: f64, is: f64) -> f64 {
        match self.better() {
            Better::Higher => was - is,
            Better::Lower => is - was,
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accuracy => f.write_str("accuracy"),
            Self::Sensitivity => f.write_str("sensitivity, malignant"),
            Self::Specificity => f.write_str("specificity, benign"),
            Self::Recall(class) => write!(f, "recall of {class}"),
            Self::CalibrationError => f.write_str("calibration error"),
            Self::Coverage => f.write_str("coverage: answered"),
        }
    }
}

impl From<Score> for String {
    fn from(score: Score) -> Self {
        score.to_string()
    }
}

impl TryFrom<String> for Score {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|score| score.to_string() == name);
        named.ok_or_else(|| format!("there is no score {name:?}"))
    }
}

/// Number of scores.
const SCORES: usize = Score::ALL.len();

impl Paired {
    /// Compares two lists of predictions on the same fields in the same order. `groups` has the overlap group of each field;
    /// without groups, each field is its own group.
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
        let scores = Score::ALL.into_iter().enumerate().map(|(at, score)| Difference {
            score,
            values: [one[at], other[at]],
            difference: differences[at],
        });
        let only =
            |wanted: (bool, bool)| pairs().filter(|(one, other)| (one.is_right(), other.is_right()) == wanted).count();
        let confidence = |prediction: &Prediction| prediction.most_probable().map(|(_, confidence)| confidence);
        let mut changed: Vec<Changed> = pairs()
            .filter(|(one, other)| one.class() != other.class())
            .map(|(one, other)| Changed {
                file: one.file.clone(),
                truth: one.truth,
                predicted: [one.class(), other.class()],
                confidence: [confidence(one), confidence(other)],
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
}

/// Sums over fields that the scores are computed from.
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
    /// Fields in which it saw something.
    seen: f64,
    /// Confidence minus correctness, in each bin of equal width.
    gaps: [f64; BINS],
}

impl Tally {
    fn of(predictions: [&Prediction; 2]) -> Self {
        let truth = predictions[0].truth;
        let mut tally = Self { fields: 1.0, ..Self::default() };
        tally.of_class[truth.index()] = 1.0;
        tally.models = predictions.map(|prediction| {
            let mut model = ModelTally::default();
            let right = f64::from(u8::from(prediction.is_right()));
            model.right[truth.index()] = right;
            model.malignant = f64::from(u8::from(truth.is_malignant() && prediction.is_malignant()));
            model.answered = f64::from(u8::from(prediction.withheld().is_none()));
            if let Some((_, confidence)) = prediction.most_probable() {
                let confidence = f64::from(confidence);
                model.seen = 1.0;
                model.gaps[equal_width_bin(confidence)] = confidence - right;
            }
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
            model.seen += other.seen * times;
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

    /// In the order of [`Score::ALL`]; the calibration error is of the fields in which something was seen.
    fn scores(&self) -> [[Option<f64>; SCORES]; 2] {
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let malignant = self.fields - self.of_class[Class::Benign.index()];
        self.models.each_ref().map(|model| {
            let recall = |class: Class| share(model.right[class.index()], self.of_class[class.index()]);
            Score::ALL.map(|score| match score {
                Score::Accuracy => share(model.right.iter().sum(), self.fields),
                Score::Sensitivity => share(model.malignant, malignant),
                Score::Specificity => recall(Class::Benign),
                Score::Recall(class) => recall(class),
                Score::CalibrationError => share(model.gaps.iter().map(|gap| gap.abs()).sum(), model.seen),
                Score::Coverage => share(model.answered, self.fields),
            })
        })
    }
}

#[cfg(test)]
mod tests;
