//! A field's true class beside what was predicted.

use blastscope_shared::{
    Class, Observation,
    judge::calibration::{malignancy, most_probable},
};
use serde::{Deserialize, Serialize};

/// One field's true class and what was predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The picture, relative to the data set's root.
    pub file: String,
    /// Its true class.
    pub truth: Class,
    /// Probabilities in the order of [`Class::ALL`] that add up to 1, or why there are none.
    pub probabilities: Observation<[f32; Class::COUNT]>,
    /// Why no answer would be given; `None` for an answer.
    pub abstained: Option<String>,
    /// Whether the answer would be "malignant, subtype not sure".
    pub without_subtype: bool,
}

impl Prediction {
    /// The most probable class, the first of equals, and its probability; `None` where nothing was seen.
    #[must_use]
    pub fn most_probable(&self) -> Option<(Class, f32)> {
        self.probabilities.observed().and_then(|probabilities| most_probable(&probabilities))
    }

    /// The most probable class; `None` where nothing was seen.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        self.most_probable().map(|(class, _)| class)
    }

    /// Whether the most probable class is the true one; `false` where nothing was seen.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.class() == Some(self.truth)
    }

    /// Whether something was seen and classified as malignant.
    #[must_use]
    pub fn is_malignant(&self) -> bool {
        self.class().is_some_and(Class::is_malignant)
    }

    /// Whether something was seen and classified as benign.
    #[must_use]
    pub fn is_benign(&self) -> bool {
        self.class() == Some(Class::Benign)
    }

    /// Whether the answer is right: benign or malignant, and the subtype if one is named. `None` without an answer.
    #[must_use]
    pub fn answer_is_right(&self) -> Option<bool> {
        if self.withheld().is_some() {
            return None;
        }
        Some(if self.without_subtype { self.truth.is_malignant() } else { self.is_right() })
    }

    /// Whether the answer takes a malignant field for benign, or a benign one for malignant. `None` without an answer.
    #[must_use]
    pub fn answer_is_on_the_wrong_side(&self) -> Option<bool> {
        self.answer_is_right().map(|_| self.is_malignant() != self.truth.is_malignant())
    }

    /// The calibrated probability of the answer, or of what would be answered; `None` where nothing was seen.
    #[must_use]
    pub fn confidence(&self) -> Option<f32> {
        let probabilities = self.probabilities.observed()?;
        if self.without_subtype { Some(malignancy(&probabilities)) } else { self.most_probable().map(|(_, most)| most) }
    }

    /// Why no answer is given; `None` for an answer.
    #[must_use]
    pub fn withheld(&self) -> Option<&str> {
        let blank = self.probabilities.blank().map(blastscope_shared::sight::Blank::name);
        self.abstained.as_deref().or(blank)
    }
}
