//! A field's true class beside what was predicted.

use blastscope_shared::{Class, Observation, judge::calibration::most_probable};
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

    /// Why no answer is given; `None` for an answer.
    #[must_use]
    pub fn withheld(&self) -> Option<&str> {
        let blank = self.probabilities.blank().map(blastscope_shared::sight::Blank::name);
        self.abstained.as_deref().or(blank)
    }
}
